"""One browser, kept warm between candidates where files are served; a new one where a program is.

A candidate's texts are laid over the browser's copy for one look, in a server and a context of
their own: its code runs in the pages alone, so nothing of it is left for the next one. A program
of the workspace can do more than that, so each look at what one serves has a sandbox, a copy and a
browser of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from festina.gate_browser import Browser
from festina.verify import sandbox
from festina.verify.browser_find import Programs
from festina.verify.browser_server import Chromium
from festina.verify.drift import Files, drift
from festina.verify.process_io import to_the_end
from festina.verify.state import State
from festina.verify.toolchains import Tools
from festina.verify.workbench import Workbench

_log = logging.getLogger(__name__)

_IDLE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at: pages of one state, in one isolation. ``tools`` are for a program."""

    state: State
    level: sandbox.Level
    programs: Programs
    browser: Browser
    tools: Tools | None = None


@dataclass(slots=True)
class _Kept:
    """A browser, the state of its copy, and who uses it; ``retired`` ones go with the last."""

    asked: Asked
    chromium: Chromium
    users: int = 0
    retired: bool = False


class WarmBrowsers:
    """Keeps the last browser used. Any number of calls may run at once, on one event loop."""

    def __init__(self, bench: Workbench, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._bench = bench
        self._idle_seconds = idle_seconds
        self._kept: _Kept | None = None
        self._one = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self.started = 0
        """How many browsers were started."""

    @contextlib.asynccontextmanager
    async def browser(
        self, asked: Asked, files: Mapping[str, str]
    ) -> AsyncIterator[tuple[Chromium, Files]]:
        """Give a browser, and the texts to lay over its copy to see ``files`` in the state.

        Raises:
            Gone, Unready, shadow.Changed, OSError: see `Chromium.start`.
        """
        if asked.tools is not None:
            self.started += 1
            chromium = await Chromium.start(
                self._bench,
                asked.state,
                asked.level,
                asked.programs,
                asked.browser,
                files=files,
                tools=asked.tools,
            )
            try:
                yield chromium, {}
            finally:
                await chromium.aclose()
            return
        kept, drifted = await self._warm(asked)
        kept.users += 1
        try:
            yield kept.chromium, {**drifted, **files}
        finally:
            kept.users -= 1
            if not kept.chromium.alive:
                self._retire(kept)
            elif kept.retired and not kept.users:
                self._close(kept)
            self._put_off()

    async def _warm(self, asked: Asked) -> tuple[_Kept, Files]:
        async with self._one:
            kept = self._kept
            if kept is not None:
                files = await self._over(kept, asked)
                if files is not None:
                    return kept, files
                self._retire(kept)
            self.started += 1
            chromium = await Chromium.start(
                self._bench, asked.state, asked.level, asked.programs, asked.browser, files={}
            )
            self._kept = kept = _Kept(asked, chromium)
            return kept, {}

    async def _over(self, kept: _Kept, asked: Asked) -> Files | None:
        """Return what to lay over a browser's copy to be in a state; None: it cannot be used."""
        before = kept.asked
        same = (before.level, before.programs, before.browser.folder)
        if not kept.chromium.alive or same != (asked.level, asked.programs, asked.browser.folder):
            return None
        if before.state.snapshot.workspace != asked.state.snapshot.workspace:
            return None
        if before.state.fingerprint == asked.state.fingerprint:
            return {}
        return await asyncio.to_thread(drift, before.state, asked.state)

    def discard(self) -> None:
        """Look at nothing more with the browser that is kept: the next look has a new one."""
        if self._kept is not None:
            self._retire(self._kept)

    # -- its end ----------------------------------------------------------------------------------

    def _put_off(self) -> None:
        """Put off its end: that comes some time after its last use."""
        if self._idle is not None:
            self._idle.cancel()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._idle_seconds, self.discard)

    def _retire(self, kept: _Kept) -> None:
        if self._kept is kept:
            self._kept = None
        if not kept.retired:
            kept.retired = True
            if not kept.users:
                self._close(kept)

    def _close(self, kept: _Kept) -> None:
        _log.debug("The browser is ended.")
        self._start(to_the_end(kept.chromium.aclose()))

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def aclose(self) -> None:
        """End every browser, and wait for that."""
        if self._idle is not None:
            self._idle.cancel()
        self.discard()
        while self._background:
            await asyncio.wait(self._background)
