"""The budget of an endpoint and a key, over real sockets: who waits, how long, and who is told."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace

import pytest

from festina.models.base import ModelError, Trouble, Wait
from festina.models.budget import AHEAD, Budget, budget_for
from festina.models.chat import ChatModel
from festina.models.retry import Policy
from support.asking import REQUEST, ask, failure, model_at
from support.fake_model import FakeModel
from support.fake_replies import status, text
from support.limited import Limited

PATIENT = Policy(base=0.05, cap=0.1, longest=20.0)
OF_EARLIER_TESTS: list[Budget] = []


async def many(model: ChatModel, count: int) -> list[str]:
    await ask(model)  # as the first candidate goes ahead
    answers = await asyncio.gather(*(ask(model) for _ in range(count - 1)))
    return [answer for answer, _ in answers]


async def test_seventy_five_candidates_are_not_seventy_five_refusals() -> None:
    limited = Limited(20, 0.4, steady=True)
    with FakeModel(limited) as fake:
        model = model_at(fake, policy=PATIENT)
        assert await many(model, 75) == ["ok\n"] * 74
        assert limited.refused <= 2  # a server's own clock is not ours
        await model.aclose()


async def test_a_limit_that_comes_back_at_once_is_learned_from_one_refusal() -> None:
    limited = Limited(20, 0.5, steady=False)
    with FakeModel(limited) as fake:
        model = model_at(fake, policy=PATIENT)
        assert await many(model, 75) == ["ok\n"] * 74
        assert limited.refused <= 3
        await model.aclose()


async def test_where_nothing_is_told_a_few_are_refused_and_none_is_lost() -> None:
    limited = Limited(10, 0.3, steady=False, tells=False)
    with FakeModel(limited) as fake:
        model = model_at(fake, policy=PATIENT)
        assert await many(model, 40) == ["ok\n"] * 39
        assert limited.refused < 39  # sent again and again by each, they were 60 and more
        await model.aclose()


@pytest.mark.parametrize("code", [429, 529])
async def test_a_refusal_is_outlasted_whatever_the_number_of_retries(code: int) -> None:
    refusal = status(code)
    with FakeModel(*[refusal] * 7, "ok\n") as fake:
        model = model_at(fake, max_retries=1)
        assert (await ask(model))[0] == "ok\n"
        assert len(fake.requests) == 8
        await model.aclose()


async def test_others_are_held_back_while_a_refusal_is_waited_out() -> None:
    with FakeModel("ok\n", status(429, None, retry_after="0.5"), "ok\n") as fake:
        model, other = (model_at(fake, "sk-one", policy=PATIENT) for _ in range(2))
        await ask(model)
        began = time.monotonic()
        refused = asyncio.create_task(ask(model))
        await fake.until(lambda: len(fake.requests) == 2)
        await asyncio.sleep(0.1)  # the refusal is there by now
        await asyncio.gather(refused, *(ask(other) for _ in range(5)))
        assert time.monotonic() - began >= 0.5
        assert len(fake.requests) == 8  # only one was refused
        stranger = model_at(fake, "sk-two", policy=PATIENT)
        assert stranger._budget is not model._budget
        assert other._budget is model._budget
        for each in (model, other, stranger):
            await each.aclose()


async def test_a_wait_is_told_with_its_end_and_when_it_is_over() -> None:
    waits: list[Wait | None] = []
    with FakeModel(status(429, None, retry_after="0.7"), "ok\n") as fake:
        model = model_at(fake, policy=PATIENT)
        await ask(model, replace(REQUEST, on_wait=waits.append))
        await model.aclose()
    wait, over = waits
    assert wait is not None
    assert over is None
    assert 0.5 < wait.seconds <= 0.7
    host = fake.origin.removeprefix("http://")
    assert str(wait) == f"Waiting for {host}'s limit until {wait.until:%H:%M:%S} (1 s)"
    assert budget_for("https://api.groq.com", "").whom == "Groq"


async def test_a_longer_wait_than_the_longest_ends_it_and_nothing_more_is_sent() -> None:
    spent = {
        "x-ratelimit-limit-requests": "5",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "3h0m0s",
    }
    with FakeModel(replace(text("ok\n"), headers=spent)) as fake:
        model = model_at(fake)
        await ask(model)
        error = await failure(model)
        assert error.trouble is Trouble.QUOTA
        assert "nothing remains of its limit of 5 requests" in str(error)
        assert "Try again in 36 minutes (at " in str(error)
        assert len(fake.requests) == 1
        await model.aclose()


async def test_one_that_gives_up_waiting_makes_way_for_the_next() -> None:
    with FakeModel(status(429, None, retry_after="0.3"), "ok\n") as fake:
        model = model_at(fake, policy=PATIENT)
        first = asyncio.create_task(ask(model))
        await fake.until(lambda: len(fake.requests) == 1)
        others = [asyncio.create_task(ask(model)) for _ in range(3)]
        await asyncio.sleep(0.05)
        first.cancel()
        others[0].cancel()
        done = await asyncio.gather(*others[1:])
        assert [answer for answer, _ in done] == ["ok\n", "ok\n"]
        await asyncio.gather(first, others[0], return_exceptions=True)
        assert not model._budget._under_way
        assert not model._budget._waiting
        await model.aclose()


async def test_waiting_is_not_held_against_the_answers_deadline() -> None:
    with FakeModel(status(429, None, retry_after="1.3"), "ok\n") as fake:
        model = model_at(fake, policy=PATIENT, total_seconds=1.0, first_content_seconds=1.0)
        assert (await ask(model))[0] == "ok\n"
        await model.aclose()


async def test_what_was_never_answered_gives_its_place_back() -> None:
    with FakeModel("ok\n") as fake:
        base_url = fake.base_url
    model = model_at(fake, base_url=base_url, max_retries=0)
    for _ in range(AHEAD + 2):
        assert (await failure(model)).trouble is Trouble.NETWORK
    await model.aclose()


async def test_budgets_are_for_any_loop() -> None:
    budget = budget_for("https://api.example.test", "sk-1")
    assert isinstance(budget, Budget)
    errors: list[BaseException] = []

    async def refused_then_sent() -> None:
        from festina.models.limits import Need

        async with budget.sending(Need(), PATIENT) as ticket:
            budget.answered(ticket, {}, refused=PATIENT)
        async with budget.sending(Need(), PATIENT) as ticket:
            budget.answered(ticket, {}, ok=True)

    def on_a_loop() -> None:
        try:
            asyncio.run(asyncio.wait_for(refused_then_sent(), 10))
        except (ModelError, TimeoutError) as error:
            errors.append(error)

    threads = [threading.Thread(target=on_a_loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert errors == []


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_port_that_an_earlier_test_used_has_no_limits_yet(time: str) -> None:
    budget = budget_for("http://127.0.0.1:1", "")
    assert budget not in OF_EARLIER_TESTS
    OF_EARLIER_TESTS.append(budget)
