"""The memories of a session's workspaces, for an event loop: one thread does what blocks, in order.

A memory that cannot be used is told of once, in a sentence, and everything goes on without it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from festina.memory.database import Trouble
from festina.memory.living import Living
from festina.memory.store import Store, living

logger = logging.getLogger(__name__)

T = TypeVar("T")

REST_SECONDS = 30.0
"""A memory that could not be used is left alone for so long: it may be locked, and that is waited
for each time."""
CLOSE_SECONDS = 3.0


class Remembering:
    """What is asked and told of memories. Only the event loop's thread may use it.

    ``told`` gets each new sentence about a memory that cannot be used.
    """

    def __init__(self, told: Callable[[str], None] = lambda _: None) -> None:
        self._told = told
        self._process: Living | None = None
        self._stores: dict[Path, Store] = {}
        self._resting: dict[Path, float] = {}
        self._sentences: set[str] = set()
        self._thread: ThreadPoolExecutor | None = None

    @property
    def session(self) -> str:
        """By what name the memories know this process."""
        return self._living.token

    async def ask(self, workspace: Path, work: Callable[[Store], T], otherwise: T) -> T:
        """Do some work with the memory of a workspace, after all that was posted before.

        Return ``otherwise`` where it cannot be used.
        """
        if self._rests(workspace):
            return otherwise
        answer: list[T] = []
        future = self._submit(workspace, lambda store: answer.append(work(store)))
        await asyncio.wait([asyncio.wrap_future(future)])
        return answer[0] if answer else otherwise

    def post(self, workspace: Path, work: Callable[[Store], object]) -> bool:
        """Have some work done with the memory of a workspace, in its turn; nothing waits for it.

        Return whether it will be tried: not while the memory cannot be used.
        """
        if self._rests(workspace):
            return False
        self._submit(workspace, work)
        return True

    async def close(self) -> None:
        """Wait until all is written, though not for ever, and let go of everything."""
        if self._thread is None:
            return
        ending = self._thread.submit(self._close)
        await asyncio.wait([asyncio.wrap_future(ending)], timeout=CLOSE_SECONDS)
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def _living(self) -> Living:
        if self._process is None:
            self._process = living()
        return self._process

    def _rests(self, workspace: Path) -> bool:
        return time.monotonic() < self._resting.get(workspace, 0.0)

    def _submit(self, workspace: Path, work: Callable[[Store], object]) -> Future[None]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="festina-memory")
        loop, process = asyncio.get_running_loop(), self._living

        def do() -> None:
            store = self._stores.get(workspace)
            try:
                if store is None:
                    store = self._stores[workspace] = Store(workspace, process)
                work(store)
            except Trouble as trouble:
                loop.call_soon_threadsafe(self._fail, workspace, str(trouble))
            except Exception as error:
                logger.error("the memory of a workspace failed: %s", type(error).__name__)
                logger.debug("the memory of a workspace", exc_info=error)

        return self._thread.submit(do)

    def _fail(self, workspace: Path, sentence: str) -> None:
        self._resting[workspace] = time.monotonic() + REST_SECONDS
        if sentence not in self._sentences:
            self._sentences.add(sentence)
            self._told(sentence)

    def _close(self) -> None:
        for store in self._stores.values():
            store.close()
        self._living.close()
