"""Bases that are kept warm: a copy of a workspace with processes that have its tests loaded.

A base serves every later state of its workspace that differs from it in texts alone: those are laid
over it for each run (:mod:`~festina.verify.drift`). So typing and saving restart nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from festina.verify.drift import Files, drift
from festina.verify.forkserver import ForkServer, Kind, NoServer
from festina.verify.prime import prime
from festina.verify.process_io import to_the_end
from festina.verify.state import State, States
from festina.verify.suite import Bench

_log = logging.getLogger(__name__)

_KEPT = 2
"""Bases kept at once; each can hold two processes of about 100 MiB, mostly shared."""
_SOURCES = 4
"""Texts of a base's files that are kept."""
_STARTS, _STARTS_WITHIN = 3, 60.0
"""Starts of a server within so many seconds; where more are needed, something kills it."""
_AT_HAND = 2
"""Children for one candidate: short tests run twice at once (see `ways.Doubled`)."""
IDLE_SECONDS = 900.0
"""After which a base that nobody used lets its processes go."""


class Base:
    """One base copy with its fork servers, each started when it is first asked for.

    With ``priming`` its sources are compiled first, once for all children that will import them.
    """

    def __init__(self, bench: Bench, state: State, root: Path, *, priming: bool) -> None:
        self.bench = bench
        self.state = state
        self.root = root
        self._priming = asyncio.create_task(self._prime()) if priming else None
        self._servers: dict[tuple[Kind, str | None], asyncio.Task[ForkServer]] = {}
        self._starts: dict[tuple[Kind, str | None], list[float]] = {}
        self._failures: dict[tuple[Kind, str | None], int] = {}
        self.refused: dict[tuple[Kind, str | None], str] = {}
        self._sources: dict[str, str] = {}

    def source(self, path: str) -> str:
        """Return the text of a file of the base, which nobody changes. Blocks.

        Raises:
            OSError: it cannot be read.
            UnicodeDecodeError: it is no UTF-8.
        """
        text = self._sources.get(path)
        if text is None:
            text = (self.root / path).read_bytes().decode("utf-8")
            if len(self._sources) >= _SOURCES:
                self._sources.clear()
            self._sources[path] = text
        return text

    def start(self, kind: Kind, import_root: str | None) -> asyncio.Task[ForkServer]:
        """Start a server, unless it runs or was refused for good; a task that gives it.

        The task raises :class:`NoServer` where there is none to be had.
        """
        key = (kind, import_root)
        task = self._servers.get(key)
        if task is not None and task.done():
            failed = task.cancelled() or task.exception() is not None
            if failed or not task.result().alive:
                task = None
        if task is None:
            task = self._servers[key] = asyncio.create_task(self._start(kind, import_root))
            task.add_done_callback(_seen)
        return task

    async def _prime(self) -> None:
        with contextlib.suppress(OSError):  # then they are compiled each time
            await prime(self.bench, self.root)

    async def _start(self, kind: Kind, import_root: str | None) -> ForkServer:
        if self._priming is not None:
            await asyncio.wait([self._priming])
        key = (kind, import_root)
        if key in self.refused:
            raise NoServer(self.refused[key])
        now = time.monotonic()
        lately = [at for at in self._starts.get(key, ()) if at > now - _STARTS_WITHIN]
        if len(lately) >= _STARTS:
            raise NoServer("it ended again and again")
        self._starts[key] = [*lately, now]
        try:
            return await ForkServer.start(self.bench, self.root, kind, import_root=import_root)
        except NoServer as error:
            if self._failures.setdefault(key, 0):
                self.refused[key] = str(error)
            self._failures[key] += 1  # the first time it may have been killed
            _log.info("No %s fork server: %s.", kind, error)
            raise

    async def server(self, kind: Kind, import_root: str | None) -> ForkServer:
        """Return a server that runs, once it is ready.

        Raises:
            NoServer: there is none to be had; the next tier has to do.
        """
        return await asyncio.shield(self.start(kind, import_root))

    def is_ready(self, kind: Kind, import_root: str | None) -> bool:
        """Whether a server is there to be used at once."""
        task = self._servers.get((kind, import_root))
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return False
        return task.result().alive

    def expect(self) -> None:
        """Have children at hand that hold the collected tests, where a server of that kind runs."""
        for kind, import_root in self._servers:
            if kind == "collected" and self.is_ready(kind, import_root):
                self._servers[kind, import_root].result().expect(_AT_HAND)

    async def close(self) -> None:
        """End all that was started."""
        if self._priming is not None:
            self._priming.cancel()
            await asyncio.wait([self._priming])
        await self.rest()

    async def rest(self) -> None:
        """End the servers; they start again when they are asked for."""
        tasks, self._servers = list(self._servers.values()), {}
        self._starts.clear()
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(NoServer, asyncio.CancelledError):
                await (await task).aclose()


