"""The ``tests`` gate: the project's own suite, with the candidate and without it, compared."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath

from festina.findings import Gate, GateResult, Status
from festina.verify import sandbox, shadow
from festina.verify.base import Candidate
from festina.verify.baseline import Baselines
from festina.verify.flaky import Only, SecondLook, Trial
from festina.verify.interpreter import Environment, Missing, cannot_test
from festina.verify.judge import (
    Judgement,
    Target,
    broken,
    elsewhere,
    is_new_failure,
    judge,
)
from festina.verify.marks import marks, touched
from festina.verify.process import LaunchError
from festina.verify.record import Run
from festina.verify.state import State, States, environment_of_tests
from festina.verify.suite import Bench, install_plugin, run_suite
from festina.verify.suspicion import suspicion
from festina.verify.syntax import is_python
from festina.verify.watch import Watch, import_folder, module_names, watch_of

_CONFIGURATION = frozenset(["pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"])
_REPOSITORIES = frozenset([".git", ".hg", ".svn"])
_LEAST_SECONDS = 30.0
_INSTALL = (
    "Install the project into its environment in editable form (`pip install -e .`), so that its"
    " tests import the workspace's files."
)

Say = Callable[[str], None]


class Unverified(Exception):  # noqa: N818 - reads as the sentence it makes
    """The gate cannot tell; ``str()`` says why and what to do."""


class TestsGate:
    """Runs suites, at most so many at once, and judges candidates by them."""

    __test__ = False  # not a pytest class, in spite of its name

    def __init__(self, states: States, baselines: Baselines) -> None:
        self._states = states
        self._baselines = baselines
        self._slots: dict[int, asyncio.Semaphore] = {}
        self._plugins: Path | None = None
        self._installing = asyncio.Lock()
        self._second = SecondLook()

    async def check(self, state: State, candidate: Candidate, say: Say) -> GateResult:
        """Judge a candidate. Cancelling kills what runs and removes what was copied.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
        """
        start = time.perf_counter()
        level: sandbox.Level | None = None
        try:
            path, environment = _conditions(state, candidate.path)
            level = await _level(state)
            bench = await self._bench(state, environment, level)
            result = await self._judge(bench, state, candidate, path, say)
        except Unverified as error:
            result = GateResult(Gate.TESTS, Status.UNVERIFIED, reason=str(error))
        except (LaunchError, OSError) as error:
            words = shadow.said(error) if isinstance(error, OSError) else str(error)
            reason = f"The tests could not be run: {words.rstrip('.')}."
            result = GateResult(Gate.TESTS, Status.UNVERIFIED, reason=reason)
        return GateResult(
            Gate.TESTS,
            result.status,
            time.perf_counter() - start,
            result.findings,
            result.tests,
            result.reason,
            None if level is None else str(level),
        )

    async def bare(self, state: State, path: str) -> tuple[Run, str | None]:
        """Run the suite as the workspace is; return the run, and the root that imports ``path``.

        Raises:
            Unverified: it cannot be run, or tests another copy of the file.
            LaunchError, OSError: the sandbox or the interpreter could not be started.
            shadow.Changed: the workspace is no longer in that state.
        """
        bench, real = await self._bare_bench(state, path)
        target = Target(real, names=module_names(bench.workspace, real), python=is_python(real))
        run = await self._whole(bench, state, None)
        other = None if broken(run) else elsewhere(run, target)
        if other is None:
            return run, None
        root = import_folder(bench.workspace, real)
        run = await self._whole(bench, state, root)
        if broken(run) or elsewhere(run, target) is not None:
            raise Unverified(f"The tests import {other}, not {path}. {_INSTALL}")
        return run, root

    async def some(
        self, state: State, path: str, import_root: str | None, only: Collection[str]
    ) -> Run:
        """Run some tests as the workspace is. Raises what :meth:`bare` raises."""
        bench, _ = await self._bare_bench(state, path)
        limit = bench.settings.timeout_seconds
        return await self._run(bench, state, limit, import_root=import_root, only=only)

    async def _bare_bench(self, state: State, path: str) -> tuple[Bench, str]:
        real, environment = _conditions(state, path)
        return await self._bench(state, environment, await _level(state)), real

    async def _bench(self, state: State, environment: Environment, level: sandbox.Level) -> Bench:
        async with self._installing:
            if self._plugins is None:
                folder = await self._states.folder("plugins")
                await asyncio.to_thread(install_plugin, folder)
                self._plugins = folder
        shown = state.tree.shown
        if level is sandbox.Level.NONE:  # linked there, and a test's `git commit` would be real
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

    async def _judge(
        self, bench: Bench, state: State, candidate: Candidate, path: str, say: Say
    ) -> GateResult:
        watch = await asyncio.to_thread(watch_of, bench.workspace, path, candidate)
        base, import_root = await self._baseline(bench, state, watch.target, say)
        name = PurePosixPath(path).name
        if path in base.files or name == "conftest.py" or name in _CONFIGURATION:
            watch = watch.in_tests()
        wanted = [
            finding.code
            for finding in candidate.resolves
            if finding.gate is Gate.TESTS and finding.code
        ]
        say("running the tests")
        limit = min(bench.settings.timeout_seconds, max(_LEAST_SECONDS, 5 * base.seconds + 10))

        async def once(only: Only = None) -> Run:
            return await self._run(
                bench,
                state,
                limit,
                watch=watch,
                text=candidate.new,
                import_root=import_root,
                only=only,
                stop=None if only else lambda outcome: is_new_failure(base, outcome),
            )

        async def bare(only: Only) -> Run:
            if only is None:
                key = f"{state.fingerprint} {bench.level} {import_root} again"
                full = bench.settings.timeout_seconds
                return await self._baselines.get(
                    key, lambda: self._run(bench, state, full, import_root=import_root)
                )
            return await self._run(bench, state, limit, import_root=import_root, only=only)

        def judged(base: Run, run: Run) -> Judgement:
            return judge(base, run, watch.target, wanted)

        run = await once()
        if run.end is None and not run.stopped and not run.timed_out:
            say("the test process died; running the tests once more")
            run = await once()
        trial = Trial(base, judged, once, bare, say)
        key = f"{state.fingerprint} {bench.level} {import_root}"
        judgement = await self._second.look(key, trial, run, judged(base, run))
        if judgement.status is Status.PASSED and not watch.target.in_tests:
            doubt = await asyncio.to_thread(suspicion, watch.old, watch.new)
            if doubt is not None:
                judgement = dataclasses.replace(judgement, status=Status.UNVERIFIED, reason=doubt)
        return GateResult(
            Gate.TESTS,
            judgement.status,
            findings=judgement.findings,
            tests=judgement.counts,
            reason=judgement.reason,
        )

    async def _baseline(
        self, bench: Bench, state: State, target: Target, say: Say
    ) -> tuple[Run, str | None]:
        """Return the baseline in which the target's own source is imported, and by which root."""

        async def get(import_root: str | None) -> Run:
            if not self._baselines.has(f"{state.fingerprint} {bench.level} {import_root}"):
                say("running the tests once without the edit")
            run = await self._whole(bench, state, import_root)
            if (reason := broken(run)) is not None:
                raise Unverified(reason)
            return run

        base = await get(None)
        other = elsewhere(base, target)
        if other is None:
            return base, None
        root = import_folder(bench.workspace, target.path)
        reason = f"The tests import {other}, not the edited file. {_INSTALL}"
        try:
            base = await get(root)
        except Unverified as error:
            raise Unverified(reason) from error
        if elsewhere(base, target) is not None:
            raise Unverified(reason)
        return base, root

    async def _whole(self, bench: Bench, state: State, import_root: str | None) -> Run:
        """Return the outcome of the whole suite on the bare workspace, at hand or made now."""
        limit = bench.settings.timeout_seconds
        return await self._baselines.get(
            f"{state.fingerprint} {bench.level} {import_root}",
            lambda: self._run(bench, state, limit, import_root=import_root),
        )

    async def _run(
        self,
        bench: Bench,
        state: State,
        limit: float,
        *,
        watch: Watch | None = None,
        text: str = "",
        import_root: str | None = None,
        only: Only = None,
        stop: Callable[..., bool] | None = None,
    ) -> Run:
        count = bench.settings.parallel or os.cpu_count() or 1
        slots = self._slots.setdefault(count, asyncio.Semaphore(count))
        async with slots, self._states.copy(state) as root:
            if watch is not None:
                await asyncio.to_thread(shadow.lay, root, watch.target.path, text)
            bare = bench.level is sandbox.Level.NONE
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


