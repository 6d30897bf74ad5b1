"""A second look at a failure, since tests that fail now and then must not reject a good edit.

A candidate that failed passes all the same only if it fails no test in a further run of the whole
suite *and* the tests in question were seen to fail without the edit as well. Where nothing shows
that they did so before, a candidate that fails now and then is unverified.

The other way round, a test that happened to fail without the edit must not hide that the edit
breaks it: what fails in both runs counts as known only if it fails again without the edit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from festina.findings import Status
from festina.verify.judge import Judgement, broken, is_less, is_new_failure
from festina.verify.record import Run

_TRIES = 4
"""Runs of the tests in question alone, without the edit, to see one fail."""

Only = Collection[str] | None
Place = tuple[str, str, int | None]
"""A test, and the file and line in which it failed."""
Again = Callable[[Only], Awaitable[Run]]
"""Runs the suite once more; given ids, only those tests."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate's: how it is run and judged, and how the workspace without it is run.

    ``hurried`` runs that in the order of the candidate's first run, where that was another one than
    the project's own.
    """

    base: Run
    judge: Callable[[Run, Run], Judgement]
    candidate: Again
    bare: Again
    say: Callable[[str], None]
    hurried: Callable[[], Awaitable[Run]] | None = None


@dataclass(slots=True)
class _Known:
    """What was looked at twice under one baseline.

    ``failing`` fail without the edit, and do so again. ``places`` are where a test failed, and did
    so again, with some candidate: another one that fails there as well needs no second look.
    """

    key: str
    failing: set[str] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)


class SecondLook:
    """Looks again where that can change a verdict, and remembers what it saw."""

    def __init__(self) -> None:
        self._known = _Known("")

    async def look(self, key: str, trial: Trial, run: Run, first: Judgement) -> Judgement:
        """Judge a candidate's ``run`` again; ``key`` is that of the baseline."""
        if self._known.key != key:
            self._known = _Known(key)
        known = self._known  # what runs on for long may find another one there at its end
        if first.status is Status.PASSED:
            return await _hidden(trial, run, first, known)
        if first.status is not Status.FAILED:
            return first
        tests = suspects(trial.base, run)
        if tests and not known.places.issuperset(_places(run, tests)):
            trial.say("running what failed once more")
            return await _retried(trial, run, first, tests, known)
        if is_less(trial.base, run):
            trial.say("running the tests once more without the edit")
            control = await trial.bare(None)
            if broken(control) is None:
                return trial.judge(steady(trial.base, control), run)
        return first


async def _hidden(trial: Trial, run: Run, first: Judgement, known: _Known) -> Judgement:
    """Doubt a success where a test failed in both runs that passes without the edit."""
    both = (run.failing & trial.base.failing & set(trial.base.ids or ())) - known.failing
    if not both:
        return first
    trial.say("running what fails without the edit once more")
    again = await trial.bare(both)
    known.failing |= both & again.failing
    if tests := both & passing(again):
        again = await trial.bare(None)
        known.failing |= tests & again.failing
        tests &= passing(again)
    if not tests:
        return first
    base = dataclasses.replace(
        trial.base,
        outcomes={
            test: dataclasses.replace(outcome, status="passed") if test in tests else outcome
            for test, outcome in trial.base.outcomes.items()
        },
    )
    judgement = trial.judge(base, await trial.candidate(None))
    if judgement.status is Status.PASSED:
        return _remarked(judgement, tests)
    reason = f"{min(tests)} fails with the edit, and now and then without it. Verify again."
    return dataclasses.replace(first, status=Status.UNVERIFIED, reason=reason)


def suspects(base: Run, run: Run) -> frozenset[str]:
    """Return the tests that fail now and passed without the edit.

    Empty where something else failed too: a new test, a file that cannot be collected.
    """
    failed = [outcome.id for outcome in run.outcomes.values() if is_new_failure(base, outcome)]
    passed = {test for test, outcome in base.outcomes.items() if outcome.status == "passed"}
    return frozenset(failed) if passed.issuperset(failed) else frozenset()


def _places(run: Run, tests: Iterable[str]) -> set[Place]:
    outcomes = [run.outcomes[test] for test in tests]
    return {(outcome.id, outcome.path, outcome.line) for outcome in outcomes}


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


async def _retried(
    trial: Trial, run: Run, first: Judgement, tests: frozenset[str], known: _Known
) -> Judgement:
    """Judge a candidate again that failed ``tests`` in ``run``; ``first`` where it stands."""
    alone = await trial.candidate(tests)
    if not tests <= passing(alone):
        known.places |= _places(run, tests & alone.failing)
        return first
    again = trial.judge(trial.base, await trial.candidate(None))
    if again.status is not Status.PASSED:
        return first if again.status is Status.FAILED else again
    left = tests - (await trial.bare(None)).failing
    if left and trial.hurried is not None:  # some depend on those that ran before them
        left -= (await trial.hurried()).failing
    for _ in range(_TRIES):
        if left:
            left -= (await trial.bare(left)).failing
    if left:
        reason = (
            f"{min(left)} failed once and passed twice with the edit, and was not seen to fail"
            " without it: it is flaky, or the edit makes it so. Verify again."
        )
        return dataclasses.replace(again, status=Status.UNVERIFIED, reason=reason)
    return _remarked(again, tests)


def passing(run: Run) -> frozenset[str]:
    """Return the tests that passed in a run that came to its end."""
    ended = run.outcomes.values() if run.end is not None else ()
    return frozenset(outcome.id for outcome in ended if outcome.status == "passed")


def _remarked(judgement: Judgement, tests: AbstractSet[str]) -> Judgement:
    counts = judgement.counts
    assert counts is not None
    return dataclasses.replace(judgement, counts=dataclasses.replace(counts, flaky=len(tests)))
