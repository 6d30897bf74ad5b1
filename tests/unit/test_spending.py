"""What requests spend is counted, kept for all processes, and stays within the person's caps."""

from __future__ import annotations

import asyncio
import errno
import json
import multiprocessing
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.config import Layer, load
from festina.kept import KeptFile
from festina.models.base import ModelError, Trouble
from festina.models.holdings import Holdings
from festina.models.ledger import KEPT_DAYS, Ledger, Tally
from festina.models.meter import Meter, counting
from festina.models.retry import Policy
from festina.models.runner import MOST_BREAKS, Runner
from festina.spending import Caps, Prices, Spent
from support.asking import REQUEST, model_at
from support.fake_model import FakeModel
from support.fake_replies import Hold, Reply, chunk, data, events, status, stream

COUNTED = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"rejected_prediction_tokens": 50},
}
ANSWER = events(
    chunk("ok\n"), chunk(None, "stop"), {"choices": [], "usage": COUNTED},
)  # fmt: skip
PRICED = {"prompt_price": 2.0, "cached_price": 0.5, "completion_price": 10.0}
COST = (600 * 2.0 + 400 * 0.5 + 200 * 10.0) / 1e6


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "state" / "usage.json")


async def test_what_the_provider_counts_is_kept_with_its_cost(ledger: Ledger) -> None:
    with FakeModel(ANSWER) as fake:
        model = model_at(fake, **PRICED)
        runner = Runner(Meter(ledger=ledger))
        await runner.complete(model, REQUEST)
        await runner.complete(model, REQUEST)
        await runner.aclose()
        spent = ledger.today()
    assert (spent.requests, spent.prompt, spent.cached) == (2, 2000, 800)
    assert (spent.completion, spent.rejected) == (400, 100)
    assert spent.cost == pytest.approx(2 * COST)
    assert spent.seconds > 0
    kept = json.loads(ledger.file.read_text())
    (rows,) = kept["days"].values()
    assert [(row["origin"], row["model"]) for row in rows] == [(model.origin, "fake-coder")]
    assert REQUEST.messages[1].content not in ledger.file.read_text()


@pytest.mark.parametrize(
    ("reply", "tokens"),
    [
        (status(401), (0, 0)),
        (stream(data(chunk("x" * 40))), (18, 10)),
        (events({"error": {"message": "no"}}), (0, 0)),
    ],
    ids=["refused", "cut", "error"],
)
async def test_a_failure_counts_with_what_came_of_it(
    ledger: Ledger, reply: Any, tokens: tuple[int, int]
) -> None:
    with FakeModel(reply) as fake:
        runner = Runner(Meter(ledger=ledger))
        with pytest.raises(ModelError):
            await runner.complete(model_at(fake), REQUEST)
        await runner.aclose()
    spent = ledger.today()
    assert (spent.prompt, spent.completion) == tokens
    assert spent.requests == 1


async def test_a_cancelled_answer_counts_as_well(ledger: Ledger) -> None:
    with FakeModel(stream(data(chunk("y" * 40)), Hold())) as fake:
        runner = Runner(Meter(ledger=ledger))
        seen = asyncio.Event()
        task = asyncio.create_task(runner.complete(model_at(fake), REQUEST, lambda _: seen.set()))
        await asyncio.wait_for(seen.wait(), 20)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await runner.aclose()
    assert ledger.today().prompt > 0


async def asked(runner: Runner, model: Any, proposal: str = "p1") -> str:
    with counting(proposal):
        try:
            await runner.complete(model, REQUEST)
        except ModelError as error:
            return f"{error.trouble}: {error}"
    return ""


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        (Caps(tokens_per_proposal=2600), "2,400 of 2,600 tokens are used (limits.tokens_per_prop"),
        (Caps(tokens_per_day=2600), "2,400 of 2,600 tokens are used (limits.tokens_per_day)"),
        (Caps(cost_per_proposal=2.5 * COST), "(limits.cost_per_proposal)"),
        (Caps(cost_per_day=2.5 * COST), "(limits.cost_per_day)"),
    ],
    ids=lambda value: "" if isinstance(value, str) else None,
)  # fmt: skip
async def test_at_a_cap_nothing_is_sent_and_the_sentence_says_what_to_do(
    ledger: Ledger, caps: Caps, words: str
) -> None:
    with FakeModel(ANSWER) as fake:
        model = model_at(fake, **PRICED)
        runner = Runner(Meter(caps, ledger))
        assert [await asked(runner, model), await asked(runner, model)] == ["", ""]
        said = await asked(runner, model)
        assert words in said
        assert said.startswith(Trouble.QUOTA)
        assert "nothing was sent" in said
        assert "Raise it in your config.toml, or" in said
        assert len(fake.requests) == 2
        other = await asked(runner, model, "p2")
        assert bool(other) == caps.per_day
        await runner.aclose()
        again = Runner(Meter(caps, ledger))  # another process, the same day
        assert bool(await asked(again, model, "p3")) == caps.per_day
        await again.aclose()


