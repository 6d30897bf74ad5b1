"""Every provider over a real socket, chosen as a person chooses it, in the shapes it documents."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from festina.config import ModelSettings, Settings
from festina.models import discovery, factory, presets
from festina.models.base import ModelError, Request, Wait
from festina.models.discovery import Choice
from festina.models.exchange import Exchange
from festina.models.presets import Preset
from support.asking import PROMPT, REQUEST, ask, check_message
from support.fake_model import FakeModel
from support.fake_replies import Reply
from support.preset_transcripts import FOLDER, KINDS, OUTCOMES, load, spoken

KEY = "key-of-a-person-4f9a8b7c6d5e"
SPOKEN = spoken()
ID = re.compile(
    r"\b(gpt|claude|llama|qwen|gemini|mistral|devstral|deepseek|kimi|glm|grok|phi|gemma)-?[0-9k]"
    r"|\b(gpt-oss|codestral-|claude-[a-z])|\bo[1-9](-|\b)",
    re.IGNORECASE,
)
"""What ids of models look like, now and for some years."""
TEXT = "def double(x):\n    return 2 * x\n"


@dataclass
class Provider:
    """A provider on this machine, in all but its address as it is."""

    name: str
    fake: FakeModel
    replies: dict[str, Reply]

    @property
    def outcome(self) -> dict[str, Any]:
        return OUTCOMES[self.name]

    async def chosen(self, **more: Any) -> tuple[Exchange, Choice]:
        """The model that a person gets: a key in the environment, a name, or an address."""
        preset, dialect = SPOKEN[self.name]
        said = ModelSettings(**({} if dialect == preset.dialect else {"dialect": dialect}), **more)
        environ, wanted = {}, None
        if preset.key_variable:
            environ = {preset.key_variable: KEY}
        elif preset.base_url:
            wanted = preset.name
        else:
            said = replace(said, base_url=self.fake.base_url)
        model, choice = await factory.create(Settings(fast=said), environ, model=wanted)
        assert isinstance(model, Exchange)
        return model, choice


@pytest.fixture(params=SPOKEN)
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    name, replies = request.param, load(request.param)
    preset, _ = SPOKEN[name]
    key = KEY if preset.key_variable else None
    with FakeModel(replies["success"], key=key, models_reply=replies["models"]) as fake:

        def at_home(rows: tuple[Preset, ...]) -> tuple[Preset, ...]:
            return tuple(replace(r, base_url=fake.base_url) if r == preset else r for r in rows)

        for rows in ("HOSTED", "LOCAL"):
            moved = at_home(getattr(presets, rows))
            for module in (presets, discovery):
                monkeypatch.setattr(module, rows, moved)
        yield Provider(name, fake, replies)


def test_every_preset_has_its_transcripts_and_every_transcript_its_outcome() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.http")) == sorted(SPOKEN)
    assert sorted(OUTCOMES) == sorted(SPOKEN)
    for name in SPOKEN:
        assert tuple(load(name)) == KINDS, name


def constants(path: Path) -> Iterator[str]:
    """The strings of a module, without those that only say something to its reader."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def test_no_model_of_a_provider_is_known_by_heart() -> None:
    """What is offered is asked for; only weights that we fetch ourselves have names here."""
    top = Path(presets.__file__).parents[1]
    modules = [path for path in top.rglob("*.py") if path.name != "weights.py"]
    assert len(modules) > 200
    found = {path.name: [text for text in constants(path) if ID.search(text)] for path in modules}
    assert {name: texts for name, texts in found.items() if texts} == {}


async def test_an_answer_its_usage_and_the_limits_it_tells(provider: Provider) -> None:
    wanted = provider.outcome
    model, choice = await provider.chosen()
    preset, dialect = SPOKEN[provider.name]
    assert (choice.model, choice.dialect) == (wanted["model"], dialect), choice.why
    assert choice.preset.name == preset.name
    text, usage = await ask(model, replace(REQUEST, predicted="def double(x): ..."))
    assert text == TEXT
    counted = (usage.prompt, usage.cached, usage.completion, usage.rejected)
    assert counted == tuple(wanted["usage"])
    buckets = {
        name: [bucket.limit, bucket.remaining, round(bucket.full_at - bucket.at, 1)]
        for name, (_, bucket) in model._budget._buckets.items()
    }
    assert buckets == {name: pytest.approx(n, abs=1.1) for name, n in wanted["limits"].items()}
    assert len(provider.fake.requests) == 1
    await model.aclose()


async def failing(provider: Provider, kind: str, **more: Any) -> str:
    """What a person is told of a response; nothing of a key or of the prompt."""
    model, _ = await provider.chosen(max_retries=0, **more)
    provider.fake.script(provider.replies[kind])
    with pytest.raises(ModelError) as told:
        await ask(model)
    await model.aclose()
    check_message(told.value, model.origin)
    assert KEY not in str(told.value)
    assert PROMPT not in str(told.value)
    return f"{told.value.trouble}: {told.value}".replace(model.origin, "ORIGIN")


@pytest.mark.parametrize("kind", ["limit", "error", "broken"])
async def test_what_is_said_when_it_goes_wrong(provider: Provider, kind: str) -> None:
    assert await failing(provider, kind) == provider.outcome[kind]


async def test_a_limit_holds_the_next_request_for_as_long_as_the_provider_says(
    provider: Provider,
) -> None:
    pause = provider.outcome["pause"]
    model, _ = await provider.chosen()
    waits: list[Wait | None] = []
    request = Request(REQUEST.messages, 300, on_wait=waits.append)
    provider.fake.script(provider.replies["limit"])
    asked = asyncio.ensure_future(ask(model, request))
    try:
        await provider.fake.until(lambda: len(provider.fake.requests) == 1)
        if pause:
            async with asyncio.timeout(5):
                while not waits:
                    await asyncio.sleep(0.01)
            assert waits[0] is not None
            assert waits[0].seconds == pytest.approx(pause, abs=1.1)
        assert len(provider.fake.requests) == 1
    finally:
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await model.aclose()
