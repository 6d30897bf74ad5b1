"""No limit of a provider loses a proposal: it waits, or it can be asked for again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from festina.calls import Wait
from festina.events import Event, Finished, Judged, Waiting
from festina.findings import Status
from festina.models import budget
from festina.models.base import ModelError, Trouble
from festina.models.limits import Need
from festina.models.retry import UNSEEN_SECONDS, Policy
from festina.models.runner import Runner
from festina.pipeline import propose
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.reducer import reduce
from festina.session import Refusal
from support.asking import ask, model_at
from support.chaos import TASK
from support.fake_model import FakeModel
from support.fake_replies import Reply, status
from support.fakes import ScriptedVerifier, failed, passed, unverified
from support.sitting import GOOD, Sitting

WRONG = "def one():\n    return 3\n"
LATER = datetime.now().astimezone() + timedelta(seconds=1000)
WAIT = Wait("Groq", LATER, 1000.0)


def limit(words: str = "Groq takes no more requests for now.") -> ModelError:
    error = ModelError(Trouble.QUOTA, words)
    error.passing = True
    return error


# -- what is said of a wait -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (33.4, "(34 s)"),
        (119.0, "(119 s)"),
        (120.0, "(2 min)"),
        (2165.0, "(36 min)"),
        (7200.0, "(2 hours)"),
        (40_000.0, "(11 hours)"),
    ],
)
def test_a_long_wait_is_told_in_minutes_and_hours(seconds: float, words: str) -> None:
    until = datetime(2026, 3, 1, 16, 42, 10).astimezone() + timedelta(seconds=seconds)
    told = Wait("Groq", until, seconds).words
    assert told.endswith(words)
    assert (" on 2 March (" in told) == (seconds > 30_000)


def view(index: int, status: CandidateStatus, text: str = "x\n", **more: Any) -> CandidateView:
    return CandidateView(index, status, text, **more)


@pytest.fixture
async def verifying() -> AsyncIterator[Proposal]:
    """A candidate that is being verified, and others that have not come yet."""
    desk = Sitting()
    desk.verifier.hold = asyncio.Event()
    yield await desk.until(desk.start(), State.VERIFYING)
    await desk.lifecycle.close()


def test_while_a_gate_is_at_work_its_words_stay_and_then_the_wait_is_said(
    verifying: Proposal,
) -> None:
    busy = reduce(verifying, Waiting(1, WAIT))
    assert busy.message == verifying.message
    assert busy.held is None
    idle = reduce(busy, Judged(0, "", failed()))
    words = idle.candidate.words if idle.candidate else ""
    assert (idle.state, idle.message) == (State.VERIFYING, f"{words}; {WAIT.words}")
    assert idle.held is WAIT
    over = reduce(idle, Waiting(1, None))
    assert (over.message, over.held) == (words, None)


def test_a_wait_that_begins_when_nothing_else_is_done_is_said_at_once(verifying: Proposal) -> None:
    idle = reduce(verifying, Judged(0, "", failed()))
    told = reduce(idle, Waiting(1, WAIT))
    assert told.message == f"{idle.message}; {WAIT.words}"
    coming = told.with_candidate(view(2, CandidateStatus.STREAMING))
    assert reduce(replace(coming, message="new"), Waiting(1, WAIT)).message == "new"


# -- what a limit ends can be asked for again -----------------------------------------------


async def test_a_limit_fails_no_proposal_and_asking_again_goes_on_with_the_same() -> None:
    desk = Sitting([limit(), GOOD])
    proposal_id = desk.start()
    proposal = await desk.until(proposal_id, State.REJECTED)
    assert proposal.again
    assert proposal.message == "Groq takes no more requests for now."
    desk.lifecycle.redirect(proposal_id, "")
    proposal = await desk.until(proposal_id, State.READY)
    assert not proposal.again
    assert proposal.instruction == "return 1"
    assert proposal.base.lines_text(3, 5) == "def one():\n    return 2\n"
    assert State.FAILED not in desk.states
    await desk.lifecycle.close()


async def test_all_candidates_are_asked_for_again_from_what_came() -> None:
    desk = Sitting([WRONG, WRONG, limit()])
    proposal_id = desk.start(variations=2)
    proposal = await desk.until(proposal_id, State.REJECTED)
    while desk.lifecycle.runs.at_work(proposal_id):
        await asyncio.sleep(0.005)
    proposal = desk.session.find(proposal_id)
    assert proposal.again
    assert len(proposal.candidates) == 2
    asked = desk.models.model.requests
    before = len(asked)
    desk.models.model.answers = [GOOD]
    desk.lifecycle.redirect(proposal_id, " ")
    proposal = await desk.until(proposal_id, State.READY)
    assert any("return 3" in m.content for m in asked[before].messages), "what came is shown to it"
    await desk.lifecycle.close()


async def test_other_errors_fail_as_ever_and_a_redirect_wants_words() -> None:
    desk = Sitting([WRONG])
    proposal_id = desk.start()
    await desk.until(proposal_id, State.REJECTED)
    while desk.lifecycle.runs.at_work(proposal_id):
        await asyncio.sleep(0.005)
    with pytest.raises(Refusal, match="Say what should be different"):
        desk.lifecycle.redirect(proposal_id, "")
    desk.models.model.answers = [ModelError(Trouble.AUTH, "No.")]
    await desk.until(desk.start(), State.FAILED)
    await desk.lifecycle.close()


async def test_with_a_candidate_that_passed_a_limit_leaves_it_ready() -> None:
    desk = Sitting([GOOD, limit(), limit()])
    proposal_id = desk.start(variations=3)
    await desk.until(proposal_id, State.READY)
    while desk.lifecycle.runs.at_work(proposal_id):
        await asyncio.sleep(0.005)
    proposal = desk.session.find(proposal_id)
    assert (proposal.state, proposal.again) == (State.READY, False)
    await desk.lifecycle.close()


# -- for how long ---------------------------------------------------------------------------


async def events(
    fake: FakeModel, count: int, verdict: Any, seen: list[Event], **settings: Any
) -> None:
    runner = Runner()
    model = model_at(fake, policy=None, **settings)
    verifier = ScriptedVerifier(lambda new: verdict)
    task = replace(TASK, count=count, rounds=0, most=count, eager=True)
    try:
        async with contextlib.aclosing(propose(task, model, runner, verifier)) as stream:
            async for event in stream:
                seen.append(event)  # noqa: PERF401 - looked at while it goes on
    finally:
        await runner.aclose()


def held_after(number: int) -> Any:
    """Answer so many; then an hour's pause."""

    asked = itertools.count(1)

    def answer(_: dict[str, Any]) -> Reply | str:
        late = next(asked) > number
        return status(429, None, retry_after="3600") if late else "def one():\n    return 1\n"

    return answer


