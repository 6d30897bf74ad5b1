"""Judging candidates once more: their document, or what their verdicts rest on, has changed."""

from __future__ import annotations

from collections.abc import Callable

from festina.events import Completing, Event, Judged, Step
from festina.proposals import CandidateStatus, CandidateView, Proposal, next_owed
from festina.reducer import in_order
from festina.task import Task
from festina.verify.base import OnStep, Verifier


class Again:
    """Judges the candidates of one proposal that wait for a verdict.

    ``now`` gives the proposal as it is, ``fold`` takes each event into it.
    """

    def __init__(
        self,
        task: Task,
        verifier: Verifier,
        now: Callable[[], Proposal],
        fold: Callable[[Event], None],
    ) -> None:
        self._task = task
        self._earning = task.earning(verifier)
        self._now = now
        self._fold = fold

    async def all(self) -> None:
        """Judge all that wait, the one on show first; it does not wait for better ones."""
        proposal = self._now()
        alone = sum(map(_waits, proposal.candidates)) == 1
        for index in in_order(proposal):
            await self.one(index, alone=alone)
            tried: set[int] = set()
            while (view := next_owed(self._now().candidates, {})) and view.index not in tried:
                tried.add(view.index)
                self._fold(Completing(view.index))
                new = self._task.result(view.text).content
                earned = await self._earning.whole(new, self._teller(view.index))
                self._fold(Judged(view.index, new, earned.verdict, earned.rest))

    async def one(self, index: int, *, alone: bool = True) -> None:
        """Judge a candidate, if it waits for that."""
        view = self._now().find(index)
        if view is None or not _waits(view):
            return
        new = self._task.result(view.text).content
        earned = await self._earning.first(new, self._teller(index), alone=alone)
        self._fold(Judged(index, new, earned.verdict, earned.rest))

    def _teller(self, index: int) -> OnStep:
        return lambda step: self._fold(Step(index, step.message, step))


def _waits(view: CandidateView) -> bool:
    return view.status is CandidateStatus.VERIFYING
