"""What is known of limits before any were told: the first burst, and whose word counts afterwards.

Over real sockets, with small numbers in the place of the documented ones.
"""

from __future__ import annotations

import asyncio
import random
import threading
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.config import ModelSettings
from festina.models.base import Message, Request, Wait
from festina.models.exchange import Exchange
from festina.models.known import Known, replaced
from festina.models.limits import Bucket
from festina.models.presets import GENERIC, HOSTED, LOCAL, Preset, by_name
from festina.models.retry import Policy
from support.asking import REQUEST, ask, model_at
from support.fake_model import FakeModel
from support.fake_replies import Hold, Reply, Until, stream, text
from support.limited import Limited

PATIENT = Policy(base=0.05, cap=0.1, longest=60.0)
WHOLE = replace(REQUEST, stream=False)
FIRST = replace(GENERIC, entry=(("requests-minute", 3), ("tokens", 100_000)))


def told(requests: int, tokens: int) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests-day": str(requests),
        "x-ratelimit-remaining-requests-day": str(requests - 1),
        "x-ratelimit-reset-requests-day": "86.4",
        "x-ratelimit-limit-tokens": str(tokens),
        "x-ratelimit-remaining-tokens": str(tokens - 100),
        "x-ratelimit-reset-tokens": "6ms",
    }


async def held_up(
    fake: FakeModel, go_on: threading.Event, model: Exchange, sent: int, count: int = 20
) -> None:
    """Check how many requests are sent before any of them is answered; all are in the end."""
    tasks = [asyncio.create_task(ask(model, WHOLE)) for _ in range(count)]
    await fake.until(lambda: len(fake.requests) >= sent)
    await asyncio.sleep(0.15)
    assert len(fake.requests) == sent
    go_on.set()
    await asyncio.gather(*tasks)
    assert len(fake.requests) == count


@pytest.mark.parametrize(
    ("preset", "sent"),
    [
        (FIRST, 3),
        (replace(GENERIC, entry=(("tokens", 700),)), 2),  # each may take some 315
        (replace(GENERIC, entry=(("output-tokens", 10),)), 1),  # one may always go
        (GENERIC, 20),
    ],
    ids=["requests", "tokens", "less than one", "nothing known"],
)
async def test_the_first_tier_spreads_the_first_burst_and_holds_nobody_after_an_answer(
    preset: Preset, sent: int
) -> None:
    go_on = threading.Event()
    with FakeModel(replace(text("ok\n"), before=(Until(go_on),))) as fake:
        model = model_at(fake, preset=preset)
        async with asyncio.timeout(30):  # three a minute would take six
            await held_up(fake, go_on, model, sent)
        await model.aclose()


async def test_a_server_that_works_on_one_at_once_is_sent_one_at_first() -> None:
    go_on = threading.Event()
    with FakeModel(replace(text("ok\n"), before=(Until(go_on),))) as fake:
        model = model_at(fake, preset=replace(GENERIC, parallel=1))
        tasks = [asyncio.create_task(ask(model)) for _ in range(5)]
        await fake.until(lambda: len(fake.requests) == 1)
        await asyncio.sleep(0.1)
        assert len(fake.requests) == 1
        go_on.set()
        await asyncio.gather(*tasks)
        await model.aclose()


async def test_an_account_that_is_seen_to_be_of_the_first_tier_has_its_other_limits_too() -> None:
    """Of these the provider never tells: refusals are all that would tell of them."""
    waits: list[Wait | None] = []
    with FakeModel(replace(text("ok\n"), headers=told(1000, 100_000))) as fake:
        model = model_at(fake, preset=FIRST, policy=PATIENT)
        for _ in range(3):
            await ask(model)
        fourth = asyncio.create_task(ask(model, replace(REQUEST, on_wait=waits.append)))
        async with asyncio.timeout(5):
            while not waits:
                await asyncio.sleep(0.01)
        assert len(fake.requests) == 3
        assert waits[0] is not None
        assert 15 < waits[0].seconds <= 20, "three a minute come back one by one"
        fourth.cancel()
        await asyncio.gather(fourth, return_exceptions=True)
        await model.aclose()


