"""mypy's daemon in the place of runs, where it was found to say what they say.

A daemon updates what it knows by another algorithm than a run goes by, so it is not believed
blindly. Before it is asked, what it says of the workspace, and of a text with a mistake in it, is
compared with runs; after each candidate it must say of the old text what it said before. What could
still go wrong unseen is a mistake that it does not find; so each `_CONFIRMED`-th pass is confirmed
by a run, whose word counts. One difference, and this project has runs again: a daemon that is
wrong once is wrong for a reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from festina.findings import Finding
from festina.verify import sandbox, shadow, types_said
from festina.verify.conditions import Unverified
from festina.verify.drift import CONFIGURATION, Files, drift
from festina.verify.process import LaunchError
from festina.verify.process_io import to_the_end
from festina.verify.state import State
from festina.verify.toolchains import Tools
from festina.verify.types_server import Gone, MypyServer, Unfit
from festina.verify.workbench import Workbench

_log = logging.getLogger(__name__)

_IDLE_SECONDS = 600.0
_MOST_SERVERS = 2
"""Each holds the types of a project and all that it imports: some hundred MiB."""
_MOST_ANSWERS = 400
"""After so many, another one is started: what a daemon keeps of old texts only grows."""
_MOST_FAILURES = 3
_MOST_REFUSED = 50
_ANSWER_SECONDS = 30.0
_CONFIRMED = 25
_OF_MYPY = sorted(CONFIGURATION | {"mypy.ini", ".mypy.ini"})
PROBE = "\n\ndef _festina_probe() -> int:\n    return ''\n"
"""What every mypy has something to say about, unless it passes the file over."""

Said = tuple[Finding, ...]
Run = Callable[[str], Awaitable[Said]]
"""Says what a run finds with this text in the place of the edited file's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a daemon is for: a command line of mypy in one environment, and a level of isolation."""

    state: State
    tools: Tools
    level: sandbox.Level
    arguments: tuple[str, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """What daemons cannot have in common."""
        configured = tuple(self.state.contents.get(name, "") for name in _OF_MYPY)
        workspace = self.state.snapshot.workspace
        return workspace, self.level, self.arguments, self.state.surroundings, configured


@dataclass(slots=True)
class _Kept:
    """A daemon, the state of its copy, and what it said of the state that it was last in."""

    asked: Asked
    files: frozenset[str]
    server: MypyServer | None = None
    agreed: bool = False
    ended: bool = False
    home: str = ""
    old: Said | None = None
    answers: int = 0
    one: asyncio.Lock = field(default_factory=asyncio.Lock)
    idle: asyncio.TimerHandle | None = None


class WarmTypes:
    """Keeps daemons. Any number of calls may run at once, on one event loop."""

    def __init__(self, bench: Workbench, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._bench = bench
        self._idle_seconds = idle_seconds
        self._kept: dict[tuple[object, ...], _Kept] = {}
        self._refused: dict[tuple[object, ...], str] = {}
        self._failures: dict[tuple[object, ...], int] = {}
        self._background: set[asyncio.Task[Any]] = set()
        self._passes = 0
        self.asked = 0
        """How many texts were judged by a daemon."""

    async def findings(self, asked: Asked, path: str, text: str) -> tuple[Said, Said] | None:
        """Return what a daemon says without and with ``text`` at ``path``; None: it is for runs.

        Cancelling leaves it to come to its end in the background: the next one finds it as it was.

        Raises:
            shadow.Changed: the workspace is no longer in that state.
        """
        kept = self._kept.get(asked.key)
        if kept is None or not kept.agreed:
            return None
        files = await self._files(kept, asked.state, path)
        if files is None:
            self._discard(asked.key, kept)  # the next one is started on a copy of this state
            return None
        self._use(asked.key, kept)
        answer: asyncio.Future[tuple[Said, Said] | None] = asyncio.Future()
        self._start(self._ask(kept, asked.state.fingerprint, files, path, text, answer))
        found = await answer
        self.asked += found is not None
        return found

    def is_due(self) -> bool:
        """Count a pass; whether this one is to be confirmed by a run."""
        self._passes += 1
        return self._passes % _CONFIRMED == 0

    def differs(self, asked: Asked) -> None:
        """Ask no daemon any more: it has said something else than a run."""
        self._refuse(asked.key, "its answer was not that of a run")

    def acquaint(self, asked: Asked, path: str, old: Said, old_text: str, run: Run) -> None:
        """Start a daemon in the background where there is none, and find out what it is good for.

        ``old`` is what a run found in the state as it is, ``old_text`` the text at ``path`` in it.
        """
        key = asked.key
        if key in self._kept or key in self._refused:
            return
        files = frozenset(asked.state.contents.keys() | asked.state.buffers.keys())
        if path not in files:
            return
        kept = self._kept[key] = _Kept(asked, files)
        for other, one in [*self._kept.items()]:
            same = other[:3] == key[:3]  # in another environment, or configured otherwise
            if one is not kept and (same or len(self._kept) > _MOST_SERVERS):
                self._discard(other, one)
        self._use(key, kept)
        self._start(self._acquaint(kept, path, old, old_text, run))

    # -- the daemon -------------------------------------------------------------------------------

    async def _files(self, kept: _Kept, state: State, path: str) -> dict[str, str] | None:
        """Return what to lay over the copy to be in a state; None: another copy is needed."""
        before = kept.asked.state
        files: Files | None = {}
        if before.fingerprint != state.fingerprint:
            files = await asyncio.to_thread(drift, before, state)
        if files is None:
            return None
        texts = {name: text for name, text in files.items() if text is not None}
        if len(texts) < len(files) or not kept.files.issuperset((path, *texts)):
            return None  # files that come and go change what modules there are
        return None if any(PurePosixPath(name).name in _OF_MYPY for name in texts) else texts

    async def _acquaint(self, kept: _Kept, path: str, old: Said, old_text: str, run: Run) -> None:
        """Find out whether a daemon says what runs say."""
        asked, key = kept.asked, kept.asked.key
        try:
            async with kept.one:
                kept.server = await MypyServer.start(
                    self._bench, asked.state, asked.tools, asked.level, asked.arguments
                )
                said = [
                    await self._said(kept, texts) for texts in ({}, {path: old_text + PROBE}, {})
                ]
            true = _ordered(await run(old_text + PROBE))
            if said != [_ordered(old), true, _ordered(old)]:
                self._refuse(key, "its answers were not those of runs")
            elif not kept.ended:
                kept.home, kept.old = asked.state.fingerprint, _ordered(old)
                kept.agreed = True
                _log.debug("The types of %s are checked by mypy's daemon.", path)
        except Unfit as error:
            self._refuse(key, str(error))
        except Gone as error:
            self._fail(kept, str(error))
        except (Unverified, LaunchError, shadow.Changed, OSError) as error:
            _log.debug("mypy's daemon was not started: %s.", error)
        finally:
            if not kept.agreed:
                self._discard(key, kept)

    async def _ask(
        self,
        kept: _Kept,
        fingerprint: str,
        files: dict[str, str],
        path: str,
        text: str,
        answer: asyncio.Future[tuple[Said, Said] | None],
    ) -> None:
        """Have a text checked, give the answer, and have the old text put back."""
        key = kept.asked.key
        try:
            async with kept.one:
                if answer.done() or kept.ended:
                    return
                if kept.home != fingerprint:
                    kept.home = ""
                    kept.old = await self._said(kept, files)
                    kept.home = fingerprint
                old, new = kept.old, await self._said(kept, {**files, path: text})
                if not answer.done():
                    answer.set_result(None if old is None or new is None else (old, new))
                if await self._said(kept, files) != old:
                    self._refuse(key, "it did not come back to what it had said before")
                self._failures.pop(key, None)
            if kept.answers > _MOST_ANSWERS:
                self._discard(key, kept)
        except Unfit as error:
            self._refuse(key, str(error))
        except Gone as error:
            self._fail(kept, str(error))
        finally:
            if not answer.done():
                answer.set_result(None)

    async def _said(self, kept: _Kept, texts: dict[str, str]) -> Said | None:
        """Return what it says with these texts over its copy; None where a run would break off."""
        if (server := kept.server) is None:
            raise Gone("it was ended")
        state, first = kept.asked.state, not kept.answers
        limit = state.snapshot.settings.timeout_seconds
        kept.answers += 1
        output = await server.output(texts, limit if first else min(limit, _ANSWER_SECONDS))
        if output is None:
            return None
        found = await asyncio.to_thread(types_said.findings, output, server.place, kept.files)
        return _ordered(found)

    # -- its end ----------------------------------------------------------------------------------

    def _use(self, key: tuple[object, ...], kept: _Kept) -> None:
        """Put off its end: that comes some time after its last use."""
        self._kept[key] = self._kept.pop(key)
        if kept.idle is not None:
            kept.idle.cancel()
        loop = asyncio.get_running_loop()
        kept.idle = loop.call_later(self._idle_seconds, self._discard, key, kept)

    def _fail(self, kept: _Kept, why: str) -> None:
        key = kept.asked.key
        if kept.ended:
            return  # that was us
        self._failures[key] = self._failures.get(key, 0) + 1
        if self._failures[key] >= _MOST_FAILURES:
            self._refuse(key, f"it ended again and again ({why})")
        else:
            _log.debug("mypy's daemon has ended: %s.", why)
            self._discard(key, kept)

    def _refuse(self, key: tuple[object, ...], why: str) -> None:
        _log.debug("mypy's daemon is not used for %s: %s.", key[0], why)
        self._refused[key] = why
        while len(self._refused) > _MOST_REFUSED:
            del self._refused[next(iter(self._refused))]
        self._failures.pop(key, None)
        if (kept := self._kept.get(key)) is not None:
            self._discard(key, kept)

    def _discard(self, key: tuple[object, ...], kept: _Kept) -> None:
        if self._kept.get(key) is kept:
            del self._kept[key]
        if kept.idle is not None:
            kept.idle.cancel()
        kept.ended, kept.agreed = True, False
        if (server := kept.server) is not None:
            kept.server = None
            self._start(to_the_end(server.aclose()))

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.debug("mypy's daemon was given up.", exc_info=error)

    async def aclose(self) -> None:
        """End every daemon and whatever still runs."""
        for task in self._background:
            task.cancel()
        for key, kept in [*self._kept.items()]:
            self._discard(key, kept)
        while self._background:
            await asyncio.wait(self._background)


def _ordered(found: Iterable[Finding]) -> Said:
    def key(one: Finding) -> tuple[object, ...]:
        return one.path, one.line or 0, one.column or 0, one.code or "", one.message

    return tuple(sorted(found, key=key))
