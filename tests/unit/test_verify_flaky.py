"""When a candidate that failed is looked at again, and what follows."""

from __future__ import annotations

import dataclasses

import pytest

from festina.findings import Status
from festina.verify.flaky import Only, SecondLook, Trial, steady, suspects
from festina.verify.judge import Judgement, Target, judge
from festina.verify.record import Run
from support.runs import run

TARGET = Target("pkg/mod.py", "digest", ("pkg.mod",))
GREEN = {"t::a": "passed", "t::b": "passed"}
RED = {"t::a": "failed", "t::b": "passed"}
ALONE = {"t::a": "passed"}
FAILS_ALONE = {"t::a": "failed"}


class Script:
    """Answers for the runs of a trial, in order; what was asked is kept."""

    def __init__(self, candidate: list[dict[str, str]], bare: list[dict[str, str]]) -> None:
        self.left = {"candidate": candidate, "bare": bare}
        self.said: list[str] = []

    async def _next(self, which: str, only: Only) -> Run:
        outcomes = self.left[which].pop(0)
        assert only is None or set(only) == {"t::a"}
        assert (only is None) == (len(outcomes) > 1)
        return run(outcomes)

    async def candidate(self, only: Only) -> Run:
        return await self._next("candidate", only)

    async def bare(self, only: Only) -> Run:
        return await self._next("bare", only)

    def trial(self, base: Run) -> Trial:
        return Trial(
            base,
            lambda base, run: judge(base, run, TARGET),
            self.candidate,
            self.bare,
            self.said.append,
        )


async def look(script: Script, base: Run, first: Run) -> Judgement:
    trial = script.trial(base)
    return await SecondLook().look("key", trial, first, trial.judge(base, first))


@pytest.mark.parametrize(
    ("candidate", "bare", "status"),
    [
        ([FAILS_ALONE], [], Status.FAILED),
        ([{"t::a": "skipped"}], [], Status.FAILED),
        ([ALONE, RED], [], Status.FAILED),
        ([ALONE, {"t::a": "passed", "t::b": "failed"}], [], Status.FAILED),
        ([ALONE, {"t::a": "passed", "t::b": "skipped"}], [], Status.FAILED),
        ([ALONE, GREEN], [RED], Status.PASSED),
        ([ALONE, GREEN], [GREEN, ALONE, FAILS_ALONE], Status.PASSED),
        ([ALONE, GREEN], [GREEN, ALONE, ALONE, ALONE, ALONE], Status.UNVERIFIED),
    ],
)
async def test_a_failure_stands_unless_it_was_there_before_and_is_gone_again(
    candidate: list[dict[str, str]], bare: list[dict[str, str]], status: Status
) -> None:
    script = Script(candidate, bare)
    judgement = await look(script, run(GREEN), run(RED))
    assert judgement.status is status
    assert script.left == {"candidate": [], "bare": []}
    assert judgement.counts is not None
    assert judgement.counts.flaky == (status is Status.PASSED)


@pytest.mark.parametrize(("hurried", "status"), [(RED, Status.PASSED), (GREEN, Status.UNVERIFIED)])
async def test_a_test_that_fails_in_that_order_without_the_edit_too_is_not_held_against_it(
    hurried: dict[str, str], status: Status
) -> None:
    left = [] if status is Status.PASSED else [ALONE] * 4
    script = Script([ALONE, GREEN], [GREEN, *left])

    async def again() -> Run:
        return run(hurried)

    trial = dataclasses.replace(script.trial(run(GREEN)), hurried=again)
    judgement = await SecondLook().look("key", trial, run(RED), trial.judge(trial.base, run(RED)))
    assert judgement.status is status
    assert script.left == {"candidate": [], "bare": []}


async def test_what_failed_again_with_one_candidate_is_not_doubted_with_the_next() -> None:
    script = Script([FAILS_ALONE], [])
    second = SecondLook()
    trial = script.trial(run(GREEN))
    first = trial.judge(trial.base, run(RED))
    for _ in range(2):
        assert await second.look("key", trial, run(RED), first) is first
    script.left["candidate"] = [FAILS_ALONE]
    await second.look("another baseline", trial, run(RED), first)
    assert script.left["candidate"] == []


async def test_what_fails_in_another_line_than_with_the_last_candidate_is_doubted() -> None:
    script = Script([FAILS_ALONE, ALONE, GREEN], [RED])
    second = SecondLook()
    trial = script.trial(run(GREEN))
    first = trial.judge(trial.base, run(RED))
    assert (await second.look("key", trial, run(RED), first)) is first
    late = run(RED)
    late.outcomes["t::a"] = dataclasses.replace(late.outcomes["t::a"], line=7)
    judgement = await second.look("key", trial, late, trial.judge(trial.base, late))
    assert judgement.status is Status.PASSED


