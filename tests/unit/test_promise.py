"""The two-step promise: ready by the impacted tests, then confirmed or withdrawn by all of them."""

import asyncio

import pytest

from festina.confirming import key_of
from festina.edits import Region
from festina.findings import Rest, Status
from festina.lifecycle import Order
from festina.pipeline import propose
from festina.proposals import CandidateStatus, State
from festina.session import Refusal
from support.fakes import TEST, failed, passed, unverified
from support.sitting import GOOD, SOURCE, URI, Sitting

OTHER = "def one():\n    x = 1\n    return 1\n"
THIRD = "def one():\n    x = y = 1\n    return 1\n"
REFUTED = failed(f"{TEST}: assert 1 == 2", TEST)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("festina.runs.SETTLE_SECONDS", 0)
    monkeypatch.setattr("festina.doubts.QUIET_SECONDS", 0)


def confirms(_):
    return passed(tests=1247)


def refutes(_):
    return REFUTED


def refutes_others(new):
    return confirms(new) if "x = 1" in new else REFUTED


def held(*arguments, **more):
    """A sitting in which the whole suite does not come to an end before it may."""
    sitting = Sitting(*arguments, **more)
    sitting.verifier.hold_whole = asyncio.Event()
    return sitting


async def ready(sitting, **more):
    """Ask for an edit and wait until it is ready and the whole suite runs."""
    proposal = sitting.start(**more)
    await sitting.until(proposal, State.READY)
    await sitting.verifier.whole_started.wait()
    return proposal


async def over(sitting, proposal):
    """Let the whole suite come to its end; return the proposal then."""
    sitting.verifier.hold_whole.set()
    await sitting.lifecycle.runs.jobs.join(key_of(proposal))
    return sitting.session.proposals[proposal]


# -- one candidate --------------------------------------------------------------------------


async def test_the_impacted_tests_make_it_ready_and_the_whole_suite_confirms():
    sitting = held(whole=confirms)
    proposal = await ready(sitting)
    now = sitting.session.proposals[proposal]
    assert now.message == (
        "3 impacted tests ok, the whole suite is still running (1 of 1 changed lines executed), "
        "10 ms"
    )
    now = await over(sitting, proposal)
    assert sitting.states[-1] is State.READY
    assert sitting.verifier.scopes == ["impacted", "full"]
    words = "whole suite: 1,247 tests ok (1 of 1 changed lines executed), 10 ms"
    assert now.message == now.candidate.words == words
    assert (await sitting.lifecycle.application(proposal)).candidate.applicable


async def test_what_the_whole_suite_refutes_is_withdrawn():
    sitting = held(whole=refutes)
    proposal = await ready(sitting)
    now = await over(sitting, proposal)
    assert now.state is State.REJECTED
    assert now.message == f"withdrawn: {TEST} failed in the whole suite"
    assert now.candidate.status is CandidateStatus.FAILED
    assert now.candidate.verdict.findings == REFUTED.findings
    with pytest.raises(Refusal, match="withdrawn"):
        await sitting.lifecycle.application(proposal)
    assert len(sitting.models.model.requests) == 1, "no repair that nobody asked for"


async def test_a_withdrawn_edit_is_repaired_where_the_person_asks():
    sitting = held([GOOD, OTHER], whole=refutes_others)
    proposal = await ready(sitting)
    await over(sitting, proposal)
    sitting.lifecycle.redirect(proposal, "without the leak")
    now = await sitting.until(proposal, State.READY)
    assert now.candidate.text == OTHER


@pytest.mark.parametrize("reason", ["It took longer than 600 s.", None])
async def test_what_the_whole_suite_cannot_tell_stays_ready_and_says_so(reason):
    sitting = held(whole=lambda _: unverified(reason))
    proposal = await ready(sitting)
    now = await over(sitting, proposal)
    assert now.state is State.READY
    assert now.candidate.verdict.partial
    words = "3 impacted tests ok, the whole suite could not tell (1 of 1 changed lines executed)"
    assert now.message == f"{words}, 10 ms" + (f"; {reason}" if reason else "")
    assert (await sitting.lifecycle.application(proposal)).candidate.applicable
    assert sitting.verifier.scopes == ["impacted", "full"], "and it is not asked again"


