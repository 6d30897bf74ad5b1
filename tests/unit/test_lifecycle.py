"""Proposals in an editor session: typing, accepting, redirecting, closing, in any order."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from festina.config import Settings
from festina.documents import Document
from festina.edits import Region
from festina.lifecycle import Order
from festina.proposals import State
from festina.session import Refusal
from festina.text import Text
from support.fakes import unverified
from support.sitting import GOOD, SOURCE, URI, Sitting


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("festina.runs.SETTLE_SECONDS", 0)
    monkeypatch.setattr("festina.doubts.QUIET_SECONDS", 0)


async def test_a_proposal_becomes_ready_and_passes_through_every_state():
    desk = Sitting()
    proposal_id = desk.start()
    assert desk.state(proposal_id) is State.QUEUED
    await desk.until(proposal_id, State.READY)
    assert desk.states == [
        State.QUEUED,
        State.STREAMING,
        State.PARSED,
        State.VERIFYING,
        State.READY,
    ]
    permission = await desk.lifecycle.application(proposal_id)
    assert "return 1" in permission.result.content
    assert permission.proposal.version == 1


async def test_the_accepted_text_makes_it_applied():
    desk = Sitting()
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    permission = await desk.lifecycle.application(proposal_id)
    desk.replace_all(permission.result.content)
    assert desk.state(proposal_id) is State.APPLIED
    with pytest.raises(Refusal, match="applied already"):
        await desk.lifecycle.application(proposal_id)


async def test_typing_elsewhere_rebases_and_verifies_again():
    desk = Sitting()
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    desk.type(0, 0, "import sys\n")
    assert desk.state(proposal_id) is State.VERIFYING
    with pytest.raises(Refusal):
        await desk.lifecycle.application(proposal_id)
    proposal = await desk.until(proposal_id, State.READY)
    assert proposal.region == Region(4, 6)
    permission = await desk.lifecycle.application(proposal_id)
    assert permission.proposal.version == 2
    assert permission.result.content.startswith("import sys\nimport os\n")
    assert desk.verifier.judged[-1].new == permission.result.content


async def test_typing_in_the_region_makes_it_stale():
    desk = Sitting()
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    desk.type(4, 4, "x")
    assert desk.state(proposal_id) is State.STALE


async def test_typing_while_the_model_works_moves_the_base_along():
    desk = Sitting()
    desk.models.runner.hold = asyncio.Event()
    proposal_id = desk.start()
    await desk.models.runner.started.wait()
    desk.type(0, 0, "import sys\n")
    desk.models.runner.hold.set()
    proposal = await desk.until(proposal_id, State.READY)
    permission = await desk.lifecycle.application(proposal_id)
    assert permission.result.content.startswith("import sys\n")
    assert proposal.base == desk.document.text
    assert desk.verifier.judged[-1].new == permission.result.content


async def test_typing_while_gates_run_verifies_again_before_ready():
    desk = Sitting()
    desk.verifier.hold = asyncio.Event()
    proposal_id = desk.start()
    await desk.verifier.started.wait()
    desk.type(0, 0, "import sys\n")
    desk.verifier.hold.set()
    await desk.until(proposal_id, State.READY)
    permission = await desk.lifecycle.application(proposal_id)
    assert desk.verifier.judged[-1].new == permission.result.content


async def test_a_changed_workspace_is_noticed_on_accept():
    desk = Sitting()
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    desk.verifier.print = "f2"
    with pytest.raises(Refusal, match="verified again"):
        await desk.lifecycle.application(proposal_id)
    await desk.until(proposal_id, State.READY)
    assert (await desk.lifecycle.application(proposal_id)).candidate.applicable


async def test_a_document_that_moved_on_unnoticed_is_noticed_on_accept():
    desk = Sitting()
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    desk.session.documents.open(replace(desk.document, text=Text(f"{SOURCE}x = 1\n")))
    with pytest.raises(Refusal, match="document has changed"):
        await desk.lifecycle.application(proposal_id)


def _type_elsewhere(desk: Sitting) -> None:
    other = Document("file:///w/b.py", Path("/w/b.py"), "python", 1, Text("x = 1\n"))
    desk.session.documents.open(other)


def _change_settings(desk: Sitting) -> None:
    settings = Settings()
    settings = replace(settings, verify=replace(settings.verify, timeout_seconds=5.0))
    desk.session.settings[None] = settings


def _withdraw_trust(desk: Sitting) -> None:
    desk.session.trusted_by_editor = False


@pytest.mark.parametrize("change", [_type_elsewhere, _change_settings, _withdraw_trust])
async def test_what_changes_while_an_accept_is_checked_is_noticed(change):
    desk = Sitting()
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    checking = asyncio.create_task(desk.lifecycle.application(proposal_id))
    await asyncio.sleep(0)  # it has asked for the fingerprint, of what was before the change
    change(desk)
    with pytest.raises(Refusal, match="verified again"):
        await checking
    await desk.until(proposal_id, State.READY)


async def test_a_save_elsewhere_verifies_again_only_what_rested_on_it():
    desk = Sitting()
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    desk.lifecycle.workspace_changed("file:///w/other.py")
    await desk.lifecycle.runs.jobs.join("workspace")
    assert len(desk.verifier.judged) == 1
    desk.verifier.print = "f2"
    desk.lifecycle.workspace_changed("file:///w/other.py")
    await desk.lifecycle.runs.jobs.join("workspace")
    await desk.until(proposal_id, State.READY)
    assert len(desk.verifier.judged) == 2


async def test_a_rejected_edit_cannot_be_applied():
    desk = Sitting(["def one():\n    return 3\n"])
    proposal_id = desk.start()
    proposal = await desk.until(proposal_id, State.REJECTED)
    assert proposal.round == 2
    with pytest.raises(Refusal, match="not applicable"):
        await desk.lifecycle.application(proposal_id)


async def test_an_unverified_edit_needs_the_separate_action():
    desk = Sitting(judge=lambda _: unverified("no tests were collected"))
    proposal_id = desk.start()
    await desk.until(proposal_id, State.UNVERIFIED)
    with pytest.raises(Refusal, match="no tests were collected"):
        await desk.lifecycle.application(proposal_id)
    assert (await desk.lifecycle.application(proposal_id, unverified=True)).edits


@pytest.mark.parametrize("held", ["model", "verifier"])
async def test_cancel_stops_the_work(held):
    desk = Sitting()
    holder = desk.models.runner if held == "model" else desk.verifier
    holder.hold = asyncio.Event()
    proposal_id = desk.start()
    await holder.started.wait()
    desk.lifecycle.cancel(proposal_id)
    assert desk.state(proposal_id) is State.CANCELLED
    await desk.lifecycle.runs.jobs.join(proposal_id)
    assert holder.cancelled == 1
    with pytest.raises(Refusal, match="cancelled already"):
        desk.lifecycle.redirect(proposal_id, "more")


async def test_redirect_goes_on_from_what_came():
    desk = Sitting(["def one():\n    return 3\n", GOOD])
    desk.models.runner.hold = asyncio.Event()
    proposal_id = desk.start()
    await desk.models.runner.started.wait()
    desk.lifecycle.redirect(proposal_id, "one, not three")
    desk.models.runner.hold.set()
    await desk.until(proposal_id, State.READY)
    assert desk.models.runner.cancelled == 1
    sent = "".join(message.content for message in desk.models.model.requests[1].messages)
    assert "one, not three" in sent


async def test_variations_add_candidates_and_can_be_turned_through():
    desk = Sitting([GOOD, GOOD + "\n", "def one():\n    x = 1\n    return 1\n"])
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    with pytest.raises(Refusal, match="no other candidate"):
        desk.lifecycle.turn(proposal_id, 1)
    desk.lifecycle.variations(proposal_id, 2)
    await desk.until(proposal_id, State.READY)
    await desk.lifecycle.runs.jobs.join(proposal_id)
    proposal = desk.session.proposals[proposal_id]
    assert len(proposal.candidates) == 3
    turned = desk.lifecycle.turn(proposal_id, 1)
    assert turned.visible != proposal.visible
    with pytest.raises(Refusal, match="75"):
        desk.lifecycle.variations(proposal_id, 73)


async def test_variations_wait_for_what_is_under_way():
    desk = Sitting()
    desk.models.runner.hold = asyncio.Event()
    proposal_id = desk.start()
    await desk.models.runner.started.wait()
    with pytest.raises(Refusal, match="still at work"):
        desk.lifecycle.variations(proposal_id, 2)
    desk.models.runner.hold.set()
    await desk.until(proposal_id, State.READY)
    assert len(desk.models.model.requests) == 1


async def test_two_proposals_live_side_by_side_and_accepting_one_rebases_the_other():
    desk = Sitting()
    first = desk.start()
    order = Order(desk.document, Region(7, 9), "return 1")
    desk.models.model.answers = [GOOD, "def two():\n    return 1\n"]
    second = desk.lifecycle.start(order).id
    await desk.until(first, State.READY)
    await desk.until(second, State.READY)
    permission = await desk.lifecycle.application(first)
    desk.replace_all(permission.result.content)
    assert desk.state(first) is State.APPLIED
    await desk.until(second, State.READY)
    result = (await desk.lifecycle.application(second)).result.content
    assert result.count("return 1") == 2


async def test_closing_the_file_ends_its_proposals():
    desk = Sitting()
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    desk.lifecycle.document_closed(URI)
    assert desk.state(proposal_id) is State.STALE


async def test_undo_after_accept_changes_nothing_more():
    desk = Sitting()
    proposal_id = desk.start()
    await desk.until(proposal_id, State.READY)
    permission = await desk.lifecycle.application(proposal_id)
    desk.replace_all(permission.result.content)
    desk.replace_all(SOURCE)
    assert desk.state(proposal_id) is State.APPLIED


@pytest.mark.parametrize(
    ("path", "uri", "words"),
    [
        (None, "untitled:Untitled-1", "unsaved file"),
        (None, "vscode-notebook-cell:/w/a.ipynb#c1", "notebook cell"),
        (Path("/elsewhere/a.py"), "file:///elsewhere/a.py", "outside the workspace"),
    ],
)
async def test_what_has_no_place_in_the_workspace_is_refused_with_a_sentence(path, uri, words):
    desk = Sitting()
    document = Document(uri, path, "python", 1, Text(SOURCE))
    with pytest.raises(Refusal, match=f"(?i){words}"):
        desk.lifecycle.start(Order(document, Region(3, 5), "x"))


async def test_close_stops_everything():
    desk = Sitting()
    desk.models.runner.hold = asyncio.Event()
    desk.start()
    await desk.models.runner.started.wait()
    await desk.lifecycle.close()
    assert desk.models.runner.cancelled == 1
