"""Work-done progress of what goes on, by key; what waits for a provider's limits counts down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from festina.calls import Wait
from festina.lsp import render
from festina.lsp.throttle import Throttle

if TYPE_CHECKING:
    from festina.lsp.app import App
    from festina.lsp.client import Progress

REPORTS_PER_SECOND = 4
COUNTS_SECONDS = 1.0
"""How often what is left of a wait is told."""


class Progresses:
    """The progress displays of one kind of work."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._shown: dict[str, Progress] = {}
        self._words: dict[str, Callable[[datetime], str]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._report = Throttle[None](1 / REPORTS_PER_SECOND, self._send)

    def show(
        self,
        key: str,
        title: str,
        words: Callable[[datetime], str],
        held: Wait | None,
        on_cancel: Callable[[], None] | None = None,
    ) -> None:
        """Show how far something is; ``title`` and ``on_cancel`` stay the first ones of a display.

        ``words`` says it for a moment of local time, as long as ``held`` lasts.
        """
        if key not in self._shown:
            self._shown[key] = self._app.client.progress(title, on_cancel=on_cancel)
        self._words[key] = words
        self._report.offer(key, None)
        self._stop(key)
        # in an editor that writes each report down as a message, one with the end is enough
        if held is not None and not self._app.caps.progress_messages:
            self._count(key, held)

    def end(self, key: str, message: str | None = None) -> None:
        """Take a display away, if there is one; ``message`` is the last that it says."""
        self._stop(key)
        if (progress := self._shown.pop(key, None)) is not None:
            del self._words[key]
            progress.end(None if message is None else render.shorten(message))

    def close(self) -> None:
        """Send nothing any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._report.close()

    def _count(self, key: str, wait: Wait) -> None:
        if datetime.now().astimezone() >= wait.until:
            return
        loop = asyncio.get_running_loop()
        self._timers[key] = loop.call_later(COUNTS_SECONDS, self._tick, key, wait)

    def _tick(self, key: str, wait: Wait) -> None:
        self._report.offer(key, None)
        self._count(key, wait)

    def _stop(self, key: str) -> None:
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()

    def _send(self, key: str, _: None) -> None:
        if (progress := self._shown.get(key)) is not None:
            progress.report(render.shorten(self._words[key](datetime.now().astimezone())))
