"""Damage to recorded streams, by a seed, and what anybody could see of it.

A stream has no checksum. Where a provider tells the text once (Chat Completions, Messages, answers
in one piece), an event with text that is lost, sent twice, sent out of its turn, or whose text is
another one but valid, makes a stream that the server might as well have sent. Such damage is
``hidden``: it is found by rules of form alone, told by the tests in numbers, and kept small. In a
stream of the Responses API, which tells the text twice and more, nothing of it is hidden.

``harmless`` are comments, empty lines, fields and events that nobody reads, and a byte order mark
before all: these must not even be noticed.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from festina.models.answer_stream import AnswerStream
from festina.models.anthropic_stream import AnthropicStream
from festina.models.chat_stream import ChatStream
from festina.models.responses_stream import ResponsesStream
from support import dialect_streams, streams

STREAMS: dict[str, type[AnswerStream]] = {
    "chat": ChatStream,
    "responses": ResponsesStream,
    "anthropic": AnthropicStream,
}
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "latin-1", "cp037")

_EVENT = re.compile(rb".+?(?:\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n|\Z)", re.DOTALL)
_VALUE = re.compile(rb'": ?("[^"]*"|[\w.]+|\[[^][]*\]|\{[^{}]*\})')
_LINE = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class Transcript:
    """A recorded stream, good (then ``text`` is its answer) or bad."""

    dialect: str
    name: str
    raw: bytes
    text: str
    good: bool

    @property
    def events(self) -> list[bytes]:
        return _EVENT.findall(self.raw)

    @property
    def in_one_piece(self) -> bool:
        return self.raw.lstrip(b"\xef\xbb\xbf \r\n")[:1] in (b"{", b"[", b"<")

    @property
    def told_twice(self) -> bool:
        return b"response.completed" in self.raw and self.raw.count(b"output_text") > 1


@dataclass(frozen=True)
class Mutant:
    """``hidden``: nobody could see it. ``harmless``: nobody should."""

    of: Transcript
    how: str
    raw: bytes
    hidden: bool = False
    harmless: bool = False


def transcripts() -> list[Transcript]:
    """All of ``tests/fixtures``."""
    found = []
    for name in streams.NAMES:
        text, problem = streams.expected(name)
        found.append(Transcript("chat", name, streams.load(name), text, problem is None))
    for name in dialect_streams.NAMES:
        text, problem = dialect_streams.expected(name)
        dialect, _, short = name.partition("/")
        raw = dialect_streams.load(name)
        found.append(Transcript(dialect, short, raw, text, problem is None))
    return [one for one in found if one.raw]


def mutant(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    """One kind of damage, at random."""
    return rng.choice(_KINDS)(rng, of, others)


def read(dialect: str, raw: bytes, rng: random.Random) -> tuple[str, str | None]:
    """The text and the problem of a stream that comes in pieces of any size."""
    stream, text, at = STREAMS[dialect](), "", 0
    while at < len(raw):
        size = rng.choice((1, 7, 100, 4096))
        text += stream.feed(raw[at : at + size])
        at += size
    text += stream.close()
    return text, stream.problem and str(stream.problem.kind)


# --- what can be seen


def _has_text(event: bytes) -> bool:
    """Whether an event may carry text of the answer, or what changes it (a tag, a finish)."""
    return any(name in event for name in (b'"content"', b'"text"', b'"delta"', b"\\u"))


def _valid(part: bytes) -> bool:
    """Whether what is left of some events is still well-formed, so that it looks as if sent so."""
    for event in _EVENT.findall(part.removeprefix(b"\xef\xbb\xbf")):
        values = []
        for line in _LINE.split(event):
            field, _, value = line.partition(b":")
            if field == b"data":
                values.append(value)
            elif field not in (b"", b"event", b"id", b"retry") and (b'{"' in line or b'"}' in line):
                return False
        for value in (b"\n".join(values),) if values else ():
            text = value.strip()
            if text and text != b"[DONE]" and not _is_json(text):
                return False
    return True


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw.decode())
    except ValueError:
        lines = [line.strip() for line in raw.split(b"\n")]
        return len(lines) > 1 and all(map(_is_json, set(lines) - {b"", b"[DONE]"}))
    return True


def _made(of: Transcript, how: str, at: int, end: int, new: bytes) -> Mutant:
    """Put other bytes in the place of ``at`` to ``end``; see what that does to the events there."""
    raw = of.raw[:at] + new + of.raw[end:]
    begins = [0]
    for event in of.events:
        begins.append(begins[-1] + len(event))
    first = max(begin for begin in begins[:-1] if begin <= at)
    last = min((begin for begin in begins if begin > end), default=len(of.raw))
    part = raw[first : len(raw) - (len(of.raw) - last)]
    touched = of.raw[first:last]
    if of.in_one_piece:
        part, touched = b"data: " + raw.removeprefix(b"\xef\xbb\xbf").strip(), b'"text"'
    hidden = not of.good or (not of.told_twice and _has_text(touched) and _valid(part))
    return Mutant(of, how, raw, hidden)


# --- kinds of damage


def _flip(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    at = rng.randrange(len(of.raw))
    new = of.raw[at] ^ (1 << rng.randrange(8)) if rng.random() < 0.5 else rng.randrange(256)
    return _made(of, "flipped", at, at + 1, bytes([new]))


def _delete(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    at = rng.randrange(len(of.raw))
    return _made(of, "deleted", at, min(len(of.raw), at + rng.randrange(1, 60)), b"")


def _cut(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    return Mutant(of, "cut", of.raw[: rng.randrange(len(of.raw))], hidden=not of.good)


def _behead(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    return _made(of, "beheaded", 0, rng.randrange(1, len(of.raw) + 1), b"")


def _drop(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    events = of.events
    gone = rng.randrange(len(events))
    raw = b"".join(events[:gone] + events[gone + 1 :])
    hidden = not of.good or (not of.told_twice and _has_text(events[gone]))
    return Mutant(of, "dropped", raw, hidden)


def _double(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    events = of.events
    twice = rng.randrange(len(events))
    raw = b"".join(events[: twice + 1] + events[twice:])
    told_once = not (of.told_twice or of.in_one_piece)
    hidden = not of.good or (told_once and _has_text(events[twice]))
    return Mutant(of, "doubled", raw, hidden)


def _swap(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    events = of.events
    one, other = rng.randrange(len(events)), rng.randrange(len(events))
    events[one], events[other] = events[other], events[one]
    moved = _has_text(events[one]) or _has_text(events[other])
    hidden = not of.good or (not of.told_twice and moved)
    return Mutant(of, "swapped", b"".join(events), hidden)


def _retype(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    """Put another kind of value in the place of one."""
    found = rng.choice([*_VALUE.finditer(of.raw), None])
    if found is None:
        return _flip(rng, of, others)
    new = rng.choice(
        [b"null", b"5", b'"x"', b"[]", b"{}", b"true", b"[5]", b'{"type": 5}', b"-1e9"]
    )
    return _made(of, "retyped", found.start(1), found.end(1), new)


def _garbage(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    at = rng.randrange(len(of.raw) + 1)
    other = rng.choice(others).raw
    start = rng.randrange(len(other))
    new = rng.choice(
        [
            rng.randbytes(rng.randrange(1, 30)),
            other[start : start + rng.randrange(1, 40)],  # less than any event with text
            b"\0" * rng.randrange(1, 5),
            b"HTTP/1.1 200 OK\r\n\r\n",
        ]
    )
    return _made(of, "garbage", at, at, new)


def _character(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    """Break a character of more than one byte."""
    places = [at for at, byte in enumerate(of.raw) if byte >= 0x80]
    if not places:
        return _flip(rng, of, others)
    at = rng.choice(places)
    new = rng.choice([b"", b"\n", b"\0", bytes([rng.randrange(0x80)])])
    return _made(of, "character", at, at + 1, new)


def _encoded(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    try:
        raw = of.raw.decode().encode(rng.choice(ENCODINGS))
    except ValueError:
        return _character(rng, of, others)
    return Mutant(of, "encoded", raw, hidden=not of.good)


def _harmless(rng: random.Random, of: Transcript, others: list[Transcript]) -> Mutant:
    if of.in_one_piece:
        space = rng.choice([b" ", b"\n", b"\r\n\t"]) * rng.randrange(1, 9)
        raw = rng.choice([of.raw + space, space + of.raw.removeprefix(b"\xef\xbb\xbf")])
        return Mutant(of, "harmless", raw, harmless=True)
    new = rng.choice(
        [
            b": a comment\n\n",
            b":\n",
            b"\n\n",
            b"\r\n",
            b"id: 7\nretry: 5\n\n",
            b"event: of-some-other-kind\ndata: {}\n\n",
            b'data: {"object": "unknown", "choices": []}\n\n',
        ]
    )
    events = of.events
    at = rng.randrange(len(events))
    if at == 0 and events[0].startswith(b"\xef\xbb\xbf"):
        at = len(events)
    return Mutant(of, "harmless", b"".join([*events[:at], new, *events[at:]]), harmless=True)


_KINDS: tuple[Callable[[random.Random, Transcript, list[Transcript]], Mutant], ...] = (
    _flip,
    _flip,
    _delete,
    _cut,
    _behead,
    _drop,
    _double,
    _swap,
    _retype,
    _garbage,
    _character,
    _encoded,
    _harmless,
)
