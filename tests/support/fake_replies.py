"""Responses for the fake model server: good ones, and every bad one that the wire allows."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Pause:
    """Send nothing for some seconds (for paced answers; never to wait for something)."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """Send nothing more, keep the connection open until the client leaves."""


@dataclass(frozen=True)
class Repeat:
    """Send the same bytes for as long as the client listens, ``seconds`` apart."""

    data: bytes
    seconds: float = 0.0


@dataclass(frozen=True)
class Reset:
    """Break the connection with a TCP reset."""


@dataclass(frozen=True)
class HalfClose:
    """Close our side in the middle of the body, keep reading."""


@dataclass(frozen=True)
class Until:
    """Send nothing until the test sets an event; to stop an answer halfway and look."""

    event: threading.Event


@dataclass(frozen=True)
class Note:
    """Call something once all before it is written, to note the time."""

    call: Callable[[], None]


Step = bytes | Pause | Hold | Repeat | Reset | HalfClose | Until | Note


@dataclass(frozen=True)
class Reply:
    """One response. ``framing``: ``chunked`` (a chunk a step), ``close`` or ``raw`` (no head)."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    framing: str = "chunked"
    content_type: str | None = "text/event-stream"
    before: tuple[Step, ...] = ()


Answer = str | Reply | Callable[[dict[str, Any]], "str | Reply"]

DONE = b"data: [DONE]\n\n"


def data(value: object, *, end: bytes = b"\n\n") -> bytes:
    """One event."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return b"data: " + text.encode() + end


def chunk(content: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """One chat completion chunk."""
    if content is not None:
        delta["content"] = content
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "fake-coder",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def usage(completion: int, prompt: int = 100, cached: int = 0) -> dict[str, Any]:
    """The chunk that ``include_usage`` asks for."""
    return {
        "object": "chat.completion.chunk",
        "choices": [],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    }


def tokens(text: str, size: int = 4) -> list[str]:
    """Cut text into pieces about as long as a model's tokens."""
    return [text[i : i + size] for i in range(0, len(text), size)]


def text(
    content: str,
    *,
    speed: float | None = None,
    finish: str | None = "stop",
    done: bool = True,
    per_chunk: int = 1,
) -> Reply:
    """A good streamed answer; ``speed`` in tokens a second, ``per_chunk`` tokens a chunk."""
    pieces = tokens(content)
    steps: list[Step] = [data(chunk("", role="assistant"))]
    for i in range(0, len(pieces), per_chunk):
        group = pieces[i : i + per_chunk]
        if speed:
            steps.append(Pause(len(group) / speed))
        steps.append(b"".join(data(chunk(piece)) for piece in group))
    if finish is not None:
        steps.append(data(chunk(None, finish)))
    steps.append(data(usage(len(pieces))))
    if done:
        steps.append(DONE)
    return Reply(tuple(steps))


def events(*values: object, done: bool = True) -> Reply:
    """Events as given, each in a chunk of its own; bytes are sent as they are."""
    steps = [value if isinstance(value, bytes) else data(value) for value in values]
    return Reply((*steps, DONE) if done else tuple(steps))


def stream(*steps: Step, **options: Any) -> Reply:
    """Steps as given."""
    return Reply(steps, **options)


def status(code: int, body: object = None, **headers: str) -> Reply:
    """An error status; ``retry_after="1"`` becomes the header ``retry-after: 1``."""
    if body is None:
        body = {"error": {"message": f"failed with {code}", "type": "fake_error"}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return document(body, code, named)


def document(
    body: object, code: int = 200, headers: dict[str, str] | None = None, kind: str = ""
) -> Reply:
    """A body in one piece: JSON, or bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply((raw,), code, headers or {}, content_type=kind or "application/json")


def whole(content: str, finish: str = "stop") -> Reply:
    """An answer of a server that does not stream."""
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return document({"object": "chat.completion", "choices": [choice], "usage": None})


def body_of(reply: Reply) -> bytes:
    """The body's bytes, without the pauses."""
    return b"".join(joined(reply.steps))


def joined(steps: Iterable[Step]) -> list[bytes]:
    return [step for step in steps if isinstance(step, bytes)]
