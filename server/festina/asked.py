"""What was sent for each candidate, for a person who wants to see it: in memory, while it lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from festina.models.base import Message, Request
from festina.proposals import Proposal

KEPT = 50
"""Proposals whose requests are kept."""


class Asked:
    """The last request for each candidate of each live proposal."""

    def __init__(self) -> None:
        self._of: dict[str, dict[int, Request]] = {}
        self._messages: dict[str, dict[Message, Message]] = {}

    def note(self, proposal_id: str, index: int, request: Request) -> None:
        """Keep a request. What many candidates are asked alike is kept once."""
        known = self._messages.setdefault(proposal_id, {})
        messages = tuple(known.setdefault(message, message) for message in request.messages)
        mine = self._of.pop(proposal_id, {})
        mine.pop(index, None)
        mine[index] = replace(request, messages=messages, on_wait=None, on_spent=None)
        self._of[proposal_id] = mine
        for old in list(self._of)[:-KEPT]:
            self.forget(old)

    def find(self, proposal_id: str, index: int) -> Request | None:
        """Return what was sent for a candidate, or last; None where nothing was."""
        mine = self._of.get(proposal_id, {})
        return mine.get(index) or next(reversed(mine.values()), None)

    def noting(self, proposal_id: str) -> Callable[[int, Request], None]:
        """Return what keeps the requests of a proposal."""
        return lambda index, request: self.note(proposal_id, index, request)

    def follow(self, proposal: Proposal) -> None:
        """A proposal has changed: of one that is over, nothing is kept."""
        if proposal.state.final:
            self.forget(proposal.id)

    def forget(self, proposal_id: str) -> None:
        """Drop what was sent for a proposal."""
        self._of.pop(proposal_id, None)
        self._messages.pop(proposal_id, None)
