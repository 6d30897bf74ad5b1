"""The quick tools of an examination: children of warm processes, and the impact map."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from pathlib import PurePosixPath

from festina.verify.bare import Bare
from festina.verify.base import Snapshot
from festina.verify.benches import Benches
from festina.verify.carried import disturbs
from festina.verify.case import limit_of_few
from festina.verify.classify import Fresh as FreshOnly
from festina.verify.classify import Swap, classify
from festina.verify.concern import swaps_of
from festina.verify.conditions import Unverified, conditions, level_of
from festina.verify.examination import Texts
from festina.verify.examine import Asked
from festina.verify.examine_cold import ColdTools, Lint
from festina.verify.fast import Fast
from festina.verify.forkserver import NoCell, NoServer
from festina.verify.judge import Target, broken, elsewhere
from festina.verify.process import LaunchError
from festina.verify.question import Question
from festina.verify.record import Run
from festina.verify.state import State, States
from festina.verify.suite import Bench
from festina.verify.syntax import is_python
from festina.verify.warm import Place
from festina.verify.watch import import_folder, module_names

_log = logging.getLogger(__name__)


class FastTools(ColdTools):
    """What one examination needs; what cannot be done quickly is done cold."""

    def __init__(
        self, asked: Asked, states: States, bare: Bare, lint: Lint, benches: Benches, fast: Fast
    ) -> None:
        super().__init__(asked, states, bare, lint)
        self._benches = benches
        self._fast = fast
        self._found_root: str | None = None

    async def run(self, state: Snapshot, only: Collection[str] | None) -> Run:
        """Run the suite, or some tests of it."""
        try:
            found = await self._run_warm(state, only)
        except (NoServer, NoCell, Unverified, OSError, LaunchError) as error:
            _log.debug("Not run in a child: %s", error)
            found = None
        return await super().run(state, only) if found is None else found

    async def _run_warm(self, snapshot: Snapshot, only: Collection[str] | None) -> Run | None:
        state = await self._state(snapshot)
        bench, target = await self._bench(state)
        if not self._fast.can(bench):
            return None
        async with self._fast.bases.use(bench, state) as place, self._benches.slot(bench):
            if disturbs(place.files, place.base.state.contents):
                return None
            root = await self._root(place, target)
            await self._fast.maps.want(place.base, root)
            limit = bench.settings.timeout_seconds
            swaps = None
            if only is not None:
                seconds = self._fast.maps.seconds(place.base)
                limit = limit_of_few(sum(seconds.get(test, 1.0) for test in only), limit)
                known = self._fast.maps.at_hand(place.base)
                if known is not None:
                    version = bench.environment.version[:2]
                    swaps = await asyncio.to_thread(swaps_of, place, place.files, version, known)
            wanted = frozenset(only or ())
            if swaps is not None:
                server = await place.base.server("collected", root)
                chosen = tuple(
                    test for test in server.ready.ids if test in wanted or _file(test) in wanted
                )
                named = {one for one in wanted if "::" in one}
                tests_changed = any(path in server.ready.files for path in place.files)
                if named <= set(chosen) and not tests_changed:
                    question = Question(
                        files=place.files, swaps=tuple(map(dict, swaps)), only=chosen
                    )
                    return await server.run(question, timeout=limit)
            question = Question(files=place.files, only=None if only is None else tuple(only))
            server = await place.base.server("fresh", root)
            run = await server.run(question, timeout=limit)
            if broken(run) is None and root is None and elsewhere(run, target) is not None:
                self._found_root = import_folder(bench.workspace, target.path)
                server = await place.base.server("fresh", self._found_root)
                run = await server.run(question, timeout=limit)
            return run

    async def impacted(self, texts: Texts) -> frozenset[str] | None:
        """Return the tests that a change can affect; None where that is not known.

        Where the change is of more than the inside of functions, those that are likely to notice.
        """
        state = await self._state(self._asked.after)
        try:
            bench, target = await self._bench(state)
        except Unverified:
            return None
        if not self._fast.can(bench):
            return None
        async with self._fast.bases.use(bench, state) as place:
            root = await self._root(place, target)
            await self._fast.maps.want(place.base, root)
            known = self._fast.maps.at_hand(place.base)
            if known is None:
                return None
            before = {path: old for path, (old, _) in texts.items()}
            if any(text is None for text in before.values()):
                return None
            changed: dict[str, tuple[str, ...]] = {}
            version = bench.environment.version[:2]
            for path, (old, new) in texts.items():
                if new is None or PurePosixPath(path).name == "conftest.py":
                    return None
                if not is_python(path):
                    changed[path] = ()
                    continue
                kind = await asyncio.to_thread(classify, old or "", new, version=version)
                changed[path] = kind.functions if isinstance(kind, (Swap, FreshOnly)) else ()
            chosen = known.select(changed)
            files = {test.partition("::")[0] for test in known.tests}
            own = frozenset(path for path in texts if path in files)
            own |= {_file(test) for test in chosen.tests & self._fast.dependent}
            return frozenset(test for test in chosen.tests if _file(test) not in own) | own

    def depend(self, tests: Collection[str]) -> None:
        """Run these with all of their file from now on."""
        self._fast.dependent |= frozenset(tests)

    async def _bench(self, state: State) -> tuple[Bench, Target]:
        path = self._path()
        real, environment = conditions(state, path)
        bench = await self._benches.bench(state, environment, await level_of(state))
        names = module_names(bench.workspace, real)
        return bench, Target(real, names=names, python=is_python(real))

    async def _root(self, place: Place, target: Target) -> str | None:
        """Return the folder that makes the tests import the workspace's own files, if need be.

        That is known where the tests are loaded; :meth:`run` finds it out by running them.
        """
        if self._fast.maps.at_hand(place.base) is None:
            return self._found_root
        try:
            server = await place.base.server("collected", None)
        except NoServer:
            return None
        if elsewhere(Run(modules=server.ready.modules), target) is None:
            return None
        return import_folder(place.base.bench.workspace, target.path)


def _file(test: str) -> str:
    return test.partition("::")[0]