async def test_a_verifier_that_breaks_withdraws_nothing(caplog):
    sitting = Sitting(whole=lambda _: 1 / 0)
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)
    await sitting.lifecycle.runs.jobs.join(key_of(proposal))
    assert sitting.state(proposal) is State.READY
    assert "ended with ZeroDivisionError" in caplog.text


async def test_accepting_does_not_wait_for_the_whole_suite():
    sitting = held(whole=confirms)
    proposal = await ready(sitting)
    permission = await sitting.lifecycle.application(proposal)
    sitting.replace_all(permission.result.content)
    assert sitting.state(proposal) is State.APPLIED
    await over(sitting, proposal)
    assert sitting.verifier.cancelled == 0
    assert sitting.lifecycle.aftermath.failures == []


async def while_it_is_checked(sitting, proposal):
    """Accept; before that is checked, the whole suite comes to its end."""
    sitting.verifier.hold_print = asyncio.Event()
    checking = asyncio.create_task(sitting.lifecycle.application(proposal))
    await asyncio.sleep(0)
    await over(sitting, proposal)
    sitting.verifier.hold_print.set()
    return await checking


@pytest.mark.parametrize("whole", [confirms, lambda _: unverified("It took too long.")])
async def test_an_accept_at_the_moment_when_the_whole_suite_answers_is_granted(whole):
    sitting = held(whole=whole)
    proposal = await ready(sitting)
    permission = await while_it_is_checked(sitting, proposal)
    assert permission.candidate == sitting.session.proposals[proposal].candidate
    assert sitting.state(proposal) is State.READY
    assert sitting.verifier.scopes == ["impacted", "full"], "and nothing is verified again"


async def test_an_accept_at_the_moment_when_it_is_withdrawn_is_refused_for_that():
    sitting = held(whole=refutes)
    proposal = await ready(sitting)
    with pytest.raises(Refusal, match=f"withdrawn: {TEST} failed"):
        await while_it_is_checked(sitting, proposal)


async def test_an_accept_at_the_moment_when_the_candidate_becomes_another_one_is_not_granted():
    sitting = held([GOOD, OTHER], whole=confirms)
    proposal = await ready(sitting)
    sitting.verifier.hold_print = asyncio.Event()
    checking = asyncio.create_task(sitting.lifecycle.application(proposal))
    await asyncio.sleep(0)
    before = len(sitting.verifier.judged)
    sitting.lifecycle.redirect(proposal, "by a variable")
    now = await sitting.until(proposal, State.READY)
    assert now.candidate.text == OTHER
    sitting.verifier.hold_print.set()
    with pytest.raises(Refusal, match="another one by now"):
        await checking
    assert sitting.state(proposal) is State.READY
    assert [one.new for one in sitting.verifier.judged[before:]] == [
        now.result(now.candidate).content
    ] * 2


@pytest.mark.parametrize(
    ("scope", "slow", "ran"),
    [
        ("auto", False, ["full"]),
        ("auto", True, ["impacted", "full"]),
        ("full", True, ["full"]),
        ("impacted", True, ["impacted"]),
    ],
)
async def test_how_much_must_pass_is_what_the_settings_say(scope, slow, ran):
    sitting = Sitting(whole=confirms, scope=scope, slow=slow)
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)
    await sitting.lifecycle.runs.jobs.join(key_of(proposal))
    assert sitting.verifier.scopes == ran


async def test_where_only_the_impacted_tests_are_wanted_nothing_is_said_of_the_others():
    sitting = Sitting(whole=confirms, scope="impacted")
    proposal = sitting.start()
    now = await sitting.until(proposal, State.READY)
    assert now.message == "3 impacted tests ok (1 of 1 changed lines executed), 10 ms"


async def test_the_verifier_is_told_before_the_model_answers():
    sitting = Sitting()
    sitting.models.runner.hold = asyncio.Event()
    sitting.start()
    await sitting.models.runner.started.wait()
    assert sitting.verifier.prepared == ["a.py"]
    await sitting.lifecycle.close()


# -- what ends it ---------------------------------------------------------------------------


def _type_elsewhere(sitting, proposal):
    sitting.type(0, 0, "import sys\n")


def _type_inside(sitting, proposal):
    sitting.type(4, 4, "x")


def _dismiss(sitting, proposal):
    sitting.lifecycle.dismiss(proposal)


def _redirect(sitting, proposal):
    sitting.models.runner.hold = asyncio.Event()
    sitting.lifecycle.redirect(proposal, "otherwise")


