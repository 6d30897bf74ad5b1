"""Runs a project's tools on private copies of the workspace, in the sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from festina.verify import process, sandbox, shadow, surroundings, sweep
from festina.verify.interpreter import Environment
from festina.verify.process import Completed
from festina.verify.process_io import to_the_end
from festina.verify.state import State, States, environment_of_tests
from festina.verify.toolchains import KEPT, Tools, builds_in

_REPOSITORIES = frozenset([".git", ".hg", ".svn"])
_MOST_KEPT = 2 << 30
"""Bytes of a build that are kept: copying more for each candidate takes longer than building."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and where it saw the workspace."""

    done: Completed
    place: Path

    @property
    def output(self) -> str:
        """What it printed, standard output first."""
        parts = (self.done.stdout, self.done.stderr)
        return "\n".join(part.decode("utf-8", "replace") for part in parts if part)


@dataclass(frozen=True, slots=True)
class Stand:
    """A copy of the workspace with its sandbox, and where what runs in that sees it."""

    box: sandbox.Box
    place: Path

    def filled(self, argv: Sequence[str]) -> list[str]:
        """Put the place into a command line."""
        return [part.replace("{workspace}", str(self.place)) for part in argv]


@dataclass(slots=True)
class _Build:
    """A build that was left by a run of the person's own text in one state."""

    fingerprint: str
    folder: Path
    users: int = 0


class Workbench:
    """Runs commands, at most so many at once."""

    def __init__(self, states: States) -> None:
        self._states = states
        self._slots: dict[int, asyncio.Semaphore] = {}
        self._builds: dict[str, _Build] = {}

    def has_build(self, key: str) -> bool:
        """Whether there is a build that a run with this key can go on with."""
        return key in self._builds

    async def run(
        self,
        state: State,
        argv: Sequence[str],
        tools: Tools,
        level: sandbox.Level,
        *,
        timeout: float,
        files: Mapping[str, str] | None = None,
        builds: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run a command in a copy of the workspace, with the texts of ``files`` laid in.

        What it builds stays for later runs with the same name ``builds``, if it had no ``files``:
        what code of a candidate has written is never used again. Cancelling kills it.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
            OSError, LaunchError: it could not be started.
        """
        settings = state.snapshot.settings
        count = settings.parallel or os.cpu_count() or 1
        slots = self._slots.setdefault(count, asyncio.Semaphore(count))
        async with slots, self.stand(state, tools, level, files or {}, environ or {}) as stand:
            box, place = stand.box, stand.place
            if builds and tools.builds:
                await self._bring(builds, state, box.shadow)
                box = replace(box, environ={**box.environ, **builds_in(place)})
            done = await sandbox.run(box, stand.filled(argv), level=level, timeout=timeout)
            if builds and tools.builds and not files and not done.timed_out:
                await to_the_end(self._keep(builds, state, box.shadow))
            return Ran(done, place)

    @contextlib.asynccontextmanager
    async def stand(
        self,
        state: State,
        tools: Tools,
        level: sandbox.Level,
        files: Mapping[str, str],
        environ: Mapping[str, str],
    ) -> AsyncIterator[Stand]:
        """Give a copy of the workspace with ``files`` laid in, and the sandbox for tools in it.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
            OSError: it could not be copied.
        """
        settings = state.snapshot.settings
        workspace = state.snapshot.workspace.resolve()
        shown = state.tree.shown
        bare = level.in_a_copy
        if bare:  # linked there, so what is done to them would be real
            shown = tuple(each for each in shown if PurePosixPath(each).name not in _REPOSITORIES)
        async with self._states.copy(state) as root:
            for path, text in files.items():
                await asyncio.to_thread(_lay, root, path, text)
            show = shadow.substitutes if bare else shadow.mount_points
            await asyncio.to_thread(show, root, workspace, shown)
            box = sandbox.Box(
                workspace=workspace,
                shadow=root,
                read_only=tuple(await asyncio.to_thread(_visible, state, tools)),
                links=tuple(Path(each) for each in shown),
                environ={**environment_of_tests(), **tools.environ, **environ},
                limits=process.Limits(memory_mib=settings.memory_mib),
                network=settings.network,
                sockets=tuple(map(Path, settings.sockets)),
            )
            yield Stand(box, root if bare else workspace)

    async def _bring(self, name: str, state: State, root: Path) -> None:
        build = self._builds.get(name)
        if build is None:
            return
        build.users += 1
        try:
            await to_the_end(asyncio.to_thread(shutil.copytree, build.folder, root / KEPT, True))
            if build.fingerprint != state.fingerprint:
                # make's way of telling what to build again is not enough: a file can be older again
                await asyncio.to_thread(_touch, root, [each.path for each in state.tree.entries])
        finally:
            build.users -= 1

    async def _keep(self, name: str, state: State, root: Path) -> None:
        made = root / KEPT
        size = await asyncio.to_thread(_size, made)
        if not 0 < size <= _MOST_KEPT:
            return
        folder = await self._states.folder("build")
        await asyncio.to_thread(made.rename, folder / KEPT)
        before = self._builds.get(name)
        self._builds[name] = _Build(state.fingerprint, folder / KEPT)
        if before is not None and not before.users:
            await asyncio.to_thread(sweep.remove, before.folder.parent)


def _visible(state: State, tools: Tools) -> list[Path]:
    """What is shown besides the copy; never what would lay the workspace over it. Blocks."""
    workspace = state.snapshot.workspace.resolve()
    found = [*tools.read_only, *surroundings.above(workspace), *surroundings.repository(workspace)]
    if isinstance(python := state.python, Environment):
        found += [python.python.resolve().parent.parent, *python.prefixes]
        found += [python.python, python.python.parent]
        found += [*python.search, *python.editable]
    kept: list[Path] = []
    for path in found:
        real = path.resolve()
        apart = not (workspace.is_relative_to(real) or real.is_relative_to(workspace))
        if apart and path.exists() and path not in kept:
            kept.append(path)
    return kept


def _lay(root: Path, path: str, text: str) -> None:
    """Lay a text in, as something newer than all that was built before."""
    shadow.lay(root, path, text)
    soon = time.time() + 1
    os.utime(root / path, (soon, soon))


def _touch(root: Path, paths: Sequence[str]) -> None:
    soon = time.time() + 1
    for path in paths:
        with contextlib.suppress(OSError):
            os.utime(root / path, (soon, soon), follow_symlinks=False)


def _size(folder: Path) -> int:
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(at, name).lstat().st_size
    return total
