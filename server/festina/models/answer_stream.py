"""From the bytes of a response to the answer's text, or the reason there is none.

What the dialects (``chat_stream``, ``responses_stream``, ``anthropic_stream``) have in common.
No I/O here: bytes in, text out. What goes wrong is remembered in ``problem`` instead of raised,
so that the text before it does not depend on how the network cut the bytes.
"""

from __future__ import annotations

import enum
import json
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from festina.models.base import Trouble, Usage
from festina.models.mould import Mould
from festina.models.reasoning import ReasoningFilter
from festina.models.sse import Damage, Event, SseReader

END_MARK = "[DONE]"
MOST_TOKENS = 10**12
"""Nobody counts more than that; who says so counts wrongly."""
MOST_MISSES = 32
"""After so many events in a row that are not like the one before, none is compared any more."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_decode = json.JSONDecoder().decode  # json.loads looks at its options anew each time


class Kind(enum.StrEnum):
    """What was wrong with a response whose HTTP status was good."""

    ERROR = "error"  # an error object, in whatever shape
    WEB_PAGE = "web_page"  # HTML
    NOT_A_STREAM = "not_a_stream"  # neither events nor a JSON answer
    BAD_EVENT = "bad_event"  # an event that is not the JSON it should be
    BYTES = "bytes"  # what SseReader calls damage
    CUT = "cut"  # ended without a finish reason, or inside an event
    LENGTH = "length"
    FILTERED = "filtered"
    TOOLS = "tools"
    FINISH = "finish"  # any other finish reason
    AFTER_FINISH = "after_finish"  # text after the finish reason
    MISMATCH = "mismatch"  # the parts do not belong together, or do not make up the whole
    MISNAMED = "misnamed"  # an event that is named otherwise than what it holds
    REASONING_OPEN = "reasoning_open"
    REASONING_LEAKED = "reasoning_leaked"


TROUBLE: dict[Kind, Trouble] = {
    Kind.ERROR: Trouble.SERVER,
    Kind.WEB_PAGE: Trouble.DAMAGED,
    Kind.NOT_A_STREAM: Trouble.DAMAGED,
    Kind.BAD_EVENT: Trouble.DAMAGED,
    Kind.BYTES: Trouble.DAMAGED,
    Kind.CUT: Trouble.TRUNCATED,
    Kind.LENGTH: Trouble.TRUNCATED,
    Kind.FILTERED: Trouble.FILTERED,
    Kind.TOOLS: Trouble.FILTERED,
    Kind.FINISH: Trouble.SERVER,
    Kind.AFTER_FINISH: Trouble.DAMAGED,
    Kind.MISMATCH: Trouble.DAMAGED,
    Kind.MISNAMED: Trouble.DAMAGED,
    Kind.REASONING_OPEN: Trouble.TRUNCATED,
    Kind.REASONING_LEAKED: Trouble.DAMAGED,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the response is no answer.

    ``detail`` is a finish reason or what the reader says of the bytes. ``error`` is what the
    provider sent as its error; it may quote anything, so it is not shown as it stands.
    """

    kind: Kind
    detail: str = ""
    error: object = None


