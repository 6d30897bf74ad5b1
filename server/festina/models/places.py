"""Places at a server that works on so many requests at once, for tasks of any event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody who waits, on a loop of their own."""

    loop: asyncio.AbstractEventLoop
    called: asyncio.Event = field(default_factory=asyncio.Event)

    def call(self) -> None:
        """Let them look again."""
        try:
            self.loop.call_soon_threadsafe(self.called.set)
        except RuntimeError:  # that loop is closed: nobody waits there any more
            return


class Places:
    """As many as ``bound`` says, given out first come, first served.

    A request that waits at the server for one of its slots to become free is as slow as one that
    waits here, but there its deadlines run, and what it waits for may be taken by somebody else.
    """

    def __init__(self) -> None:
        self._most = 0
        self._taken = 0
        self._waiting: list[Waiter] = []
        self._lock = threading.Lock()

    def bound(self, most: int) -> None:
        """Set how many there are; 0: any number."""
        with self._lock:
            self._most = most
            self._wake()

    async def take(self) -> Callable[[], None]:
        """Wait for a place, and return what gives it back."""
        waiter: Waiter | None = None
        try:
            while True:
                with self._lock:
                    first = not self._waiting or self._waiting[0] is waiter
                    if not self._most or (first and self._taken < self._most):
                        self._taken += 1
                        return self._leave
                    if waiter is None:
                        waiter = Waiter(asyncio.get_running_loop())
                        self._waiting.append(waiter)
                    waiter.called.clear()
                await waiter.called.wait()
        finally:
            if waiter is not None:
                with self._lock:
                    self._waiting.remove(waiter)
                    self._wake()

    def _leave(self) -> None:
        with self._lock:
            self._taken -= 1
            self._wake()

    def _wake(self) -> None:
        for waiter in self._waiting:
            waiter.call()
