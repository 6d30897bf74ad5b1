"""Chat Completions: from a response's bytes to the answer's text. See ``answer_stream``."""

from __future__ import annotations

from typing import Any, ClassVar

from festina.models.answer_stream import AnswerStream, Kind, count, text_of
from festina.models.base import Usage


class ChatStream(AnswerStream):
    """One response to ``POST /chat/completions``; ``[DONE]`` ends it and proves nothing."""

    finishes: ClassVar[dict[str, Kind]] = {
        "length": Kind.LENGTH,
        "max_tokens": Kind.LENGTH,
        "content_filter": Kind.FILTERED,
        "tool_calls": Kind.TOOLS,
        "function_call": Kind.TOOLS,
    }

    _id: object = None
    _same_id = False

    def _part(self, value: dict[str, Any]) -> str:
        usage = value.get("usage")
        if not isinstance(usage, dict) and isinstance(groq := value.get("x_groq"), dict):
            usage = groq.get("usage")
        if isinstance(usage, dict):
            self.usage = _usage(usage)
        choices = value.get("choices")
        if not isinstance(choices, list):
            return ""
        self._known = True
        text = ""
        for choice in choices:
            if isinstance(choice, dict) and choice.get("index") in (0, None):
                text += self._choice(choice, value.get("id"))
        return text

    def _belongs(self, name: object) -> bool:
        """Whether text is of the answer that has begun: all of its chunks have the same id.

        Some servers make a new one for each chunk, so it only counts where two had the same.
        """
        if name == self._id:
            self._same_id = True
        elif name:
            if self._same_id and self._id:
                return False
            self._id = name
        return True

    def _choice(self, choice: dict[str, Any], name: object) -> str:
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice.get("message")
        text = ""
        if isinstance(delta, dict):
            content = delta.get("content")
            if content:
                text = content if isinstance(content, str) else text_of(content)
            if text:
                if self._finish is not None:
                    self._fail(Kind.AFTER_FINISH)
                    return ""
                if not self._belongs(name):  # before the filter, which may hold text back
                    self._fail(Kind.MISMATCH)
                    return ""
                text = self._text(text)
            elif (
                (content and isinstance(content, list))  # Mistral's thoughts are parts of it
                or delta.get("reasoning")
                or delta.get("reasoning_content")
                or delta.get("reasoning_details")
            ):
                self.alive += 1
            if delta.get("tool_calls") or delta.get("function_call"):
                self._finish = self._finish or "tool_calls"
            if delta.get("refusal"):
                self._finish = "content_filter"
        reason = choice.get("finish_reason")
        if reason and self._finish in (None, "stop"):
            self._finish = str(reason)
        return text

    def _only_text(self, value: Any) -> str:
        match value:
            case {"x_groq": _}:
                return ""
            case {"choices": [{"delta": {"content": str(text)} as delta} as choice]}:
                more = (
                    delta.get("tool_calls")
                    or delta.get("function_call")
                    or delta.get("refusal")
                    or choice.get("finish_reason")
                    or choice.get("index")
                    or (value.get("id") and not self._same_id)  # the next one tells more
                    or isinstance(value.get("usage"), dict)
                    or self._error_in(value) is not None
                )
                return "" if more else text
        return ""

    def _whole(self, value: dict[str, Any]) -> str | None:
        choices = value.get("choices")
        if not isinstance(choices, list):
            return None
        whole = [choice for choice in choices if isinstance(choice, dict)]
        if any("delta" in c and not isinstance(c.get("message"), dict) for c in whole):
            return None  # a piece of a stream
        # some servers (Perplexity) put an empty delta beside the whole message
        whole = [{**choice, "delta": choice.get("message")} for choice in whole]
        return self._part({**value, "choices": whole})

    def _error_in(self, value: dict[str, Any]) -> object:
        """Return the error in any of the shapes that servers use."""
        error = value.get("error")
        if error:
            return error
        if value.get("object") == "error":
            return value
        groq = value.get("x_groq")
        if isinstance(groq, dict) and groq.get("error"):
            return groq["error"]
        if "status_code" in value and "choices" not in value:
            return value
        if "detail" in value and "choices" not in value:
            return value["detail"]
        return None


def _usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    details = usage.get("completion_tokens_details")
    rejected = details.get("rejected_prediction_tokens") if isinstance(details, dict) else None
    return Usage(
        prompt=count(usage.get("prompt_tokens")),
        cached=count(cached),
        completion=count(usage.get("completion_tokens")),
        rejected=count(rejected),
    )
