"""How many edits wait for a person, and how many more may (``review.pending``).

The cap is for what makes edits without being asked for each of them: runs of skills and steps of
plans. An edit that a person asks for by hand is never refused for it, since nobody but that person
has decided to look at one more; it counts, so that less is made beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from festina.proposals import Proposal, State
from festina.session import Refusal, Session

WAITS = frozenset({State.READY, State.UNVERIFIED})
"""What a person may accept. What was rejected only has to be put away, and holds nothing up."""


def waits(count: int) -> str:
    """Say how many edits wait for a person."""
    return f"{count} edit{' waits' if count == 1 else 's wait'} for your review"


def check_size(edits: int, cap: int) -> None:
    """See whether the edits of one step may wait for a person all at once.

    Raises:
        Refusal: they are too many, whatever else there is.
    """
    if edits > cap:
        raise Refusal(
            f"This step makes {edits} edits, and at most {cap} may wait for you at once "
            "(review.pending). Split the step, or allow more in your settings."
        )


class Pending:
    """The edits of one session that wait for a person, by workspace, and those that will.

    ``waiting`` and ``coming`` are asked for what is in no open document: how many edits wait
    elsewhere, and how many are being made that are no proposals yet.
    """

    def __init__(self, session: Session) -> None:
        self.moved = asyncio.Event()
        """Set whenever less may wait than before, or more is allowed."""
        self.waiting: list[Callable[[Path], int]] = []
        self.coming: list[Callable[[Path], int]] = []
        self._session = session
        session.followers.append(self._follow)

    def count(self, workspace: Path) -> int:
        """Return how many edits wait for the person."""
        here = sum(one.state in WAITS for one in self._live(workspace))
        return here + sum(count(workspace) for count in self.waiting)

    def room(self, workspace: Path) -> int:
        """Return how many more edits may be made without being asked for one by one."""
        running = sum(one.state.running for one in self._live(workspace))
        coming = sum(count(workspace) for count in self.coming)
        return self._cap(workspace) - self.count(workspace) - running - coming

    def words(self, workspace: Path) -> str:
        """Say what is waited for where there is no room."""
        count = self.count(workspace)
        return waits(count) if count else "as many edits as may wait for you are under way"

    def check(self, workspace: Path, edits: int) -> None:
        """See whether a step that makes some edits may begin.

        Raises:
            Refusal: too many would wait; how many may, and what to do.
        """
        cap = self._cap(workspace)
        check_size(edits, cap)
        if edits > self.room(workspace):
            words = self.words(workspace)
            raise Refusal(
                f"{words[0].upper()}{words[1:]}, this step makes {edits} more, and at most {cap} "
                "may wait at once (review.pending). Accept or dismiss some, then run it again."
            )

    def _cap(self, workspace: Path) -> int:
        return self._session.settings_of(workspace).review_pending

    def _live(self, workspace: Path) -> Iterator[Proposal]:
        for proposal in self._session.proposals.values():
            document = self._session.documents.get(proposal.uri)
            if proposal.state.final or document is None:
                continue
            try:
                if self._session.workspace_of(document) == workspace:
                    yield proposal
            except Refusal:  # its folder was taken out of the workspace
                continue

    def _follow(self, proposal: Proposal) -> None:
        if proposal.state.final or proposal.state is State.REJECTED:
            self.moved.set()
