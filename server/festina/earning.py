"""How candidates earn their verdicts: how much of the suite runs for each (design, section 3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from festina.findings import Finding, Rest, Verdict
from festina.plans import Bounds
from festina.verify.base import Candidate, OnStep, Scope, Snapshot, Verifier


@dataclass(frozen=True, slots=True)
class Earned:
    """A verdict, and what the tests that did not run for it have to say."""

    verdict: Verdict
    rest: Rest = Rest.NONE


class Once:
    """Judges equal candidates once: those that come later wait for the first one's verdict."""

    def __init__(self) -> None:
        self._of: dict[str, asyncio.Future[Earned]] = {}

    async def earned(self, digest: str, judge: Callable[[], Awaitable[Earned]]) -> Earned:
        """Return what a text has earned; ``judge`` finds it out where it is the first."""
        known = self._of.get(digest)
        if known is not None:
            await asyncio.shield(known)
            return self._of[digest].result()  # the whole suite may have run since
        future = self._of[digest] = asyncio.get_running_loop().create_future()
        try:
            earned = await judge()
        except BaseException:
            self._of.pop(digest, None)  # who writes the same later is judged
            future.cancel()
            raise
        future.set_result(earned)
        return earned

    def note(self, digest: str, earned: Earned) -> None:
        """Take the verdict of the whole suite in the place of the one before."""
        future = self._of[digest] = asyncio.get_running_loop().create_future()
        future.set_result(earned)


@dataclass(slots=True)
class Earning:
    """Judges the candidates for one file of a snapshot.

    Of several, each is judged by the tests that it can affect, and the whole suite, where that is
    asked for, runs for those that somebody wants (:meth:`whole`).
    """

    verifier: Verifier
    snapshot: Snapshot
    path: str
    old: str
    resolves: tuple[Finding, ...] = ()
    bounds: Bounds | None = None
    _enough: bool | None = field(init=False, default=None)
    """Whether the impacted tests make a candidate applicable; None: that is not known yet."""

    def __post_init__(self) -> None:
        self._enough = {"impacted": True, "full": False}.get(self.snapshot.settings.tests_scope)

    async def first(
        self, new: str, on_step: OnStep | None = None, *, alone: bool = False
    ) -> Earned:
        """Judge one candidate of several; one that is ``alone`` by all that is asked for."""
        if alone:
            return await self.whole(new, on_step)
        verdict = await self._verify(new, on_step, "impacted")
        if not verdict.partial or self._enough:
            return Earned(verdict, self._rest(verdict))
        return Earned(verdict, Rest.OWED)

    async def whole(self, new: str, on_step: OnStep | None = None) -> Earned:
        """Judge a candidate by as much as the settings ask for."""
        verdict = await self._verify(new, on_step, None)
        if verdict.partial:
            self._enough = True
        return Earned(verdict, self._rest(verdict))

    def _rest(self, verdict: Verdict) -> Rest:
        """Say whether the whole suite is to confirm what is applicable already."""
        wanted = self.snapshot.settings.tests_scope != "impacted"
        return Rest.OPEN if verdict.partial and wanted else Rest.NONE

    async def _verify(self, new: str, on_step: OnStep | None, scope: Scope | None) -> Verdict:
        candidate = Candidate(self.path, self.old, new, self.resolves, self.bounds)
        return await self.verifier.verify(self.snapshot, candidate, on_step, scope=scope)
