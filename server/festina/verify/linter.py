"""The ``lint`` gate at speed: a warm ``ruff server`` where it is known to say what a run says.

A server has its own ways to find configuration, and keeps what it has read. So for each file it is
first compared with plain runs of the same ruff; it is not asked where they differ, and ended when
a file of the configuration changes. Many candidates are asked of it at once: that is as fast as one
run for many files, which would not apply what is configured for the path that they really have
(``tests/bench/lint.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from festina.findings import Finding, GateResult
from festina.verify import lint
from festina.verify.base import Candidate
from festina.verify.digests import of_source
from festina.verify.lint import Ruff
from festina.verify.lint_look import Look, Looks, extended_by, look_at
from festina.verify.lint_server import Gone, RuffServer
from festina.verify.process_io import all_of, to_the_end
from festina.verify.syntax import is_python

_IDLE_SECONDS = 300.0
_PATIENCE_SECONDS = 2.0
_MOST_SERVERS = 3
_MOST_PLACES = 200
_MOST_OLD = 32
_MOST_AHEAD = 16
_MOST_FAILURES = 3
_MARGIN_NS = 50_000_000
"""How far a file's time of change may lie before the moment of the change."""
_PROBES = (
    "def (",  # every ruff has something to say about this, unless it passes the file over
    "import sys, os\nfrom a import *\nimport json\nclass c:\n  def F(self, x=[], *, l=1):\n"
    "    try: return unknown == None\n    except: print('{}'.format(x), \"%s\" % l);\n"
    "    assert(x, 1); open('f'); y: str = 3; eval('1')  # TODO x  # noqa: E999\n"
    f"    return (lambda: type(x) == int) if not x in [1] else {'1 + ' * 40}1\n",
)
"""Texts by which it shows which rules are in force."""

_Key = tuple[object, ...]
_T = TypeVar("_T")


@dataclass(slots=True)
class _Place:
    """One path, and whether the server was found to say the same as runs do."""

    look: Look
    agreed: bool = False
    known: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Kept:
    """A server and the places that it was tried for."""

    ruff: Ruff
    rules: tuple[str, ...]
    server: RuffServer | None = None
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    places: dict[str, _Place] = field(default_factory=dict)
    failures: int = 0
    idle: asyncio.TimerHandle | None = None
    ended: bool = False