async def test_what_passed_alone_is_doubted_with_the_next_candidate_too() -> None:
    script = Script([ALONE, RED, ALONE, GREEN], [RED])
    second = SecondLook()
    trial = script.trial(run(GREEN))
    first = trial.judge(trial.base, run(RED))
    assert (await second.look("key", trial, run(RED), first)) is first
    assert (await second.look("key", trial, run(RED), first)).status is Status.PASSED


async def test_what_is_seen_of_one_baseline_says_nothing_of_the_next() -> None:
    second = SecondLook()
    script = Script([GREEN], [ALONE, GREEN])
    trial = script.trial(run(RED))
    first = trial.judge(trial.base, run(RED))
    others: list[Judgement] = []

    async def meanwhile(only: Only) -> Run:
        others.append(await second.look("new", script.trial(run(GREEN)), run(GREEN), first))
        return run(FAILS_ALONE)

    await second.look("old", dataclasses.replace(trial, bare=meanwhile), run(RED), first)
    assert others
    assert (await second.look("new", trial, run(RED), first)).counts != first.counts
    assert script.left == {"candidate": [], "bare": []}


@pytest.mark.parametrize(
    ("candidate", "bare", "status", "flaky"),
    [
        ([], [FAILS_ALONE], Status.PASSED, 0),
        ([], [ALONE, RED], Status.PASSED, 0),
        ([GREEN], [ALONE, GREEN], Status.PASSED, 1),
        ([RED], [ALONE, GREEN], Status.UNVERIFIED, 0),
        ([{"t::a": "skipped", "t::b": "passed"}], [ALONE, GREEN], Status.UNVERIFIED, 0),
    ],
)
async def test_a_failure_of_the_baseline_hides_one_of_the_edit_only_if_it_is_steady(
    candidate: list[dict[str, str]], bare: list[dict[str, str]], status: Status, flaky: int
) -> None:
    script = Script(candidate, bare)
    judgement = await look(script, run(RED), run(RED))
    assert judgement.status is status
    assert script.left == {"candidate": [], "bare": []}
    assert judgement.counts is not None
    assert judgement.counts.flaky == flaky


@pytest.mark.parametrize("bare", [[FAILS_ALONE], [ALONE, RED]])
async def test_a_steady_failure_of_the_baseline_is_looked_at_once(
    bare: list[dict[str, str]],
) -> None:
    script = Script([], bare)
    second = SecondLook()
    trial = script.trial(run(RED))
    first = trial.judge(trial.base, run(RED))
    for _ in range(3):
        assert await second.look("key", trial, run(RED), first) is first


@pytest.mark.parametrize(
    "now",
    [
        {**GREEN, "t::new": "failed"},
        {**RED, "t::new": "failed"},
        {**GREEN, "t/mod.py": "error"},
    ],
)
async def test_new_tests_and_broken_files_are_never_doubted(now: dict[str, str]) -> None:
    assert suspects(run(GREEN), run(now)) == frozenset()
    judgement = await look(Script([], []), run(GREEN), run(now))
    assert judgement.status is Status.FAILED


@pytest.mark.parametrize(
    ("control", "status"),
    [
        (GREEN, Status.FAILED),
        ({"t::a": "passed", "t::c": "passed"}, Status.PASSED),
        ({"t::c": "passed", "t::d": "passed"}, Status.PASSED),
    ],
)
async def test_only_what_is_missing_in_a_further_baseline_too_may_be(
    control: dict[str, str], status: Status
) -> None:
    now = run({"t::a": "passed", "t::d": "passed"})
    assert (await look(Script([], [control]), run(GREEN), now)).status is status


async def test_a_baseline_that_does_not_end_the_second_time_shows_nothing() -> None:
    script = Script([], [])

    async def bare(only: Only) -> Run:
        return run({}, ended=False)

    trial = dataclasses.replace(script.trial(run(GREEN)), bare=bare)
    now = run({"t::a": "passed"})
    judgement = await SecondLook().look("key", trial, now, trial.judge(trial.base, now))
    assert judgement.status is Status.FAILED


def test_steady_keeps_failures_and_takes_over_skips() -> None:
    base = run({"t::a": "passed", "t::b": "failed", "t::c": "passed"})
    control = run({"t::a": "skipped", "t::b": "skipped", "t::c": "failed"})
    found = steady(base, control)
    assert {test: outcome.status for test, outcome in found.outcomes.items()} == {
        "t::a": "skipped",
        "t::b": "failed",
        "t::c": "passed",
    }
