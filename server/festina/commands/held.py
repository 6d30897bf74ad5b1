"""Waits for a provider's limits on the command line: told once, and counted down on a terminal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from festina.calls import Wait
from festina.models.base import OnWait

if TYPE_CHECKING:
    from festina.terminal import Terminal

COUNTS_SECONDS = 1.0


@contextlib.contextmanager
def shown(terminal: Terminal | None, words: str) -> Iterator[OnWait | None]:
    """Give what shows waits, and ``words`` while there is none. None where nobody looks."""
    if terminal is None:
        yield None
        return
    waits: list[Wait] = []

    def show() -> None:
        terminal.status(str(waits[0].at(now())) if waits else words)

    def on_wait(wait: Wait | None) -> None:
        waits[:] = [] if wait is None else [wait]
        if wait is not None:
            terminal.held(str(wait))
        show()

    show()
    with counting_down(lambda: show() if waits else None):
        yield on_wait


@contextlib.contextmanager
def counting_down(show: Callable[[], None]) -> Iterator[None]:
    """Call ``show`` once a second while a block runs, on the same loop."""

    async def count() -> None:
        while True:
            await asyncio.sleep(COUNTS_SECONDS)
            show()

    task = asyncio.create_task(count())
    try:
        yield
    finally:
        task.cancel()


def now() -> datetime:
    """Return the moment, in local time."""
    return datetime.now().astimezone()
