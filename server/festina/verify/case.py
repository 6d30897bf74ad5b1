"""One candidate before the tests: which ways there are to run them, and what each proves."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from festina.findings import Status
from festina.verify.base import Candidate
from festina.verify.flaky import Only, SecondLook, Trial
from festina.verify.judge import Judgement, is_new_failure, judge
from festina.verify.record import Run
from festina.verify.watch import Watch
from festina.verify.ways import Way

LEAST_SECONDS = 30.0
_LEAST_FOR_FEW = 10.0
_MOST_PATIENCE = 4.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """A candidate and what its runs are compared with.

    ``base`` is the run without it, ``wanted`` are tests that fail in it and must pass, ``key`` is
    the state's.
    """

    candidate: Candidate
    watch: Watch
    base: Run
    wanted: tuple[str, ...]
    key: str
    say: Say

    def few(self, tests: Iterable[str]) -> Case:
        """Return the case for some tests alone; files that cannot be collected stay in it."""
        chosen = frozenset(tests)
        others = frozenset(self.base.ids or ()) - chosen
        ids = tuple(test for test in self.base.ids or () if test in chosen)
        outcomes = {test: one for test, one in self.base.outcomes.items() if test not in others}
        base = dataclasses.replace(self.base, ids=ids, outcomes=outcomes)
        return dataclasses.replace(self, base=base)


def limit_of_suite(base: Run, most: float) -> float:
    """Return the seconds that the whole suite may take with a candidate."""
    return min(most, _patience() * max(LEAST_SECONDS, 5 * base.seconds + 10))


def limit_of_few(seconds: float, most: float) -> float:
    """Return the seconds that tests may take which are known to take ``seconds``."""
    return min(most, _patience() * max(_LEAST_FOR_FEW, 10 * seconds + 5))


def _patience() -> float:
    """Return how many times longer tests may take, since the machine has more to do than it can.

    A good edit must not be ``unverified`` because something else was running beside it.
    """
    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows has none
        return 1.0
    return min(max(1.0, load / (os.cpu_count() or 1)), _MOST_PATIENCE)


async def tried(
    case: Case,
    way: Way,
    second: SecondLook,
    *,
    whole: Callable[[], Awaitable[Run]] | None = None,
) -> Judgement:
    """Run a candidate one way and judge it; doubtful failures get a second look.

    ``whole`` runs the suite once more without the candidate, where such a run can be shared.

    Raises:
        NoServer, NoCell: this way cannot be gone.
    """
    base = case.base

    async def once(only: Only = None, *, hurry: bool = False) -> Run:
        stop = None if only else lambda outcome: is_new_failure(base, outcome)
        return await way.candidate(only, stop, hurry=hurry)

    async def bare(only: Only) -> Run:
        if only is None and whole is not None:
            return await whole()
        return await way.bare(only)

    def judged(base: Run, run: Run) -> Judgement:
        return judge(base, run, case.watch.target, case.wanted)

    run = await once(hurry=True)
    if run.end is None and not run.stopped and not run.timed_out and way.tier == 3:
        case.say("the test process died; running the tests once more")
        run = await once()
    first = judged(base, run)
    if not first.sure and first.status is Status.UNVERIFIED and way.tier < 3:
        # the way itself may leave marks: what the bare run does as well is not the candidate's
        control = await way.bare(None)
        base = dataclasses.replace(
            base,
            replaced=base.replaced | control.replaced,
            touched=base.touched | control.touched,
        )
        first = judged(base, run)

    async def hurried() -> Run:
        return await way.bare(None, hurry=True)

    trial = Trial(base, judged, once, bare, case.say, hurried if way.tier < 3 else None)
    return await second.look(case.key, trial, run, first)
