"""The ways to run tests on a candidate, quickest first: what each needs, and how it asks.

Each gives the same records, so one judge serves all of them. A way that cannot be gone raises
:class:`~festina.verify.forkserver.NoServer` or :class:`~festina.verify.forkserver.NoCell`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from festina.verify.drift import Files
from festina.verify.forkserver import ForkServer, NoCell
from festina.verify.question import Question
from festina.verify.record import Outcome, Run
from festina.verify.watch import Watch

Only = Collection[str] | None
if TYPE_CHECKING:
    from festina.verify.executable import Need

TAG = f"{sys.implementation.cache_tag} {sys.hexversion:x}"
"""What a project's interpreter calls itself that compiles as ours does."""
Stop = Callable[[Outcome], bool]


class Way(Protocol):
    """Runs tests with a candidate (``candidate``) and without it (``bare``), in one state.

    ``only`` are ids; None means all that this way runs: the whole suite, or those selected.
    """

    @property
    def tier(self) -> int:
        """How it runs them: see :class:`festina.findings.GateResult`."""

    async def candidate(self, only: Only, stop: Stop | None, *, hurry: bool) -> Run:
        """Run with the candidate; ``stop`` ends the run early.

        In a ``hurry`` what is likely to fail runs first, else all is in the project's own order.
        """

    async def bare(self, only: Only, *, hurry: bool = False) -> Run:
        """Run without the candidate, in the same order."""


@dataclass(frozen=True)
class Swapped:
    """Tier 1: in a child of a process that has collected, with the changed functions' code.

    ``selected`` are the tests to run, likely failures first, ``files`` what is laid over the base,
    ``swaps`` those of the candidate, ``drifted`` those of ``files`` alone; ``needs`` are as in
    :class:`~festina.verify.concern.Change`.
    """

    server: ForkServer
    path: str
    new: str
    watch: Watch
    selected: tuple[str, ...]
    files: Files
    swaps: tuple[Mapping[str, Any], ...]
    drifted: tuple[Mapping[str, Any], ...]
    excerpts: tuple[str, str] | None
    needs: Mapping[int, list[Need]] | None
    limit: float
    standby: bool = True
    tier: int = field(default=1, init=False)

    async def candidate(self, only: Only, stop: Stop | None, *, hurry: bool) -> Run:
        """Run with the candidate; ``stop`` ends the run early."""
        before, after = self.excerpts or (None, None)
        question = Question(
            files={**self.files, self.path: self.new},
            watch=self.watch,
            swaps=tuple(map(dict, self.swaps)),
            only=self.selected if hurry and only is None else self._chosen(only),
            before=before,
            after=after,
            needs=self.needs if self.server.ready.tag == TAG else None,
        )
        return await self.server.run(question, timeout=self.limit, stop=stop, standby=self.standby)

    async def bare(self, only: Only, *, hurry: bool = False) -> Run:
        """Run without the candidate."""
        question = Question(
            files=self.files,
            swaps=tuple(map(dict, self.drifted)),
            only=self.selected if hurry and only is None else self._chosen(only),
        )
        return await self.server.run(question, timeout=self.limit, standby=self.standby)

    def _chosen(self, only: Only) -> tuple[str, ...]:
        """Return the ids to run in the project's own order."""
        wanted = set(self.selected if only is None else only)
        return tuple(test for test in self.server.ready.ids if test in wanted)


class Doubled:
    """Tier 1 twice at once: as `Swapped`, and at the same time whole in the project's own order.

    So what fails is confirmed when it is known. For short runs, where processors are idle.
    """

    tier = 1

    def __init__(self, way: Swapped) -> None:
        self._way = way
        self._second: asyncio.Task[Run] | None = None

    async def candidate(self, only: Only, stop: Stop | None, *, hurry: bool) -> Run:
        """Run with the candidate; what has run already is not run again."""
        if hurry and only is None:
            self._second = asyncio.create_task(self._way.candidate(None, stop, hurry=False))
        elif (second := self.leave()) is not None:
            with contextlib.suppress(NoCell):
                run = await second
                if not run.stopped or not run.failing.isdisjoint(only or ()):
                    return run
        return await self._way.candidate(only, stop, hurry=hurry)

    async def bare(self, only: Only, *, hurry: bool = False) -> Run:
        """Run without the candidate."""
        return await self._way.bare(only, hurry=hurry)

    def leave(self) -> asyncio.Task[Run] | None:
        """Return the second run, if nobody has asked for it; it is the caller's now."""
        second, self._second = self._second, None
        return second


@dataclass(frozen=True)
class Fresh:
    """Tier 2: in a child of a process that has started pytest, and imported nothing of ours.

    ``first`` are tests to run before the others, ``selected`` those to run at all (None: the whole
    suite).
    """

    server: ForkServer
    path: str
    new: str
    watch: Watch
    first: tuple[str, ...]
    files: Files
    limit: float
    selected: tuple[str, ...] | None = None
    tier: int = field(default=2, init=False)

    async def candidate(self, only: Only, stop: Stop | None, *, hurry: bool) -> Run:
        """Run with the candidate; ``stop`` ends the run early."""
        question = Question(
            files={**self.files, self.path: self.new},
            watch=self.watch,
            only=self._chosen(only),
            first=self.first if hurry else (),
        )
        return await self.server.run(question, timeout=self.limit, stop=stop, standby=True)

    async def bare(self, only: Only, *, hurry: bool = False) -> Run:
        """Run without the candidate."""
        first = self.first if hurry else ()
        question = Question(files=self.files, only=self._chosen(only), first=first)
        return await self.server.run(question, timeout=self.limit, standby=True)

    def _chosen(self, only: Only) -> tuple[str, ...] | None:
        return self.selected if only is None else tuple(only)


@dataclass(frozen=True)
class Cold:
    """Tier 3: pytest started anew on a copy of the workspace."""

    run: Callable[[Only, Stop | None], Awaitable[Run]]
    without: Callable[[Only], Awaitable[Run]]
    tier: int = field(default=3, init=False)

    async def candidate(self, only: Only, stop: Stop | None, *, hurry: bool) -> Run:
        """Run with the candidate; ``stop`` ends the run early."""
        return await self.run(only, stop)

    async def bare(self, only: Only, *, hurry: bool = False) -> Run:
        """Run without the candidate."""
        return await self.without(only)
