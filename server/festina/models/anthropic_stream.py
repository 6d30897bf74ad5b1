"""Anthropic Messages: from a response's bytes to the answer's text. See ``answer_stream``.

Source: https://docs.claude.com/en/api/messages-streaming.
"""

from __future__ import annotations

from typing import Any, ClassVar

from festina.models.answer_stream import AnswerStream, Kind, count, text_of
from festina.models.base import Usage
from festina.models.sse import SseReader

_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class AnthropicStream(AnswerStream):
    """One response to ``POST /messages``. Only ``message_stop`` after a good stop reason is an end.

    Events of unknown types are passed over, as the documentation asks for. Text counts only inside
    of a message that has begun and of a text block that is open, and all blocks must have stopped:
    that is all this protocol offers for seeing that events were lost, doubled or mixed up.
    """

    finishes: ClassVar[dict[str, Kind]] = {
        "max_tokens": Kind.LENGTH,
        "model_context_window_exceeded": Kind.LENGTH,
        "tool_use": Kind.TOOLS,
        "refusal": Kind.FILTERED,
    }
    named: ClassVar[tuple[str, ...]] = ("message_", "content_block_")

    def __init__(
        self,
        reader: SseReader | None = None,
        *,
        tags_are_code: bool = False,
        good: frozenset[str] = frozenset({"end_turn"}),
    ) -> None:
        super().__init__(reader, tags_are_code=tags_are_code, good=good)
        self._reason: str | None = None
        self._counts: dict[str, int] = {}
        self._id: object = None
        self._open: dict[int | None, str] = {}

    def _part(self, value: dict[str, Any]) -> str:
        kind = value.get("type")
        if kind == "content_block_delta":
            return self._delta(value.get("delta"), count(value.get("index")))
        if kind == "content_block_start":
            return self._block(value.get("content_block"), count(value.get("index")))
        if kind == "content_block_stop":
            self._open.pop(count(value.get("index")), None)
        elif kind == "message_start":
            self._begin(value.get("message"))
        elif kind == "message_delta":
            delta = value.get("delta")
            if isinstance(delta, dict) and delta.get("stop_reason"):
                self._reason = str(delta["stop_reason"])
            self._count(value.get("usage"))
        elif kind == "message_stop":
            if not self._open:
                self._finish = self._finish or self._reason
            self.over = True
        return ""

    def _begin(self, message: object) -> None:
        """Take the message's id; a second message is not a part of the first one."""
        fields = message if isinstance(message, dict) else {}
        if self._known and (self._open or fields.get("id") != self._id):
            self._fail(Kind.MISMATCH)
        self._known = True
        self._id = fields.get("id")
        self._count(fields.get("usage"))

    def _delta(self, delta: object, index: int | None) -> str:
        if not isinstance(delta, dict):
            return ""
        kind = delta.get("type")
        if kind == "text_delta":
            return self._answer(delta.get("text"), index)
        if kind in ("thinking_delta", "signature_delta"):
            self.alive += 1
        elif kind == "input_json_delta":
            self._finish = self._finish or "tool_use"
        return ""

    def _block(self, block: object, index: int | None) -> str:
        if not isinstance(block, dict):
            return ""
        kind = str(block.get("type"))
        if index in self._open:
            self._fail(Kind.MISMATCH)
            return ""
        self._open[index] = kind
        if kind == "text":
            return self._answer(block.get("text"), index)
        if kind in _THOUGHTS:
            self.alive += 1
        elif kind.endswith("tool_use"):
            self._finish = self._finish or "tool_use"
        return ""

    def _answer(self, text: object, index: int | None) -> str:
        if not isinstance(text, str) or not text:
            return ""
        if self._reason is not None:
            self._fail(Kind.AFTER_FINISH)
            return ""
        if not self._known or self._open.get(index) != "text":
            self._fail(Kind.MISMATCH)
            return ""
        return self._text(text)

    def _count(self, usage: object) -> None:
        """Take over counts; those of ``message_delta`` are totals so far, not differences."""
        if not isinstance(usage, dict):
            return
        found = {name: count(usage.get(name)) for name in (*_INPUT, "output_tokens")}
        self._counts |= {name: tokens for name, tokens in found.items() if tokens is not None}
        parts = [self._counts[name] for name in _INPUT if name in self._counts]
        self.usage = Usage(
            # what is read from the cache or written to it is not among ``input_tokens``
            prompt=sum(parts) if parts else None,
            cached=self._counts.get("cache_read_input_tokens"),
            completion=self._counts.get("output_tokens"),
        )

    def _only_text(self, value: Any) -> str:
        match value:
            case {
                "type": "content_block_delta",
                "delta": {"type": "text_delta", "text": str(text)},
            } if not value.get("error"):
                return text
        return ""

    def _whole(self, value: dict[str, Any]) -> str | None:
        blocks = value.get("content")
        if value.get("type") != "message" or not isinstance(blocks, list):
            return None
        self._count(value.get("usage"))
        for block in blocks:
            if isinstance(block, dict) and str(block.get("type")).endswith("tool_use"):
                self._finish = "tool_use"
        if value.get("stop_reason"):
            self._finish = self._finish or str(value["stop_reason"])
        text = text_of(blocks)
        return self._text(text) if text else ""

    def _error_in(self, value: dict[str, Any]) -> object:
        return value.get("error") or (value if value.get("type") == "error" else None)
