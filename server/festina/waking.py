"""An event loop whose clock stands still while the process does."""

from __future__ import annotations

import asyncio
import selectors
import sys
import time
from collections.abc import Callable

STOPPED_SECONDS = 1.0
"""Nothing here works for so long without a look at what is new: the process was stopped."""


def new_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop for the server or a command."""
    if sys.platform == "win32":  # its loop for processes has no selector
        return asyncio.new_event_loop()
    return Loop()


class Loop(asyncio.SelectorEventLoop):
    """A loop that does not count time through which the process did not live.

    A process may be stopped in the middle of an answer (SIGSTOP, control-Z, a frozen container, a
    virtual machine that is moved) while a model goes on sending, and tests go on running. Asyncio
    would find every deadline missed when it wakes, and cancel what has come in time. Here all
    deadlines then have as much left as before, and what has come meanwhile is read first.
    """

    def __init__(self) -> None:
        self._stopped = 0.0
        super().__init__(_Selector(self._slept))

    def time(self) -> float:
        """Return seconds of this process's own life."""
        return super().time() - self._stopped

    def _slept(self, seconds: float) -> None:
        self._stopped += seconds


class _Selector(selectors.DefaultSelector):
    """Tells how long the process did not run, where that is much longer than it meant to wait."""

    def __init__(self, slept: Callable[[float], None]) -> None:
        super().__init__()
        self._tell = slept
        self._looked: float | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        began = time.monotonic()
        if self._looked is not None and began - self._looked > STOPPED_SECONDS:
            self._tell(began - self._looked)
        found = super().select(timeout)
        self._looked = time.monotonic()
        waited = self._looked - began
        if timeout is not None and waited - max(timeout, 0.0) > STOPPED_SECONDS:
            self._tell(waited)
        return found