async def test_many_at_once_do_not_pass_a_cap_together(ledger: Ledger) -> None:
    with FakeModel(ANSWER) as fake:
        runner = Runner(Meter(Caps(tokens_per_proposal=5000), ledger))
        model = model_at(fake)
        said = await asyncio.gather(*(asked(runner, model) for _ in range(75)))
        await runner.aclose()
    assert said.count("") == len(fake.requests)
    assert ledger.today().tokens <= 5000 + 16 * 1200  # what they were thought to take at most
    assert len(fake.requests) <= 16


async def test_a_cap_on_the_cost_needs_prices(ledger: Ledger) -> None:
    settings = {"base_url": "https://api.example.test/v1"}
    with FakeModel() as fake:
        runner = Runner(Meter(Caps(cost_per_day=1.0), ledger))
        said = await asked(runner, model_at(fake, **settings))
        assert "Set prompt_price and completion_price of the model" in said
        assert await asked(runner, model_at(fake)) == ""  # this machine asks for no money
        await runner.aclose()


async def test_a_folder_that_cannot_be_written_loses_no_answer(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with FakeModel(ANSWER) as fake:
        runner = Runner(Meter(Caps(tokens_per_day=2600), Ledger(blocked / "usage.json")))
        model = model_at(fake)
        said = [await asked(runner, model) for _ in range(3)]
        await runner.aclose()
    assert said[:2] == ["", ""]
    assert "limits.tokens_per_day" in said[2]


def test_what_is_kept_is_not_counted_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Holdings, most: Spent) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    ledger.reserve(Spent(1, 10), lambda spent: "")
    monkeypatch.setattr(Holdings, "hold", full)
    ledger.add({("https://a.test", "m"): Tally(Spent(1, 10))}, Spent())  # the meter would keep it
    assert ledger.today() == Spent(1, 10)
    ledger.close()


