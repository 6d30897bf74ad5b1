"""The state of a workspace that verdicts rest on: fingerprint, interpreter and base copy."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import festina
from festina.verify import interpreter, lint, sandbox, shadow, surroundings, sweep, toolchains
from festina.verify.base import Snapshot
from festina.verify.contents import Contents, digest
from festina.verify.digests import sha
from festina.verify.interpreter import Environment, Found, Missing, Poetry
from festina.verify.process_io import to_the_end

_SHARED_SECONDS = 1.0
_BASES = 2
"""Base copies kept while nobody uses them."""


@dataclass(frozen=True, slots=True)
class State:
    """One state of a workspace. ``python`` says what may run its tests, once it may be asked.

    ``contents`` describes each path, ``surroundings`` is a hash of all that verdicts rest on beside
    those, and ``fingerprint`` one of both.
    """

    snapshot: Snapshot
    tree: shadow.Tree
    buffers: dict[str, str]
    found: Found | Missing
    python: Environment | Missing | None
    contents: Mapping[str, str]
    surroundings: str
    fingerprint: str
    places: dict[str, str] = field(default_factory=dict, compare=False)
    """Where paths really lie in it, as far as anybody asked (see :func:`shadow.locate`)."""


class States:
    """Finds out states, and keeps a base copy of the last ones used."""

    def __init__(self) -> None:
        self._environments: dict[str, tuple[str, Environment]] = {}
        self._poetry = Poetry()
        self._contents = Contents()
        self._scratch: Path | None = None
        self._lock = asyncio.Lock()
        self._bases: dict[str, Path] = {}
        self._users: dict[str, int] = {}
        self._making: dict[str, asyncio.Lock] = {}
        self._count = 0
        self._latest: tuple[Snapshot | None, asyncio.Task[State] | None, float] = (None, None, 0)
        self._looking: set[asyncio.Task[State]] = set()

    async def of(self, snapshot: Snapshot, *, fresh: bool = False) -> State:
        """Find out the state of a workspace.

        The candidates of one request come with the same snapshot: those share one look at the
        files, unless a ``fresh`` one is asked for.

        Raises:
            shadow.TooLarge: it cannot be copied.
        """
        now = time.monotonic()
        task = self._latest[1]
        if fresh or self._latest[0] is not snapshot or task is None or now > self._latest[2]:
            task = asyncio.create_task(self._of(snapshot))
            self._looking.add(task)
            task.add_done_callback(self._looked)
            self._latest = (snapshot, task, now + _SHARED_SECONDS)
        return await asyncio.shield(task)

    def _looked(self, task: asyncio.Task[State]) -> None:
        self._looking.discard(task)
        if not task.cancelled():
            task.exception()  # which whoever waits for it has, too

    async def _of(self, snapshot: Snapshot) -> State:
        environ = environment_of_tests()
        found = await interpreter.find(snapshot, poetry=self._poetry)
        asked = found if isinstance(found, Found) and snapshot.trusted else None
        seen = await asyncio.to_thread(self._look, snapshot, found, asked, environ)
        python: Environment | Missing | None
        tree, buffers, contents, python, around = seen
        if around is None:
            assert asked is not None
            python = await self._inspect(asked, environ)
            around = await asyncio.to_thread(_around, snapshot, found, python)
        settings = dataclasses.replace(snapshot.settings, parallel=0)
        parts = [
            festina.__version__,
            str(snapshot.workspace),
            repr(settings),
            f"{snapshot.trusted} {snapshot.consent} {found}",
            *(f"{name}={value}" for name, value in sorted(environ.items())),
            *around,
        ]
        rest = sha("\n".join(parts))
        fingerprint = sha(f"{rest} {digest(contents, tree.shown)}")
        return State(snapshot, tree, buffers, found, python, contents, rest, fingerprint)

    def _look(
        self,
        snapshot: Snapshot,
        found: Found | Missing,
        asked: Found | None,
        environ: Mapping[str, str],
    ) -> tuple[shadow.Tree, dict[str, str], dict[str, str], Environment | None, list[str] | None]:
        """Look at all that needs no process: the interpreter only if it is as it was. Blocks."""
        tree, buffers = shadow.survey(snapshot.workspace), shadow.overlay(snapshot)
        contents = self._contents.of(tree, snapshot.workspace, buffers)
        if asked is None:
            return tree, buffers, contents, None, _around(snapshot, found, None)
        known = self._environments.get(_key(asked, environ))
        stamp = "" if known is None else known[1].stamp()
        if known is None or known[0] != stamp:
            return tree, buffers, contents, None, None
        return tree, buffers, contents, known[1], _around(snapshot, found, known[1], stamp)

    async def _inspect(self, found: Found, environ: Mapping[str, str]) -> Environment | Missing:
        """Ask an interpreter, unless its answer is known and its environment is as it was."""
        key = await asyncio.to_thread(_key, found, environ)
        known = self._environments.get(key)
        if known is not None and known[0] == await asyncio.to_thread(known[1].stamp):
            return known[1]
        python = await interpreter.inspect(found.python, environ)
        if isinstance(python, Missing):  # what a moment of distress made of it must not stay
            python = await interpreter.inspect(found.python, environ)
        if isinstance(python, Environment):
            self._environments[key] = (await asyncio.to_thread(python.stamp), python)
        return python

    async def scratch(self) -> Path:
        """Return this verifier's scratch folder, made on first use."""
        async with self._lock:
            if self._scratch is None:
                self._scratch = await asyncio.to_thread(sweep.new_scratch)
            return self._scratch

    async def folder(self, kind: str) -> Path:
        """Make an empty folder of our own in the scratch folder."""
        self._count += 1
        name = f"{kind}-{self._count}"  # now: others may count on while this one waits
        path = await self.scratch() / name
        await asyncio.to_thread(path.mkdir)
        return path

    @contextlib.asynccontextmanager
    async def copy(self, state: State) -> AsyncIterator[Path]:
        """Give a private copy of a state, buffers laid over; removed at the end.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
        """
        path = await self.folder("shadow")
        try:
            async with self.base(state) as base:
                await _in_thread(shadow.clone, base, path)
            yield path
        finally:
            await _in_thread(sweep.remove, path)

    @contextlib.asynccontextmanager
    async def base(self, state: State) -> AsyncIterator[Path]:
        """Give the base copy of a state, not to be written to; kept for as long as it is used.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
        """
        key = state.fingerprint
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with self._making.setdefault(key, asyncio.Lock()):
                if key not in self._bases:
                    path = await self.folder("base")
                    try:
                        await _in_thread(_fill, state, path)
                    except BaseException:
                        await _in_thread(sweep.remove, path)
                        raise
                    self._bases[key] = path
            yield self._bases[key]
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key]
                self._making.pop(key, None)  # nobody waits for it
            await self._trim()

    async def _trim(self) -> None:
        while len(self._bases) > _BASES:
            idle = next((key for key in self._bases if not self._users.get(key)), None)
            if idle is None:
                break
            await _in_thread(sweep.remove, self._bases.pop(idle))

    async def aclose(self) -> None:
        """Remove everything from the disk."""
        self._latest = (None, None, 0)
        for task in self._looking:
            task.cancel()
        if self._looking:
            await asyncio.wait(self._looking)
        self._bases.clear()
        if self._scratch is not None:
            path, self._scratch = self._scratch, None
            await _in_thread(sweep.remove, path)


