"""The Responses dialect: ``POST {base_url}/responses``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from festina.models.accelerators import CACHE_KEY
from festina.models.answer_stream import AnswerStream
from festina.models.base import Request
from festina.models.exchange import Exchange
from festina.models.fields import STREAM, Body, learnt, system_of, wants_streams
from festina.models.presets import Preset
from festina.models.reasoning import mentions_tags
from festina.models.responses_stream import ResponsesStream

OPTIONAL = frozenset({"temperature", "store", "stream_options"})
LEAST_TOKENS = 16
"""The smallest bound on an answer that OpenAI accepts."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields a model is sent. ``seed`` and ``stop`` do not exist here."""

    left_out: frozenset[str] = frozenset()
    streams_only: bool = False

    def body(
        self, request: Request, model: str, least_temperature: float, extra: Mapping[str, object]
    ) -> dict[str, object]:
        """Return the request's body; ``extra`` has the last word."""
        system = system_of(request)
        body: dict[str, object] = {
            "model": model,
            "input": [
                {"role": m.role, "content": m.content}
                for m in request.messages
                if m.role != "system"
            ],
            STREAM: request.stream or self.streams_only,
            "stream_options": {"include_obfuscation": False},  # padding, twice the bytes
            "store": False,  # a person's code is not to be kept for later calls
            "max_output_tokens": max(request.max_tokens, LEAST_TOKENS),
            "temperature": max(request.temperature, least_temperature),
        }
        if system:
            body["instructions"] = system
        for name in self.left_out if body[STREAM] else self.left_out | {"stream_options"}:
            body.pop(name, None)
        return body | dict(extra)

    def after(self, status: int, answer: bytes, sent: Mapping[str, object]) -> Fields | None:
        """Return what to send instead of what was refused; None where that is not why."""
        if wants_streams(status, answer, sent):
            return replace(self, streams_only=True)
        left_out = learnt(self.left_out, status, answer, OPTIONAL & sent.keys())
        return None if left_out is None else replace(self, left_out=left_out)


class ResponsesModel(Exchange):
    """A model behind OpenAI's Responses API, or a server that speaks it."""

    dialect = "responses"
    path = "/responses"
    thinking = "reasoning"

    def _body(self, preset: Preset) -> Body:
        return Fields()

    def _offered(self, preset: Preset) -> tuple[str, ...]:
        return (CACHE_KEY,)  # the dialect's own; it has no predictions

    def _stream_of(self, request: Request) -> AnswerStream:
        return ResponsesStream(tags_are_code=mentions_tags(m.content for m in request.messages))