def _close(sitting, proposal):
    sitting.lifecycle.document_closed(URI)


def _distrust(sitting, proposal):
    sitting.session.trusted_by_editor = False
    sitting.lifecycle.trust_changed(trusted=False)


def _more(sitting, proposal):
    sitting.models.runner.hold = asyncio.Event()
    sitting.lifecycle.variations(proposal, 1)


@pytest.mark.parametrize(
    "ending", [_type_elsewhere, _type_inside, _dismiss, _redirect, _close, _distrust, _more]
)
async def test_whatever_else_happens_ends_it(ending):
    sitting = held(whole=refutes)
    proposal = await ready(sitting)
    ending(sitting, proposal)
    for _ in range(5):
        await asyncio.sleep(0)
    assert sitting.verifier.cancelled == 1
    await sitting.lifecycle.close()
    assert State.REJECTED not in sitting.states


async def test_typing_elsewhere_asks_for_both_steps_again():
    sitting = held(whole=confirms)
    proposal = await ready(sitting)
    sitting.type(0, 0, "import sys\n")
    await sitting.until(proposal, State.READY)
    now = await over(sitting, proposal)
    assert sitting.verifier.scopes == ["impacted", "full", "impacted", "full"]
    assert now.candidate.rest is Rest.CONFIRMED


async def test_a_file_saved_elsewhere_does_not_disturb_what_still_stands():
    sitting = held(whole=confirms)
    proposal = await ready(sitting)
    sitting.lifecycle.workspace_changed("file:///w/other.py")
    await sitting.lifecycle.runs.jobs.join("workspace")
    assert sitting.verifier.cancelled == 0
    await over(sitting, proposal)
    sitting.verifier.print = "f2"
    sitting.lifecycle.workspace_changed("file:///w/other.py")
    await sitting.lifecycle.runs.jobs.join("workspace")
    now = await sitting.until(proposal, State.READY)
    await sitting.lifecycle.runs.jobs.join(key_of(proposal))
    assert sitting.session.proposals[proposal].candidate.rest is Rest.CONFIRMED
    assert now.candidate.verdict.key != ""


# -- several candidates ---------------------------------------------------------------------


async def test_of_several_the_whole_suite_runs_for_one_that_the_settings_ask_it_for():
    sitting = Sitting([GOOD, OTHER, THIRD], whole=confirms, scope="full")
    proposal = sitting.start(variations=3)
    now = await sitting.until(proposal, State.READY)
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    assert sorted(sitting.verifier.scopes) == ["full", *["impacted"] * 3]
    rests = [view.rest for view in now.candidates]
    assert sorted(rests) == [Rest.NONE, Rest.OWED, Rest.OWED]
    assert not now.candidate.verdict.partial


async def test_while_it_runs_the_proposal_says_so():
    sitting = held([GOOD, OTHER], whole=confirms, scope="full")
    proposal = sitting.start(variations=2)
    await sitting.verifier.whole_started.wait()
    now = await sitting.until(proposal, State.VERIFYING)
    assert State.READY not in sitting.states
    assert now.candidates[0].words.startswith("3 impacted tests ok, the whole suite has not run (")
    with pytest.raises(Refusal):
        await sitting.lifecycle.application(proposal)
    sitting.verifier.hold_whole.set()
    await sitting.until(proposal, State.READY)


async def test_where_it_refutes_the_best_one_the_next_best_is_tried():
    sitting = Sitting([GOOD, OTHER], whole=refutes_others, scope="full")
    proposal = sitting.start(variations=2)
    now = await sitting.until(proposal, State.READY)
    assert now.candidate.text == OTHER
    assert now.candidates[0].status is CandidateStatus.FAILED


async def test_where_it_refutes_all_of_them_the_best_is_repaired_and_alone_by_then():
    sitting = Sitting([GOOD, THIRD, OTHER], whole=refutes_others, scope="full")
    proposal = sitting.start(variations=2)
    now = await sitting.until(proposal, State.READY)
    assert now.candidate.text == OTHER
    assert now.round == 1
    assert sitting.verifier.scopes[-1] == "full"


async def test_equal_candidates_share_what_the_whole_suite_says():
    sitting = Sitting([GOOD, GOOD, OTHER], whole=refutes_others, scope="full")
    proposal = sitting.start(variations=3)
    await sitting.until(proposal, State.READY)
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    statuses = [view.status for view in now.candidates]
    assert statuses == [CandidateStatus.FAILED, CandidateStatus.FAILED, CandidateStatus.PASSED]
    assert sitting.verifier.scopes.count("full") == 2


