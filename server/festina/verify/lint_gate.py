"""The ``lint`` gate: which ruff is asked, and about which files."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from festina.findings import Gate, GateResult, Status
from festina.verify import lint, lint_config, shadow
from festina.verify.base import Candidate, Snapshot
from festina.verify.interpreter import Found
from festina.verify.linter import Linter
from festina.verify.state import State, States


class LintGate:
    """Judges candidates by ruff: the project's own where it may be run and has one, else ours."""

    def __init__(self, states: States) -> None:
        self._states = states
        self._linter = Linter()

    def ahead(self, snapshot: Snapshot, candidate: Candidate) -> None:
        """Have ruff begin with a candidate that :meth:`check` will be called for."""
        self._linter.ahead(snapshot.workspace, candidate)

    async def check(
        self, state: State | None, snapshot: Snapshot, candidate: Candidate
    ) -> GateResult:
        """Judge a candidate. Cancelling ends what was started for it."""
        found = state.found if state is not None and snapshot.trusted else None
        python = found.python if isinstance(found, Found) else None
        environ = lint.environment(os.environ)
        workspace = snapshot.workspace

        def choose() -> tuple[Path | None, bool, bool]:
            buffers = {} if state is None else state.buffers
            return *lint.chosen(python), lint_config.is_reconfigured(buffers, workspace)

        binary, own, reconfigured = await asyncio.to_thread(choose)
        if binary is None:
            return await self._linter.check(candidate, None)
        if state is not None and reconfigured:
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
        """End every process that is kept."""
        await self._linter.aclose()
