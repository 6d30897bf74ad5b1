"""Verdicts that a change of another file may have overtaken: looked at once all is quiet."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from festina.confirming import key_of
from festina.jobs import Jobs
from festina.proposals import RUNNING, State
from festina.session import Refusal, Session

QUIET_SECONDS = 1.0
"""How long other files must be quiet before it is asked whether a verdict still stands."""


class Doubts:
    """Remembers which proposals are in doubt until each of them has been looked at.

    ``look`` checks one that is ready, and has it verified again if its verdict does not stand.
    """

    def __init__(
        self, session: Session, jobs: Jobs, look: Callable[[str], Awaitable[object]]
    ) -> None:
        self._session = session
        self._jobs = jobs
        self._look = look
        self._doubted: set[str] = set()

    def changed(self, uri: str) -> None:
        """A file changed: what is ready in others is in doubt, and what will be.

        What is under way may be judged by what was before the change.
        """
        self._doubted |= {
            proposal.id
            for proposal in self._session.proposals.values()
            if proposal.uri != uri and (proposal.state is State.READY or proposal.state.running)
        }
        if self._doubted:
            self._jobs.start("workspace", self._look_at_all())

    async def _look_at_all(self) -> None:
        await asyncio.sleep(QUIET_SECONDS)
        await asyncio.gather(*map(self._look_at, tuple(self._doubted)))

    async def _look_at(self, proposal_id: str) -> None:
        keys = (proposal_id, key_of(proposal_id))
        while self._is_in(proposal_id, *RUNNING) and any(map(self._jobs.running, keys)):
            for key in keys:
                await self._jobs.join(key)
        if self._is_in(proposal_id, State.READY):
            with contextlib.suppress(Refusal):
                await self._look(proposal_id)
        self._doubted.discard(proposal_id)

    def _is_in(self, proposal_id: str, *states: State) -> bool:
        proposal = self._session.proposals.get(proposal_id)
        return proposal is not None and proposal.state in states
