"""The dialects that are spoken over HTTP, by their name in the settings."""

from __future__ import annotations

from collections.abc import Mapping

from festina.models.anthropic import AnthropicModel
from festina.models.chat import ChatModel
from festina.models.exchange import Exchange
from festina.models.responses import ResponsesModel

MODELS: Mapping[str, type[Exchange]] = {
    model.dialect: model for model in (ChatModel, ResponsesModel, AnthropicModel)
}
