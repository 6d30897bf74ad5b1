"""Where the server gets its model from, and when it asks whether code may be sent there."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from festina.config import ModelSettings, Settings
from festina.lsp.model_source import ALLOW, REFUSE, ModelSource
from festina.models.base import ModelError
from festina.models.discovery import Choice
from festina.trust import TrustStore
from support.fakes import ScriptedModel

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


async def test_an_answer_that_cannot_be_kept_counts_all_the_same(tmp_path):
    (tmp_path / "file").write_text("")
    tasks, asked = asked_at_once([ALLOW, REFUSE], TrustStore(tmp_path / "file" / "trust.json"))
    await asyncio.gather(*tasks)
    assert len(asked) == 1, "and is not asked for again"


async def test_not_now_is_not_for_ever(tmp_path):
    tasks, asked = asked_at_once([REFUSE, ALLOW], TrustStore(tmp_path / "trust.json"))
    with pytest.raises(ModelError, match="Nothing was sent"):
        await tasks[0]
    await tasks[1]
    assert len(asked) == 2


class Closable(ScriptedModel):
    """Notes that it was closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


async def test_a_model_of_older_settings_is_closed_once_nobody_uses_it(tmp_path, monkeypatch):
    models = [Closable([]), Closable([])]
    unused = iter(models)

    async def create(*_, **__):
        return next(unused), replace(FOUND, how="configured")

    monkeypatch.setattr("festina.models.factory.create", create)
    source = ModelSource({}, TrustStore(tmp_path / "trust.json"), lambda: SimpleNamespace(key=None))
    await source.configure(Settings())
    first = await source.get(None, print)
    second = await source.get(None, print)
    assert first.model is second.model is models[0]
    await source.configure(Settings(fast=ModelSettings(model="another")))
    third = await source.get(None, print)
    assert third.model is models[1]
    first.release()
    await asyncio.sleep(0)
    assert [model.closed for model in models] == [0, 0]
    second.release()
    async with asyncio.timeout(10):
        while not models[0].closed:
            await asyncio.sleep(0.005)
    assert models[1].closed == 0
    third.release()
    await source.aclose()
    assert [model.closed for model in models] == [1, 1]


async def test_a_model_that_may_not_be_used_is_not_held(tmp_path, monkeypatch):
    model = Closable([])

    async def create(*_, **__):
        return model, FOUND

    async def ask(*_):
        return REFUSE

    monkeypatch.setattr("festina.models.factory.create", create)
    client = SimpleNamespace(key=None, ask=ask)
    source = ModelSource({}, TrustStore(tmp_path / "trust.json"), lambda: client)
    await source.configure(Settings())
    with pytest.raises(ModelError, match="Nothing was sent"):
        await source.get(None, print)
    await source.configure(Settings(fast=ModelSettings(model="another")))
    async with asyncio.timeout(10):
        while not model.closed:
            await asyncio.sleep(0.005)
    await source.aclose()