@pytest.mark.parametrize("verdict", [passed(), unverified()], ids=["passed", "unverified"])
async def test_what_is_there_is_not_kept_back_by_a_long_limit_for_the_others(verdict: Any) -> None:
    seen: list[Event] = []
    with FakeModel(held_after(1)) as fake:
        async with asyncio.timeout(15):
            await events(fake, 4, verdict, seen)
    last = seen[-1]
    assert isinstance(last, Finished)
    assert (last.best, last.status) == (0, verdict.status)


@pytest.mark.parametrize("first", [0, 1], ids=["nothing came", "what came was rejected"])
async def test_where_there_is_nothing_yet_it_waits_for_as_long_as_it_takes(first: int) -> None:
    seen: list[Event] = []
    with FakeModel(held_after(first)) as fake:
        running = asyncio.create_task(events(fake, 2, failed(), seen))
        async with asyncio.timeout(15):
            while not any(isinstance(e, Waiting) and e.wait is not None for e in seen):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert not running.done()
        waits = [e.wait for e in seen if isinstance(e, Waiting) and e.wait is not None]
        assert 3590 < waits[0].seconds <= 3600
        running.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([running])


async def test_how_long_is_waited_can_still_be_set() -> None:
    seen: list[Event] = []
    with FakeModel(held_after(0)) as fake:
        async with asyncio.timeout(15):
            await events(fake, 1, passed(), seen, wait_seconds=60.0)
    last = seen[-1]
    assert isinstance(last, Finished)
    assert (last.status, last.again) == (Status.FAILED, True)
    assert "Try again in 60 minutes" in last.message


async def test_patience_that_ends_while_somebody_waits_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget, "LOOK_SECONDS", 0.02)
    one = budget.Budget("https://api.example.test")
    one.hold(Policy(base=1000.0, cap=1000.0))
    patience = [float("inf")]

    async def waiting() -> None:
        async with one.sending(Need(), Policy(longest=float("inf")), None, lambda: patience[0]):
            raise AssertionError("it was let go")

    asking = asyncio.create_task(waiting())
    await asyncio.sleep(0.1)
    assert not asking.done()
    patience[0] = UNSEEN_SECONDS
    with pytest.raises(ModelError) as told:
        async with asyncio.timeout(5):
            await asking
    assert told.value.passing


async def test_refusals_without_an_end_are_outlasted_and_asked_about_less_and_less() -> None:
    refusal = status(529)
    with FakeModel(*[refusal] * 120, "ok\n") as fake:
        endless = Policy(base=0.0005, cap=0.001, longest=float("inf"))
        model = model_at(fake, policy=endless)
        assert (await ask(model))[0] == "ok\n"
        assert len(fake.requests) == 121
        await model.aclose()
