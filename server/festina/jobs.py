"""Background work: named asyncio tasks that can be cancelled, joined and never get lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Jobs:
    """At most one running task a key. Starting a key again cancels what runs under it.

    The event loop keeps only weak references to tasks, so this object holds the strong ones; a task
    that dies of an exception is logged, since nobody awaits it.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._all: set[asyncio.Task[None]] = set()

    def start(self, key: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run ``work`` under ``key``, once its predecessors have been cancelled and have ended."""
        before = {task for task in self._all if task.get_name() == key}
        task = asyncio.create_task(self._after(before, work), name=key)
        self._tasks[key] = task
        self._all.add(task)
        task.add_done_callback(self._done)
        task.add_done_callback(lambda _: work.close())  # which may never have been started
        for one in before:
            if not one.cancelling():  # twice would break off its cleaning up
                one.cancel()
        return task

    def running(self, key: str) -> bool:
        """Whether a task runs under ``key``."""
        return key in self._tasks

    def cancel(self, key: str) -> None:
        """Cancel what runs under ``key``, if anything does."""
        if task := self._tasks.get(key):
            task.cancel()

    async def join(self, key: str) -> None:
        """Wait until nothing runs under ``key``."""
        while task := self._tasks.get(key):
            await asyncio.wait([task])

    async def close(self) -> None:
        """Cancel everything and wait until it has ended."""
        while self._all:
            for task in self._all:
                task.cancel()
            await asyncio.wait(self._all)

    async def _after(
        self, before: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]
    ) -> None:
        if before:
            await asyncio.wait(before)
        await work

    def _done(self, task: asyncio.Task[None]) -> None:
        self._all.discard(task)
        if self._tasks.get(task.get_name()) is task:
            del self._tasks[task.get_name()]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("job %s ended with %s", task.get_name(), type(error).__name__)
            logger.debug("job %s", task.get_name(), exc_info=error)
