"""A verifier of which everything can be ended at once: a workspace is gone or no longer trusted.

What runs then is killed before anything else happens, and whatever is still on its way to start
something finds that it may not (:mod:`festina.verify.leave`). All processes go, also those that are
kept warm, and with them all that they know. What has been asked meanwhile is asked again, of
an engine that has yet to start everything, and by the trust that there is by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from festina.findings import Verdict
from festina.verify.base import Candidate, ExamineScope, OnStep, Scope, Snapshot
from festina.verify.engine import Engine
from festina.verify.leave import Leave, Withdrawn
from festina.verify.mapping import OnProgress
from festina.verify.process_io import to_the_end

if TYPE_CHECKING:
    from festina.verify.examination import Examination

_T = TypeVar("_T")


class Revocable:
    """See the module; for the calls see :class:`~festina.verify.base.Verifier`.

    ``make`` gives an engine that has started nothing. ``as_trusted`` returns a snapshot with no
    more trust than there is now: it may have been frozen before that was withdrawn.
    """

    def __init__(
        self, as_trusted: Callable[[Snapshot], Snapshot], make: Callable[[], Engine] = Engine
    ) -> None:
        self._as_trusted = as_trusted
        self._make = make
        self._engine, self._leave = make(), Leave()
        self._told: OnProgress | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def revoke(self) -> None:
        """End every process at once; what they leave on the disk is removed soon."""
        engine, leave = self._engine, self._leave
        self._engine, self._leave = self._make(), Leave()
        if self._told is not None:
            self._engine.on_mapping(self._told)
        leave.withdraw()
        task = asyncio.create_task(engine.aclose())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def on_mapping(self, told: OnProgress) -> None:
        """Have somebody told how far the impact map of a workspace is."""
        self._told = told
        self._engine.on_mapping(told)

    async def verify(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        on_step: OnStep | None = None,
        *,
        scope: Scope | None = None,
    ) -> Verdict:
        """Judge one candidate."""
        return await self._ask(
            lambda engine: engine.verify(
                self._as_trusted(snapshot), candidate, on_step, scope=scope
            )
        )

    async def examine(
        self,
        before: Snapshot | None,
        after: Snapshot,
        paths: Sequence[str],
        *,
        scope: ExamineScope,
        on_step: OnStep | None = None,
    ) -> Examination:
        """Look at files that were saved."""
        return await self._ask(
            lambda engine: engine.examine(
                before and self._as_trusted(before),
                self._as_trusted(after),
                paths,
                scope=scope,
                on_step=on_step,
            )
        )

    async def prepare(self, snapshot: Snapshot, path: str) -> None:
        """Start what a verification will need."""
        await self._ask(lambda engine: engine.prepare(self._as_trusted(snapshot), path))

    async def fingerprint(self, snapshot: Snapshot) -> str:
        """Hash what a verdict rests on."""
        return await self._ask(lambda engine: engine.fingerprint(self._as_trusted(snapshot)))

    async def aclose(self) -> None:
        """Kill every process and remove every file, also of what has been ended before."""
        await self._engine.aclose()
        while self._ending:
            await asyncio.wait(self._ending)

    async def _ask(self, ask: Callable[[Engine], Coroutine[Any, Any, _T]]) -> _T:
        """Ask the engine, and where it was ended meanwhile, whatever it says, the next one."""
        while True:
            leave = self._leave
            with leave.in_force():
                work = asyncio.create_task(_answer(ask, self._engine, leave))
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError:
                if not work.cancelling():  # twice would break off its cleaning up
                    work.cancel()
                await to_the_end(asyncio.wait([work]))
                raise
            if not leave.withdrawn:
                return work.result()
            if not work.cancelled():
                work.exception()  # so that nobody misses it


async def _answer(
    ask: Callable[[Engine], Coroutine[Any, Any, _T]], engine: Engine, leave: Leave
) -> _T:
    """Ask, in a task that comes to it a moment after it was made."""
    if leave.withdrawn:
        raise Withdrawn
    return await ask(engine)
