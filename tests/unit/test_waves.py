"""Many at once: more are asked for while all are rejected, and none once enough have passed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina import waves
from festina.calls import total
from festina.commands.base import Exit
from festina.config import Layer, Settings, VerifySettings, load
from festina.edits import Region
from festina.events import (
    Called,
    Dropped,
    Escalating,
    Finished,
    Judged,
    Planned,
    Refused,
    Repairing,
)
from festina.findings import Status
from festina.models.base import ModelError, Trouble
from festina.models.ledger import Ledger
from festina.models.meter import Meter, counting
from festina.models.ready import Ready
from festina.models.runner import Runner
from festina.pipeline import propose
from festina.proposals import CandidateStatus, State
from festina.slow import Adviser
from festina.spending import Caps
from festina.task import Task
from festina.text import Text
from festina.verify.base import Snapshot
from support.asking import model_at
from support.command_line import GOOD as RIGHT
from support.command_line import UNDEFINED, CommandLine
from support.fake_model import FakeModel
from support.fake_replies import Hold, Reply, Until, chunk, data, whole
from support.fakes import DirectRunner, ScriptedModel, ScriptedVerifier, failed, passed, unverified
from support.sitting import Sitting

LENGTHS = ("max_completion_tokens", "max_tokens")
SOURCE = "def one():\n    return 2\n\n\ndef two():\n    return 2\n"
GOOD = "def one():\n    return 1\n"


def bad(number: int) -> str:
    return f"def one():\n    return {number + 10}\n"


def task(**changes: Any) -> Task:
    values: dict[str, Any] = {
        "snapshot": Snapshot(Path("/w")),
        "path": "a.py",
        "text": Text(SOURCE),
        "region": Region(0, 2),
        "instruction": "return one",
        "rounds": 0,
    }
    return Task(**{**values, **changes})


def by_value(new: str) -> Any:
    return passed() if "return 1\n" in new else failed()


async def run(given: Task, answers: list[Any], judge: Any = by_value) -> tuple[list[Any], Any]:
    model = ScriptedModel(answers)
    verifier = ScriptedVerifier(judge)
    runner: Any = DirectRunner()
    events = [event async for event in propose(given, model, runner, verifier)]
    assert isinstance(events[-1], Finished)
    return events, model


def waves_of(events: list[Any]) -> list[tuple[int, int]]:
    return [(e.candidate, e.count) for e in events if isinstance(e, Escalating)]


# -- how many ---------------------------------------------------------------------------------


async def test_while_all_are_rejected_there_are_4_then_16_then_75() -> None:
    events, model = await run(task(most=75), [bad(n) for n in range(75)])
    assert waves_of(events) == [(1, 3), (4, 12), (16, 59)]
    assert len(model.requests) == 75
    assert events[-1].message == "None of 75 candidates passed"


async def test_repairs_come_before_further_candidates() -> None:
    events, model = await run(task(rounds=2, most=4), [bad(n) for n in range(9)])
    kinds = [type(e) for e in events if isinstance(e, Repairing | Escalating)]
    assert kinds == [Repairing, Repairing, Escalating]
    assert len(model.requests) == 1 + 2 + 3


async def test_a_single_edit_stays_cheap_unless_it_is_told_otherwise() -> None:
    assert Settings().repair_candidates == 4
    layer = Layer("user", {"repair": {"candidates": 16}}, user=True)
    assert load([layer])[0].repair_candidates == 16
    _, model = await run(task(), [bad(0)])
    assert len(model.requests) == 1, "a task of itself asks for no more"


@pytest.mark.parametrize("answers", [[GOOD], [bad(0), GOOD]])
async def test_no_more_are_asked_for_once_one_has_passed(answers: list[str]) -> None:
    events, model = await run(task(rounds=1, most=75), answers)
    assert len(model.requests) == len(answers)
    assert events[-1].status is Status.PASSED


async def test_neither_for_one_that_is_unverified_nor_where_the_quota_is_used_up() -> None:
    events, model = await run(task(most=75), [bad(0)], lambda _: unverified())
    assert (len(model.requests), events[-1].status) == (1, Status.UNVERIFIED)
    used_up = ModelError(Trouble.QUOTA, "Your own limit for this proposal is reached.")
    events, model = await run(task(most=75), [bad(0), bad(1), used_up, bad(3), bad(4)])
    assert waves_of(events) == [(1, 3)]
    assert len(model.requests) == 4


@given(st.integers(1, 75), st.integers(1, 75))
def test_the_ladder_never_goes_down_nor_beyond_what_is_allowed(asked: int, most: int) -> None:
    more = waves.further(asked, most)
    assert asked + more <= max(asked, most)
    assert more or asked >= min(most, 75)


# -- each in other words ------------------------------------------------------------------------


async def test_candidates_differ_in_temperature_seed_and_their_last_line_alone() -> None:
    _, model = await run(task(count=16), [bad(n) for n in range(16)])
    prompts = [request.messages[-1].content for request in model.requests]
    assert prompts[0].endswith("Instruction: return one")
    assert all(text == prompts[0] or text.startswith(prompts[0] + "\n") for text in prompts)
    assert len(set(prompts)) == len(waves.WORDINGS)
    assert len({request.seed for request in model.requests}) == 16
    assert len({request.temperature for request in model.requests}) > 6


async def test_a_repair_and_a_very_small_model_get_the_instruction_as_it_is() -> None:
    _, model = await run(task(count=4, rounds=1), [bad(n) for n in range(5)])
    assert model.requests[-1].messages[-1].content.endswith("Instruction: return one")
    _, model = await run(task(count=4, small=True), [bad(n) for n in range(4)])
    assert len({request.messages for request in model.requests}) == 1


async def test_the_slow_models_instruction_is_the_one_for_those_that_follow() -> None:
    model, thinker = ScriptedModel([bad(n) for n in range(9)]), ScriptedModel(["Return the one."])
    runner: Any = DirectRunner()
    verifier = ScriptedVerifier(by_value)

    async def get() -> Ready:
        return Ready(thinker, runner)

    stream = propose(task(most=4), model, runner, verifier, Adviser(get))
    events = [event async for event in stream]
    assert [type(e) for e in events if isinstance(e, Planned | Escalating)] == [Planned, Escalating]
    assert all("Return the one." in r.messages[-1].content for r in model.requests[1:])
    assert len(model.requests) == 5


# -- which of them stream ---------------------------------------------------------------------


async def test_the_one_on_show_streams_and_the_others_come_whole() -> None:
    _, model = await run(task(count=4, rounds=1, most=16), [bad(n) for n in range(30)])
    streamed = [request.stream for request in model.requests]
    assert streamed == [True, False, False, False, True, True] + [False] * 11


# -- who loses ----------------------------------------------------------------------------------


def racing(body: dict[str, Any]) -> str | Reply:
    """Nothing passes at first; of what follows one comes, and the others never."""
    words = body["messages"][-1]["content"]
    if waves.WORDINGS[2] in words:
        return whole(f"```python\n{GOOD}```\n")
    if any(wording in words for wording in waves.WORDINGS[1:]):
        return Reply((Hold(),))
    return f"```python\n{bad(0)}```\n"


async def test_losers_are_cancelled_at_once_and_their_connections_are_free() -> None:
    with FakeModel(racing) as fake:
        model, runner = model_at(fake), Runner()
        stream = propose(task(most=4), model, runner, ScriptedVerifier(by_value))
        async with asyncio.timeout(10):  # they would never end
            events = [event async for event in stream]
        assert (events[-1].best, events[-1].status) == (2, Status.PASSED)
        assert {e.candidate for e in events if isinstance(e, Dropped)} == {1, 3}
        calls = [e.call for e in events if isinstance(e, Called)]
        lost = [call for call in calls if "enough of the others" in call.error]
        assert len(lost) == 2
        for call in lost:  # nobody counted them, and they were paid for all the same
            assert 100 <= (call.prompt or 0) <= 120, "a word or two more than the first one"
            assert call.estimated == (call.prompt or 0) + (call.completion or 0)
            assert f"(about {call.prompt} + " in call.words
        assert total(calls).estimated >= sum(call.estimated for call in lost)
        await fake.until(lambda: fake.streams == 0 and fake.live <= 2)
        assert fake.disconnects == 2
        await runner.close(model)
        await fake.until(lambda: fake.live == 0)
        await runner.aclose()


async def test_of_variations_as_many_are_let_pass_as_were_asked_for() -> None:
    runner: Any = DirectRunner()
    model = ScriptedModel([bad(0), bad(1)] + [f"{GOOD}# {n}\n" for n in range(14)])
    stream = propose(task(count=2, most=16), model, runner, ScriptedVerifier(by_value))
    events = [event async for event in stream]
    assert waves_of(events) == [(2, 2)]
    assert sum(isinstance(e, Judged) and e.verdict.status is Status.PASSED for e in events) == 2


async def test_a_candidate_that_only_its_own_tests_passed_decides_nothing_yet() -> None:
    """The whole suite refutes it: then those that were on their way are needed."""
    answers = [bad(0), f"{GOOD}# refuted\n", f"{GOOD}# holds\n", bad(3)]
    verifier = ScriptedVerifier(by_value, lambda new: failed() if "refuted" in new else passed())
    runner: Any = DirectRunner()
    snapshot = Snapshot(Path("/w"), settings=VerifySettings(tests_scope="full"))
    given_task = task(most=4, snapshot=snapshot)
    stream = propose(given_task, ScriptedModel(answers), runner, verifier)
    events = [event async for event in stream]
    assert events[-1].status is Status.PASSED
    assert events[-1].best == 2


async def test_in_an_editor_those_that_lost_are_gone_and_the_winner_is_shown() -> None:
    with FakeModel(racing) as fake:
        desk = Sitting([bad(0)], by_value)
        settings = desk.session.settings
        settings[None] = replace(settings[None], repair_rounds=0, repair_candidates=4)
        model, runner = model_at(fake), Runner()
        desk.models.model, desk.models.runner = model, runner  # type: ignore[assignment]
        proposal = await desk.until(desk.start(), State.READY)
        while desk.lifecycle.runs.at_work(proposal.id):
            await asyncio.sleep(0.005)
        proposal = desk.session.find(proposal.id)
        assert proposal.state is State.READY
        assert proposal.visible == 2
        assert {v.index: v.status for v in proposal.candidates} == {
            0: CandidateStatus.FAILED,
            2: CandidateStatus.PASSED,
        }
        assert "rejected; asking for 3 more" in desk.messages
        await desk.lifecycle.runs.close()
        await runner.close(model)
        await runner.aclose()


CLAMP = ("edit", "calc/core.py:5", "-m", "mind the upper bound")


@pytest.fixture
def line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("most", [1, 4])
def test_the_command_line_goes_on_asking_as_well(line: CommandLine, most: int) -> None:
    def answer(body: dict[str, Any]) -> str | Reply:
        others = waves.WORDINGS[1] in body["messages"][-1]["content"]
        assert body["stream"] or others or most == 4
        return whole(RIGHT) if others and not body["stream"] else RIGHT if others else UNDEFINED

    with FakeModel(answer) as fake:
        line.use(fake)
        with line.config.open("a") as config:
            config.write(f"[repair]\nrounds = 1\ncandidates = {most}\n")
        ran = line.run(*CLAMP, "--json")
        assert ran.code == (Exit.DONE if most > 1 else Exit.FAILED)
        assert ("passed" in {c["status"] for c in ran.json["candidates"]}) == (most > 1)
        streamed = [body["stream"] for body in fake.requests]
        assert streamed == [True, True] + [True, False, False] * (most > 1)


async def test_75_are_asked_for_at_once_after_the_first_has_begun() -> None:
    """The first one's first words, not its end, open the way; the others wait for nothing else."""
    go = threading.Event()

    def answer(body: dict[str, Any]) -> Reply:
        if body["stream"]:
            return Reply((data(chunk("```")), Hold()), before=(Until(go),))
        return Reply(before=(Hold(),))

    with FakeModel(answer) as fake:
        model, runner = model_at(fake), Runner()
        stream = propose(task(count=75), model, runner, ScriptedVerifier(by_value))
        reading = asyncio.create_task(drain(stream))
        await fake.until(lambda: fake.streams == 1)
        await asyncio.sleep(0.2)
        assert len(fake.requests) == 1, "the provider may keep its prompt for the others"
        go.set()
        await fake.until(lambda: len(fake.requests) == 75 and fake.streams == 75)
        assert not [body for body in fake.requests if "n" in body], "each is a request of its own"
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await stream.aclose()
        await fake.until(lambda: fake.streams == 0)
        await runner.close(model)
        await runner.aclose()