async def test_a_higher_tier_is_never_held_by_what_is_known_of_the_first() -> None:
    with FakeModel(replace(text("ok\n"), headers=told(1000, 100_001))) as fake:
        model = model_at(fake, preset=FIRST, policy=PATIENT)
        async with asyncio.timeout(10):
            for _ in range(30):
                await ask(model)
        await model.aclose()


@pytest.mark.parametrize("name", ["requests_per_minute", "tokens_per_minute"])
async def test_what_the_person_says_holds_where_the_provider_tells_nothing(name: str) -> None:
    waits: list[Wait | None] = []
    limit = {"requests_per_minute": 2, "tokens_per_minute": 700}[name]
    with FakeModel("ok\n") as fake:
        model = model_at(fake, preset=FIRST, policy=PATIENT, **{name: limit})
        await ask(model)
        await ask(model)
        third = asyncio.create_task(ask(model, replace(REQUEST, on_wait=waits.append)))
        async with asyncio.timeout(5):
            while not waits:
                await asyncio.sleep(0.01)
        assert len(fake.requests) == 2
        third.cancel()
        await asyncio.gather(third, return_exceptions=True)
        again = model_at(fake, preset=FIRST, policy=PATIENT)  # it is not said any more
        await ask(again)
        await model.aclose()
        await again.aclose()


async def test_what_the_person_says_takes_the_place_of_what_is_documented() -> None:
    with FakeModel(replace(text("ok\n"), headers=told(1000, 100_000))) as fake:
        model = model_at(fake, preset=FIRST, policy=PATIENT, requests_per_minute=1000)
        async with asyncio.timeout(10):
            for _ in range(20):
                await ask(model)
        await model.aclose()


async def test_headers_take_the_place_of_what_the_person_says_at_once() -> None:
    limited = Limited(1000, 60.0, steady=True)
    with FakeModel(limited) as fake:
        model = model_at(fake, policy=PATIENT, requests_per_minute=2)
        async with asyncio.timeout(10):
            for _ in range(20):
                await ask(model)
        assert limited.refused == 0
        await model.aclose()


async def test_a_limit_for_the_day_does_not_take_the_place_of_one_for_the_minute() -> None:
    """Groq's header for requests is about the day."""
    day = {
        "x-ratelimit-limit-requests": "14400",
        "x-ratelimit-remaining-requests": "14390",
        "x-ratelimit-reset-requests": "1m0s",
    }
    with FakeModel(replace(text("ok\n"), headers=day)) as fake:
        model = model_at(fake, policy=PATIENT, requests_per_minute=2)
        await ask(model)
        await ask(model)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await ask(model)
        assert len(fake.requests) == 2
        await model.aclose()


async def test_what_holds_in_every_tier_holds_for_the_models_that_it_is_about() -> None:
    preset = replace(GENERIC, always=((":free", "requests-minute", 2),))
    with FakeModel("ok\n") as fake:
        free = model_at(fake, preset=preset, policy=PATIENT, model="coder:free")
        paid = model_at(fake, preset=preset, policy=PATIENT, model="coder")
        await asyncio.gather(*(ask(paid) for _ in range(10)))
        await ask(free)
        await ask(free)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await ask(free)
        await free.aclose()
        await paid.aclose()


