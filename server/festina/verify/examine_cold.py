"""The plain tools of an examination: each suite in a fresh copy of the workspace, all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from festina.findings import Finding, Gate, GateResult, Status
from festina.verify import shadow, syntax
from festina.verify.bare import Bare
from festina.verify.base import Candidate, Snapshot
from festina.verify.conditions import Unverified
from festina.verify.examination import Examination, Texts
from festina.verify.examine import Asked, Tools, Untold, concerns_tests, examine
from festina.verify.interpreter import Environment
from festina.verify.process import LaunchError
from festina.verify.record import Run
from festina.verify.state import State, States

Lint = Callable[[State | None, Snapshot, Candidate], Awaitable[GateResult]]


async def examine_with(asked: Asked, tools: Callable[[], Tools]) -> Examination:
    """Examine a change; once more, with new tools, where a file is saved meanwhile."""
    try:
        return await examine(asked, tools())
    except shadow.Changed:
        pass
    try:
        return await examine(asked, tools())
    except shadow.Changed as error:
        return Examination(reason=f"The workspace changed while it was copied ({error}).")


class ColdTools:
    """What one examination needs; see :class:`festina.verify.examine.Tools`."""

    def __init__(self, asked: Asked, states: States, tests: Bare, lint: Lint) -> None:
        self._asked = asked
        self._states = states
        self._tests = tests
        self._lint = lint
        self._import_root: str | None = None
        self._found: list[tuple[Snapshot, State]] = []
        self._finding = asyncio.Lock()

    async def run(self, state: Snapshot, only: Collection[str] | None) -> Run:
        """Run the suite, or some tests of it."""
        path = self._path()
        try:
            found = await self._state(state)
            if only is not None:
                return await self._tests.some(found, path, self._import_root, only)
            run, self._import_root = await self._tests.all(found, path)
            return run
        except Unverified as reason:
            raise Untold(str(reason)) from None
        except shadow.TooLarge as reason:
            words = f"{reason} Open the project's own folder as the workspace."
            raise Untold(words) from None
        except (LaunchError, OSError) as error:
            words = shadow.said(error) if isinstance(error, OSError) else str(error)
            raise Untold(f"The tests could not be run: {words.rstrip('.')}.") from None

    async def impacted(self, texts: Texts) -> frozenset[str] | None:
        """Tell nothing: only a run that was traced knows what executes what."""
        return None

    def depend(self, tests: Collection[str]) -> None:
        """Whole suites have no such tests."""

    def _path(self) -> str:
        """Return a file that is to be tested; any will do where none was changed."""
        return next(filter(concerns_tests, self._asked.paths), "pyproject.toml")

    async def _state(self, snapshot: Snapshot) -> State:
        """Return the state of a snapshot: one and the same for all that is done here."""
        async with self._finding:
            known = next((state for one, state in self._found if one is snapshot), None)
            if known is None:
                known = await self._states.of(snapshot, fresh=True)
                self._found.append((snapshot, known))
            return known

    async def lint(self, candidate: Candidate) -> Sequence[Finding]:
        """Compile, and run ruff."""
        snapshot = self._asked.after
        try:
            state = await self._state(snapshot)
        except shadow.TooLarge:
            state = None
        python = state.python if state is not None else None
        newer = None
        if isinstance(python, Environment) and syntax.is_newer(python.version):
            newer = python.python
        compiled = await syntax.check(Candidate(candidate.path, "", candidate.new), newer)
        if compiled.status is Status.FAILED:
            return compiled.findings
        if Gate.LINT not in snapshot.settings.gates:
            return ()
        return (await self._lint(state, snapshot, candidate)).findings
