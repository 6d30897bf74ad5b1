"""OpenAI Responses: from a response's bytes to the answer's text. See ``answer_stream``.

Source: https://developers.openai.com/api/docs/guides/streaming-responses (events by their type).
"""

from __future__ import annotations

from typing import Any, ClassVar

from festina.models.answer_stream import AnswerStream, Kind, count, text_of
from festina.models.base import Usage
from festina.models.sse import SseReader

TEXT = "response.output_text.delta"
_THOUGHTS = frozenset({"response.reasoning_text.delta", "response.reasoning_summary_text.delta"})
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_ADDED, _DONE = "response.output_item.added", "response.output_item.done"
_COMMENTARY = "commentary"
"""The phase of messages that a model writes on its way to the answer."""


class ResponsesStream(AnswerStream):
    """One response to ``POST /responses``. Only ``response.completed`` is a good end.

    That event repeats the whole answer, and where it does not, those do that end its items. Where
    it is not what was streamed, something was lost, doubled or changed places on the way.
    """

    finishes: ClassVar[dict[str, Kind]] = {
        "max_output_tokens": Kind.LENGTH,
        "max_tokens": Kind.LENGTH,
        "content_filter": Kind.FILTERED,
        "tool_calls": Kind.TOOLS,
    }

    named: ClassVar[tuple[str, ...]] = ("response.",)

    def __init__(
        self,
        reader: SseReader | None = None,
        *,
        tags_are_code: bool = False,
        good: frozenset[str] = frozenset({"completed"}),
    ) -> None:
        super().__init__(reader, tags_are_code=tags_are_code, good=good)
        self._streamed: list[str] = []
        self._asides: set[str] = set()
        self._told: list[Any] = []
        self._begun: set[str] = set()
        self._id: object = None
        self._part_begins = 0

    def _part(self, value: dict[str, Any]) -> str:
        kind = value.get("type")
        if kind == TEXT:
            return self._delta(value)
        kind = str(kind)
        self._known = self._known or kind.startswith(self.named)
        if kind in _THOUGHTS:
            self.alive += 1
        elif kind == "response.created":
            self._begin(value.get("response"))
        elif kind == "response.output_text.done":
            self._part_ends(value)
        elif kind in ("response.refusal.delta", "response.refusal.done"):
            self._finish = "content_filter"
        elif kind in (_ADDED, _DONE):
            self._item(value.get("item"), done=kind == _DONE)
        elif kind in _ENDS:
            return self._end(value.get("response"))
        return ""

    def _begin(self, response: object) -> None:
        """Take the response's id; another one, or a new start, is another answer."""
        name = response.get("id") if isinstance(response, dict) else None
        if self._streamed or (self._id and name != self._id):
            self._fail(Kind.MISMATCH)
        self._id = name

    def _part_ends(self, value: dict[str, Any]) -> None:
        """Compare a part of the answer, as it is told at its end, with what was streamed."""
        text = value.get("text")
        if str(value.get("item_id")) in self._asides:
            return
        part, self._part_begins = self._streamed[self._part_begins :], len(self._streamed)
        if isinstance(text, str) and text and text != _joined(part):
            self._fail(Kind.MISMATCH)

    def _delta(self, value: dict[str, Any]) -> str:
        text = value.get("delta")
        if not isinstance(text, str) or not text:
            return ""
        if str(value.get("item_id")) in self._asides:
            self.alive += 1
            return ""
        self._streamed.append(text)
        self._known = True
        return self._text(text)

    def _item(self, item: object, *, done: bool) -> None:
        """Look at what an item of the output is: a message, reasoning, or some call."""
        if not isinstance(item, dict):
            return
        name = str(item.get("id"))
        if item.get("phase") == _COMMENTARY:
            self._asides.add(name)
        if done:
            self._begun.discard(name)
            self._told += _parts([item])
        else:
            self._begun.add(name)
        if str(item.get("type")).endswith("_call"):
            self._finish = self._finish or "tool_calls"

    def _end(self, response: object) -> str:
        """Read the response as it is told at its end; nothing comes after."""
        self.over = True
        if not isinstance(response, dict):
            return ""
        usage = response.get("usage")
        if isinstance(usage, dict):
            self.usage = _usage(usage)
        output = response.get("output")
        items = output if isinstance(output, list) else []
        for item in items:
            self._item(item, done=True)
        status = response.get("status")
        if self._finish is None and isinstance(status, str):
            details = response.get("incomplete_details")
            reason = details.get("reason") if isinstance(details, dict) else None
            self._finish = str(reason) if reason and status != "completed" else status
        answer = _parts(items) or self._told
        if any(isinstance(part, dict) and part.get("type") == "refusal" for part in answer):
            self._finish = "content_filter"
        untold = self._begun and len(self._streamed) > self._part_begins
        lost = untold or not (items or self._streamed)
        if lost and not answer and self._finish in self._good:
            self._finish = None
        whole = text_of(answer)
        if not self._streamed:
            return self._text(whole) if whole else ""
        if whole and self._finish in self._good and whole != _joined(self._streamed):
            self._fail(Kind.MISMATCH)
        return ""

    def _whole(self, value: dict[str, Any]) -> str | None:
        return self._end(value) if isinstance(value.get("output"), list) else None

    def _error_in(self, value: dict[str, Any]) -> object:
        response = value.get("response")
        if isinstance(response, dict) and response.get("error"):
            return response["error"]
        if value.get("error"):
            return value["error"]
        return value if value.get("type") == "error" else None


def _parts(items: list[Any]) -> list[Any]:
    """Return the parts of the messages among items of the output."""
    return [
        part
        for item in items
        if isinstance(item, dict)
        and item.get("type") == "message"
        and item.get("phase") != _COMMENTARY
        and isinstance(item.get("content"), list)
        for part in item["content"]
    ]


def _joined(pieces: list[str]) -> str:
    """Join pieces of which two may share a surrogate pair."""
    text = "".join(pieces)
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("input_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(
        prompt=count(usage.get("input_tokens")),
        cached=count(cached),
        completion=count(usage.get("output_tokens")),
    )
