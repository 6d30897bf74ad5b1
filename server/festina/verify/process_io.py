"""The plumbing under `process`: pipes that are read to their end, memory files, patient waiting."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_CHUNK = 65536


async def to_the_end(work: Awaitable[object]) -> None:
    """Await something that must be completed, however often this task is cancelled meanwhile.

    Raises:
        asyncio.CancelledError: it was cancelled, whatever else the work came to.
    """
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        task.exception()  # so that nobody misses it
        raise asyncio.CancelledError
    task.result()


async def all_of(*work: Coroutine[Any, Any, T]) -> list[T]:
    """Await several things at once, all of them to their end, though one of them fails.

    Raises:
        Exception: the first one's that failed.
    """
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


async def within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for an event, but not for longer than that; whether it has happened."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


def memory_file(name: str, content: bytes) -> int:
    """A descriptor from which ``content`` can be read once it is inherited; never on disk."""
    descriptor = os.memfd_create(f"festina-{name}", os.MFD_CLOEXEC)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class LaunchError(Exception):
    """The command could not be started because what it was to run in could not be set up."""


class Capture:
    """Reads one descriptor to its end; keeps the first and the last half of ``limit`` bytes."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self._descriptor: int | None = descriptor
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0
        self.ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def _read(self) -> None:
        assert self._descriptor is not None
        try:
            data = os.read(self._descriptor, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        if not data:
            self.close()
            return
        self._total += len(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room > 0 else data
        if len(self._tail) > 4 * self._half + _CHUNK:
            del self._tail[: -self._half]

    def close(self) -> None:
        """Stop reading. Safe to call again."""
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
            self.ended.set()

    @property
    def truncated(self) -> bool:
        """Whether there was more than may be kept."""
        return self._total > 2 * self._half

    def data(self) -> bytes:
        """What was read so far, with a line in the middle that says how much was left out."""
        if not self.truncated:
            return bytes(self._head + self._tail)
        left_out = self._total - 2 * self._half
        marker = b"\n[... %d bytes left out ...]\n" % left_out
        return bytes(self._head + marker + self._tail[-self._half :])
