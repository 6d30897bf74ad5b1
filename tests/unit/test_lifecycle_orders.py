"""Unusual orders: what an editor may say while something runs, and what a proposal makes of it."""

import asyncio
from pathlib import Path

import pytest

from festina.documents import Document
from festina.edits import Region
from festina.jobs import Jobs
from festina.lifecycle import Order
from festina.models.base import ModelError, Trouble
from festina.proposals import CandidateStatus, State
from festina.session import Refusal
from festina.text import Text
from festina.trust import TrustStore
from support.fakes import failed, passed, unverified
from support.sitting import GOOD, SOURCE, Sitting


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("festina.runs.SETTLE_SECONDS", 0)


async def held(answers=(GOOD,), **more):
    """A sitting whose verifier is at work and does not come to an end."""
    sitting = Sitting(answers)
    sitting.verifier.hold = asyncio.Event()
    proposal = sitting.start(**more)
    await sitting.verifier.started.wait()
    return sitting, proposal


async def test_typing_and_taking_it_back_while_gates_run_loses_no_verdict():
    wrong = "def one():\n    return 3\n"
    sitting = Sitting([GOOD, wrong])
    gates = {"return 1": asyncio.Event(), "return 3": asyncio.Event()}
    verify = sitting.verifier.verify

    async def one_after_the_other(snapshot, candidate, on_step=None, **scope):
        await next(gate for words, gate in gates.items() if words in candidate.new).wait()
        return await verify(snapshot, candidate, on_step, **scope)

    sitting.verifier.verify = one_after_the_other
    proposal = sitting.start(variations=2)
    await sitting.until(proposal, State.VERIFYING)
    sitting.type(0, 0, "import sys\n")
    gates["return 1"].set()  # what is earned now is for a text that is about to go
    await sitting.verifier.started.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    sitting.replace_all(SOURCE)
    gates["return 3"].set()
    await sitting.until(proposal, State.READY, State.REJECTED)
    assert sitting.state(proposal) is State.READY
    permission = await sitting.lifecycle.application(proposal)
    assert "return 1" in permission.result.content


async def test_what_is_ready_is_not_ready_any_more_once_the_document_moves_on_while_others_run():
    sitting = Sitting([GOOD, "def one():\n    x = 1\n    return 1\n"])
    held = asyncio.Event()
    verify = sitting.verifier.verify

    async def second_waits(snapshot, candidate, on_step=None, **scope):
        if "x = 1" in candidate.new:
            await held.wait()
        return await verify(snapshot, candidate, on_step, **scope)

    sitting.verifier.verify = second_waits
    proposal = sitting.start(variations=2)
    await sitting.until(proposal, State.READY)
    sitting.type(0, 0, "import sys\n")
    assert sitting.state(proposal) is State.VERIFYING
    held.set()
    now = await sitting.until(proposal, State.READY)
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    assert [view.status for view in now.candidates] == [CandidateStatus.PASSED] * 2
    assert (await sitting.lifecycle.application(proposal)).result.content.startswith("import sys")


async def test_more_variations_while_some_still_run_leave_no_unfinished_ones_behind():
    sitting = Sitting([GOOD, "def one():\n    x = 1\n    return 1\n"])
    held = asyncio.Event()
    verify = sitting.verifier.verify

    async def second_waits(snapshot, candidate, on_step=None, **scope):
        if "x = 1" in candidate.new:
            await held.wait()
        return await verify(snapshot, candidate, on_step, **scope)

    sitting.verifier.verify = second_waits
    proposal = sitting.start(variations=2)
    await sitting.until(proposal, State.READY)
    sitting.models.model.answers = [GOOD.replace("1", "1 + 0")]
    sitting.lifecycle.variations(proposal, 1)
    held.set()
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    unfinished = {CandidateStatus.STREAMING, CandidateStatus.VERIFYING}
    assert not unfinished & {view.status for view in now.candidates}
    assert len(now.candidates) == 2


async def test_changes_above_and_below_in_one_message_do_not_touch_the_region():
    sitting = Sitting()
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)
    sitting.types((8, 4, "# below "), (0, 0, "# above\n"))
    assert sitting.state(proposal) is State.VERIFYING
    now = await sitting.until(proposal, State.READY)
    assert now.region == Region(4, 6)


async def test_trust_withdrawn_stops_what_runs():
    sitting, proposal = await held()
    sitting.session.trusted_by_editor = False
    assert sitting.lifecycle.trust_changed(trusted=False) == 1
    assert sitting.state(proposal) is State.CANCELLED
    await sitting.lifecycle.runs.jobs.join(proposal)
    assert sitting.verifier.cancelled == 1