async def test_a_lock_that_is_never_given_back_holds_nobody_up_for_ever(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("festina.kept.LOCK_SECONDS", 0.3)
    ledger.add({("https://a.test", "m"): Tally(Spent(1, 2000))})
    with FakeModel(ANSWER) as fake, KeptFile(ledger.file).locked():
        runner = Runner(Meter(Caps(tokens_per_day=3400), Ledger(ledger.file)))
        async with asyncio.timeout(30):
            said = [await asked(runner, model_at(fake)) for _ in range(2)]
            await runner.aclose()
    assert said[0] == ""
    assert "limits.tokens_per_day" in said[1], "what was spent before counts all the same"


def add_some(file: Path) -> None:
    for _ in range(25):
        Ledger(file).add({("https://a.test", "m"): Tally(Spent(1, 10), proposals=1)})


def test_processes_share_the_file(ledger: Ledger) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=add_some, args=(ledger.file,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert ledger.today().requests == 75
    assert os.listdir(ledger.file.parent) == ["usage.json"]  # noqa: PTH208


def test_old_days_are_forgotten_and_damage_is_survived(ledger: Ledger) -> None:
    ledger.file.parent.mkdir()
    row = {"origin": "o", "model": "m", "requests": 1}
    days = {f"2020-01-{day:02}": [row] for day in range(1, 32)}
    days |= {f"2020-{month:02}-01": [row] for month in range(2, 13)}
    days |= {f"2021-01-{day:02}": [row] for day in range(1, 32)}
    days |= {f"2021-03-{day:02}": [row] for day in range(1, 32)}
    ledger.file.write_text(json.dumps({"days": days}))
    ledger.add({("o", "m"): Tally(rejected=-1)})
    assert len(ledger.days()) == KEPT_DAYS
    assert "2020-01-01" not in ledger.days()
    for damage in ("{", "[]", '{"days": 3}', '{"days": {"x": [3, {"prompt_tokens": "y"}]}}'):
        ledger.file.write_text(damage)
        ledger.add({("o", "m"): Tally(Spent(2))})
        assert ledger.today().requests == 2


SPENT = st.builds(Spent, *[st.integers(0, 10**9)] * 5, st.just(1.5), st.just(0.25))


@given(SPENT, SPENT)
def test_what_is_spent_adds_up_and_comes_back_from_json(one: Spent, other: Spent) -> None:
    assert (one + other).tokens == one.tokens + other.tokens
    assert Spent.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_prices_and_caps_are_the_persons_own() -> None:
    given = {"limits": {"tokens_per_day": 5, "cost_per_proposal": 0.5}}
    given["models"] = {"fast": {"base_url": "http://h/v1", **PRICED}}  # type: ignore[dict-item]
    settings, problems = load([Layer("me", given, user=True)])
    assert problems == ()
    assert settings.limits == Caps(tokens_per_day=5, cost_per_proposal=0.5)
    assert settings.fast is not None
    assert settings.fast.prices == Prices(2.0, 0.5, 10.0)
    _, problems = load([Layer("a workspace", given, user=False)])
    assert len(problems) == 6
    elsewhere = {"models": {"fast": {"base_url": "http://other/v1"}}}
    settings, _ = load([Layer("me", given, user=True), Layer("line", elsewhere, user=True)])
    assert settings.fast is not None
    assert not settings.fast.prices.known


OVERLOADED = {"error": {"type": "overloaded_error", "message": "Overloaded"}}


@pytest.mark.parametrize(
    "error",
    [OVERLOADED, {"error": {"code": 429, "message": "slow down"}}, {"error": {"code": 529}}],
    ids=["overloaded", "429", "529"],
)
async def test_an_answer_that_a_limit_breaks_off_is_asked_for_anew(
    ledger: Ledger, error: dict[str, Any]
) -> None:
    broken = events(chunk("half of "), error)
    with FakeModel(broken, events(error), "whole\n", broken) as fake:
        runner = Runner(Meter(ledger=ledger))
        model = model_at(fake)
        seen: list[str] = []
        assert (await runner.complete(model, REQUEST, seen.append)).text == "whole\n"
        assert seen[-1] == "whole\n"
        assert len(fake.requests) == 3
        with pytest.raises(ModelError):  # it does not go on for ever
            await runner.complete(model, REQUEST)
        assert len(fake.requests) == 3 + 1 + MOST_BREAKS
        hasty = model_at(fake, "sk-other", max_retries=0)
        with pytest.raises(ModelError):
            await runner.complete(hasty, REQUEST)
        assert len(fake.requests) == 5 + MOST_BREAKS
        await runner.aclose()
    assert ledger.today().requests == 5 + MOST_BREAKS


async def test_what_was_broken_off_is_estimated_from_what_its_siblings_took(ledger: Ledger) -> None:
    spent: list[Spent] = []
    request = replace(REQUEST, on_spent=spent.append)
    with FakeModel(ANSWER, stream(data(chunk("y" * 40)), Hold()), Reply(before=(Hold(),))) as fake:
        runner = Runner(Meter(ledger=ledger))
        model = model_at(fake, **PRICED)
        await runner.complete(model, request)
        assert (spent[0].prompt, spent[0].completion, spent[0].estimated) == (1000, 200, 0)
        for whole in (False, True):
            seen = asyncio.Event()
            one = replace(request, stream=not whole)
            task = asyncio.create_task(runner.complete(model, one, lambda _, it=seen: it.set()))
            await fake.until(lambda count=2 + whole: len(fake.requests) == count)
            await asyncio.sleep(0.05)  # as long as the sibling took, or longer
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await runner.aclose()
    for lost in spent[1:]:
        assert lost.prompt == 1000, "as the provider counted the sibling's"
        assert 10 <= lost.completion <= 200
        assert lost.estimated == lost.prompt + lost.completion
        assert lost.cost > 0
        assert lost.words.startswith("about ")
    kept = ledger.today()
    assert (kept.requests, kept.estimated) == (3, spent[1].estimated + spent[2].estimated)


async def test_what_was_never_sent_counts_nothing(ledger: Ledger) -> None:
    spent: list[Spent] = []
    with FakeModel(status(429, None, retry_after="20")) as fake:
        runner = Runner(Meter(ledger=ledger))
        model = model_at(fake, policy=Policy(longest=60.0))
        first = asyncio.create_task(runner.complete(model, REQUEST))
        await fake.until(lambda: len(fake.requests) == 1)
        await asyncio.sleep(0.1)
        held = replace(REQUEST, on_spent=spent.append)
        second = asyncio.create_task(runner.complete(model, held))
        await asyncio.sleep(0.1)
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        await runner.aclose()
    assert (len(fake.requests), spent) == (1, [])
    assert ledger.today().requests == 1


async def test_room_that_is_held_back_for_hours_is_not_waited_for(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("festina.models.meter.UNSEEN_SECONDS", 0.1)
    with FakeModel(status(429, None, retry_after="7200")) as fake:
        runner = Runner(Meter(Caps(tokens_per_day=400), ledger))
        model = model_at(fake, policy=None)
        first = asyncio.create_task(runner.complete(model, REQUEST))
        await fake.until(lambda: len(fake.requests) == 1)
        with pytest.raises(ModelError, match="Cancel them, raise the limits, or ask again") as told:
            async with asyncio.timeout(10):
                await runner.complete(model, REQUEST)
        assert told.value.passing
        assert not first.done()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await runner.aclose()
    assert len(fake.requests) == 1
