"""Cold runs of suites: each in a fresh copy of the workspace, at most so many at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from festina.verify import sandbox, shadow
from festina.verify.baseline import Baselines
from festina.verify.conditions import Unverified
from festina.verify.flaky import Only
from festina.verify.interpreter import Environment
from festina.verify.judge import Target, broken, elsewhere
from festina.verify.marks import marks, touched
from festina.verify.record import Run
from festina.verify.state import State, States, environment_of_tests
from festina.verify.suite import Bench, install_plugin, run_suite
from festina.verify.watch import Watch, import_folder

_REPOSITORIES = frozenset([".git", ".hg", ".svn"])
INSTALL = (
    "Install the project into its environment in editable form (`pip install -e .`), so that its"
    " tests import the workspace's files."
)


class Benches:
    """Prepares and runs suites on copies of states; one for an engine."""

    def __init__(self, states: States, baselines: Baselines) -> None:
        self._states = states
        self._baselines = baselines
        self._slots: dict[int, asyncio.Semaphore] = {}
        self._plugins: Path | None = None
        self._installing = asyncio.Lock()

    async def bench(self, state: State, environment: Environment, level: sandbox.Level) -> Bench:
        """Return what all runs in a state share."""
        async with self._installing:
            if self._plugins is None:
                folder = await self._states.folder("plugins")
                await asyncio.to_thread(install_plugin, folder)
                self._plugins = folder
        shown = state.tree.shown
        if level.in_a_copy:  # linked there, and a test's `git commit` would be real
            shown = tuple(path for path in shown if PurePosixPath(path).name not in _REPOSITORIES)
        return Bench(
            state.snapshot.workspace.resolve(),
            environment,
            level,
            state.snapshot.settings,
            self._plugins,
            shown,
            environment_of_tests(),
        )

    def slot(self, bench: Bench) -> asyncio.Semaphore:
        """Return what bounds the suites that run at once."""
        count = bench.settings.parallel or os.cpu_count() or 1
        return self._slots.setdefault(count, asyncio.Semaphore(count))

    async def baseline(
        self, bench: Bench, state: State, target: Target, say: Callable[[str], None]
    ) -> tuple[Run, str | None]:
        """Return the baseline in which the target's own source is imported, and by which root.

        Raises:
            Unverified: there is none that anything can be compared with.
        """

        async def get(import_root: str | None) -> Run:
            if not self._baselines.has(_key(bench, state, import_root)):
                say("running the tests once without the edit")
            run = await self.whole(bench, state, import_root)
            if (reason := broken(run)) is not None:
                raise Unverified(reason)
            return run

        base = await get(None)
        other = elsewhere(base, target)
        if other is None:
            return base, None
        root = import_folder(bench.workspace, target.path)
        reason = f"The tests import {other}, not the edited file. {INSTALL}"
        try:
            base = await get(root)
        except Unverified as error:
            raise Unverified(reason) from error
        if elsewhere(base, target) is not None:
            raise Unverified(reason)
        return base, root

    async def whole(
        self, bench: Bench, state: State, import_root: str | None, *, again: bool = False
    ) -> Run:
        """Return the outcome of the whole suite on the bare workspace, at hand or made now.

        ``again`` means a second run, beside the first one.
        """
        limit = bench.settings.timeout_seconds
        return await self._baselines.get(
            f"{_key(bench, state, import_root)}{' again' if again else ''}",
            lambda: self.run(bench, state, limit, import_root=import_root),
        )

    async def run(
        self,
        bench: Bench,
        state: State,
        limit: float,
        *,
        watch: Watch | None = None,
        texts: Mapping[str, str] | None = None,
        import_root: str | None = None,
        only: Only = None,
        stop: Callable[..., bool] | None = None,
    ) -> Run:
        """Run the suite in a copy of ``state``, with other ``texts`` at some paths of it.

        The rest is as for :func:`festina.verify.suite.run_suite`.
        """
        async with self.slot(bench), self._states.copy(state) as root:
            for path, text in (texts or {}).items():
                await asyncio.to_thread(shadow.lay, root, path, text)
            bare = bench.level.in_a_copy
            show = shadow.substitutes if bare else shadow.mount_points
            await asyncio.to_thread(show, root, bench.workspace, bench.shown)
            before = await asyncio.to_thread(marks, root, bench.shown)
            run = await run_suite(
                bench,
                root,
                watch=watch,
                import_root=import_root,
                only=only,
                timeout=limit,
                stop=stop,
            )
            run.touched = touched(before, await asyncio.to_thread(marks, root, bench.shown))
            return run

    async def aclose(self) -> None:
        """End what still runs."""
        await self._baselines.aclose()


def _key(bench: Bench, state: State, import_root: str | None) -> str:
    return f"{state.fingerprint} {bench.level} {import_root}"
