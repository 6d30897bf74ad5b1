"""The state of a workspace that verdicts rest on: fingerprint, interpreter and base copy."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import festina
from festina.verify import interpreter, sandbox, shadow, sweep
from festina.verify.base import Snapshot
from festina.verify.interpreter import Environment, Found, Missing

_BASES = 2
"""Base copies kept while nobody uses them."""


@dataclass(frozen=True, slots=True)
class State:
    """One state of a workspace. ``python`` says what may run its tests, once it may be asked."""

    snapshot: Snapshot
    tree: shadow.Tree
    buffers: dict[str, str]
    found: Found | Missing
    python: Environment | Missing | None
    fingerprint: str


class States:
    """Finds out states, and keeps a base copy of the last ones used."""

    def __init__(self) -> None:
        self._environments: dict[str, tuple[str, Environment]] = {}
        self._scratch: Path | None = None
        self._lock = asyncio.Lock()
        self._bases: dict[str, Path] = {}
        self._users: dict[str, int] = {}
        self._making: dict[str, asyncio.Lock] = {}
        self._count = 0

    async def of(self, snapshot: Snapshot) -> State:
        """Find out the state of a workspace.

        Raises:
            shadow.TooLarge: it cannot be copied.
        """
        tree, buffers = await asyncio.to_thread(_look, snapshot)
        found = await interpreter.find(snapshot)
        python: Environment | Missing | None = None
        stamp = str(found)
        if isinstance(found, Found):
            stamp = await asyncio.to_thread(_file_stamp, found.python)
            if snapshot.trusted:
                python, stamp = await self._inspect(found, stamp)
        settings = dataclasses.replace(snapshot.settings, parallel=0)
        parts = [
            festina.__version__,
            str(snapshot.workspace),
            tree.digest(),
            *(f"{path} {_sha(text)}" for path, text in sorted(buffers.items())),
            repr(settings),
            f"{snapshot.trusted} {snapshot.consent}",
            stamp,
        ]
        return State(snapshot, tree, buffers, found, python, _sha("\n".join(parts)))

    async def _inspect(self, found: Found, stamp: str) -> tuple[Environment | Missing, str]:
        """Ask an interpreter, unless its answer is known and its environment is as it was."""
        key = f"{found.python} {stamp}"
        if (known := self._environments.get(key)) is not None:
            now = await asyncio.to_thread(known[1].stamp)
            if now == known[0]:
                return known[1], now
        environ = sandbox.allow_environ(os.environ)
        if "PYTHONPATH" in os.environ:
            environ["PYTHONPATH"] = os.environ["PYTHONPATH"]
        python = await interpreter.inspect(found.python, environ)
        if isinstance(python, Missing):
            return python, stamp
        now = await asyncio.to_thread(python.stamp)
        self._environments[key] = (now, python)
        return python, now

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
            async with self._base(state) as base:
                await _in_thread(shadow.clone, base, path)
            yield path
        finally:
            await _in_thread(sweep.remove, path)

    @contextlib.asynccontextmanager
    async def _base(self, state: State) -> AsyncIterator[Path]:
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
            await self._trim()

    async def _trim(self) -> None:
        idle = [key for key in self._bases if not self._users.get(key)]
        for key in idle[: max(0, len(self._bases) - _BASES)]:
            path = self._bases.pop(key)
            self._users.pop(key, None)
            self._making.pop(key, None)
            await _in_thread(sweep.remove, path)

    async def aclose(self) -> None:
        """Remove everything from the disk."""
        self._bases.clear()
        if self._scratch is not None:
            path, self._scratch = self._scratch, None
            await _in_thread(sweep.remove, path)


async def _in_thread(function: Callable[..., object], *arguments: object) -> None:
    """Run something that must not be left half done: a cancelled call waits for its end."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


def _look(snapshot: Snapshot) -> tuple[shadow.Tree, dict[str, str]]:
    return shadow.survey(snapshot.workspace), shadow.overlay(snapshot)


def _fill(state: State, path: Path) -> None:
    shadow.copy(state.tree, state.snapshot.workspace, path)
    for relative, text in state.buffers.items():
        shadow.lay(path, relative, text)


def _file_stamp(path: Path) -> str:
    try:
        status = path.stat()
        real = path.resolve()
    except OSError:
        return str(path)
    return f"{path} {real} {status.st_size} {status.st_mtime_ns}"


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
