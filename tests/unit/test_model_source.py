"""Where the server gets its model from, and when it asks whether code may be sent there."""

import asyncio
from types import SimpleNamespace

import pytest

from festina.lsp.model_source import ALLOW, REFUSE, ModelSource
from festina.models.base import ModelError
from festina.models.discovery import Choice
from festina.trust import TrustStore

FOUND = Choice(
    "chat", "http://127.0.0.1:11434/v1", "m", "http://127.0.0.1:11434", "local server", "Ollama"
)


def asked_at_once(answers: list[str], trust: TrustStore) -> tuple[list[asyncio.Task], list[str]]:
    """Two proposals that want the same model, which was found, at the same time."""
    asked: list[str] = []

    async def ask(question: str, actions: list[str]) -> str:
        asked.append(question)
        await asyncio.sleep(0)
        return answers[len(asked) - 1]

    source = ModelSource({}, trust, lambda: SimpleNamespace(ask=ask))
    return [asyncio.create_task(source._permit(FOUND)) for _ in range(2)], asked


async def test_two_proposals_at_once_ask_one_question(tmp_path):
    tasks, asked = asked_at_once([ALLOW, ALLOW], TrustStore(tmp_path / "trust.json"))
    await asyncio.gather(*tasks)
    assert len(asked) == 1
    assert FOUND.origin in asked[0]


async def test_not_now_is_not_for_ever(tmp_path):
    tasks, asked = asked_at_once([REFUSE, ALLOW], TrustStore(tmp_path / "trust.json"))
    with pytest.raises(ModelError, match="Nothing was sent"):
        await tasks[0]
    await tasks[1]
    assert len(asked) == 2