def _conditions(state: State, path: str) -> tuple[str, Environment]:
    """Return the file's real place and the interpreter, where tests may run and can tell."""
    snapshot = state.snapshot
    name = PurePosixPath(path).name
    if path.endswith(".pyi"):
        raise Unverified("No test executes a stub file.")
    if not is_python(path) and name not in _CONFIGURATION:
        raise Unverified(
            f"Festina has no gate that could verify {PurePosixPath(path).suffix or name} files:"
            " nothing shows whether the tests depend on this one."
        )
    if not snapshot.trusted:
        remedy = snapshot.trust_remedy or (
            f"If you trust it, run `festina trust {snapshot.workspace}` and verify again."
        )
        raise Unverified(f"The workspace is not trusted, so nothing of it was run. {remedy}")
    try:
        real = shadow.locate(snapshot.workspace, path)
    except shadow.Outside as error:
        raise Unverified(str(error)) from error
    if any(real == shown or real.startswith(f"{shown}/") for shown in state.tree.shown):
        raise Unverified(f"{path} belongs to an environment, which the tests see as installed.")
    for python in (state.found, state.python):
        if isinstance(python, Missing):
            raise Unverified(f"{python.reason} {python.remedy}")
    environment = state.python
    assert isinstance(environment, Environment)
    if (missing := cannot_test(environment)) is not None:
        raise Unverified(f"{missing.reason} {missing.remedy}")
    return real, environment


async def _level(state: State) -> sandbox.Level:
    """Return the isolation to use: the setting's, if it works, else the best there is."""
    snapshot = state.snapshot
    if snapshot.settings.sandbox == "off" and snapshot.consent:
        return sandbox.Level.NONE
    probe = await sandbox.probe()
    if probe.level is sandbox.Level.NONE and not snapshot.consent:
        raise Unverified(
            f"Tests run only in a sandbox, and there is none here: {probe.detail} {probe.remedy}"
        )
    return probe.level
