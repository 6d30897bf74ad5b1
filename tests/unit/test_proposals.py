"""The state machine: only the table's steps are possible, and final states are final."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from festina.edits import Region
from festina.findings import Gate, GateResult, Status, TestCounts, Verdict
from festina.proposals import (
    FINAL,
    TRANSITIONS,
    CandidateStatus,
    CandidateView,
    IllegalTransition,
    Proposal,
    State,
    rank,
    step,
)
from festina.text import Text


def make(**changes) -> Proposal:
    values = {
        "id": "p1",
        "uri": "file:///w/a.py",
        "version": 1,
        "base": Text("a\nb\nc\n"),
        "region": Region(1, 2),
        "instruction": "x",
    }
    return Proposal(**{**values, **changes})


def verdict(status=Status.PASSED, *, executed=1, findings=()) -> Verdict:
    counts = TestCounts(3, 3, 0, 0, 2, executed)
    return Verdict(status, (GateResult(Gate.TESTS, status, 0.1, findings, counts),), 0.1, "k")


@given(st.sampled_from(State), st.sampled_from(State))
def test_step_follows_the_table_and_nothing_else(before, after):
    proposal = make(state=before)
    if after is before or after in TRANSITIONS[before]:
        assert step(proposal, after).state is after
    else:
        with pytest.raises(IllegalTransition):
            step(proposal, after)


def test_every_state_has_a_row_and_final_ones_lead_nowhere():
    assert set(TRANSITIONS) == set(State)
    assert {state for state, to in TRANSITIONS.items() if not to} == FINAL


def test_nothing_is_applied_that_was_not_offered_before():
    before = {state for state, to in TRANSITIONS.items() if State.APPLIED in to}
    # verified again, or withdrawn, while the editor was applying it
    assert before == {State.READY, State.UNVERIFIED, State.VERIFYING, State.REJECTED}


def test_every_live_state_can_be_cancelled_go_stale_or_fail():
    for state, to in TRANSITIONS.items():
        if state not in FINAL:
            assert {State.CANCELLED, State.STALE, State.FAILED} <= to


class Life(RuleBasedStateMachine):
    """Random walks: once over, a proposal stays over, and it began queued."""

    def __init__(self) -> None:
        super().__init__()
        self.proposal = make()
        self.over = False

    @rule(to=st.sampled_from(State))
    def go(self, to):
        before = self.proposal
        try:
            self.proposal = step(self.proposal, to)
        except IllegalTransition:
            assert self.proposal is before
            return
        assert not self.over or self.proposal.state is before.state

    @invariant()
    def final_is_final(self):
        self.over = self.over or self.proposal.state.final
        assert self.over == self.proposal.state.final


TestLife = Life.TestCase


def test_a_candidate_gives_edits_inside_its_region_only():
    proposal = make()
    view = CandidateView(0, CandidateStatus.PASSED, "B\n", verdict())
    assert proposal.result(view).content == "a\nB\nc\n"
    assert all(1 <= edit.start <= edit.end <= 2 for edit in proposal.edits(view))


def test_with_candidate_replaces_by_index_and_keeps_order():
    proposal = make().with_candidate(CandidateView(1)).with_candidate(CandidateView(0))
    proposal = proposal.with_candidate(CandidateView(1, text="new\n"))
    assert [view.index for view in proposal.candidates] == [0, 1]
    assert proposal.find(1).text == "new\n"


def test_ranking_prefers_small_diffs_then_executed_lines_then_agreement():
    views = (
        CandidateView(0, CandidateStatus.PASSED, "long\n", verdict(executed=2)),
        CandidateView(1, CandidateStatus.PASSED, "a\n", verdict(executed=1)),
        CandidateView(2, CandidateStatus.PASSED, "b\n", verdict(executed=2)),
        CandidateView(3, CandidateStatus.PASSED, "c\n", verdict(executed=2)),
        CandidateView(4, CandidateStatus.PASSED, "c\n", verdict(executed=2)),
        CandidateView(5, CandidateStatus.FAILED, "", verdict(Status.FAILED)),
    )
    sizes = {0: 50, 1: 10, 2: 10, 3: 10, 4: 10, 5: 1}
    assert [view.index for view in rank(views, sizes)] == [3, 4, 2, 1, 0]
