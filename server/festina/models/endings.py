"""The last bytes of responses whose answer is there: read beside, so that nobody waits for them.

A connection can only be used again once its response has been read to the end, and some servers
leave that open for a while after the answer's own end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from festina.models.base import ModelError
from festina.models.http import Response

SECONDS = 0.25
"""How long a response may take to end; its connection is closed then, and another one is made."""
AT_ONCE_SECONDS = 0.005
"""How long the answer waits for it: mostly the end came along, and the next request finds the
connection free."""


class Endings:
    """Reads responses to their ends, on whichever event loop each of them lives."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def finish(self, chunks: AsyncIterator[bytes], response: Response) -> None:
        """Free a response once it has ended, or soon; mostly after this has returned.

        Cancelling frees it at once.
        """
        task = asyncio.create_task(_finish(chunks, response))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await asyncio.wait([task], timeout=AT_ONCE_SECONDS)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            raise

    async def aclose(self) -> None:
        """Free at once what has not ended yet."""
        here = asyncio.get_running_loop()
        ours = [task for task in self._tasks if task.get_loop() is here]
        for task in ours:
            task.cancel()
        for task in self._tasks.difference(ours):
            if task.get_loop().is_running():
                task.get_loop().call_soon_threadsafe(task.cancel)
        if ours:
            await asyncio.wait(ours)


async def _finish(chunks: AsyncIterator[bytes], response: Response) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            async for _ in chunks:
                pass
    except (TimeoutError, ModelError):
        return
    finally:
        await response.aclose()
