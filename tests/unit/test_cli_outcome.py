from datetime import datetime

import pytest

from festina.calls import Wait
from festina.commands.outcome import Outcome
from festina.events import (
    Completing,
    Finished,
    Judged,
    Parsed,
    Planned,
    Refused,
    Repairing,
    Step,
    Streaming,
    Waiting,
)
from festina.findings import Rest, Status
from festina.models.base import ModelError, Trouble
from festina.proposals import CandidateStatus, CandidateView
from support.fakes import failed, impacted, passed


def folded(count, *events):
    outcome = Outcome(count)
    ended = [outcome.fold(event) for event in events]
    return outcome, [answer.index for answer in ended if answer is not None]


def parsed(candidate):
    return Parsed(candidate, "x\n", "x\ny\n", (), "+x\n", 0.1)


END = Finished(1, Status.PASSED, "ok", 1.0, 2.0)


def test_a_candidate_ends_when_it_is_judged_or_refused():
    outcome, ended = folded(
        2,
        Streaming(0, "x", 1),
        Streaming(1, "x", 1),
        parsed(1),
        Step(1, "running the tests"),
        Judged(1, "x\ny\n", passed()),
        Refused(0, "empty", "No code."),
        END,
    )
    assert ended == [1, 0]
    assert outcome.best.index == 1
    assert outcome.answers[0].status is CandidateStatus.UNUSABLE
    assert [outcome.answers[n].to_json()["status"] for n in (0, 1)] == ["unusable", "passed"]


def test_the_whole_suite_judges_a_candidate_once_more():
    outcome, ended = folded(
        2, parsed(1), Judged(1, "x\ny\n", impacted(passed()), Rest.OWED), Completing(1)
    )
    assert ended == [1]
    assert outcome.status() == "0 of 2 candidates · 0 passed · 1 being checked · " + (
        "running the whole suite"
    )
    ended = outcome.fold(Judged(1, "x\ny\n", failed()))
    assert ended.status is CandidateStatus.FAILED


@pytest.mark.parametrize("error", [ModelError(Trouble.NETWORK, "reset"), None])
def test_a_repair_that_fails_leaves_what_was_rejected(error):
    kept = CandidateView(0, CandidateStatus.FAILED, "x\n", failed())
    outcome, ended = folded(
        1,
        parsed(0),
        Judged(0, "x\ny\n", failed()),
        Repairing(0, 1),
        Streaming(0, "z", 2),
        Refused(0, "network", "reset", error, kept),
    )
    assert ended == [0]
    answer = outcome.answers[0]
    assert (answer.status, answer.diff, answer.round) == (CandidateStatus.FAILED, "+x\n", 1)
    assert answer.verdict.findings
    outcome.fold(Planned(0, "Return x."))
    assert outcome.status() == "repair 2: waiting for the model"


def test_a_repair_starts_its_candidate_anew():
    outcome, ended = folded(
        1, parsed(0), Judged(0, "", failed()), Repairing(0, 1), Streaming(0, "z", 2)
    )
    assert ended == [0]
    answer = outcome.answers[0]
    assert (answer.status, answer.round, answer.verdict) == (CandidateStatus.STREAMING, 1, None)
    assert outcome.status() == "repair 1: streaming, 2 tokens"


@pytest.mark.parametrize(
    ("count", "best"), [(1, 0), (2, None)], ids=["the only one is shown", "none of several is"]
)
def test_without_a_best_only_a_single_candidate_is_shown(count, best):
    events = [Judged(index, "", failed()) for index in range(count)]
    outcome, _ = folded(count, *events, Finished(None, Status.FAILED, "no", 1, 1))
    assert (outcome.best.index if outcome.best else None) == best


def test_of_what_had_come_the_best_is_known_also_while_it_is_repaired():
    assert folded(1, Streaming(0, "x", 40))[0].so_far is None
    outcome, _ = folded(1, parsed(0), Judged(0, "", failed()), Repairing(0, 1))
    assert outcome.so_far.verdict == failed()
    outcome, _ = folded(3, *(Judged(n, "", failed()) for n in (0, 1)), Judged(2, "", passed()))
    assert outcome.so_far.index == 2


def test_the_status_line_tells_how_far_things_are():
    assert Outcome(1).status() == "waiting for the model"
    assert folded(1, Streaming(0, "x", 40))[0].status() == "streaming, 40 tokens"
    assert folded(1, parsed(0))[0].status() == "checking"
    assert folded(1, parsed(0), Step(0, "running ruff"))[0].status() == "running ruff"
    outcome, _ = folded(
        4,
        Streaming(0, "x", 1),
        parsed(1),
        Step(1, "running ruff"),
        Judged(2, "", passed()),
        Judged(3, "", failed()),
    )
    assert outcome.status() == (
        "2 of 4 candidates · 1 passed · 1 streaming · 1 being checked · running ruff"
    )
    until = datetime(2026, 1, 2, 18, 5).astimezone()
    outcome.fold(Waiting(0, Wait("Groq", until, 60)))  # its end is not cut off by what runs
    assert outcome.status().startswith("2 of 4 candidates · 1 passed · Waiting for Groq's limit")
    repaired, _ = folded(1, Judged(0, "", failed()), Repairing(0, 1))
    repaired.fold(Waiting(0, Wait("Groq", until, 60)))
    assert repaired.status().startswith("repair 1: Waiting for Groq's limit until 18:05")


def test_the_first_of_those_that_stream_is_on_show():
    outcome, _ = folded(3, Streaming(2, "c", 1), Streaming(1, "b", 1))
    assert outcome.leader().preview == "b"
    outcome.fold(parsed(1))
    assert outcome.leader().preview == "c"
    outcome.fold(Refused(2, "empty", ""))
    assert outcome.leader() is None