async def test_a_slow_suite_makes_none_of_several_wait_and_confirms_the_one_on_show():
    sitting = held([GOOD, OTHER], whole=confirms)
    proposal = await ready(sitting, variations=2)
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    assert [view.rest for view in now.candidates] == [Rest.OPEN, Rest.OPEN]
    now = sitting.lifecycle.turn(proposal, 1)
    assert now.state is State.READY
    now = await over(sitting, proposal)
    assert now.visible == 1
    assert [view.rest for view in now.candidates] == [Rest.OPEN, Rest.CONFIRMED]
    assert sitting.verifier.cancelled == 1, "nobody looks at the first one"


async def test_where_another_one_passed_as_well_it_takes_the_place_of_a_withdrawn_one():
    told = []
    sitting = held([GOOD, OTHER], whole=refutes_others)
    sitting.lifecycle.runs.confirming.withdrawn = lambda *withdrawn: told.append(withdrawn)
    proposal = await ready(sitting, variations=2)
    await sitting.lifecycle.runs.jobs.join(proposal)
    await over(sitting, proposal)
    now = await sitting.until(proposal, State.READY)
    assert now.visible == 1
    assert [(view.index, one.state) for one, view in told] == [(0, State.READY)]
    await sitting.lifecycle.runs.jobs.join(key_of(proposal))
    assert sitting.session.proposals[proposal].candidate.rest is Rest.CONFIRMED
    with pytest.raises(Refusal):
        await sitting.lifecycle.application(proposal, 0)


async def test_equal_ones_are_withdrawn_together():
    sitting = held([GOOD, GOOD], whole=refutes)
    proposal = await ready(sitting, variations=2)
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = await over(sitting, proposal)
    assert now.state is State.REJECTED
    assert [view.rest for view in now.candidates] == [Rest.WITHDRAWN] * 2


async def test_a_withdrawal_while_others_still_come_waits_for_them():
    sitting = held([GOOD, OTHER], whole=refutes_others)
    other = asyncio.Event()
    verify = sitting.verifier.verify

    async def second_waits(snapshot, candidate, on_step=None, **scope):
        if "x = 1" in candidate.new:
            await other.wait()
        return await verify(snapshot, candidate, on_step, **scope)

    sitting.verifier.verify = second_waits
    proposal = await ready(sitting, variations=2)
    now = await over(sitting, proposal)
    assert now.state is State.VERIFYING
    assert now.message.startswith("withdrawn: ")
    other.set()
    now = await sitting.until(proposal, State.READY)
    assert now.visible == 1


@pytest.mark.parametrize("tells", [True, False])
async def test_the_others_that_still_come_take_nothing_away_from_the_one_turned_to(tells):
    sitting = held([GOOD, OTHER, THIRD], whole=confirms, scope="full")
    third = asyncio.Event()
    verify = sitting.verifier.verify

    async def third_waits(snapshot, candidate, on_step=None, **scope):
        if "x = y" in candidate.new:
            await third.wait()
            verdict = await verify(snapshot, candidate, on_step, **scope)
            return verdict if tells else passed()  # by the whole suite, which is applicable
        return await verify(snapshot, candidate, on_step, **scope)

    sitting.verifier.verify = third_waits
    sitting.verifier.hold_whole.set()
    proposal = sitting.start(variations=3)
    first = (await sitting.until(proposal, State.READY)).visible
    async with asyncio.timeout(10):
        while len(sitting.session.proposals[proposal].choices) < 2:
            await asyncio.sleep(0.005)
    sitting.verifier.hold_whole = asyncio.Event()
    there = sitting.lifecycle.turn(proposal, 1).visible
    assert there != first
    third.set()
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    assert (now.state, now.visible) == (State.VERIFYING, there)
    await over(sitting, proposal)
    now = await sitting.until(proposal, State.READY)
    assert now.visible == there