async def _in_thread(function: Callable[..., object], *arguments: object) -> None:
    """Run something that must not be left half done: a cancelled call waits for its end."""
    await to_the_end(asyncio.to_thread(function, *arguments))


def _fill(state: State, path: Path) -> None:
    shadow.copy(state.tree, state.snapshot.workspace, path)
    for relative, text in state.buffers.items():
        shadow.lay(path, relative, text)


def environment_of_tests() -> dict[str, str]:
    """Return the environment variables that tests and tools of a project see."""
    environ = sandbox.allow_environ(os.environ)
    if "PYTHONPATH" in os.environ:
        environ["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return environ


def _key(found: Found, environ: Mapping[str, str]) -> str:
    return f"{surroundings.stamps([found.python])} {environ}"


def _around(
    snapshot: Snapshot,
    found: Found | Missing,
    python: Environment | Missing | None,
    stamp: str = "",
) -> list[str]:
    """Describe what lies outside of the workspace; ``stamp`` is the interpreter's. Blocks."""
    upper = surroundings.above(snapshot.workspace)
    files = upper + surroundings.of_ruff(snapshot.workspace, os.environ, upper)
    files += [ruff] if (ruff := lint.our_ruff()) is not None else []
    parts: list[str] = []
    if isinstance(found, Found):
        project = lint.project_ruff(found.python)
        files += [found.python, *([project] if project is not None else [])]
    if commands := snapshot.settings.commands:
        own = found.python if isinstance(found, Found) else None
        programs = [command.run[0] for command in commands if not command.withheld]
        files += toolchains.rests_on(programs, snapshot.workspace, own, os.environ)
    if isinstance(python, Environment):
        parts = [stamp or python.stamp(), *surroundings.sources(python.outside(snapshot.workspace))]
    return parts + surroundings.stamps(files)