class AnswerStream(ABC):
    """One response. ``feed`` its bytes, ``close`` it, then look at ``problem``.

    ``over`` says that reading on is pointless (the dialect's last event, or a problem). ``alive``
    counts tokens' worth of progress: text or reasoning, but no comments and no empty chunks.

    A dialect's ``_part`` sets ``_known`` as soon as an event is one of its own.
    """

    finishes: ClassVar[dict[str, Kind]] = {}
    """Which end a finish reason means, for those that are not good."""
    named: ClassVar[tuple[str, ...]] = ()
    """How the names of the events begin that say the same as ``type`` in their data."""

    def __init__(
        self,
        reader: SseReader | None = None,
        *,
        tags_are_code: bool = False,
        good: frozenset[str] = frozenset({"stop", "eos"}),
    ) -> None:
        self.problem: Problem | None = None
        self.usage = Usage()
        self.over = False
        self.alive = 0
        self._reader = reader or SseReader()
        self._filter = ReasoningFilter(everywhere=not tags_are_code)
        self._good = good
        self._finish: str | None = None
        self._half_pair = ""
        self._foreign = False
        self._known = False
        self._mould: Mould | None = None
        self._misses = 0

    def feed(self, chunk: bytes) -> str:
        """Take the next bytes; return the text that they complete."""
        if self._misses >= MOST_MISSES or self._reader.near_limit(chunk):
            return "" if self.over else self._take(self._reader.feed(chunk))
        pieces: list[str] = []
        at = 0
        while at < len(chunk) and not self.over:
            if self._mould is not None and self._reader.between_events:
                text, end = self._alike(self._mould, chunk, at)
                pieces.append(text)
                self._reader.skip(end - at)
                if (at := end) == len(chunk):
                    break
            end = chunk.find(b"\n\n", at) + 2
            end = len(chunk) if end < 2 else end
            pieces.append(self._one_event(chunk[at:end]))
            at = end
        return "".join(pieces)

    def _alike(self, mould: Mould, chunk: bytes, at: int) -> tuple[str, int]:
        """Read the events that differ in their text alone from the last one."""
        text, count, end = mould.read(chunk, at)
        if not count or self._half_pair:
            return "", at
        self._misses = 0
        self.alive += count
        return self._filter.feed(text), end

    def _one_event(self, raw: bytes) -> str:
        """Read up to the end of an event, and see whether others may be like it."""
        whole = self._reader.between_events
        events = self._reader.feed(raw)
        text = self._take(events)
        if events:
            whole = whole and len(events) == 1 and self._reader.between_events and not self.over
            self._mould = Mould.of(raw, events[0].data, self._only_text) if whole else None
            self._misses += 1
        return text

    def close(self) -> str:
        """Say that the response has ended; return the last of the text and settle ``problem``."""
        text = "" if self.over else self._take(self._reader.close(), at_end=True)
        if self.problem is None and self._reader.body is not None:
            text += self._whole_body(bytes(self._reader.body))
        self.over = True
        if self.problem is None:
            text += self._filter.close()
            self.problem = self._verdict()
        return text

    def _take(self, events: list[Event], *, at_end: bool = False) -> str:
        pieces: list[str] = []
        for event in events:
            pieces.append(self._event(event, at_end=at_end))
            if self.over:
                break
        if self._reader.damage is not None and not self.over:
            self._fail(Kind.BYTES, str(self._reader.damage))
        return "".join(pieces)

    def _event(self, event: Event, *, at_end: bool) -> str:
        data = event.data
        if not data.startswith("{"):
            data = data.strip()
            self.over = data == END_MARK
            if self.over or not data:
                return ""
        chunks = _parse(data)
        if chunks is None:
            self._fail(Kind.CUT if at_end else Kind.BAD_EVENT)
            return ""
        text = ""
        for chunk in chunks:
            if chunk == END_MARK:
                self.over = True
            elif not isinstance(chunk, dict):
                self._fail(Kind.BAD_EVENT)
            elif (error := self._error_in(chunk)) is not None:
                self._fail(Kind.ERROR, error=error)
            elif event.type == "error":
                self._fail(Kind.ERROR, error=chunk)
            elif self.named and self._misnamed(event.type, chunk.get("type")):
                self._fail(Kind.MISNAMED)
            else:
                text += self._part(chunk)
                self._foreign = not self._known
            if self.over:
                break
        return text

    def _misnamed(self, name: str, kind: object) -> bool:
        return name != kind and kind is not None and name.startswith(self.named)

    def _text(self, text: str) -> str:
        """Filter reasoning out, and join surrogate pairs that two chunks share."""
        self.alive += 1
        if self._half_pair or not text.isascii():
            text = self._half_pair + text
            self._half_pair = ""
            if _SURROGATE.search(text):
                if "\ud800" <= text[-1] <= "\udbff":
                    text, self._half_pair = text[:-1], text[-1]
                try:
                    text = text.encode("utf-16", "surrogatepass").decode("utf-16")
                except UnicodeDecodeError:
                    self._fail(Kind.BYTES, str(Damage.UTF8))
                    return ""
        return self._filter.feed(text)

    def _whole_body(self, body: bytes) -> str:
        """Read a response that came in one piece: an answer without streaming, or an error."""
        text = body.decode("utf-8", "replace").strip()
        if text.startswith("<"):
            self._fail(Kind.WEB_PAGE)
            return ""
        chunks = _parse(text) or []
        for chunk in chunks:
            error = self._error_in(chunk) if isinstance(chunk, dict) else None
            if error is not None:
                self._fail(Kind.ERROR, error=error)
                return ""
        first = chunks[0] if len(chunks) == 1 else None
        answer = self._whole(first) if isinstance(first, dict) else None
        if answer is None:
            self._fail(Kind.NOT_A_STREAM)
            return ""
        if text.encode() != body.strip():
            self._fail(Kind.BYTES, str(Damage.UTF8))
            return ""
        return answer

    def _verdict(self) -> Problem | None:
        if self._finish is None:
            foreign = self._foreign or (self._reader.strange and not self._known)
            return Problem(Kind.NOT_A_STREAM if foreign else Kind.CUT)
        if self._finish not in self._good:
            return Problem(self.finishes.get(self._finish, Kind.FINISH), self._finish)
        if self._filter.open:
            return Problem(Kind.REASONING_OPEN)
        if self._filter.leaked:
            return Problem(Kind.REASONING_LEAKED)
        if self._half_pair:
            return Problem(Kind.CUT)
        return None

    def _fail(self, kind: Kind, detail: str = "", error: object = None) -> None:
        self.problem = self.problem or Problem(kind, detail, error)
        self.over = True

    def _only_text(self, value: Any) -> str:
        """Return the text of an event that does nothing but add it to the answer, else ""."""
        return ""

    @abstractmethod
    def _part(self, value: dict[str, Any]) -> str:
        """Read one event of the stream; return the text that it completes."""

    @abstractmethod
    def _whole(self, value: dict[str, Any]) -> str | None:
        """Read an answer that came in one piece; None where it is no such thing."""

    @abstractmethod
    def _error_in(self, value: dict[str, Any]) -> object:
        """Return the error that an event or a body carries, else None."""


def _parse(data: str) -> list[Any] | None:
    """Parse an event's data: one JSON value, or (servers that forget the blank line) one a line."""
    try:
        return [_decode(data)]
    except (ValueError, RecursionError):
        lines = data.splitlines()
    if len(lines) < 2:
        return None
    values: list[Any] = []
    for line in filter(None, map(str.strip, lines)):
        try:
            values.append(END_MARK if line == END_MARK else _decode(line))
        except (ValueError, RecursionError):
            return None
    return values


def text_of(content: object) -> str:
    """Return the text of content that comes as a list of typed parts."""
    if not isinstance(content, list):
        return ""
    return "".join(
        part["text"]
        for part in content
        if isinstance(part, dict)
        and part.get("type") in ("text", "output_text")
        and isinstance(part.get("text"), str)
    )


def count(value: object) -> int | None:
    """Return a number of tokens, None for what is none."""
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS
    return value if good else None  # type: ignore[return-value]
