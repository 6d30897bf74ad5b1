"""Servers that leave a response open after the answer's end: nobody waits for that."""

from __future__ import annotations

import asyncio
import threading

import pytest

from festina.models import endings
from festina.models.runner import Runner
from support.asking import REQUEST, ask, model_at
from support.fake_model import FakeModel
from support.fake_replies import DONE, Hold, Reply, Step, Until, chunk, data, stream

ANSWER = (data(chunk("ok\n")), data(chunk(finish="stop")), DONE)


def left_open(*last: Step, dialect: str = "chat") -> Reply:
    """A whole good answer in a body that goes on."""
    if dialect == "responses":
        done = {"type": "response.completed", "response": {"status": "completed"}}
        begun = {"type": "response.output_text.delta", "delta": "ok\n"}
        return stream(data(begun), data(done), *last)
    return stream(*ANSWER, *last)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "SECONDS", 60.0)


@pytest.mark.parametrize("dialect", ["chat", "responses"])
async def test_the_answer_is_there_while_its_response_is_still_open(dialect: str) -> None:
    with FakeModel(left_open(Hold(), dialect=dialect)) as fake:
        model = model_at(fake, dialect=dialect)
        async with asyncio.timeout(10):
            assert (await ask(model))[0] == "ok\n"
            assert fake.streams == 1
            await model.aclose()
        await fake.until(lambda: fake.live == 0)
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_connection_is_used_again_once_the_response_has_ended() -> None:
    ended = threading.Event()
    with FakeModel(left_open(Until(ended)), "next\n") as fake:
        model = model_at(fake)
        assert (await ask(model))[0] == "ok\n"
        ended.set()
        await fake.until(lambda: fake.streams == 0)
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0.001)
        assert (await ask(model))[0] == "next\n"
        assert fake.connections == 1
        await model.aclose()


async def test_a_response_that_ends_with_its_answer_leaves_the_connection_free_at_once() -> None:
    with FakeModel("ok\n") as fake:
        model = model_at(fake)
        for _ in range(20):
            await ask(model)
            assert len(asyncio.all_tasks()) == 1
        assert fake.connections == 1
        await model.aclose()


async def test_a_response_that_does_not_end_loses_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endings, "SECONDS", 0.01)
    with FakeModel(left_open(Hold())) as fake:
        model = model_at(fake)
        await ask(model)
        await fake.until(lambda: fake.live == 0)
        await model.aclose()


async def test_closing_from_elsewhere_frees_what_is_still_open() -> None:
    with FakeModel(left_open(Hold())) as fake:
        runner, model = Runner(), model_at(fake)
        assert (await runner.complete(model, REQUEST)).text == "ok\n"
        assert fake.live == 1
        await model.aclose()
        await fake.until(lambda: fake.live == 0)
        await runner.aclose()
