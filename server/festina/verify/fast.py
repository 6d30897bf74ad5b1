"""The quick tiers: what a candidate changes, which tests that concerns, and who runs them.

Tier 0 starts no process, tier 1 exchanges the code of functions in a child that has collected, tier
2 imports everything afresh in a child of a process that stopped before the first conftest. Where
one of them cannot be sure, the next one is asked, and the cold run (tier 3) last; nothing is
guessed.
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path

from festina.findings import Status, TestCounts
from festina.verify import sandbox
from festina.verify.carried import affected, carry, disturbs
from festina.verify.case import Case, limit_of_few, limit_of_suite, tried
from festina.verify.classify import Fresh as FreshOnly
from festina.verify.classify import Same, Swap
from festina.verify.concern import Change, describe
from festina.verify.flaky import SecondLook
from festina.verify.forkserver import NoCell, NoServer
from festina.verify.judge import Judgement
from festina.verify.mapping import MANY, Maps, Traffic
from festina.verify.question import Question
from festina.verify.record import Run
from festina.verify.selection import Failures, in_order
from festina.verify.state import State, States
from festina.verify.suite import Bench
from festina.verify.warm import Bases, Place
from festina.verify.ways import Doubled, Fresh, Swapped, Way

_log = logging.getLogger(__name__)

_ISOLATING = frozenset([sandbox.Level.BUBBLEWRAP, sandbox.Level.NAMESPACES])
_CARRIED = 8
"""Baselines of later states that are kept; each holds an outcome for every test."""
_ANSWERS = 100
"""Answers that are kept for candidates with equal code."""
_DESCRIBED = 2
"""Candidates of which it is found out at once what they change, while the tests of others run."""
_DOUBLED_SECONDS = 0.2
"""Tests known to take less run twice at once, if nothing else runs: failures are sure sooner."""
_UNEXECUTED = (
    "No test executes the change ({functions}), as far as is known from a run of the whole suite."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, by which tier, and on how much of the suite it rests."""

    judgement: Judgement
    tier: int
    scope: str


