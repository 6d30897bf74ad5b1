"""Coalescing: the newest value of each key, at most so many times a second, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Throttle(Generic[T]):
    """Calls ``send(key, value)`` at most once in ``interval`` seconds for each key.

    The first value goes out at once, the last one always goes out; what must not wait is sent with
    :meth:`now`. Lives on the event loop.
    """

    def __init__(self, interval: float, send: Callable[[str, T], None]) -> None:
        self._interval = interval
        self._send = send
        self._pending: dict[str, T] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def offer(self, key: str, value: T) -> None:
        """Send ``value`` now if the key has been quiet, else when its interval ends."""
        if key in self._timers:
            self._pending[key] = value
            return
        self._send(key, value)
        self._arm(key)

    def now(self, key: str, value: T) -> None:
        """Send ``value`` at once, in the place of what waits; the next waits for an interval."""
        self._pending.pop(key, None)
        if key in self._timers:
            self._timers.pop(key).cancel()
        self._send(key, value)
        self._arm(key)

    def flush(self, key: str) -> None:
        """Send what waits for its turn at once."""
        if key in self._pending:
            self._send(key, self._pending.pop(key))

    def close(self) -> None:
        """Drop what waits."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._pending.clear()

    def _arm(self, key: str) -> None:
        loop = asyncio.get_running_loop()
        self._timers[key] = loop.call_later(self._interval, self._due, key)

    def _due(self, key: str) -> None:
        del self._timers[key]
        if key in self._pending:
            self._send(key, self._pending.pop(key))
            self._arm(key)
