"""The ``browser`` gate: pages with the candidate and without it, in headless Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from festina.findings import Gate, GateResult, Status
from festina.gate_browser import Browser
from festina.globs import applies
from festina.verify import browser_find, sandbox, shadow, toolchains
from festina.verify.base import Candidate
from festina.verify.browser_pages import Means, Pages, Unsure
from festina.verify.browser_server import Gone, Unready
from festina.verify.browser_warm import Asked, WarmBrowsers
from festina.verify.interpreter import Environment, Found
from festina.verify.isolation import Refused, isolation, named
from festina.verify.once import Once
from festina.verify.process import LaunchError
from festina.verify.shot_store import ShotStore
from festina.verify.state import State
from festina.verify.workbench import Workbench

_MOST_AT_ONCE = 4
"""Pages that are open at once: each has a process of its own, and pictures to draw."""
_WHAT = "Pages are looked at"
_UNABLE = (Unsure, Refused, browser_find.Missing, toolchains.Missing, shadow.Outside)

Say = Callable[[str], None]


class BrowserGate:
    """Looks at pages. Any number of calls may run at once."""

    def __init__(self, bench: Workbench, shots: ShotStore) -> None:
        self.warm = WarmBrowsers(bench)
        slots = asyncio.Semaphore(min(_MOST_AT_ONCE, os.cpu_count() or 1))
        self._means = Means(self.warm, Once(), slots, shots)

    async def prepare(self, state: State, path: str) -> None:
        """Start the browser, and look at the pages without an edit of ``path``."""
        browser = state.snapshot.settings.browser
        if browser is None or not applies(browser.when, path):
            return
        # why it cannot be is said by the verification, when it comes to that
        with contextlib.suppress(*_UNABLE, Gone, Unready):
            level = await isolation(state.snapshot, _WHAT)
            pages = await self._pages(state, browser, level, path)
            await pages.bare()

    async def check(self, state: State, candidate: Candidate, say: Say) -> GateResult:
        """Judge a candidate by the pages that show it.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
        """
        start = time.perf_counter()
        browser = state.snapshot.settings.browser
        assert browser is not None
        if not applies(browser.when, candidate.path):
            kind = PurePosixPath(candidate.path).suffix or candidate.path
            reason = f"No page is looked at for {kind} files (verify.browser)."
            return GateResult(Gate.BROWSER, Status.SKIPPED, reason=reason)
        level: sandbox.Level | None = None
        try:
            level = await isolation(state.snapshot, _WHAT)
            say("looking at the pages")
            pages = await self._pages(state, browser, level, candidate.path)
            result = await pages.judge(candidate)
        except _UNABLE as error:
            result = _unverified(str(error))
        except Unready as error:
            command = " ".join(browser.run)[:60]
            result = _unverified(f"`{command}` serves no pages: {error}. See verify.browser.")
        except Gone as error:
            result = _unverified(f"The browser could not look at the pages: {error}.")
        except (LaunchError, OSError) as error:
            words = shadow.said(error) if isinstance(error, OSError) else str(error)
            result = _unverified(f"The browser could not be run: {words.rstrip('.')}.")
        # what serves files has no network, whatever tests and commands may have
        where = named(level, state.snapshot) if browser.run or level is None else str(level)
        return replace(result, seconds=time.perf_counter() - start, sandbox=where)

    async def _pages(
        self, state: State, browser: Browser, level: sandbox.Level, path: str
    ) -> Pages:
        """Find what is needed.

        Raises:
            Unsure, Outside: the pages cannot show an edit of that file here.
            Missing: a program is not there.
        """
        if level is sandbox.Level.LANDLOCK and browser.run:
            raise Unsure(
                f"`{browser.run[0]}` cannot serve pages here: where Landlock is all that keeps code"
                " apart, no program gets a port. `festina doctor` says how to have a better"
                " sandbox; pages that are files can be looked at in this one, too, if"
                " verify.browser names their `folder` instead."
            )
        real = shadow.locate(state.snapshot.workspace, path)
        if any(real == shown or real.startswith(f"{shown}/") for shown in state.tree.shown):
            raise Unsure(f"{path} is not copied: pages show it as it is on the disk.")
        programs = await asyncio.to_thread(browser_find.find, os.environ)
        tools = await _tools(state, browser) if browser.run else None
        return Pages(self._means, Asked(state, level, programs, browser, tools), real)

    async def aclose(self) -> None:
        """End what still runs."""
        await self._means.bare.aclose()
        await self.warm.aclose()


async def _tools(state: State, browser: Browser) -> toolchains.Tools:
    python = state.found.python if isinstance(state.found, Found) else None
    if isinstance(state.python, Environment):  # no launcher, which may need its home
        python = state.python.python
    files = {*state.contents, *state.buffers}
    return await asyncio.to_thread(
        toolchains.tools_for, browser.run, state.snapshot.workspace, python, files, os.environ
    )


def _unverified(reason: str) -> GateResult:
    return GateResult(Gate.BROWSER, Status.UNVERIFIED, reason=reason)