class Fast:
    """Judges candidates with what is kept warm. One for an engine."""

    def __init__(self, states: States, folder: Path, *, making: bool) -> None:
        self.traffic = Traffic()
        self.maps = Maps(states, folder, self.traffic, making=making)
        self.bases = Bases(states, self.maps.forget, priming=making)
        self._second = SecondLook()
        self._failures = Failures()
        self.dependent: frozenset[str] = frozenset()
        """Tests that were seen to fail alone and to pass with all of their file."""
        self._describing = asyncio.Semaphore(_DESCRIBED)
        self._running = 0
        self._carried: dict[str, Run] = {}
        self._answers: dict[tuple[object, ...], Answer] = {}
        self._ending: set[asyncio.Task[Run]] = set()

    def can(self, bench: Bench) -> bool:
        """Whether children can be isolated one by one here."""
        return bench.level in _ISOLATING

    def expect(self) -> None:
        """Make ready for a candidate that will soon be here, unless there are others."""
        if not self._running:
            self.bases.expect()

    async def judge(
        self,
        bench: Bench,
        place: Place,
        case: Case,
        root: str | None,
        *,
        slot: asyncio.Semaphore,
        full: bool,
        confirm: bool = False,
    ) -> Answer | None:
        """Judge a candidate; ``full`` asks for the whole suite. None: only a cold run can tell.

        ``slot`` is held while tests run. ``confirm`` says that the impacted tests are known to
        pass.
        """
        self._running += 1
        try:
            async with self._describing:
                change = await self._change(place, case)
            key = (case.key, case.watch.target.path, change.meaning, case.wanted, full)
            async with slot:
                if change.meaning and (known := self._answers.get(key)) is not None:
                    return replace(known, tier=0)
                answer = None
                if not confirm:
                    answer = await self._impacted(bench, place, case, root, change)
                if answer is None or (
                    full and answer.scope != "full" and answer.judgement.status is not Status.FAILED
                ):
                    answer = await self._whole(bench, place, case, root, change)
                if answer is not None and answer.judgement.status is not Status.UNVERIFIED:
                    self._answers[key] = answer
                    while len(self._answers) > _ANSWERS:
                        del self._answers[next(iter(self._answers))]
                return answer
        finally:
            self._running -= 1

    async def learn(self, place: Place, root: str | None, *, full: bool) -> None:
        """Have the base's map made; where many candidates wait for it, wait until it is."""
        await self.maps.want(place.base, root)
        if self.traffic.waiting >= MANY and not full:
            await self.maps.settled(place.base)

    async def carried(
        self, bench: Bench, place: Place, state: State, base: Run, root: str | None
    ) -> Run | None:
        """Return the baseline of ``state``, from that of its base. None: it needs a whole run."""
        if not place.files:
            return base
        known = self.maps.at_hand(place.base)
        if known is None or disturbs(place.files, place.base.state.contents):
            return None
        if (carried := self._carried.get(state.fingerprint)) is not None:
            return carried
        texts = {name: text for name, text in place.files.items() if text is not None}
        unknown = await asyncio.to_thread(lambda: known.rebased(texts).select({}).tests)
        rerun = affected(base, place.files, unknown)
        carried = base
        if rerun:
            try:
                server = await place.base.server("fresh", root)
                limit = limit_of_suite(base, bench.settings.timeout_seconds)
                question = Question(files=place.files, only=tuple(rerun))
                again = await server.run(question, timeout=limit)
            except (NoServer, NoCell):
                return None
            if again.end is None or again.ids is None or again.garbled or again.internal_error:
                return None
            carried = carry(base, again, rerun)
        self._carried[state.fingerprint] = carried
        while len(self._carried) > _CARRIED:
            del self._carried[next(iter(self._carried))]
        return carried

    async def _change(self, place: Place, case: Case) -> Change:
        target = case.watch.target
        if not target.python or target.in_tests:
            return Change(None, reason="tests or their configuration are changed")
        environment = place.base.bench.environment
        known = self.maps.at_hand(place.base)
        return await asyncio.to_thread(describe, place, case, environment.version[:2], known)

    async def _impacted(
        self, bench: Bench, place: Place, case: Case, root: str | None, change: Change
    ) -> Answer | None:
        tests, decision = change.tests, change.decision
        if tests is None or isinstance(decision, FreshOnly):
            return None
        tests |= set(case.wanted)
        if isinstance(decision, Same) and not tests:
            return Answer(Judgement(Status.PASSED, TestCounts()), 0, "full")
        if not tests:
            names = ", ".join(change.functions)
            reason = _UNEXECUTED.format(functions=names)
            return Answer(Judgement(Status.UNVERIFIED, TestCounts(), reason=reason), 0, "impacted")
        known = self.maps.seconds(place.base)
        seconds = sum(known.get(one, 0.1) for one in tests)
        limit = limit_of_few(seconds, bench.settings.timeout_seconds)
        doubled = None
        try:
            way: Way = await self._way_for(place, case, root, change, tests, limit)
            idle = self._running == 1 and (bench.settings.parallel or os.cpu_count() or 1) > 1
            if isinstance(way, Swapped) and idle and seconds < _DOUBLED_SECONDS:
                way = doubled = Doubled(way)
            judgement = await tried(case.few(tests), way, self._second)
        except (NoServer, NoCell) as error:
            _log.debug("Not run in a child: %s.", error)
            return None
        finally:
            self._end(None if doubled is None else doubled.leave())
        self._note(case, change, judgement)
        counts = judgement.counts
        if judgement.status is Status.UNVERIFIED and counts is not None and not counts.passed:
            return None  # all of them fail without the edit, too: the others may tell
        return Answer(judgement, way.tier, "impacted") if judgement.sure else None

    async def _way_for(
        self,
        place: Place,
        case: Case,
        root: str | None,
        change: Change,
        tests: frozenset[str],
        limit: float,
    ) -> Swapped | Fresh:
        """Return how the impacted tests run: where their own files have changed, only afresh."""
        path, new = case.watch.target.path, case.candidate.new
        order = in_order(
            tests,
            case.base.ids or (),
            self.maps.seconds(place.base),
            self._failures.of(path, change.functions),
        )
        if any(path in case.base.files for path in place.files):
            server = await place.base.server("fresh", root)
            return Fresh(server, path, new, case.watch, (), place.files, limit, order)
        server = await place.base.server("collected", root)
        if not tests <= set(server.ready.ids):
            raise NoServer("it collected other tests than the run without the edit")
        swap = change.decision if isinstance(change.decision, Swap) else None
        return Swapped(
            server,
            path,
            new,
            case.watch,
            order,
            place.files,
            change.swaps,
            change.drifted,
            None if swap is None else (swap.before, swap.after),
            change.needs,
            limit,
            standby=self._running == 1,
        )

    def _end(self, run: asyncio.Task[Run] | None) -> None:
        """End a run that nobody needs; nobody waits for that either, but :meth:`aclose`."""
        if run is not None:
            self._ending.add(run)
            run.add_done_callback(self._ended)
            run.cancel()

    def _ended(self, run: asyncio.Task[Run]) -> None:
        self._ending.discard(run)
        if not run.cancelled():
            run.exception()

    def _note(self, case: Case, change: Change, judgement: Judgement) -> None:
        if judgement.status is Status.FAILED:
            codes = [finding.code for finding in judgement.findings if finding.code]
            self._failures.note(case.watch.target.path, change.functions, codes)

    async def _whole(
        self, bench: Bench, place: Place, case: Case, root: str | None, change: Change
    ) -> Answer | None:
        try:
            server = await place.base.server("fresh", root)
        except NoServer:
            return None
        path = case.watch.target.path
        failed = self._failures.of(path, change.functions)
        first = in_order(
            change.tests or (), case.base.ids or (), self.maps.seconds(place.base), failed
        )
        way = Fresh(
            server,
            path,
            case.candidate.new,
            case.watch,
            first,
            place.files,
            limit_of_suite(case.base, bench.settings.timeout_seconds),
        )
        try:
            judgement = await tried(case, way, self._second)
        except (NoServer, NoCell) as error:
            _log.debug("Not run afresh: %s.", error)
            return None
        self._note(case, change, judgement)
        return Answer(judgement, 2, "full") if judgement.sure else None

    async def aclose(self) -> None:
        """End every process and give the copies back."""
        if self._ending:
            await asyncio.wait(self._ending)
        await self.maps.aclose()
        await self.bases.aclose()
