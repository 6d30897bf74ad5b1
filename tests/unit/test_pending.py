"""How many edits wait for a person, and what is not begun for it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from festina.config import Settings
from festina.context.places import Found
from festina.edits import Region
from festina.going import Going
from festina.orders import Order
from festina.pending import Pending, check_size
from festina.plans import Place, Step
from festina.proposals import Proposal, State
from festina.session import Refusal
from festina.shelf import Shelf
from festina.skill_file import Skill
from festina.skill_runs import SkillRuns
from support.sitting import URI, Sitting

HERE = Path("/w")
MAY = r"at most 2 may wait at once \(review.pending\)"


@pytest.fixture
def sitting():
    made = Sitting()
    made.session.settings[None] = replace(Settings(), review_pending=2)
    return made


@pytest.fixture
def pending(sitting):
    return Pending(sitting.session)


def put(sitting, number, state):
    text = sitting.document.text
    sitting.session.put(Proposal(f"x{number}", URI, 1, text, Region(3, 5), "do", state))


def test_what_a_person_may_accept_waits_and_what_is_under_way_takes_room(sitting, pending):
    assert (pending.count(HERE), pending.room(HERE)) == (0, 2)
    put(sitting, 1, State.VERIFYING)
    assert (pending.count(HERE), pending.room(HERE)) == (0, 1)
    put(sitting, 1, State.UNVERIFIED)
    put(sitting, 2, State.READY)
    assert (pending.count(HERE), pending.room(HERE)) == (2, 0)
    put(sitting, 3, State.REJECTED)
    put(sitting, 4, State.DISMISSED)
    assert (pending.count(HERE), pending.room(HERE)) == (2, 0)
    assert (pending.count(Path("/other")), pending.room(Path("/other"))) == (0, 2)


@pytest.mark.parametrize("state", [State.APPLIED, State.DISMISSED, State.REJECTED])
def test_whoever_rests_is_told_when_there_may_be_room(sitting, pending, state):
    put(sitting, 1, State.READY)
    assert not pending.moved.is_set()
    put(sitting, 1, state)
    assert pending.moved.is_set()


def test_a_step_is_refused_with_what_waits_and_what_to_do(sitting, pending):
    pending.check(HERE, 2)
    put(sitting, 1, State.READY)
    pending.check(HERE, 1)
    with pytest.raises(Refusal, match=f"^1 edit waits for your review, this .* 2 more, and {MAY}"):
        pending.check(HERE, 2)
    put(sitting, 1, State.STREAMING)
    pending.coming.append(lambda _: 1)
    with pytest.raises(Refusal, match=f"^As many edits as may wait for you are under way, .*{MAY}"):
        pending.check(HERE, 1)
    pending.waiting.append(lambda _: 3)
    with pytest.raises(Refusal, match=r"^3 edits wait for your review.*Accept or dismiss some"):
        pending.check(HERE, 1)


def test_a_step_of_more_files_than_may_wait_is_never_begun(pending):
    check_size(2, 2)
    with pytest.raises(Refusal, match=r"makes 3 edits, and at most 2 may wait .*Split the step"):
        pending.check(HERE, 3)


async def test_what_a_person_asks_for_by_hand_is_not_refused(sitting, pending):
    put(sitting, 1, State.READY)
    put(sitting, 2, State.READY)
    proposal = sitting.start()
    await sitting.until(proposal, State.READY)
    assert (pending.count(HERE), pending.room(HERE)) == (3, -1)
    assert Order(sitting.document, Region(3, 5), "again").check(sitting.session) is None


def test_the_files_of_a_step_take_room_before_they_are_proposals():
    step = Step("do", tuple(Place(f"{name}.py") for name in "abc"))
    going = Going(None, step)
    assert going.coming == 3
    going.drafts = [("a", ""), ("b", "")]
    assert going.coming == 3
    going.main, going.ids = "p1", {"p1": State.VERIFYING}
    assert going.coming == 2
    going.ids["p1"] = State.REJECTED
    assert going.coming == 0, "the drafts are proposed when it has passed, if ever"
    going.ids["p1"], going.drafts = State.READY, []
    assert going.coming == 0


async def test_two_runs_at_once_make_no_more_than_may_wait(sitting, pending, monkeypatch):
    lifecycle = sitting.lifecycle
    shelf = Shelf(sitting.session, lifecycle, pending)
    runs = SkillRuns(sitting.session, lifecycle, sitting.models, shelf, pending)
    begun, go_on = [], asyncio.Event()

    async def one(run, place, ready):
        begun.append(place)
        await go_on.wait()
        put(sitting, len(begun), State.READY)

    places = tuple(range(5))
    monkeypatch.setattr("festina.skill_runs.find", lambda *_: Found(places))
    monkeypatch.setattr(runs, "_one", one)
    both = [
        runs.start(HERE, Skill(name, "", "", "", in_workspace=True), ["x"], [])
        for name in ("a", "b")
    ]
    async with asyncio.timeout(10):
        while not (len(begun) == 2 and any(run.rests for run in both)):
            await asyncio.sleep(0.005)
    assert pending.room(HERE) == 0
    assert {run.words for run in both if run.rests} == {
        "as many edits as may wait for you are under way; then it goes on"
    }
    for run in both:
        runs.cancel(run.id)
    await lifecycle.close()
    assert pending.room(HERE) == 2
