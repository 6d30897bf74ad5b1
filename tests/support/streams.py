"""Transcripts of chat completion streams in the shapes that providers send, good and bad.

``tests/fixtures/streams/outcomes.json`` says what each of them means.
"""

from __future__ import annotations

import json
from pathlib import Path

from festina.models.chat_stream import ChatStream

FOLDER = Path(__file__).parents[1] / "fixtures" / "streams"
OUTCOMES: dict[str, dict[str, str | None]] = json.loads(
    (FOLDER / "outcomes.json").read_text("utf-8")
)
NAMES = sorted(OUTCOMES)
GOOD = [name for name in NAMES if OUTCOMES[name]["problem"] is None]


def load(name: str) -> bytes:
    return (FOLDER / f"{name}.sse").read_bytes()


def expected(name: str) -> tuple[str, str | None]:
    return str(OUTCOMES[name]["text"]), OUTCOMES[name]["problem"]


def outcome(pieces: list[bytes]) -> tuple[str, str | None]:
    """The text and the kind of problem, if any, that a stream in these pieces has."""
    stream = ChatStream()
    text = [stream.feed(piece) for piece in pieces]
    text.append(stream.close())
    return "".join(text), stream.problem and str(stream.problem.kind)
