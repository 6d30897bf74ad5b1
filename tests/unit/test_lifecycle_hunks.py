"""Taking only some hunks: a text of its own, verified for itself, and applied only if it passed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina import edits, parts
from festina.edits import Region
from festina.lifecycle import Order
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.session import Refusal
from festina.text import Text
from support.fakes import failed, passed, unverified
from support.sitting import Sitting

SOURCE = "a = 1\nb = 1\nc = 1\nd = 1\ne = 1\n"
ANSWER = "a = 2\nb = 1\nc = 2\nd = 1\ne = 2\n"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("festina.runs.SETTLE_SECONDS", 0)


async def ready(judge=lambda _: passed(), answers=(ANSWER,), source=SOURCE, **more):
    sitting = Sitting(answers, judge)
    sitting.replace_all(source)
    order = Order(sitting.document, Region(0, 5), "two", **more)
    proposal = sitting.lifecycle.start(order).id
    await sitting.until(proposal, State.READY, State.UNVERIFIED)
    await sitting.lifecycle.runs.jobs.join(proposal)
    return sitting, proposal


async def test_some_hunks_become_a_candidate_that_earns_its_own_verdict():
    sitting, proposal = await ready()
    seen = []
    taken = sitting.lifecycle.take(proposal, None, [0, 2], seen.append)
    assert taken.status is CandidateStatus.VERIFYING
    assert sitting.state(proposal) is State.VERIFYING
    with pytest.raises(Refusal):
        await sitting.lifecycle.application(proposal, taken.index)
    await sitting.lifecycle.runs.jobs.join(proposal)
    assert sitting.state(proposal) is State.READY
    assert [view.index for view in seen] == [1]
    assert seen[0].applicable
    permission = await sitting.lifecycle.application(proposal)
    assert permission.candidate.index == 1
    assert permission.result.content == "a = 2\nb = 1\nc = 1\nd = 1\ne = 2\n"
    assert sitting.verifier.judged[-1].new == permission.result.content
    # the whole edit is still there, and keeps its verdict
    assert sitting.lifecycle.turn(proposal, -1).visible == 0
    assert (await sitting.lifecycle.application(proposal)).result.content == ANSWER
    assert len(sitting.verifier.judged) == 2


async def test_hunks_that_do_not_pass_alone_leave_the_whole_edit_applicable():
    sitting, proposal = await ready(lambda new: failed() if new.count("2") == 1 else passed())
    seen = []
    sitting.lifecycle.take(proposal, 0, [1], seen.append)
    await sitting.lifecycle.runs.jobs.join(proposal)
    assert not seen[0].applicable
    now = sitting.session.proposals[proposal]
    assert (now.state, now.visible) == (State.READY, 0)
    assert now.message == now.candidate.verdict.summary()
    with pytest.raises(Refusal, match="not applicable"):
        await sitting.lifecycle.application(proposal, 1)
    # asked for again, nothing is run again
    assert sitting.lifecycle.take(proposal, 0, [1], seen.append).index == 1
    assert len(sitting.verifier.judged) == 2


async def test_all_hunks_are_the_edit_itself():
    sitting, proposal = await ready()
    assert sitting.lifecycle.take(proposal, None, [2, 1, 0, 1], pytest.fail).index == 0
    assert sitting.state(proposal) is State.READY


@pytest.mark.parametrize(
    ("hunks", "words"),
    [
        ([], "No hunk was chosen"),
        ([0, 7], "no hunk 7: this edit has hunks 0 to 2"),
        ([-1], "no hunk -1"),
    ],
)
async def test_hunks_that_are_not_there_are_refused(hunks, words):
    sitting, proposal = await ready()
    with pytest.raises(Refusal, match=words):
        sitting.lifecycle.take(proposal, None, hunks, pytest.fail)
    assert sitting.state(proposal) is State.READY


async def test_an_edit_of_one_hunk_says_so():
    sitting, proposal = await ready(answers=(SOURCE.replace("c = 1", "c = 2"),))
    with pytest.raises(Refusal, match="this edit has hunk 0 only"):
        sitting.lifecycle.take(proposal, None, [1], pytest.fail)


async def test_hunks_of_a_candidate_that_is_not_there():
    sitting, proposal = await ready()
    with pytest.raises(Refusal, match="does not exist"):
        sitting.lifecycle.take(proposal, 5, [0], pytest.fail)


async def test_hunks_of_an_edit_under_way_are_refused():
    sitting, proposal = await ready()
    sitting.lifecycle.take(proposal, None, [0], lambda _: None)
    with pytest.raises(Refusal, match="not applicable yet: the chosen hunks alone"):
        sitting.lifecycle.take(proposal, None, [1], pytest.fail)


async def test_typing_meanwhile_verifies_everything_again_and_applies_nothing_by_itself():
    sitting, proposal = await ready(source=SOURCE + "\nz = 1\n")
    sitting.lifecycle.take(proposal, None, [0], pytest.fail)
    sitting.type(6, 0, "y")
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    assert now.state is State.READY
    assert [view.status for view in now.candidates] == [CandidateStatus.PASSED] * 2
    permission = await sitting.lifecycle.application(proposal, 1)
    assert permission.result.content == SOURCE.replace("a = 1", "a = 2") + "\nyz = 1\n"


async def test_an_unverified_part_of_an_unverified_edit_is_shown_and_needs_its_own_action():
    sitting, proposal = await ready(lambda _: unverified())
    seen = []
    sitting.lifecycle.take(proposal, None, [0], seen.append)
    await sitting.lifecycle.runs.jobs.join(proposal)
    now = sitting.session.proposals[proposal]
    assert (now.state, now.visible) == (State.UNVERIFIED, 1)
    assert not seen[0].applicable
    with pytest.raises(Refusal):
        await sitting.lifecycle.application(proposal)
    assert await sitting.lifecycle.application(proposal, unverified=True)


async def test_the_comment_that_asked_never_survives_in_a_part():
    marked = SOURCE.replace("b = 1", "# festina: two\nb = 1")
    sitting, proposal = await ready(source=marked)
    hunks = edits.hunks(sitting.session.proposals[proposal].edits(_view(sitting, proposal)))
    last = hunks[-1].id
    sitting.lifecycle.take(proposal, None, [last], lambda _: None)
    await sitting.lifecycle.runs.jobs.join(proposal)
    result = (await sitting.lifecycle.application(proposal)).result.content
    assert "festina" not in result


def _view(sitting, proposal):
    return sitting.session.proposals[proposal].candidate


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "d"]), max_size=6).map("".join)


@given(LINES, LINES, st.data())
def test_a_part_is_exactly_the_chosen_hunks_or_refused(base, new, data):
    text = Text(base)
    start = data.draw(st.integers(0, len(text.lines)))
    end = data.draw(st.integers(start, len(text.lines)))
    view = CandidateView(0, CandidateStatus.PASSED, new, passed())
    proposal = Proposal("p1", "u", 1, text, Region(start, end), "x", State.READY, (view,))
    line_edits = proposal.edits(view)
    if not new or len(line_edits) < 2:
        return
    ids = data.draw(st.sets(st.integers(0, len(line_edits) - 1), min_size=1))
    try:
        taken = parts.part(proposal, view, ids)
    except Refusal:
        return  # an edit at the very end of the text, or around a byte order mark
    assert proposal.result(taken) == edits.apply(text, edits.subset(line_edits, ids))


def test_hunks_of_an_answer_that_could_not_be_used_are_refused():
    views = (
        CandidateView(0, CandidateStatus.PASSED, ANSWER, passed()),
        CandidateView(1, CandidateStatus.UNUSABLE, ANSWER.replace("2", "3")),
    )
    made = Proposal("p1", "file:///w/a.py", 1, Text(SOURCE), Region(0, 5), "x", State.READY, views)
    with pytest.raises(Refusal, match="not complete"):
        parts.part(made, views[1], [0])
