"""Spreads the reads of many streams over time, so that each read brings many events.

What a read costs hardly depends on how much it brings. Of 75 streams with a token each millisecond,
every one read at once would bring a token or two; so where there are many reads, each waits a
little, and the operating system gathers what comes meanwhile. A few streams wait for nothing.
"""

from __future__ import annotations

import asyncio
import math

READS_A_SECOND = 2500
"""Of all streams together. 75 of them are read about every 30 ms: often enough for a person."""
TICK = 0.005
"""Seconds. Reads that wait are made together, so that the loop wakes up less often; what is ahead
of its time by no more than this does not wait."""


class Pace:
    """One for all streams of an event loop."""

    def __init__(self, reads_a_second: float = READS_A_SECOND) -> None:
        self._apart = 1 / reads_a_second
        self._next = 0.0

    async def turn(self) -> None:
        """Wait until it is time for another read."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._next = max(now, self._next + self._apart)
        if self._next - now <= TICK:
            return
        turn: asyncio.Future[None] = loop.create_future()
        timer = loop.call_at(math.ceil(self._next / TICK) * TICK, _let_go, turn)
        try:
            await turn
        finally:
            timer.cancel()


def _let_go(turn: asyncio.Future[None]) -> None:
    if not turn.done():  # a task may be cancelled in the very same moment
        turn.set_result(None)
