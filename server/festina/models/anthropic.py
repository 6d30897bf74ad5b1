"""The Anthropic Messages dialect: ``POST {base_url}/messages``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from festina.models.answer_stream import AnswerStream
from festina.models.anthropic_stream import AnthropicStream
from festina.models.base import Request
from festina.models.exchange import Exchange
from festina.models.fields import REFUSALS, STREAM, Body, learnt, system_of, wants_streams
from festina.models.presets import Preset
from festina.models.reasoning import mentions_tags

CACHE = "cache_control"
OPTIONAL = frozenset({"temperature", "stop_sequences"})
MOST_TEMPERATURE = 1.0


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields a model is sent. ``seed`` does not exist here.

    What comes before a ``cache_control`` is kept by the provider for some minutes: the system
    prompt, and the last message, for the other candidates and the repair rounds.
    """

    left_out: frozenset[str] = frozenset()
    streams_only: bool = False

    def body(
        self, request: Request, model: str, least_temperature: float, extra: Mapping[str, object]
    ) -> dict[str, object]:
        """Return the request's body; ``extra`` has the last word."""
        system = system_of(request)
        messages = [m for m in request.messages if m.role != "system" and m.content]
        body: dict[str, object] = {
            "model": model,
            "messages": [
                {"role": m.role, "content": self._content(m.content, keep=m is messages[-1])}
                for m in messages
            ],
            STREAM: request.stream or self.streams_only,
            "max_tokens": request.max_tokens,
            "temperature": min(max(request.temperature, least_temperature), MOST_TEMPERATURE),
        }
        if system:
            body["system"] = self._content(system, keep=True)
        stops = [stop for stop in request.stop if stop.strip()]  # others are refused
        if stops:
            body["stop_sequences"] = stops
        for name in self.left_out:
            body.pop(name, None)
        return body | dict(extra)

    def after(self, status: int, answer: bytes, sent: Mapping[str, object]) -> Fields | None:
        """Return what to send instead of what was refused; None where that is not why."""
        if wants_streams(status, answer, sent):
            return replace(self, streams_only=True)
        left_out = learnt(self.left_out, status, answer, OPTIONAL & sent.keys())
        if status in REFUSALS and _keeps(sent) and CACHE.encode() in answer:
            # named with its place: ``messages.0.content.0.cache_control``
            left_out = (left_out or self.left_out) | {CACHE}
        return None if left_out is None else replace(self, left_out=left_out)

    def _content(self, text: str, *, keep: bool) -> list[dict[str, object]]:
        block: dict[str, object] = {"type": "text", "text": text}
        if keep and CACHE not in self.left_out:
            block[CACHE] = {"type": "ephemeral"}
        return [block]


def _keeps(sent: Mapping[str, object]) -> bool:
    """Whether anything was to be kept. The code that was sent may well be about that, too."""
    messages = sent.get("messages")
    contents = (
        [sent.get("system"), *(m["content"] for m in messages if isinstance(m, dict))]
        if isinstance(messages, list)
        else []
    )
    blocks = (block for content in contents if isinstance(content, list) for block in content)
    return any(isinstance(block, dict) and CACHE in block for block in blocks)


class AnthropicModel(Exchange):
    """A model behind Anthropic's Messages API, or a server that speaks it."""

    dialect = "anthropic"
    path = "/messages"
    thinking = "thinking"

    def _body(self, preset: Preset) -> Body:
        plain = self._settings.accelerators == "off"
        return Fields(left_out=frozenset({CACHE}) if plain else frozenset())

    def _stream_of(self, request: Request) -> AnswerStream:
        good = {"end_turn", "stop_sequence"} if request.stop else {"end_turn"}
        return AnthropicStream(
            tags_are_code=mentions_tags(m.content for m in request.messages),
            good=frozenset(good),
        )
