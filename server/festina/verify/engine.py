"""The verifier: cheap gates first, then the tests, by the quickest way that is sure."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from festina.findings import Gate, GateResult, Status, Verdict
from festina.verify import bounded, shadow, sweep, syntax
from festina.verify.bare import Bare
from festina.verify.base import (
    Candidate,
    ExamineScope,
    OnStep,
    Scope,
    Snapshot,
    key_of,
)
from festina.verify.baseline import Baselines
from festina.verify.benches import Benches
from festina.verify.examination import Examination
from festina.verify.examine import Asked
from festina.verify.examine_cold import ColdTools, examine_with
from festina.verify.examine_fast import FastTools
from festina.verify.fast import Fast
from festina.verify.lint_gate import LintGate
from festina.verify.mapping import OnProgress
from festina.verify.memory import Trimming
from festina.verify.more_gates import MoreGates, gates_of, in_order, unanswered
from festina.verify.process import LaunchError
from festina.verify.shot_store import ShotStore
from festina.verify.state import State, States
from festina.verify.telling import Telling
from festina.verify.tests_gate import TestsGate

_REMEMBERED = 100
"""Candidates of which is remembered what they passed."""
_BEGINNING = 2
"""Candidates whose first steps are taken at once: of many, the first ones get on to their tests."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One verification; ``known`` is what passed before for the same text in the same state."""

    snapshot: Snapshot
    candidate: Candidate
    state: State | None
    key: str
    too_large: str
    known: dict[str, GateResult]
    scope: Scope | None
    telling: Telling


