"""How what happens on the loop that sends reaches whoever watches on another one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from festina.calls import Wait
from festina.models.base import OnWait

SHOWS_A_SECOND = 30
_OPENING = 64
"""Pieces of an answer by which its first line should be over."""


class Pacer:
    """Carries the text so far from the runner's loop to the caller's, not too often.

    An answer's first line is a fence as a rule, of which nothing is to be seen: what follows it is
    carried at once, as a person waits for that.
    """

    def __init__(self, on_text: Callable[[str], None], caller: asyncio.AbstractEventLoop) -> None:
        self._on_text = on_text
        self._caller = caller
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0
        self._stopped = False
        self._begun = False
        self._last: str | None = None

    def show(self, pieces: list[str]) -> None:
        """On the runner's loop: the list has grown."""
        if self._stopped:
            return
        loop = asyncio.get_running_loop()
        if not self._begun and (len(pieces) > _OPENING or _has_second_line(pieces)):
            self._begun = True
            self._next = loop.time()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if self._timer is not None:
            return
        pause = self._next - loop.time()
        if pause <= 0:
            self._send(pieces)
        else:
            self._timer = loop.call_later(pause, self._send, pieces)

    def finish(self, text: str) -> None:
        """On the caller's loop: this is the whole text."""
        if text != self._last:
            self._deliver(text)

    def stop(self) -> None:
        """On the caller's loop: nothing is to be shown from now on."""
        self._stopped = True

    def _send(self, pieces: list[str]) -> None:
        self._timer = None
        if self._stopped:
            return
        self._next = asyncio.get_running_loop().time() + 1 / SHOWS_A_SECOND
        try:
            self._caller.call_soon_threadsafe(self._deliver, "".join(pieces))
        except RuntimeError:  # the caller's loop is closed: nobody looks any more
            self._stopped = True

    def _deliver(self, text: str) -> None:
        if self._stopped:
            return
        self._last = text
        self._on_text(text)


def _has_second_line(pieces: list[str]) -> bool:
    return bool("".join(pieces).partition("\n")[2].strip())


def here(on_wait: OnWait | None) -> OnWait | None:
    """Return what tells of waits on the loop that runs now, from whichever loop it is called."""
    if on_wait is None:
        return None
    tell = asyncio.get_running_loop().call_soon_threadsafe

    def told(wait: Wait | None) -> None:
        with contextlib.suppress(RuntimeError):  # that loop is closed: nobody looks any more
            tell(on_wait, wait)

    return told