async def test_trust_withdrawn_takes_back_what_had_passed_and_what_still_runs_beside_it():
    sitting = Sitting([GOOD, "def one():\n    x = 1\n    return 1\n"])
    begun, forever = asyncio.Event(), asyncio.Event()
    ended = []
    verify = sitting.verifier.verify

    async def second_waits(snapshot, candidate, on_step=None, **scope):
        if "x = 1" in candidate.new:
            begun.set()
            try:
                await forever.wait()
            finally:
                ended.append(candidate)
        return await verify(snapshot, candidate, on_step, **scope)

    sitting.verifier.verify = second_waits
    proposal = sitting.start(variations=2)
    await sitting.until(proposal, State.READY)
    await begun.wait()  # a busy machine may not have come to it
    sitting.verifier.judge = lambda _: unverified("not trusted")
    sitting.session.trusted_by_editor = False
    assert sitting.lifecycle.trust_changed(trusted=False) == 0
    assert sitting.state(proposal) is State.VERIFYING
    await sitting.until(proposal, State.UNVERIFIED)
    assert len(ended) == 1
    assert sitting.verifier.snapshots[-1].trusted is False


async def test_trust_withdrawn_elsewhere_stops_nothing_here(tmp_path):
    sitting, proposal = await held()
    sitting.session.trusted_by_editor = None
    sitting.session.trust = TrustStore(tmp_path / "trust.json")
    sitting.session.trust.trust(Path("/w"))
    assert sitting.lifecycle.trust_changed(trusted=False) == 0
    assert sitting.state(proposal) is State.VERIFYING
    sitting.session.trust.untrust(Path("/w"))
    assert sitting.lifecycle.trust_changed(trusted=True) == 0
    assert sitting.lifecycle.trust_changed(trusted=False) == 1
    await sitting.lifecycle.runs.jobs.join(proposal)


async def test_trust_given_later_verifies_what_could_not_be():
    sitting = Sitting(judge=lambda _: unverified("not trusted"))
    proposal = sitting.start()
    await sitting.until(proposal, State.UNVERIFIED)
    sitting.verifier.judge = lambda _: passed()
    sitting.lifecycle.trust_changed(trusted=True)
    await sitting.until(proposal, State.READY)


@pytest.mark.parametrize("when", ["streaming", "ready"])
async def test_a_folder_taken_out_of_the_workspace_ends_its_proposals(when):
    sitting = Sitting()
    if when == "streaming":
        sitting.models.runner.hold = asyncio.Event()
    proposal = sitting.start()
    await sitting.until(proposal, State(when))
    sitting.session.roots = (Path("/other"),)
    sitting.lifecycle.folders_changed()
    assert sitting.state(proposal) is State.STALE
    await sitting.lifecycle.runs.jobs.join(proposal)


async def test_what_ends_a_verification_ends_the_proposal_with_a_sentence():
    sitting = Sitting()
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)
    sitting.type(0, 0, "import sys\n")
    sitting.session.roots = (Path("/other"),)  # nobody told the proposals
    now = await sitting.until(proposal, State.FAILED)
    assert "outside the workspace" in now.message


async def test_an_unexpected_failure_of_a_second_verification_is_told(caplog):
    sitting = Sitting()
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)

    def broken(_):
        raise ZeroDivisionError

    sitting.verifier.judge = broken
    sitting.type(0, 0, "import sys\n")
    now = await sitting.until(proposal, State.FAILED)
    assert "its log" in now.message
    await sitting.lifecycle.runs.jobs.join(proposal)
    assert "ZeroDivisionError" in caplog.text


async def test_accepting_twice_is_refused_the_second_time():
    sitting = Sitting()
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)
    permission = await sitting.lifecycle.application(proposal)
    sitting.replace_all(permission.result.content)
    sitting.replace_all(SOURCE)  # undone
    with pytest.raises(Refusal, match="applied already"):
        await sitting.lifecycle.application(proposal)
    order = Order(sitting.document, Region(3, 5), "return 1")
    again = sitting.lifecycle.start(order).id
    await sitting.until(again, State.READY)
    assert (await sitting.lifecycle.application(again)).result == permission.result


async def test_a_job_that_is_cancelled_before_its_first_step_is_closed():
    jobs = Jobs()
    started = []

    async def work():
        started.append(1)

    jobs.start("a", work())
    await jobs.close()
    assert started == []
    assert not jobs.running("a")


async def test_a_job_waits_for_all_that_ran_under_its_key_however_long_they_take_to_end():
    jobs = Jobs()
    ending, ended, order = asyncio.Event(), asyncio.Event(), []

    async def slow():
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await ended.wait()
            order.append("the first has ended")

    async def quick(name):
        order.append(name)

    jobs.start("a", slow())
    await asyncio.sleep(0)
    jobs.start("a", quick("second"))
    await ending.wait()
    jobs.start("a", quick("third"))
    for _ in range(5):
        await asyncio.sleep(0)
    ended.set()
    await jobs.join("a")
    assert order == ["the first has ended", "third"]