async def test_a_withdrawal_at_the_very_end_of_a_run_is_no_verification_for_ever(monkeypatch):
    sitting, last = held(whole=refutes), asyncio.Event()

    async def lingers(*arguments):
        async for event in propose(*arguments):
            yield event
        await last.wait()

    monkeypatch.setattr("festina.runs.propose", lingers)
    proposal = await ready(sitting)
    now = await over(sitting, proposal)
    assert now.state is State.VERIFYING
    last.set()
    now = await sitting.until(proposal, State.REJECTED)
    assert now.message.endswith(f"tests failed: {TEST}: assert 1 == 2, 10 ms")


async def full(sitting):
    """Two candidates where the whole suite must pass, and has for the first one."""
    proposal = sitting.start(variations=2)
    await sitting.until(proposal, State.READY)
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    assert [view.rest for view in now.candidates] == [Rest.NONE, Rest.OWED]
    return proposal


async def test_whoever_turns_to_another_one_waits_for_the_whole_suite():
    sitting = Sitting([GOOD, OTHER], whole=confirms, scope="full")
    proposal = await full(sitting)
    sitting.verifier.hold_whole = asyncio.Event()
    now = sitting.lifecycle.turn(proposal, 1)
    assert (now.state, now.visible) == (State.VERIFYING, 1)
    with pytest.raises(Refusal, match="whole suite"):
        await sitting.lifecycle.application(proposal)
    now = sitting.lifecycle.turn(proposal, -1)
    assert (now.state, now.visible) == (State.READY, 0)
    sitting.lifecycle.turn(proposal, 1)
    await over(sitting, proposal)
    now = await sitting.until(proposal, State.READY)
    assert now.visible == 1
    assert (await sitting.lifecycle.application(proposal)).candidate.index == 1


async def test_a_file_that_is_saved_while_the_whole_suite_is_awaited_is_looked_at_after_it():
    sitting = Sitting([GOOD, OTHER], whole=confirms, scope="full")
    proposal = await full(sitting)

    def and_meanwhile_a_file_changed(new):
        sitting.verifier.print = "f2"
        return confirms(new)

    sitting.verifier.whole = and_meanwhile_a_file_changed
    sitting.verifier.hold_whole = asyncio.Event()
    sitting.lifecycle.turn(proposal, 1)
    sitting.lifecycle.workspace_changed("file:///w/other.py")
    for _ in range(5):
        await asyncio.sleep(0)
    sitting.verifier.scopes.clear()
    sitting.verifier.hold_whole.set()
    await sitting.lifecycle.runs.jobs.join("workspace")
    await sitting.until(proposal, State.READY)
    assert sitting.verifier.scopes[:2] == ["impacted", "full"], "again, for what is there now"


async def test_turning_to_one_that_the_whole_suite_refutes_leads_back():
    sitting = Sitting([OTHER, GOOD], whole=refutes_others, scope="full")
    proposal = await full(sitting)
    sitting.lifecycle.turn(proposal, 1)
    now = await sitting.until(proposal, State.READY)
    assert now.visible == 0
    assert now.message.endswith(f"; candidate 2 {TEST} failed in the whole suite")
    with pytest.raises(Refusal, match="no other candidate"):
        sitting.lifecycle.turn(proposal, 1)


async def test_accepting_another_one_runs_the_whole_suite_first_and_tells_of_the_end():
    sitting = Sitting([GOOD, OTHER], whole=confirms, scope="full")
    proposal = await full(sitting)
    assert not sitting.lifecycle.complete(proposal, 0, lambda _: None), "nothing is missing"
    told = []
    assert sitting.lifecycle.complete(proposal, 1, told.append)
    assert sitting.state(proposal) is State.VERIFYING
    await sitting.until(proposal, State.READY)
    assert [(view.index, view.applicable) for view in told] == [(1, True)]


async def test_nobody_is_told_where_something_else_came_first():
    sitting = Sitting([GOOD, OTHER], whole=confirms, scope="full")
    proposal = await full(sitting)
    told = []
    sitting.verifier.hold_whole = asyncio.Event()
    sitting.lifecycle.complete(proposal, 1, told.append)
    sitting.type(0, 0, "import sys\n")
    sitting.verifier.hold_whole.set()
    await sitting.until(proposal, State.READY)
    await sitting.lifecycle.runs.jobs.join(proposal)
    assert told == []


async def test_after_a_change_of_the_document_the_whole_suite_runs_for_the_one_on_show():
    sitting = Sitting([GOOD, OTHER], whole=confirms, scope="full")
    proposal = await full(sitting)
    sitting.verifier.scopes.clear()
    sitting.type(0, 0, "import sys\n")
    await sitting.until(proposal, State.READY)
    await sitting.lifecycle.runs.jobs.join(proposal)
    assert sitting.verifier.scopes == ["impacted", "full", "impacted"]


