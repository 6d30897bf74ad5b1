"""Counts, for ``festina stats``, how many proposals there were and what became of them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from festina.models.ledger import Name, Tally
from festina.proposals import Proposal, State
from festina.session import Session

logger = logging.getLogger(__name__)

_ENDS = {
    State.APPLIED: "accepted",
    State.REJECTED: "rejected",
    State.DISMISSED: "rejected",
}
ACCEPTED = Tally(accepted=1)
REJECTED = Tally(rejected=1)


class Tallying:
    """Follows the proposals of a session.

    A proposal counts once a model was asked. It is rejected by its checks or by the person, and
    that is taken back if it is accepted after all.
    """

    def __init__(self, session: Session) -> None:
        self._ledger = session.ledger
        self._known: dict[str, str] = {}
        self._in_order = asyncio.Lock()
        self._adding: set[asyncio.Task[None]] = set()
        if self._ledger is not None:
            session.followers.append(self.follow)

    def follow(self, proposal: Proposal) -> None:
        """A proposal has changed."""
        call = next((call for call in proposal.calls if call.who == "fast"), None)
        if call is None:
            return
        before = self._known.get(proposal.id)
        now = _ENDS.get(proposal.state, before or "")
        if before != now:
            self._known[proposal.id] = now
            counts = Tally(proposals=1) if before is None else Tally()
            if before == "rejected":
                counts = replace(counts, rejected=-1)
            counts += {"accepted": ACCEPTED, "rejected": REJECTED}.get(now, Tally())
            adding = asyncio.create_task(self._add((call.origin, call.model), counts))
            self._adding.add(adding)
            adding.add_done_callback(self._adding.discard)
        if proposal.state.final:
            self._known.pop(proposal.id, None)

    async def close(self) -> None:
        """Wait until all is written: many a person accepts an edit, saves, and is gone."""
        if self._adding:
            await asyncio.wait(self._adding)

    async def _add(self, name: Name, counts: Tally) -> None:
        assert self._ledger is not None
        try:
            async with self._in_order:  # nothing can be taken back that was not added yet
                await asyncio.to_thread(self._ledger.add, {name: counts})
        except OSError as error:
            logger.warning("what became of a proposal cannot be kept: %s", error.strerror)