def _seen(task: asyncio.Task[ForkServer]) -> None:
    """Look at a failure, which those who waited were told."""
    if not task.cancelled():
        task.exception()


@dataclass(frozen=True, slots=True)
class Place:
    """A state of a workspace, as a base and what is laid over it."""

    base: Base
    files: Files


class Bases:
    """The bases that are kept, the one used last at the end; ``forget`` is told what goes."""

    def __init__(
        self, states: States, forget: Callable[[Base], Awaitable[None]], *, priming: bool
    ) -> None:
        self._priming = priming
        self._states = states
        self._forget = forget
        self._kept: list[tuple[Base, contextlib.AsyncExitStack]] = []
        self._users: dict[int, int] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._resting: asyncio.TimerHandle | None = None
        self._chores: set[asyncio.Task[None]] = set()

    def expect(self) -> None:
        """Have children at hand of the base that was used last."""
        if self._kept:
            self._kept[-1][0].expect()

    @contextlib.asynccontextmanager
    async def use(self, bench: Bench, state: State, *, exact: bool = False) -> AsyncIterator[Place]:
        """Give a state as a base, an older one if possible, and what to lay over it.

        ``exact`` asks for a base of just that state.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
            OSError: the workspace could not be copied.
        """
        place = await self._find(state, exact=exact)
        if place is None:
            async with self._opening.setdefault(state.surroundings, asyncio.Lock()):
                place = await self._find(state, exact=exact) or await self._open(bench, state)
        base = place.base
        self._users[id(base)] = self._users.get(id(base), 0) + 1
        try:
            yield place
        finally:
            self._users[id(base)] -= 1
            self._rest_later()

    async def _find(self, state: State, *, exact: bool) -> Place | None:
        for index in reversed(range(len(self._kept))):
            base, _ = self._kept[index]
            if exact and base.state.fingerprint != state.fingerprint:
                continue
            same = base.state.fingerprint == state.fingerprint
            files = {} if same else await asyncio.to_thread(drift, base.state, state)
            if files is not None:
                self._kept = [one for one in self._kept if one[0] is not base] + [
                    one for one in self._kept if one[0] is base
                ]
                return Place(base, files)
        return None

    async def _open(self, bench: Bench, state: State) -> Place:
        stack = contextlib.AsyncExitStack()
        root = await stack.enter_async_context(self._states.base(state))
        base = Base(bench, state, root, priming=self._priming)
        self._kept.append((base, stack))
        await self._trim()
        return Place(base, {})

    async def _trim(self) -> None:
        idle = [one for one in self._kept[:-1] if not self._users.get(id(one[0]))]
        for base, stack in idle[: max(0, len(self._kept) - _KEPT)]:
            self._kept = [one for one in self._kept if one[0] is not base]
            self._users.pop(id(base), None)
            await to_the_end(self._close(base, stack))

    def _rest_later(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
        loop = asyncio.get_running_loop()
        self._resting = loop.call_later(IDLE_SECONDS, self._rest)

    def _rest(self) -> None:
        for base, _ in self._kept:
            if not self._users.get(id(base)):
                task = asyncio.get_running_loop().create_task(base.rest())
                self._chores.add(task)
                task.add_done_callback(self._chores.discard)

    async def aclose(self) -> None:
        """End every process and give the copies back."""
        if self._resting is not None:
            self._resting.cancel()
        if self._chores:
            await asyncio.wait(self._chores)
        kept, self._kept = self._kept, []
        for base, stack in kept:
            await to_the_end(self._close(base, stack))

    async def _close(self, base: Base, stack: contextlib.AsyncExitStack) -> None:
        try:
            await self._forget(base)
            await base.close()
        finally:
            await stack.aclose()