async def drain(stream: AsyncGenerator[Any, None]) -> None:
    async for _ in stream:
        pass


@pytest.mark.parametrize("good", [False, True], ids=["all rejected", "some passed"])
async def test_75_candidates_stop_at_the_cap_of_a_proposal_and_say_so(
    tmp_path: Path, good: bool
) -> None:
    cap, ledger = 8_000, Ledger(tmp_path / "usage.json")
    with FakeModel(f"```python\n{GOOD if good else bad(0)}```\n") as fake:
        model, runner = model_at(fake), Runner(Meter(Caps(tokens_per_proposal=cap), ledger))
        stream = propose(task(count=75, most=75), model, runner, ScriptedVerifier(by_value))
        with counting("p1"):
            events = [event async for event in stream]
        await runner.close(model)
        await runner.aclose()
        asked = len(fake.requests)
        words = sum(len(m["content"]) for m in fake.requests[-1]["messages"])
        most = words // 4 + next(fake.requests[0][n] for n in LENGTHS if n in fake.requests[0])
    assert ledger.today().requests == asked < 75
    assert cap - most < ledger.today().tokens <= cap, "less is left than one request may take"
    assert asked > 2 * (cap // most), "those that may take more than they do are waited for"
    assert sum(isinstance(event, Refused) for event in events) == 75 - asked
    if good:
        assert events[-1].status is Status.PASSED
    else:
        start = f"None of {asked} candidates passed; no more came: Your own limit would be passed"
        assert events[-1].message.startswith(start)
        assert "(limits.tokens_per_proposal). Raise it in your config.toml" in events[-1].message
