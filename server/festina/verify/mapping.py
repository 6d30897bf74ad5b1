"""Which impact map belongs to which base: found on disk, or made in the background on first use."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
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


class Maps:
    """The maps of the bases in use. ``making`` says whether missing ones are made."""

    def __init__(self, states: States, folder: Path, *, making: bool = True) -> None:
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
        async with self._wanting:
            if id(base) in self._tasks:
                return
            key = await asyncio.to_thread(key_of, base.bench, base.root, root)
            found = await self._impacts.find(key, base.root)
            if found is not None:
                self._known[id(base)] = found
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
            async with self._states.copy(base.state) as copy:
                place = base.bench.workspace
                await asyncio.to_thread(shadow.mount_points, copy, place, base.bench.shown)
                self._known[id(base)] = await self._impacts.get(key, copy, make)
        except (NotBuilt, OSError, LaunchError, shadow.Changed) as error:
            _log.info("No impact map of %s: %s", base.bench.workspace, error)
        finally:
            say(1, 1)

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