# -- after an accept ------------------------------------------------------------------------


async def accepted(whole=refutes):
    """A sitting in which an edit was accepted while the whole suite still ran; what is told."""
    sitting, told = held(whole=whole), []
    sitting.lifecycle.aftermath.changed = told.append
    proposal = await ready(sitting)
    sitting.replace_all((await sitting.lifecycle.application(proposal)).result.content)
    return sitting, proposal, told


async def test_an_accepted_edit_that_is_refuted_is_told_of():
    sitting, proposal, told = await accepted()
    await over(sitting, proposal)
    assert sitting.state(proposal) is State.APPLIED
    (failure,) = sitting.lifecycle.aftermath.failures
    assert told == [failure]
    assert (failure.proposal, failure.uri, failure.region) == (proposal, URI, Region(3, 5))
    assert failure.verdict.status is Status.FAILED
    snapshot, candidate = sitting.verifier.snapshots[-1], sitting.verifier.judged[-1]
    assert snapshot.buffers["a.py"] == candidate.old == SOURCE


async def test_it_moves_along_with_what_is_typed_elsewhere_and_ends_where_it_is_touched():
    sitting, proposal, told = await accepted()
    sitting.type(0, 0, "import sys\n")
    await over(sitting, proposal)
    (failure,) = sitting.lifecycle.aftermath.failures
    assert failure.region == Region(4, 6)
    sitting.type(9, 0, "    pass\n")
    assert sitting.lifecycle.aftermath.failures == [failure]
    sitting.type(5, 4, "pass; ")
    assert sitting.lifecycle.aftermath.failures == []
    assert told == [failure, failure], "once to show it, once to take it away"


@pytest.mark.parametrize("undone", [True, False])
async def test_what_is_touched_before_it_is_refuted_is_not_told_of(undone):
    sitting, proposal, told = await accepted()
    sitting.replace_all(SOURCE) if undone else sitting.type(4, 4, "pass; ")
    for _ in range(5):
        await asyncio.sleep(0)
    assert sitting.verifier.cancelled == 1
    await over(sitting, proposal)
    assert told == []


async def test_closing_the_file_ends_it():
    sitting, proposal, _ = await accepted()
    await over(sitting, proposal)
    sitting.lifecycle.document_closed(URI)
    assert sitting.lifecycle.aftermath.failures == []


async def test_trust_withdrawn_stops_it():
    sitting, proposal, told = await accepted()
    sitting.lifecycle.trust_changed(trusted=False)
    await over(sitting, proposal)
    assert sitting.verifier.cancelled == 1
    assert told == []


async def test_an_edit_that_is_withdrawn_while_the_editor_applies_it_is_told_of_at_once():
    sitting = held(whole=refutes)
    proposal = await ready(sitting)
    permission = await sitting.lifecycle.application(proposal)
    await over(sitting, proposal)
    assert sitting.state(proposal) is State.REJECTED
    sitting.replace_all(permission.result.content)
    assert sitting.state(proposal) is State.APPLIED
    assert len(sitting.lifecycle.aftermath.failures) == 1


async def test_accepting_one_that_is_not_on_show_confirms_that_one():
    sitting = held([GOOD, OTHER], whole=refutes)
    proposal = await ready(sitting, variations=2)
    await sitting.lifecycle.runs.jobs.join(proposal)
    permission = await sitting.lifecycle.application(proposal, 1)
    sitting.replace_all(permission.result.content)
    await over(sitting, proposal)
    assert "x = 1" in sitting.verifier.judged[-1].new
    assert sitting.verifier.snapshots[-1].buffers["a.py"] == SOURCE
    (failure,) = sitting.lifecycle.aftermath.failures
    assert failure.region == Region(3, 6)


async def test_another_proposal_goes_its_own_way():
    sitting = held(whole=confirms)
    first = await ready(sitting)
    sitting.models.model.answers = ["def two():\n    return 1\n"]
    second = sitting.lifecycle.start(Order(sitting.document, Region(7, 9), "return 1")).id
    await sitting.until(second, State.READY)
    sitting.lifecycle.dismiss(first)
    now = await over(sitting, second)
    assert now.candidate.rest is Rest.CONFIRMED