class Linter:
    """Checks candidates by ruff. Any number of calls may run at once, on one event loop."""

    def __init__(self, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._runs = asyncio.Semaphore(os.cpu_count() or 1)
        self._kept: dict[_Key, _Kept] = {}
        self._old: dict[tuple[object, ...], asyncio.Task[list[Finding]]] = {}
        self._ahead: dict[tuple[RuffServer, str, str], tuple[int, asyncio.Task[list[Finding]]]] = {}
        self._configured: dict[_Key, tuple[tuple[str, ...], bool]] = {}
        self._background: set[asyncio.Task[Any]] = set()
        self._looks = Looks()
        self.asked = 0
        """How many texts were judged by a server."""

    def ahead(self, workspace: Path, candidate: Candidate) -> None:
        """Ask about a candidate for which :meth:`check` will come, if a server is at hand.

        Whether that server may be asked is found out then; what it says is not used where not.
        """
        for kept in reversed(self._kept.values()):
            if kept.ruff.root == workspace:
                place, server = kept.places.get(candidate.path), kept.server
                if (
                    server is not None
                    and place is not None
                    and place.agreed
                    and _plain(candidate.new)
                ):
                    task = self._start(server.findings(candidate.path, candidate.new))
                    name = (server, candidate.path, candidate.digest)
                    _remember(self._ahead, name, (time.time_ns(), task), _MOST_AHEAD)
                return

    async def check(
        self, candidate: Candidate, ruff: Ruff | None, *, once: bool = False
    ) -> GateResult:
        """Judge a candidate as `lint.check` does, faster.

        ``once`` says that the folder of ``ruff`` is there for this candidate alone. Cancelling ends
        every process that was started for this call only.
        """
        if ruff is None or once or not is_python(candidate.path):
            return await lint.check(candidate, ruff, self._by_runs)
        known = self._extended(ruff, candidate.path)
        asked = time.monotonic()
        look = await asyncio.to_thread(self._looks.at, asked, ruff, candidate.path, known)
        configured = await self._is_configured(ruff, candidate.path, look)

        async def both(
            ruff: Ruff, candidate: Candidate, rules: Sequence[str]
        ) -> tuple[Sequence[Finding], Sequence[Finding]]:
            found = await self._by_server(ruff, candidate, tuple(rules), look)
            return found or await self._by_runs(ruff, candidate, rules)

        return await lint.check(candidate, ruff, both, configured=configured)

    async def _by_runs(
        self, ruff: Ruff, candidate: Candidate, rules: Sequence[str]
    ) -> tuple[list[Finding], list[Finding]]:
        async with self._runs:
            return await lint.by_runs(ruff, candidate, rules)

    async def _is_configured(self, ruff: Ruff, path: str, look: Look) -> bool:
        key = (*_key(ruff, ()), str(Path(path).parent))
        known = self._configured.get(key)
        if known is None or known[0] != look.files:
            value = ruff.own or await asyncio.to_thread(lint.is_configured, ruff, path)
            _remember(self._configured, key, (look.files, value), _MOST_PLACES)
            return value
        return known[1]

    # -- the server -------------------------------------------------------------------------------

    async def _by_server(
        self, ruff: Ruff, candidate: Candidate, rules: tuple[str, ...], look: Look
    ) -> tuple[list[Finding], list[Finding]] | None:
        """Return what the server says of the old and the new text; None: it is not to be asked."""
        if rules not in ((), lint.GRAVE) or not _plain(candidate.old, candidate.new):
            return None
        kept = self._keep(ruff, rules)
        if kept.failures >= _MOST_FAILURES:
            return None
        place = kept.places.get(candidate.path)
        if place is not None and place.look.differs(look):
            self._end(kept)
            place = None
        if place is None:
            place = _Place(look)
            _remember(kept.places, candidate.path, place, _MOST_PLACES)
            self._start(self._acquaint(kept, place, candidate))
            return None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await place.known.wait()
        server = kept.server
        if not place.agreed or server is None:
            return None
        try:
            found = await asyncio.gather(
                self._of_old(server, kept, candidate, look),
                self._of_new(server, candidate, look),
            )
        except Gone:
            if kept.server is server:
                self._end(kept)  # the next candidate has another one started
            return None
        self.asked += 1
        return found[0], found[1]

    async def _acquaint(self, kept: _Kept, place: _Place, candidate: Candidate) -> None:
        """Find out whether the server, started now if need be, says of a path what runs say."""
        ruff, path, texts = kept.ruff, candidate.path, (candidate.old, *_PROBES)
        try:
            extended = await asyncio.to_thread(extended_by, ruff, path)
            place.look = await asyncio.to_thread(look_at, ruff, path, extended)
            server = await self._server(kept, place.look.newest)
            said = await asyncio.gather(*(server.findings(path, text) for text in texts))
            async with self._runs:
                runs = (lint.findings_in(ruff, path, text, kept.rules) for text in texts)
                true = await all_of(*runs)
            after = await asyncio.to_thread(look_at, ruff, path, extended)
            place.agreed = said == true and not place.look.differs(after)
            kept.failures = 0
        except Gone:
            kept.failures += 1
            kept.places.pop(path, None)  # the next candidate tries again
        except lint.Broken:
            return  # as everybody is told who asks
        finally:
            place.known.set()

    async def _server(self, kept: _Kept, changed: int) -> RuffServer:
        """Return the server, another one if the last change may be unknown to it."""
        async with kept.starting:
            server = kept.server
            stale = server is not None and server.started_ns < changed + _MARGIN_NS
            if stale or server is None or not server.alive:
                if server is not None:
                    self._start(to_the_end(server.aclose()))
                server = kept.server = await RuffServer.start(kept.ruff, kept.rules)
            if kept.ended:
                self._end(kept)
                raise Gone("nobody needs it any more")
            return server

    async def _of_old(
        self, server: RuffServer, kept: _Kept, candidate: Candidate, look: Look
    ) -> list[Finding]:
        """What the server says of the old text: asked once, however many candidates there are."""
        digest = of_source(candidate.old)
        name = (_key(kept.ruff, kept.rules), candidate.path, look.files, look.folders, digest)
        task = self._old.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._start(server.findings(candidate.path, candidate.old))
            _remember(self._old, name, task, _MOST_OLD)
        return await asyncio.shield(task)

    async def _of_new(self, server: RuffServer, candidate: Candidate, look: Look) -> list[Finding]:
        """What the server says of the new text, perhaps already."""
        ahead = self._ahead.pop((server, candidate.path, candidate.digest), None)
        if ahead is not None and look.newest + _MARGIN_NS < ahead[0]:
            return await ahead[1]
        return await server.findings(candidate.path, candidate.new)

    def _extended(self, ruff: Ruff, path: str) -> tuple[Path, ...]:
        """Return the files that the configuration of a path was last found to name."""
        for rules in ((), lint.GRAVE):
            kept = self._kept.get(_key(ruff, rules))
            if kept is not None and path in kept.places:
                return kept.places[path].look.of
        return ()

    # -- its end ----------------------------------------------------------------------------------

    def _keep(self, ruff: Ruff, rules: tuple[str, ...]) -> _Kept:
        """Return what is kept for one choice of ruff; it ends some time after its last use."""
        key = _key(ruff, rules)
        kept = self._kept.pop(key, None) or _Kept(ruff, rules)
        self._kept[key] = kept  # as the one used last
        for other in [*self._kept][:-_MOST_SERVERS]:
            self._discard(other)
        if kept.idle is not None:
            kept.idle.cancel()
        loop = asyncio.get_running_loop()
        kept.idle = loop.call_later(self._idle_seconds, self._discard, key)
        return kept

    def _end(self, kept: _Kept) -> None:
        """Take nothing more from a server, nor from what was found out about it."""
        kept.places.clear()
        server, kept.server = kept.server, None
        if server is not None:
            self._start(to_the_end(server.aclose()))

    def _discard(self, key: _Key) -> None:
        kept = self._kept.pop(key)
        if kept.idle is not None:
            kept.idle.cancel()
        kept.ended = True
        self._end(kept)

    def _start(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled():
            task.exception()  # so that nobody misses it: whoever waits for it has it, too

    async def aclose(self) -> None:
        """End every server and whatever still runs."""
        for task in self._background:
            task.cancel()
        for key in [*self._kept]:
            self._discard(key)
        while self._background:
            await asyncio.wait(self._background)
        self._old.clear()
        self._ahead.clear()


def _key(ruff: Ruff, rules: tuple[str, ...]) -> _Key:
    return ruff.binary, ruff.root, ruff.own, rules, tuple(sorted(ruff.environ.items()))


def _remember(into: dict[Any, Any], key: object, value: object, most: int) -> None:
    into[key] = value
    while len(into) > most:
        del into[next(iter(into))]


def _plain(*texts: str) -> bool:
    """Whether texts mean the same on a standard input and in a message."""
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError:
        return False
    return not any(text.startswith("\ufeff") or "\0" in text for text in texts)
