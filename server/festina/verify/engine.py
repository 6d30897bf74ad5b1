"""The plain verifier: every gate started cold, for every candidate. Slow and right."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from festina.findings import Gate, GateResult, Status, Verdict, duration
from festina.verify import lint, lint_config, shadow, sweep, syntax
from festina.verify.base import (
    Candidate,
    ExamineScope,
    OnStep,
    Scope,
    Snapshot,
    Step,
    verdict_key,
)
from festina.verify.baseline import Baselines
from festina.verify.examination import Examination
from festina.verify.examine import Asked
from festina.verify.examine_cold import examine_cold
from festina.verify.interpreter import Environment, Found
from festina.verify.linter import Linter
from festina.verify.more_gates import MoreGates, gates_of, unanswered
from festina.verify.state import State, States
from festina.verify.tests_gate import TestsGate

_DOING: dict[str, str] = {
    Gate.SYNTAX: "checking the syntax",
    Gate.LINT: "running ruff",
    Gate.FORMAT: "checking the format",
    Gate.TYPES: "checking the types",
    Gate.TESTS: "preparing the tests",
    Gate.COMMAND: "preparing the commands",
}


class ColdVerifier:
    """Judges each candidate in a fresh copy of the workspace, with the whole suite.

    ``cache`` is a folder for baselines (default: in the user's cache). Everything else that it
    writes lies in one scratch folder, which :meth:`aclose` removes;
    :func:`festina.verify.sweep.sweep` removes those of processes that were killed.
    """

    def __init__(self, *, cache: Path | None = None) -> None:
        folder = cache if cache is not None else sweep.scratch_root().parent / "baselines"
        self._states = States()
        self._tests = TestsGate(self._states, Baselines(folder))
        self._linter = Linter()
        self._more = MoreGates(self._states)
        self._active: set[asyncio.Task[object]] = set()

    async def fingerprint(self, snapshot: Snapshot) -> str:
        """Hash what a verdict rests on: files, buffers, configuration, interpreter, distributions.

        Empty where the workspace is too large to be verified.
        """
        try:
            return (await self._states.of(snapshot)).fingerprint
        except shadow.TooLarge:
            return ""

    async def prepare(self, snapshot: Snapshot, path: str) -> None:
        """Nothing: all of it starts cold."""
        del snapshot, path

    async def verify(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        on_step: OnStep | None = None,
        *,
        scope: Scope | None = None,
    ) -> Verdict:
        """Judge one candidate: cheap gates first, stop at the first failure.

        The whole suite runs, whatever ``scope`` says.

        Cancelling kills every process that it started and removes its copies. Any number of calls
        may run at once; as many suites as ``settings.parallel`` says (of processors, if 0). Where
        a file is saved while the workspace is copied, everything begins again, once.
        """
        del scope
        with self._running():
            try:
                return await self._verify(snapshot, candidate, on_step)
            except shadow.Changed:
                return await self._verify(snapshot, candidate, on_step, last=True)

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
            return await examine_cold(asked, self._states, self._tests, self._lint)

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        """Remember the task that verifies, so that closing can end it."""
        task = asyncio.current_task()
        assert task is not None
        self._active.add(task)
        try:
            yield
        finally:
            self._active.discard(task)

    async def _verify(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        on_step: OnStep | None,
        *,
        last: bool = False,
    ) -> Verdict:
        start = time.perf_counter()

        def say(message: str, result: GateResult | None = None) -> None:
            if on_step is not None:
                on_step(Step(message, result))

        state, too_large = None, ""
        try:
            state = await self._states.of(snapshot)
        except shadow.TooLarge as error:
            too_large = f"{error} Open the project's own folder as the workspace."
        results: list[GateResult] = []
        for gate in sorted(gates_of(snapshot.settings), key=_order):
            say(_DOING.get(gate, gate))
            try:
                result = await self._result(gate, state, snapshot, candidate, too_large, say)
            except shadow.Changed as error:
                if not last:
                    raise
                reason = f"The workspace changed while it was copied ({error}). Verify again."
                result = GateResult(Gate(gate), Status.UNVERIFIED, reason=reason)
            results.append(result)
            say(f"{result.label}: {result.status} ({duration(result.seconds)})", result)
            if result.status is Status.FAILED:
                break
        else:
            results += unanswered(candidate.resolves, results)
        key = "" if state is None else verdict_key(candidate.new, state.fingerprint)
        return Verdict.of(tuple(results), seconds=time.perf_counter() - start, key=key)

    async def _result(
        self,
        gate: str,
        state: State | None,
        snapshot: Snapshot,
        candidate: Candidate,
        too_large: str,
        say: Callable[[str], None],
    ) -> GateResult:
        more = await self._more.judge(gate, state, snapshot, candidate, say)
        if more is not None:
            return more
        if gate == Gate.SYNTAX:
            return await _syntax(state, candidate)
        if gate == Gate.LINT:
            return await self._lint(state, snapshot, candidate)
        if gate != Gate.TESTS:
            return _unknown(gate)
        if state is None:
            return GateResult(Gate.TESTS, Status.UNVERIFIED, reason=too_large)
        return await self._tests.check(state, candidate, say)

    async def _lint(
        self, state: State | None, snapshot: Snapshot, candidate: Candidate
    ) -> GateResult:
        """Run ruff: the project's own where the workspace is trusted and has one, else ours."""
        found = state.found if state is not None and snapshot.trusted else None
        binary, own = lint.chosen(found.python if isinstance(found, Found) else None)
        if binary is None:
            return await self._linter.check(candidate, None)
        environ = lint.environment(os.environ)
        workspace = snapshot.workspace
        if state is not None and await asyncio.to_thread(
            lint_config.is_reconfigured, state.buffers, workspace
        ):
            # its configuration is open with unsaved changes: only the shadow has those
            try:
                async with self._states.copy(state) as root:
                    ruff = lint.Ruff(binary, root, environ, own)
                    return await self._linter.check(candidate, ruff, once=True)
            except OSError as error:
                reason = f"The workspace could not be copied: {shadow.said(error)}."
                return GateResult(Gate.LINT, Status.UNVERIFIED, reason=reason)
        return await self._linter.check(candidate, lint.Ruff(binary, workspace, environ, own))

    async def aclose(self) -> None:
        """Kill every process and remove every file of this verifier."""
        ending = self._active - {asyncio.current_task()}
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)
        await self._linter.aclose()
        await self._more.aclose()
        await self._tests.aclose()
        await self._states.aclose()


async def _syntax(state: State | None, candidate: Candidate) -> GateResult:
    python = state.python if state is not None else None
    if isinstance(python, Environment) and syntax.is_newer(python.version):
        return await syntax.check(candidate, python.python)
    return await syntax.check(candidate)


def _order(gate: str) -> tuple[int, str]:
    """Cheap gates first: the order in which :class:`Gate` lists them."""
    known = list(Gate)
    return (known.index(Gate(gate)) if gate in known else len(known), gate)


def _unknown(name: str) -> GateResult:
    gate = Gate(name) if name in list(Gate) else Gate.COMMAND
    return GateResult(
        gate,
        Status.UNVERIFIED,
        reason=f"This version has no gate {name!r}; take it out of verify.gates.",
    )
