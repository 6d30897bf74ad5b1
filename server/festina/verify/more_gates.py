"""The gates beside syntax, lint and tests: what a project uses and says that it wants checked."""

from __future__ import annotations

import asyncio
import os
from pathlib import PurePosixPath

from festina.config import VerifySettings
from festina.findings import Finding, Gate, GateResult, Status
from festina.verify import command_hints, format_gate, lint_config, shadow
from festina.verify.base import Candidate, Snapshot
from festina.verify.browser_gate import BrowserGate
from festina.verify.command_gate import CommandGate, Say
from festina.verify.interpreter import Found
from festina.verify.shot_store import ShotStore
from festina.verify.state import State, States
from festina.verify.syntax import is_python
from festina.verify.types_gate import TypesGate
from festina.verify.workbench import Workbench

_CONFIGURATION = frozenset(["pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"])
_HERE = frozenset([Gate.FORMAT, Gate.TYPES, Gate.COMMAND, Gate.BROWSER])


class MoreGates:
    """Runs them; any number of calls at once. ``shots`` keeps pictures of pages."""

    def __init__(self, states: States, shots: ShotStore) -> None:
        self._states = states
        self._bench = Workbench(states)
        self._commands = CommandGate(self._bench)
        self._types = TypesGate(self._bench)
        self._browser = BrowserGate(self._bench, shots)

    async def prepare(self, state: State, path: str) -> None:
        """Start what takes long to start, and will be needed for an edit of ``path``."""
        if Gate.BROWSER in gates_of(state.snapshot.settings):
            await self._browser.prepare(state, path)

    async def judge(
        self, gate: str, state: State | None, snapshot: Snapshot, candidate: Candidate, say: Say
    ) -> GateResult | None:
        """Return the result of one gate; None: it is none of these.

        ``state`` is None where the workspace is too large to be copied.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
        """
        if gate == Gate.TESTS and not _of_pytest(candidate.path):
            settings, workspace = snapshot.settings, snapshot.workspace
            return await asyncio.to_thread(
                command_hints.for_other_files, settings, workspace, candidate.path, os.environ
            )
        if gate not in _HERE:
            return None
        if gate == Gate.FORMAT:
            return await self._format(state, snapshot, candidate)
        if state is None:
            reason = "The workspace is too large to be copied. Open the project's own folder."
            return GateResult(Gate(gate), Status.UNVERIFIED, reason=reason)
        if gate == Gate.TYPES:
            return await self._types.check(state, candidate)
        if gate == Gate.BROWSER:
            return await self._browser.check(state, candidate, say)
        return await self._commands.check(state, candidate, say)

    async def _format(
        self, state: State | None, snapshot: Snapshot, candidate: Candidate
    ) -> GateResult:
        found = state.found if state is not None and snapshot.trusted else None
        python = found.python if isinstance(found, Found) else None
        if state is None or not await asyncio.to_thread(
            lint_config.is_reconfigured, state.buffers, snapshot.workspace
        ):
            return await format_gate.check(candidate, snapshot.workspace, python)
        try:
            async with self._states.copy(state) as root:  # with the configuration that is open
                return await format_gate.check(candidate, root, python)
        except OSError as error:
            reason = f"The workspace could not be copied: {shadow.said(error)}."
            return GateResult(Gate.FORMAT, Status.UNVERIFIED, reason=reason)

    async def aclose(self) -> None:
        """End what still runs."""
        await self._commands.aclose()
        await self._types.aclose()
        await self._browser.aclose()


def gates_of(settings: VerifySettings) -> set[str]:
    """Return the gates that have something to do here: a review is a model's, and comes later."""
    idle = {Gate.REVIEW}
    idle |= set() if settings.commands else {Gate.COMMAND}
    idle |= set() if settings.browser is not None else {Gate.BROWSER}
    return set(settings.gates) - idle


def _of_pytest(path: str) -> bool:
    return is_python(path) or PurePosixPath(path).name in _CONFIGURATION


def unanswered(resolves: tuple[Finding, ...], results: list[GateResult]) -> list[GateResult]:
    """Return a result for what the edit was to resolve and no gate here has spoken about."""
    told = {result.gate for result in results if result.status is not Status.SKIPPED}
    told &= {Gate.LINT, Gate.TYPES, Gate.TESTS}
    proved = {finding for result in results for finding in result.resolved}
    return [
        GateResult(
            finding.gate,
            Status.UNVERIFIED,
            reason=f"Nothing that ran can tell whether {finding.message!r} is resolved."
            + (' Add "types" to verify.gates.' if finding.gate is Gate.TYPES else ""),
        )
        for finding in resolves
        if finding.gate not in told and finding not in proved
    ][:1]


def in_order(gate: str) -> tuple[int, str]:
    """Cheap gates first: the order in which :class:`Gate` lists them."""
    known = list(Gate)
    return (known.index(Gate(gate)) if gate in known else len(known), gate)