class Engine:
    """Judges candidates away from the working tree.

    ``cache`` is a folder for baselines and impact maps (default: in the user's cache). ``fast``
    keeps processes warm; without it each candidate's tests start cold. ``mapping`` makes impact
    maps in the background, which pays where more candidates are to come. Everything else that it
    writes lies in one scratch folder, which :meth:`aclose` removes;
    :func:`festina.verify.sweep.sweep` removes those of processes that were killed.
    """

    def __init__(
        self, *, cache: Path | None = None, fast: bool = True, mapping: bool = True
    ) -> None:
        folder = cache if cache is not None else sweep.scratch_root().parent / "baselines"
        self._states = States()
        self._lint = LintGate(self._states)
        self._more = MoreGates(self._states, ShotStore(folder.with_name("shots")))
        self._benches = Benches(self._states, Baselines(folder))
        self._bare = Bare(self._benches)
        self._fast = (
            Fast(self._states, folder.with_name("impact"), making=mapping) if fast else None
        )
        self._tests = TestsGate(self._benches, self._fast)
        self._beginning = asyncio.Semaphore(_BEGINNING)
        self._trimming = Trimming()
        self._active: set[asyncio.Task[object]] = set()
        self._passed: collections.OrderedDict[str, dict[str, GateResult]] = (
            collections.OrderedDict()
        )

    async def fingerprint(self, snapshot: Snapshot) -> str:
        """Hash what a verdict rests on: files, buffers, configuration, interpreter, distributions.

        Empty where the workspace is too large to be verified.
        """
        try:
            return (await self._states.of(snapshot, fresh=True)).fingerprint
        except shadow.TooLarge:
            return ""

    def on_mapping(self, told: OnProgress) -> None:
        """Have somebody told how far the impact map of a workspace is."""
        if self._fast is not None:
            self._fast.maps.on_progress = told

    async def prepare(self, snapshot: Snapshot, path: str) -> None:
        """Start the processes and the runs without the edit that a verification will need."""
        task = asyncio.create_task(self._prepare(snapshot, path))
        self._active.add(task)
        task.add_done_callback(self._active.discard)

    async def _prepare(self, snapshot: Snapshot, path: str) -> None:
        with contextlib.suppress(shadow.TooLarge, shadow.Changed, LaunchError, OSError):
            if Gate.TESTS in snapshot.settings.gates:
                await self._tests.prepare(await self._states.of(snapshot), path)
            if snapshot.settings.browser is not None:
                await self._more.prepare(await self._states.of(snapshot), path)

    async def verify(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        on_step: OnStep | None = None,
        *,
        scope: Scope | None = None,
    ) -> Verdict:
        """Judge one candidate: cheap gates first, stop at the first failure.

        Cancelling kills every process that it started and removes its copies. Any number of calls
        may run at once; as many suites as ``settings.parallel`` says (of processors, if 0). Where
        a file is saved while the workspace is copied, everything begins again, once.
        """
        with self._running():
            try:
                return await self._verify(snapshot, candidate, on_step, scope)
            except shadow.Changed:
                return await self._verify(snapshot, candidate, on_step, scope, last=True)

    async def examine(
        self,
        before: Snapshot | None,
        after: Snapshot,
        paths: Sequence[str],
        *,
        scope: ExamineScope,
        on_step: OnStep | None = None,
    ) -> Examination:
        """Look at files that were saved, with the whole suite where tests are asked for.

        Where a file is saved while the workspace is copied, everything begins again, once.
        """
        asked = Asked(before, after, tuple(paths), scope, on_step)
        with self._running():
            return await examine_with(asked, lambda: self._tools(asked))

    def _tools(self, asked: Asked) -> ColdTools:
        if self._fast is None:
            return ColdTools(asked, self._states, self._bare, self._lint.check)
        return FastTools(
            asked, self._states, self._bare, self._lint.check, self._benches, self._fast
        )

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        """Remember the task that verifies, so that closing can end it."""
        task = asyncio.current_task()
        assert task is not None
        self._active.add(task)
        self._trimming.begin()
        try:
            yield
        finally:
            self._trimming.end()
            self._active.discard(task)

    async def _verify(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        on_step: OnStep | None,
        scope: Scope | None,
        *,
        last: bool = False,
    ) -> Verdict:
        start = time.perf_counter()
        if (breach := await bounded.check(candidate, snapshot.settings)) is not None:
            return Verdict.of((breach,), seconds=time.perf_counter() - start)
        gates = sorted(gates_of(snapshot.settings), key=in_order)
        telling = Telling(on_step)
        telling.start(gates)
        done: dict[str, GateResult] = {}
        async with self._beginning:
            self._make_ready(snapshot, candidate, gates)
            await asyncio.sleep(0)  # so that they are asked before this process gets busy
            job = await self._job(snapshot, candidate, scope, telling, fresh=last)
            if gates and gates[0] == Gate.SYNTAX:
                telling.begin(Gate.SYNTAX)
                done[Gate.SYNTAX] = await self._result(job, Gate.SYNTAX)
        results: list[GateResult] = []
        async with contextlib.AsyncExitStack() as stack:
            ahead: asyncio.Task[GateResult] | None = None
            for gate in gates:
                if gate not in done:
                    telling.begin(gate)
                if gate == Gate.LINT and Gate.TESTS in gates:
                    ahead = asyncio.create_task(self._result(job, Gate.TESTS))
                    stack.push_async_callback(_ended, ahead)
                try:
                    early = ahead if gate == Gate.TESTS else None
                    result = done.get(gate) or await (early or self._result(job, gate))
                except shadow.Changed as error:
                    if not last:
                        raise
                    reason = f"The workspace changed while it was copied ({error}). Verify again."
                    result = GateResult(Gate(gate), Status.UNVERIFIED, reason=reason)
                results.append(result)
                if result.status is Status.PASSED:
                    job.known[gate] = result
                telling.end(gate, result)
                if result.status is Status.FAILED:
                    break
            else:
                results += unanswered(candidate.resolves, results)
        return Verdict.of(tuple(results), seconds=time.perf_counter() - start, key=job.key)

    def _make_ready(self, snapshot: Snapshot, candidate: Candidate, gates: Sequence[str]) -> None:
        """Let the processes that are kept warm begin with what they will most likely be asked."""
        if Gate.LINT in gates:
            self._lint.ahead(snapshot, candidate)
        if Gate.TESTS in gates and self._fast is not None:
            self._fast.expect()

    async def _job(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        scope: Scope | None,
        telling: Telling,
        *,
        fresh: bool,
    ) -> _Job:
        state, key, too_large = None, "", ""
        try:
            state = await self._states.of(snapshot, fresh=fresh)
            key = key_of(candidate.digest, state.fingerprint)
        except shadow.TooLarge as error:
            too_large = f"{error} Open the project's own folder as the workspace."
        known = self._known(key, candidate)
        return _Job(snapshot, candidate, state, key, too_large, known, scope, telling)

    async def _result(self, job: _Job, gate: str) -> GateResult:
        state = job.state
        if gate in job.known and gate != Gate.TESTS:
            return job.known[gate]
        more = await self._more.judge(gate, state, job.snapshot, job.candidate, job.telling.say)
        if more is not None:
            return more
        if gate == Gate.SYNTAX:
            return await syntax.judge(job.candidate, None if state is None else state.python)
        if gate == Gate.LINT:
            return await self._lint.check(state, job.snapshot, job.candidate)
        if gate != Gate.TESTS:
            return _unknown(gate)
        if state is None:
            return GateResult(Gate.TESTS, Status.UNVERIFIED, reason=job.too_large)
        earlier = job.known.get(Gate.TESTS)
        return await self._tests.check(
            state, job.candidate, job.telling.of_tests, job.scope, earlier
        )

    def _known(self, key: str, candidate: Candidate) -> dict[str, GateResult]:
        """Return what passed before for the same text in the same state, to be added to."""
        if not key:
            return {}
        bounds = candidate.bounds and (candidate.bounds.step, sorted(candidate.laid.items()))
        name = f"{key} {candidate.path} {candidate.resolves} {bounds}"
        known = self._passed.setdefault(name, {})
        self._passed.move_to_end(name)
        while len(self._passed) > _REMEMBERED:
            self._passed.popitem(last=False)
        return known

    async def aclose(self) -> None:
        """Kill every process and remove every file of this verifier."""
        ending = self._active - {asyncio.current_task()}
        for task in ending:
            if not task.cancelling():  # twice would break off its cleaning up
                task.cancel()
        if ending:
            await asyncio.wait(ending)
        self._trimming.cancel()
        await self._lint.aclose()
        await self._more.aclose()
        await self._tests.aclose()
        await self._states.aclose()


async def _ended(task: asyncio.Task[GateResult]) -> None:
    """See to it that a gate which ran ahead has ended, whatever it came to."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()


def _unknown(name: str) -> GateResult:
    gate = Gate(name) if name in list(Gate) else Gate.COMMAND
    return GateResult(
        gate,
        Status.UNVERIFIED,
        reason=f"This version has no gate {name!r}; take it out of verify.gates.",
    )
