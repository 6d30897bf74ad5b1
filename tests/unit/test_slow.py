"""The slow model: what is asked of it, what is taken of its answers, and when."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina import slow
from festina.calls import Call, Why
from festina.commands.outcome import Outcome
from festina.edits import Region
from festina.events import Called, Planned, Planning, Repairing
from festina.findings import Finding, Gate, GateResult, Rest, Severity, Status, Verdict
from festina.models.base import ModelError, Trouble
from festina.models.ready import Ready
from festina.pipeline import propose
from festina.proposals import CandidateStatus, CandidateView, State, rank
from festina.task import Task
from festina.text import Text
from festina.verify.base import Snapshot
from support.advised import reviewed, reviewing
from support.fakes import DirectRunner, ScriptedModel, ScriptedVerifier, failed, passed
from support.secret_samples import FORMS
from support.sitting import Sitting

SOURCE = "def one():\n    return 2\n\n\ndef two():\n    return 2\n"
GOOD = "def one():\n    return 1\n"
BAD = "def one():\n    return 3\n"
BETTER = "Return the number 1, not 3."


def task(**changes) -> Task:
    region = Region(0, 2)
    return Task(Snapshot(Path("/w")), "a.py", Text(SOURCE), region, "return 1", **changes)


def by_value(new: str):
    return passed() if "return 1" in new else failed()


async def run(given_task, fast, thinks, judge=by_value):
    fast_model, slow_model = ScriptedModel(fast), ScriptedModel(thinks, name="thinker")
    runner = DirectRunner()
    released = []

    async def get():
        return Ready(slow_model, runner, release=lambda: released.append(1))

    adviser = slow.Adviser(get)
    verifier = ScriptedVerifier(judge)
    events = [e async for e in propose(given_task, fast_model, runner, verifier, adviser)]
    assert len(released) == len(slow_model.requests)
    return events, fast_model, slow_model


def words_of(request) -> str:
    return "\n".join(message.content for message in request.messages)


# -- a better instruction ---------------------------------------------------------------------


async def test_after_the_repair_rounds_the_slow_model_says_what_to_do_once():
    fast = [BAD, BAD.replace("3", "4"), BAD.replace("3", "5"), GOOD]
    events, fast_model, slow_model = await run(task(rounds=2), fast, [BETTER])
    assert events[-1].status is Status.PASSED
    kinds = [type(event) for event in events]
    assert kinds.index(Repairing) < kinds.index(Planning) < kinds.index(Planned)
    assert len(slow_model.requests) == 1
    asked = words_of(slow_model.requests[0])
    assert "return 1" in asked, "the instruction"
    assert "return 2" in asked, "the region"
    assert "return 5" in asked, "the last answer"
    assert "assert 1 == 2" in asked, "the findings"
    last = words_of(fast_model.requests[-1])
    assert last.endswith(f"Instruction: return 1\n{BETTER}")
    calls = [event.call for event in events if isinstance(event, Called)]
    assert [(call.who, call.why) for call in calls] == [
        ("fast", Why.WRITE),
        ("fast", Why.REPAIR),
        ("fast", Why.REPAIR),
        ("slow", Why.REPLAN),
        ("fast", Why.WRITE),
    ]
    assert (calls[3].model, calls[3].said, calls[3].prompt) == ("thinker", BETTER, 100)


async def test_what_the_fast_model_gets_wrong_again_is_rejected_and_not_planned_twice():
    events, fast_model, slow_model = await run(task(rounds=0), [BAD], [BETTER])
    assert events[-1].status is Status.FAILED
    assert (len(fast_model.requests), len(slow_model.requests)) == (2, 1)


@pytest.mark.parametrize(
    "answer", [ModelError(Trouble.NETWORK, "The endpoint cannot be reached."), "", "```\n```"]
)
async def test_a_slow_model_that_has_nothing_to_say_leaves_the_rejection_as_it_was(answer):
    events, fast_model, _ = await run(task(rounds=0), [BAD], [answer])
    assert events[-1].status is Status.FAILED
    assert "assert 1 == 2" in events[-1].message
    assert len(fast_model.requests) == 1
    assert not any(isinstance(event, Planned) for event in events)
    call = next(e.call for e in events if isinstance(e, Called) and e.call.who == "slow")
    assert call.error == (str(answer) if isinstance(answer, ModelError) else "")
    outcome = Outcome(1)
    for event in events:
        outcome.fold(event)
    assert outcome.best.verdict.status is Status.FAILED, "what was rejected is still shown"


async def test_what_passes_or_fails_for_want_of_a_model_needs_no_plan():
    for fast in ([GOOD], [ModelError(Trouble.QUOTA, "used up")]):
        _, _, slow_model = await run(task(rounds=0), fast, [BETTER])
        assert slow_model.requests == []


def test_an_instruction_is_plain_text_of_bounded_length():
    assert slow.planned("```text\nUse `max`.\n```\n") == "Use `max`."
    assert slow.planned("a\x1b[31mb\u202ec\x00") == "abc"
    assert len(slow.planned("word " * 10_000)) <= slow.INSTRUCTION_CHARS


async def test_in_an_editor_a_proposal_is_planned_once_however_often_it_is_redirected():
    desk = Sitting([BAD])
    thinker = desk.think(BETTER, repair_rounds=0)
    proposal = await desk.until(desk.start(), State.REJECTED)
    while desk.lifecycle.runs.at_work(proposal.id):
        await asyncio.sleep(0.005)
    proposal = desk.session.find(proposal.id)
    assert [call.why for call in proposal.calls] == [Why.WRITE, Why.REPLAN, Why.WRITE]
    assert "rejected; asking the slow model for a better instruction" in desk.messages
    assert f"trying again: {BETTER}" in desk.messages
    desk.lifecycle.redirect(proposal.id, "say it so")
    while desk.lifecycle.runs.at_work(proposal.id):
        await asyncio.sleep(0.005)
    proposal = desk.session.find(proposal.id)
    assert proposal.state is State.REJECTED
    assert [call.why for call in proposal.calls[3:]] == [Why.WRITE]
    assert len(thinker.requests) == 1
    await desk.lifecycle.close()


async def test_without_a_slow_model_none_is_asked_for():
    desk = Sitting([BAD])
    proposal = await desk.until(desk.start(), State.REJECTED)
    while desk.lifecycle.runs.at_work(proposal.id):
        await asyncio.sleep(0.005)
    assert desk.models.asked_for == [None]
    await desk.lifecycle.close()


# -- a review ---------------------------------------------------------------------------------


def test_a_review_is_read_strictly():
    text = (
        "Here is my review:\n12: the empty list is not handled\n13: WARNING: divides by zero\n"
        "- 12: a bullet\n12 the colon is missing\n0: before the region\n15: after it\n"
        "12: the empty list is not handled\n12:no blank\n12: \n012: also a number\nOK\n"
    )
    found = slow.remarks(text, "a.py", last=14)
    assert [(f.line, f.severity, f.message) for f in found] == [
        (12, Severity.INFORMATION, "the empty list is not handled"),
        (13, Severity.WARNING, "divides by zero"),
        (12, Severity.INFORMATION, "also a number"),
    ]
    assert all((f.gate, f.path) == (Gate.REVIEW, "a.py") for f in found)


@given(st.text(alphabet=st.characters() | st.sampled_from("0123456789: \nWARNING"), max_size=400))
def test_whatever_a_review_says_its_remarks_are_bounded_lines_of_the_region(text):
    found = slow.remarks(text, "a.py", last=30)
    assert len(found) <= slow.MOST_REMARKS
    for one in found:
        assert 1 <= one.line <= 30
        assert one.severity in {Severity.INFORMATION, Severity.WARNING}
        assert 0 < len(one.message) <= slow.REMARK_CHARS
        assert "\n" not in one.message
        assert "\x1b" not in one.message


REVIEW = "2: WARNING: ones are not numbers\nthat is all\n"


def test_no_secret_is_shown_to_a_reviewer():
    secret = FORMS["a GitHub token"]
    edit = slow.Edit(f"use {secret}", "a.py", "python", f"a = '{secret}'\n", f"b = '{secret}'\n")
    asked = words_of(slow.review_request(edit))
    assert secret not in asked
    assert asked.count("FESTINA-SECRET-1") == 3


async def test_what_is_ready_is_reviewed_and_stays_as_it_is():
    desk, thinker = reviewing(REVIEW)
    proposal = await desk.until(desk.start(), State.READY)
    proposal = await reviewed(desk, proposal.id)
    assert (proposal.state, proposal.candidate.verdict.status) == (State.READY, Status.PASSED)
    result = proposal.candidate.verdict.gate(Gate.REVIEW)
    assert [(f.path, f.line, f.severity, f.message) for f in result.findings] == [
        ("a.py", 5, Severity.WARNING, "ones are not numbers")
    ]
    assert "review: 1 remark" in proposal.message
    asked = words_of(thinker.requests[0])
    assert "Instruction: return 1" in asked
    assert "1| def one():\n2|     return 1\n" in asked
    assert "    return 2\n" in asked
    assert [call.why for call in proposal.calls] == [Why.WRITE, Why.REVIEW]
    permission = await desk.lifecycle.application(proposal.id)
    assert "return 1" in permission.result.content
    await desk.lifecycle.close()


async def test_an_edit_is_ready_and_can_be_accepted_while_it_is_reviewed():
    desk, thinker = reviewing(REVIEW)
    hold = asyncio.Event()
    complete = desk.models.runner.complete

    async def slowly(model, request, on_text=None):
        if model is thinker:
            await hold.wait()
        return await complete(model, request, on_text)

    desk.models.runner.complete = slowly
    proposal = await desk.until(desk.start(), State.READY)
    ask = desk.verifier.fingerprint

    async def fingerprint(snapshot):
        hold.set()
        await reviewed(desk, proposal.id)  # it comes while the edit is being accepted
        return await ask(snapshot)

    assert proposal.candidate.verdict.gate(Gate.REVIEW) is None
    desk.verifier.fingerprint = fingerprint
    permission = await desk.lifecycle.application(proposal.id)
    assert "return 1" in permission.result.content
    await desk.lifecycle.close()


async def test_typing_elsewhere_moves_the_remarks_along_and_asks_for_no_other_review(monkeypatch):
    monkeypatch.setattr("festina.runs.SETTLE_SECONDS", 0)
    desk, thinker = reviewing(REVIEW)
    proposal = await reviewed(desk, (await desk.until(desk.start(), State.READY)).id)
    desk.type(0, 0, "import sys\n")
    assert desk.state(proposal.id) is State.VERIFYING
    proposal = await reviewed(desk, proposal.id)
    assert [f.line for f in proposal.candidate.verdict.gate(Gate.REVIEW).findings] == [6]
    assert len(thinker.requests) == 1
    await desk.lifecycle.close()


async def test_what_confirms_an_edit_keeps_its_review():
    desk, _ = reviewing(REVIEW, whole=lambda _: passed())
    desk.verifier.hold_whole = asyncio.Event()
    proposal = await reviewed(desk, (await desk.until(desk.start(), State.READY)).id)
    assert proposal.candidate.rest is Rest.OPEN
    desk.verifier.hold_whole.set()
    async with asyncio.timeout(10):
        while desk.session.find(proposal.id).candidate.rest is Rest.OPEN:
            await asyncio.sleep(0.005)
    view = desk.session.find(proposal.id).candidate
    assert view.rest is Rest.CONFIRMED
    assert view.verdict.gate(Gate.REVIEW) is not None
    await desk.lifecycle.close()


async def test_a_reviewer_that_fails_is_told_of_and_changes_nothing():
    desk, _ = reviewing(ModelError(Trouble.QUOTA, "The quota is used up."))
    proposal = await reviewed(desk, (await desk.until(desk.start(), State.READY)).id)
    result = proposal.candidate.verdict.gate(Gate.REVIEW)
    assert (result.status, result.reason) == (Status.UNVERIFIED, "The quota is used up.")
    assert proposal.state is State.READY
    assert await desk.lifecycle.application(proposal.id)
    await desk.lifecycle.close()


async def test_a_review_ends_with_its_proposal():
    desk, thinker = reviewing(REVIEW)
    release = asyncio.Event()
    complete = desk.models.runner.complete
    ended = []

    async def slowly(model, request, on_text=None):
        if model is thinker:
            try:
                await release.wait()
            finally:
                ended.append(1)
        return await complete(model, request, on_text)

    desk.models.runner.complete = slowly
    proposal = await desk.until(desk.start(), State.READY)
    key = f"review {proposal.id}"
    await asyncio.sleep(0.05)
    assert desk.lifecycle.runs.jobs.running(key)
    desk.lifecycle.dismiss(proposal.id)
    await desk.lifecycle.runs.jobs.join(key)
    assert ended == [1]
    await desk.lifecycle.close()


async def test_without_the_gate_nothing_is_reviewed_and_without_a_model_it_says_so():
    desk = Sitting()
    thinker = desk.think(REVIEW)
    await desk.until(desk.start(), State.READY)
    await asyncio.sleep(0.05)
    assert thinker.requests == []
    await desk.lifecycle.close()
    desk, _ = reviewing(REVIEW)
    desk.session.settings[None] = replace(desk.session.settings[None], slow=None)
    proposal = await reviewed(desk, (await desk.until(desk.start(), State.READY)).id)
    assert "models.slow" in proposal.candidate.verdict.gate(Gate.REVIEW).reason
    await desk.lifecycle.close()


def test_remarks_count_neither_for_the_verdict_nor_for_the_order_of_candidates():
    remark = Finding(Gate.REVIEW, "a.py", "so so", 1)
    bad = GateResult(Gate.REVIEW, Status.FAILED, findings=(remark,))
    verdict = passed().with_review(bad)
    assert Verdict.of(verdict.gates, seconds=0.1).status is Status.PASSED
    assert Verdict.of((bad,), seconds=0.1).status is Status.UNVERIFIED
    views = (
        CandidateView(0, CandidateStatus.PASSED, "a", verdict),
        CandidateView(1, CandidateStatus.PASSED, "b", passed()),
    )
    assert [view.index for view in rank(views, {0: 1, 1: 1})] == [0, 1]


# -- words ------------------------------------------------------------------------------------


def test_a_call_says_who_why_tokens_and_seconds():
    call = Call("slow", Why.REVIEW, "big-1", "https://x", 1.25, 0, 1812, 0, 96)
    assert call.words == "slow model big-1 reviewed the edit (1,812 + 96 tokens, 1.2 s)"
    assert call.to_json() == {
        "who": "slow",
        "why": "review",
        "model": "big-1",
        "origin": "https://x",
        "seconds": 1.25,
        "candidate": 0,
        "prompt_tokens": 1812,
        "cached_tokens": 0,
        "completion_tokens": 96,
    }
    lost = Call("slow", Why.REPLAN, "big-1", "https://x", 0.5, error="It is gone.")
    assert lost.words == "slow model big-1 did not write a better instruction (500 ms): It is gone."
