"""llama.cpp's slots: no more is sent to a server at once than it works on."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.config import ModelSettings, Settings
from festina.edits import Region
from festina.events import Finished
from festina.models import embedded, factory, weights
from festina.models.exchange import Exchange
from festina.models.ready import EMBEDDED_STREAMS
from festina.models.runner import Runner
from festina.pipeline import propose
from festina.text import Text
from support.asking import ask
from support.chaos import OLD, TASK
from support.fake_model import FakeModel
from support.fake_replies import Hold, Reply, document, status, stream, text
from support.fakes import ScriptedVerifier, passed
from support.llama_server import CONTEXT, llama_server

LLAMA = ({"id": "coder", "object": "model", "owned_by": "llamacpp"},)
SLOTS = document({"total_slots": 3, "default_generation_settings": {"n_ctx": 2048}})


async def most_at_once(fake: FakeModel, count: int = 12, **said: Any) -> int:
    """How many requests the server has at once, of many that are asked of the model found there."""
    most = 0

    def answer(_: object) -> Reply:
        nonlocal most
        most = max(most, fake.streams)
        return text("a few words, one after the other\n", speed=200.0)

    fake.script(answer)
    fast = ModelSettings(base_url=fake.base_url, **said)
    model, _ = await factory.create(Settings(fast=fast), {})
    assert isinstance(model, Exchange)
    answers = await asyncio.gather(*(ask(model) for _ in range(count)))
    assert len(answers) == count
    await model.aclose()
    return most


async def test_a_llama_cpp_server_is_sent_as_many_as_it_has_slots() -> None:
    with FakeModel(models=LLAMA, props_reply=SLOTS) as fake:
        assert 1 < await most_at_once(fake) <= 3
        assert [head.target for head in fake.heads].count("/props") == 1


async def test_a_server_here_whose_model_is_named_is_asked_too() -> None:
    with FakeModel(props_reply=SLOTS) as fake:
        assert await most_at_once(fake, model="coder") <= 3


async def test_the_person_may_say_fewer_and_never_more() -> None:
    with FakeModel(models=LLAMA, props_reply=SLOTS) as fake:
        assert await most_at_once(fake, parallel_requests=2) <= 2
        assert await most_at_once(fake, parallel_requests=50) <= 3


@pytest.mark.parametrize(
    "reply",
    [
        None,
        status(401),
        document(b"<html>", kind="text/html"),
        document([]),
        document({"total_slots": "3"}),
        document({"total_slots": True}),
        document({"total_slots": 0}),
        document({"total_slots": -1}),
        document({"total_slots": 10**30}),
        document(b"[" * 200_000),
        document({"total_slots": 3, "chat_template": "x" * (5 << 20)}),
        stream(b"{", Hold()),
    ],
    ids=[
        *("no such page", "a key", "a page", "a list", "a string", "true", "none", "fewer"),
        *("absurd", "deep", "huge", "stalls"),
    ],
)
async def test_a_server_that_does_not_say_is_not_bounded(
    reply: Reply | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("festina.models.served.SECONDS", 0.2)
    with FakeModel(models=LLAMA, props_reply=reply) as fake:
        model, _ = await factory.create(
            Settings(fast=ModelSettings(base_url=fake.base_url, parallel_requests=0)), {}
        )
        assert isinstance(model, Exchange)
        assert (model._settings.parallel_requests, model.window) == (0, 0)
        await model.aclose()
        await fake.until(lambda: fake.live == 0)


async def test_a_server_elsewhere_that_is_not_known_is_not_asked() -> None:
    """Of what is not llama.cpp nothing is known by that name."""
    listed = ({"id": "coder", "object": "model", "owned_by": "vllm"},)
    with FakeModel(models=listed, props_reply=SLOTS) as fake:
        assert await most_at_once(fake) > 3
        assert "/props" not in [head.target for head in fake.heads]


async def test_the_key_goes_along() -> None:
    with FakeModel(models=LLAMA, props_reply=SLOTS, key="sk-mine") as fake:
        fast = ModelSettings(base_url=fake.base_url, api_key_env="MINE")
        model, _ = await factory.create(Settings(fast=fast), {"MINE": "sk-mine"})
        assert isinstance(model, Exchange)
        assert model._settings.parallel_requests == 3
        await model.aclose()


LONG = "".join(f"def helper_{n}(value):\n    return value * {n}\n\n\n" for n in range(150)) + OLD


async def sent_to(fake: FakeModel) -> int:
    """How many characters are sent for an edit of the last two lines of a long file."""
    model, _ = await factory.create(Settings(fast=ModelSettings(base_url=fake.base_url)), {})
    runner = Runner()
    last = LONG.count("\n")
    task = replace(TASK, text=Text(LONG), region=Region(last - 2, last), rounds=0, most=1)
    verifier = ScriptedVerifier(lambda new: passed())
    async with aclosing(propose(task, model, runner, verifier)) as events:
        assert isinstance([event async for event in events][-1], Finished)
    await runner.aclose()
    return sum(len(message["content"]) for message in fake.requests[-1]["messages"])


async def test_no_more_is_sent_than_has_room_in_a_slot() -> None:
    """A server started with 8,192 tokens for four slots has 2,048 for each."""
    small = document({"total_slots": 4, "default_generation_settings": {"n_ctx": 1500}})
    answer = "def one():\n    return 1\n"
    with FakeModel(answer, models=LLAMA, props_reply=small) as fake:
        within = await sent_to(fake)
    with FakeModel(answer, models=LLAMA) as fake:
        without = await sent_to(fake)
    assert within < 1500 * 3 - 1000 < without


@given(window=st.integers(0, 20_000), lines=st.integers(1, 400), said=st.integers(0, 20_000))
def test_what_is_collected_fits_a_window_and_is_never_more_than_was_wanted(
    window: int, lines: int, said: int
) -> None:
    task = replace(TASK, text=Text("x = 1\n" * 500), region=Region(0, lines), context_tokens=said)
    tokens = task.wish("https://api.example.test", window).tokens
    assert 0 <= tokens <= said
    assert tokens == said if not window else tokens <= window


def test_the_embedded_model_is_asked_for_as_many_answers_as_it_has_slots() -> None:
    assert EMBEDDED_STREAMS == embedded.SLOTS


@pytest.mark.embedded
@pytest.mark.timeout(300)
async def test_the_real_server_tells_its_slots_and_the_embedded_one_keeps_to_its_own() -> None:
    path = await weights.ensure(weights.DEFAULT)
    with llama_server(path, slots=2) as server:
        fast = ModelSettings(base_url=server.base_url)
        model, choice = await factory.create(Settings(fast=fast), {})
        assert isinstance(model, Exchange)
        assert choice.preset.name == "llamacpp"
        assert (model._settings.parallel_requests, model.window) == (2, CONTEXT)
        await model.aclose()
    mine = await embedded.start(slots=3, context=512)
    assert mine._child.chat._settings.parallel_requests == 3
    await mine.aclose()
