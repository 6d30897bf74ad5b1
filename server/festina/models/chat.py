"""The Chat Completions dialect: ``POST {base_url}/chat/completions``."""

from __future__ import annotations

from festina.models.answer_stream import AnswerStream
from festina.models.base import Request
from festina.models.chat_fields import Fields
from festina.models.chat_stream import ChatStream
from festina.models.exchange import Exchange
from festina.models.fields import Body
from festina.models.presets import Preset
from festina.models.reasoning import mentions_tags


class ChatModel(Exchange):
    """A model behind OpenAI's Chat Completions, which most servers speak."""

    dialect = "chat"
    path = "/chat/completions"
    thinking = "reasoning_effort"

    def _body(self, preset: Preset) -> Body:
        return Fields.of(preset)

    def _offered(self, preset: Preset) -> tuple[str, ...]:
        return preset.accelerators

    def _stream_of(self, request: Request) -> AnswerStream:
        return ChatStream(tags_are_code=mentions_tags(m.content for m in request.messages))