async def test_what_is_asked_for_afterwards_goes_to_the_model_that_was_asked_for():
    sitting = Sitting()
    proposal = sitting.start(model="embedded")
    await sitting.until(proposal, State.READY)
    sitting.lifecycle.variations(proposal, 1)
    await sitting.lifecycle.runs.jobs.join(proposal)
    sitting.lifecycle.redirect(proposal, "shorter")
    await sitting.lifecycle.runs.jobs.join(proposal)
    assert sitting.models.asked_for == ["embedded"] * 3


async def test_when_several_candidates_are_all_rejected_the_best_of_them_is_repaired():
    wrong = ["def one():\n    return 3\n", "def one():\n    return 4\n"]
    sitting = Sitting([*wrong, GOOD])
    proposal = sitting.start(variations=2)
    now = await sitting.until(proposal, State.READY, State.REJECTED)
    assert (now.state, now.round) == (State.READY, 1)
    sent = sitting.models.model.requests[2].messages[-1].content
    assert "assert 1 == 2" in sent


async def test_further_variations_are_not_repaired_whatever_becomes_of_them():
    sitting = Sitting([GOOD, "def one():\n    return 3\n"])
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)
    assert sitting.lifecycle.variations(proposal, 1).message == "asking for 1 more"
    await sitting.lifecycle.runs.jobs.join(proposal)
    assert sitting.state(proposal) is State.READY
    assert len(sitting.models.model.requests) == 2
    # of one that did not pass it is said why, not what the one on show is
    with pytest.raises(Refusal, match="This candidate is not applicable: tests failed"):
        await sitting.lifecycle.application(proposal, 1)


async def test_what_is_said_of_a_proposal_is_about_the_candidate_on_show():
    answers = [GOOD, "def one():\n    x = 1\n    return x\n", "def one():\n    return 4\n"]
    sitting = Sitting(answers, lambda new: failed(f"assert {new.count('x')} == 9"))
    proposal = sitting.start(variations=3)
    await sitting.until(proposal, State.REJECTED)
    await sitting.lifecycle.runs.jobs.join(proposal)
    for _ in range(3):
        now = sitting.lifecycle.turn(proposal, 1)
        assert now.candidate.verdict.summary() == now.message


async def test_a_second_file_that_changes_does_not_make_the_first_forgotten(monkeypatch):
    monkeypatch.setattr("festina.doubts.QUIET_SECONDS", 0)
    sitting = Sitting()
    first = sitting.start()
    await sitting.until(first, State.READY)
    uri = "file:///w/b.py"
    sitting.session.documents.open(Document(uri, Path("/w/b.py"), "python", 1, Text(SOURCE)))
    order = Order(sitting.session.documents.get(uri), Region(3, 5), "return 1")
    second = sitting.lifecycle.start(order).id
    await sitting.until(second, State.READY)
    await sitting.until(first, State.READY)
    judged = len(sitting.verifier.judged)
    sitting.verifier.print = "f2"
    sitting.lifecycle.workspace_changed(uri)
    sitting.lifecycle.workspace_changed(sitting.document.uri)
    messages = []
    sitting.session.changed = lambda proposal: messages.append(proposal.message)
    await sitting.lifecycle.runs.jobs.join("workspace")
    await sitting.until(first, State.READY)
    await sitting.until(second, State.READY)
    assert len(sitting.verifier.judged) == judged + 2
    assert messages.count("again, because something that it rests on has changed") == 2


async def test_further_variations_without_a_model_take_nothing_away(caplog):
    sitting = Sitting()
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)

    async def none(name, say):
        raise ModelError(Trouble.NO_MODEL, "There is no model.")

    sitting.models.get = none
    sitting.lifecycle.variations(proposal, 2)
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    assert now.state is State.READY
    assert now.message.endswith("; no more came: There is no model.")
    assert (await sitting.lifecycle.application(proposal)).candidate.applicable
    sitting.lifecycle.redirect(proposal, "shorter")
    assert (await sitting.until(proposal, State.FAILED)).message == "There is no model."
    assert not caplog.records


async def test_nor_do_they_where_the_document_moves_on_while_a_model_is_looked_for(caplog):
    sitting, looked = Sitting(), asyncio.Event()
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)

    async def none(name, say):
        await looked.wait()
        raise ModelError(Trouble.NO_MODEL, "There is no model.")

    sitting.models.get = none
    sitting.lifecycle.variations(proposal, 2)
    await asyncio.sleep(0)
    sitting.type(0, 0, "import sys\n")
    looked.set()
    await sitting.until(proposal, State.READY, State.FAILED)
    assert (await sitting.lifecycle.application(proposal)).result.content.startswith("import sys")
    assert not caplog.records


async def test_nothing_is_made_ready_before_it_is_known_what_the_workspace_wants():
    one = Sitting()
    one.session.settled.clear()
    proposal = one.start()
    await one.until(proposal, State.READY)
    assert one.verifier.prepared == []
    one.session.settled.set()
    async with asyncio.timeout(10):
        while not one.verifier.prepared:
            await asyncio.sleep(0.005)
