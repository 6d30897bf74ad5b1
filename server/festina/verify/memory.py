"""Gives memory back to the system that the C library would keep for later.

Measured by ``tests/bench/leaks.py``: with an arena for each thread, as glibc has it, a server grows
by a ninth from the 100th verification to the 2,000th, since each holds pages that others could use.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
from typing import Any

_IDLE_SECONDS = 0.5
_ARENA_MAX = -8
"""``M_ARENA_MAX`` of glibc's ``mallopt``."""


class Trimming:
    """Trims once nobody has worked for a moment: texts and trees of many candidates come and go."""

    def __init__(self) -> None:
        self._working = 0
        self._timer: asyncio.TimerHandle | None = None
        self._trim = _of_libc("malloc_trim")
        if (tune := _of_libc("mallopt")) is not None:
            tune(_ARENA_MAX, 1)  # threads seldom ask at once: they hold Python's lock as they do

    def begin(self) -> None:
        """Say that work begins."""
        self._working += 1
        self.cancel()

    def end(self) -> None:
        """Say that this work is done."""
        self._working -= 1
        if not self._working and self._trim is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_IDLE_SECONDS, loop.run_in_executor, None, self._trim, 0)

    def cancel(self) -> None:
        """Do nothing more for now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _of_libc(name: str) -> Any:
    """Return a function of the C library; None where it has none of that name."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
