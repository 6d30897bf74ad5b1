"""Gives memory back to the system that the C library would keep for later."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from typing import Any

_IDLE_SECONDS = 0.5


class Trimming:
    """Trims once nobody has worked for a moment: texts and trees of many candidates come and go."""

    def __init__(self) -> None:
        self._working = 0
        self._timer: asyncio.TimerHandle | None = None
        self._trim = _trim()

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


def _trim() -> Any:
    """Return the function that does it; None where the C library has none."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
