"""Which impact map belongs to which base: found on disk, or made in the background on first use."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from festina.verify import shadow
from festina.verify.impact import ImpactMap
from festina.verify.impact_build import NotBuilt, build
from festina.verify.impact_store import Impacts, Keep, Key, key_of
from festina.verify.process import LaunchError
from festina.verify.process_io import to_the_end
from festina.verify.state import States
from festina.verify.warm import Base

_log = logging.getLogger(__name__)

OnProgress = Callable[[Path, int, int], None]
"""Told the workspace, how many tests have been traced, and of how many; equal at the end."""


QUIET_SECONDS = 1.5
"""How long nothing must have been verified before a map is made: a person waits for verdicts."""
PATIENCE_SECONDS = 8.0
"""After which it is made all the same."""
MANY = 4
"""Candidates that wait at once from which on finding out what they concern is the quickest way."""


class Traffic:
    """Knows how many candidates wait for their tests, and since when none does."""

    def __init__(self) -> None:
        self.waiting = 0
        self._last = time.monotonic()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Count one candidate for as long as it is judged."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
            self._last = time.monotonic()

    def touch(self) -> None:
        """Note that somebody is about to wait."""
        self._last = time.monotonic()

    async def leaves_room(self) -> None:
        """Wait until nobody has waited for a while, or so many do that a map is what they need.

        Who always waits has waited long enough after :data:`PATIENCE_SECONDS`.
        """
        asked = time.monotonic()
        while self.waiting < MANY and time.monotonic() - asked < PATIENCE_SECONDS:
            quiet = 0.0 if self.waiting else time.monotonic() - self._last
            if quiet >= QUIET_SECONDS:
                return
            await asyncio.sleep(max(0.1, QUIET_SECONDS - quiet) if not self.waiting else 0.25)


class Maps:
    """The maps of the bases in use. ``making`` says whether missing ones are made."""

    def __init__(
        self, states: States, folder: Path, traffic: Traffic, *, making: bool = True
    ) -> None:
        self._traffic = traffic
        self._states = states
        self._impacts = Impacts(folder)
        self._wanting = asyncio.Lock()
        self._making = making
        self._known: dict[int, ImpactMap] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.on_progress: OnProgress | None = None

    def at_hand(self, base: Base) -> ImpactMap | None:
        """Return what is known by now, complete or not."""
        return self._known.get(id(base))

    def seconds(self, base: Base) -> Mapping[str, float]:
        """Return how long tests take, as far as that is known."""
        known = self._known.get(id(base))
        return {} if known is None else known.seconds

    async def want(self, base: Base, root: str | None) -> None:
        """Ask for a base's map: one on disk is there at once, another one will be."""
        self._traffic.touch()
        async with self._wanting:
            if id(base) in self._tasks:
                return
            key = await asyncio.to_thread(key_of, base.bench, base.root, root)
            found = await self._impacts.find(key, base.root)
            if found is not None:
                self._known[id(base)] = found
                base.start("collected", root)
            self._tasks[id(base)] = asyncio.create_task(self._make(base, root, key, found))

    async def _make(self, base: Base, root: str | None, key: Key, found: ImpactMap | None) -> None:
        if not self._making or (found is not None and found.complete):
            return

        def say(done: int, total: int) -> None:
            if self.on_progress is not None:
                self.on_progress(base.bench.workspace, done, total)

        async def make(known: ImpactMap | None, keep: Keep) -> ImpactMap:
            return await build(base.bench, copy, import_root=root, say=say, known=known, keep=keep)

        try:
            await self._traffic.leaves_room()
            async with self._states.copy(base.state) as copy:
                place = base.bench.workspace
                await asyncio.to_thread(shadow.mount_points, copy, place, base.bench.shown)
                self._known[id(base)] = await self._impacts.get(key, copy, make)
            base.start("collected", root)
        except (NotBuilt, OSError, LaunchError, shadow.Changed) as error:
            _log.info("No impact map of %s: %s", base.bench.workspace, error)
        finally:
            say(1, 1)

    async def settled(self, base: Base) -> None:
        """Wait until a base's map is made, or it is clear that it will not be."""
        if (task := self._tasks.get(id(base))) is not None:
            await asyncio.wait([task])

    async def forget(self, base: Base) -> None:
        """End what is made for a base, and keep what it knows by now."""
        task = self._tasks.pop(id(base), None)
        if task is not None:
            task.cancel()
            await to_the_end(_over(task))
        self._known.pop(id(base), None)

    async def aclose(self) -> None:
        """End what is made."""
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        for task in tasks:
            await to_the_end(_over(task))


async def _over(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])
