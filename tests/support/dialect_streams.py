"""Transcripts of the Responses and the Messages API, good and bad, and what each of them means.

They are written from the providers' documentation: ``tests/fixtures/{responses,anthropic}``.
"""

from __future__ import annotations

import json
from pathlib import Path

from festina.models.answer_stream import AnswerStream
from festina.models.anthropic_stream import AnthropicStream
from festina.models.responses_stream import ResponsesStream

FOLDER = Path(__file__).parents[1] / "fixtures"
STREAMS: dict[str, type[AnswerStream]] = {
    "responses": ResponsesStream,
    "anthropic": AnthropicStream,
}
OUTCOMES: dict[str, dict[str, str | None]] = {
    f"{dialect}/{name}": outcome
    for dialect in STREAMS
    for name, outcome in json.loads((FOLDER / dialect / "outcomes.json").read_text("utf-8")).items()
}
NAMES = sorted(OUTCOMES)
GOOD = [name for name in NAMES if OUTCOMES[name]["problem"] is None]


def load(name: str) -> bytes:
    return (FOLDER / f"{name}.sse").read_bytes()


def stream_for(name: str) -> AnswerStream:
    return STREAMS[name.partition("/")[0]]()


def expected(name: str) -> tuple[str, str | None]:
    return str(OUTCOMES[name]["text"]), OUTCOMES[name]["problem"]


def outcome(name: str, pieces: list[bytes]) -> tuple[str, str | None]:
    """The text and the kind of problem, if any, that a stream in these pieces has."""
    stream = stream_for(name)
    text = [stream.feed(piece) for piece in pieces]
    text.append(stream.close())
    return "".join(text), stream.problem and str(stream.problem.kind)
