"""The life of proposals as a state machine: any order of events, and what holds all the same.

The real session, lifecycle, runs and pipeline; a scripted model, verifier and clock. See
``support.life`` for what can happen and what must hold.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from festina.proposals import State
from support.life import Life

PICK = st.integers(0, 59)
OFTEN = ("start", "stream", "answer", "judge", "turn", "wait", "go_well", "go_well")
ALL = (
    *OFTEN * 4,
    *("accept_at_once", "ask_to_accept", "apply", "take_hunks") * 2,
    *("redirect", "variations", "cancel", "dismiss", "show_next", "show_next", "accept_another"),
    *("type_above", "type_below", "type_inside", "type_anywhere", "type_on_both_sides", "undo"),
    *("close_and_reopen", "type_in_another_file", "save_another_file", "change_a_file_unseen"),
    *("change_trust", "change_settings", "change_the_suite", "lose_the_model", "fail_to_answer"),
)


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch):
    """What a person does comes one at a time here, though within milliseconds."""
    monkeypatch.setattr("festina.documents.AT_ONCE_SECONDS", -1.0)


class Proposals(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.life = Life()

    @rule(what=st.sampled_from(ALL), pick=PICK)
    def happen(self, what, pick):
        getattr(self.life, what)(pick)

    @precondition(lambda self: self.life.models.calls)
    @rule(pick=PICK)
    def answer(self, pick):
        self.life.answer(pick)

    @precondition(lambda self: self.life.verifier.trials)
    @rule(pick=PICK)
    def judge(self, pick):
        self.life.judge(pick)

    @rule()
    def settle(self):
        self.life.settle()

    @invariant()
    def holds(self):
        self.life.check()

    def teardown(self):
        self.life.close()


TestProposals = Proposals.TestCase
TestProposals.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def live(seed: str, steps: int) -> set[State]:
    """Live one life at random; on a failure say by which steps it came about."""
    rng = random.Random(seed)
    life, done = Life(), []
    try:
        for _ in range(steps):
            what, pick = rng.choice(ALL), rng.randrange(60)
            done.append((what, pick))
            getattr(life, what)(pick)
            life.check()
        if rng.random() < 0.5:
            life.settle()
        life.close()
    except AssertionError as error:
        life.abandon()
        error.add_note(f"seed {seed!r}: {done}")
        raise
    return life.reached


@pytest.mark.parametrize("group", range(4))
def test_some_lives_at_random_reach_every_state(group):
    reached = set().union(*(live(f"{group} {n}", 60) for n in range(150)))
    assert reached == set(State)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("group", range(10))
def test_a_hundred_thousand_lives(group):
    for number in range(10_000):
        live(f"long {group} {number}", 20)