async def test_no_more_at_once_than_the_person_says_and_a_place_is_given_back_however_it_ends() -> (
    None
):
    most, go_on = 0, threading.Event()

    def answer(request: Any) -> Reply:
        nonlocal most
        most = max(most, fake.streams)
        # by its own words: which of two arrives first is for the sockets to say
        number = int(request["messages"][-1]["content"])
        if number == 2:
            return stream(b": nothing\n\n", Hold())
        words = text("a few words, one after the other\n", speed=100.0)
        return replace(words, before=(Until(go_on),)) if number > 2 else words

    def numbered(number: int) -> Request:
        return replace(REQUEST, messages=(Message("user", str(number)),))

    with FakeModel(answer) as fake:
        model = model_at(fake, parallel_requests=2, max_retries=0)
        tasks = [asyncio.create_task(ask(model, numbered(number))) for number in range(9)]
        await fake.until(lambda: len(fake.requests) == 4 and fake.streams == 2)
        tasks[2].cancel()  # in the middle of it
        tasks[8].cancel()  # while it waits for a place
        go_on.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        answers = [each for each in done if not isinstance(each, BaseException)]
        assert len(answers) == 7
        assert most <= 2
        assert len(fake.requests) == 8
        assert not model._budget.places._taken
        assert not model._budget.places._waiting
        await model.aclose()


async def test_waiting_for_a_place_is_not_held_against_the_answers_deadline() -> None:
    slow = text("ok\n", speed=None)
    with FakeModel(replace(slow, before=(Until(threading.Event()),)), "ok\n") as fake:
        model = model_at(
            fake, parallel_requests=1, max_retries=0, first_content_seconds=0.6, total_seconds=0.6
        )
        first = asyncio.create_task(ask(model))
        await fake.until(lambda: len(fake.requests) == 1)
        async with asyncio.timeout(10):
            assert (await ask(model))[0] == "ok\n"
        await asyncio.gather(first, return_exceptions=True)
        await model.aclose()


def test_the_documented_limits_are_named_as_the_providers_headers_name_them() -> None:
    names = {preset.name: {name for name, _ in preset.entry} for preset in (*HOSTED, *LOCAL)}
    assert names["cerebras"] == {"requests-minute", "tokens-minute"}
    assert names["groq"] == {"requests-minute", "requests", "tokens"}
    assert names["anthropic"] == {"requests", "input-tokens", "output-tokens"}
    assert not any(names[preset.name] for preset in LOCAL)
    cerebras, groq = by_name("cerebras"), by_name("groq")
    assert cerebras is not None
    assert groq is not None
    trial = Known.of(cerebras, ModelSettings())
    seen = Bucket("tokens-minute", 100, 0.0, 1.0, 30_000, steady=True)
    assert list(trial.given_away([seen])) == [("requests-minute", 5)]
    assert not list(trial.given_away([replace(seen, limit=1_000_000)]))
    free = Known.of(groq, ModelSettings())
    day = Bucket("requests", 999, 0.0, 86.4, 1_000, steady=True)
    assert list(free.given_away([day])) == [("requests-minute", 30)]
    assert not replaced("requests-minute", [day])


@given(
    limit=st.integers(1, 10_000),
    takes=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 500)), max_size=12),
)
def test_what_was_taken_of_a_known_limit_comes_back_at_its_own_pace(
    limit: int, takes: list[tuple[float, int]]
) -> None:
    """However it was taken: ``limit`` in a minute, never more than ``limit`` at once."""
    now, bucket, left = 0.0, Bucket.full("requests-minute", limit, 0.0), float(limit)
    for pause, amount in takes:
        now, left = now + pause, min(limit, left + pause * limit / 60)
        assert bucket.left(now) == pytest.approx(left, abs=1e-6 * limit)
        bucket, left = bucket.less(amount, now), left - amount
    assert bucket.ready_at(limit) == pytest.approx(now + (limit - left) * 60 / limit)


async def test_no_place_is_lost_whenever_somebody_leaves() -> None:
    chance = random.Random(7)
    with FakeModel(text("a few words, one after the other\n", speed=500.0)) as fake:
        model = model_at(fake, parallel_requests=3, max_retries=0)
        for _ in range(20):
            tasks = [asyncio.create_task(ask(model)) for _ in range(10)]
            for task in chance.sample(tasks, 7):
                await asyncio.sleep(chance.random() * 0.02)
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert not [e for e in done if isinstance(e, Exception)]
        places = model._budget.places
        assert (places._taken, places._waiting) == (0, [])
        assert (await ask(model))[0]
        await model.aclose()
