"""A second look at a failure, since tests that fail now and then must not reject a good edit.

A candidate that failed passes all the same only if it fails no test in a further run of the whole
suite *and* the tests in question were seen to fail without the edit as well. Where nothing shows
that they did so before, a candidate that fails now and then is unverified.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from festina.findings import Status
from festina.verify.judge import Judgement, broken, is_less, is_new_failure
from festina.verify.record import Run

_TRIES = 4
"""Runs of the tests in question alone, without the edit, to see one fail."""

Only = Collection[str] | None
Again = Callable[[Only], Awaitable[Run]]
"""Runs the suite once more; given ids, only those tests."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate's: how it is run and judged, and how the workspace without it is run."""

    base: Run
    judge: Callable[[Run, Run], Judgement]
    candidate: Again
    bare: Again
    say: Callable[[str], None]


class SecondLook:
    """Looks again where that can change a verdict, and remembers which tests are steady."""

    def __init__(self) -> None:
        self._steady: tuple[str, frozenset[str]] = ("", frozenset())

    async def look(self, key: str, trial: Trial, run: Run, first: Judgement) -> Judgement:
        """Judge a candidate again that failed ``run``; ``key`` is that of the baseline."""
        tests = suspects(trial.base, run)
        if self._steady[0] != key:
            self._steady = (key, frozenset())
        if tests and not tests <= self._steady[1]:
            trial.say("running what failed once more")
            again = await retried(trial, first, tests)
            if again is first:  # with other candidates, too, there is nothing to doubt then
                self._steady = (key, self._steady[1] | tests)
            return again
        if is_less(trial.base, run):
            trial.say("running the tests once more without the edit")
            control = await trial.bare(None)
            if broken(control) is None:
                return trial.judge(steady(trial.base, control), run)
        return first


def suspects(base: Run, run: Run) -> frozenset[str]:
    """Return the tests that fail now and passed without the edit.

    Empty where something else failed too: a new test, a file that cannot be collected.
    """
    failed = [outcome.id for outcome in run.outcomes.values() if is_new_failure(base, outcome)]
    passed = {test for test, outcome in base.outcomes.items() if outcome.status == "passed"}
    return frozenset(failed) if passed.issuperset(failed) else frozenset()


def steady(base: Run, control: Run) -> Run:
    """Return a baseline without the ids in which a further one differs, and with its skips."""
    again = set(control.ids or ())
    outcomes = dict(base.outcomes)
    for test, outcome in control.outcomes.items():
        known = outcomes.get(test)
        if known is not None and not known.bad and outcome.status in ("skipped", "xfailed"):
            outcomes[test] = outcome
    ids = tuple(test for test in base.ids or () if test in again)
    return dataclasses.replace(base, ids=ids, outcomes=outcomes)


async def retried(trial: Trial, first: Judgement, tests: frozenset[str]) -> Judgement:
    """Judge a candidate again that failed ``tests``; ``first`` itself where it stands."""
    if not _all_pass(await trial.candidate(tests), tests):
        return first
    again = trial.judge(trial.base, await trial.candidate(None))
    if again.status is not Status.PASSED or again.counts is None:
        return first if again.status is Status.FAILED else again
    left = tests - (await trial.bare(None)).failing
    for _ in range(_TRIES):
        if left:
            left -= (await trial.bare(left)).failing
    if left:
        reason = (
            f"{min(left)} failed once and passed twice with the edit, and was not seen to fail"
            " without it: it is flaky, or the edit makes it so. Verify again."
        )
        return dataclasses.replace(again, status=Status.UNVERIFIED, reason=reason)
    return dataclasses.replace(again, counts=dataclasses.replace(again.counts, flaky=len(tests)))


def _all_pass(run: Run, tests: frozenset[str]) -> bool:
    found = [run.outcomes.get(test) for test in tests]
    return run.end is not None and all(one is not None and one.status == "passed" for one in found)
