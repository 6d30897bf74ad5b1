"""Runs of the tests on the workspace as it is, without a candidate: for what was saved."""

from __future__ import annotations

from collections.abc import Collection

from festina.verify.benches import INSTALL, Benches
from festina.verify.conditions import Unverified, conditions, level_of
from festina.verify.judge import Target, broken, elsewhere
from festina.verify.record import Run
from festina.verify.state import State
from festina.verify.suite import Bench
from festina.verify.syntax import is_python
from festina.verify.watch import import_folder, module_names


class Bare:
    """Runs suites on bare states.

    Its calls raise ``Unverified`` where they cannot be run or test another copy of the file,
    ``LaunchError`` or ``OSError`` where the sandbox or the interpreter could not be started, and
    ``shadow.Changed`` where the workspace is no longer in that state.
    """

    def __init__(self, benches: Benches) -> None:
        self._benches = benches

    async def all(self, state: State, path: str) -> tuple[Run, str | None]:
        """Run the whole suite; return the run, and the root that imports ``path``."""
        bench, real = await self._bench(state, path)
        target = Target(real, names=module_names(bench.workspace, real), python=is_python(real))
        run = await self._benches.whole(bench, state, None)
        other = None if broken(run) else elsewhere(run, target)
        if other is None:
            return run, None
        root = import_folder(bench.workspace, real)
        run = await self._benches.whole(bench, state, root)
        if broken(run) or elsewhere(run, target) is not None:
            raise Unverified(f"The tests import {other}, not {path}. {INSTALL}")
        return run, root

    async def some(
        self, state: State, path: str, import_root: str | None, only: Collection[str]
    ) -> Run:
        """Run some tests."""
        bench, _ = await self._bench(state, path)
        limit = bench.settings.timeout_seconds
        return await self._benches.run(bench, state, limit, import_root=import_root, only=only)

    async def _bench(self, state: State, path: str) -> tuple[Bench, str]:
        real, environment = conditions(state, path)
        return await self._benches.bench(state, environment, await level_of(state)), real
