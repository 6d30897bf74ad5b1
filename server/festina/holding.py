"""Proposals that a provider's limits hold back: what is said of that, and for how long.

None of them is lost (issue 4): it waits for as long as it takes, where a person sees it and can end
it. What may be waited for is worth less once there is something to go on with, see ``pipeline``.
"""

from __future__ import annotations

from dataclasses import replace

from festina.events import Waiting
from festina.proposals import CandidateStatus, Proposal, State

WAITING = "waiting for the first words"
ASKING = "rejected; asking the slow model for a better instruction"


def waiting(proposal: Proposal, event: Waiting) -> Proposal:
    """Say until when, where nothing else is to be seen of the candidate on show."""
    if proposal.state is State.VERIFYING and event.who == "fast":
        over = event.wait is None and proposal.held is not None
        return held(replace(proposal, wait=event.wait, message=_words(proposal, over=over)))
    shown = proposal.candidate is None or event.candidate == proposal.visible
    if not shown or proposal.state not in {State.QUEUED, State.STREAMING}:
        return proposal
    if event.wait is None:
        return replace(proposal, message=ASKING if event.who == "slow" else WAITING, wait=None)
    words = f"slow model: {event.wait.words}" if event.who == "slow" else str(event.wait)
    return replace(proposal, message=words, wait=event.wait)


def held(proposal: Proposal) -> Proposal:
    """Say of what is verified that it waits for further candidates, if that is all it does."""
    if proposal.wait is None or proposal.held is not None or _at_work(proposal):
        return proposal
    words = _words(proposal, over=True)
    return replace(proposal, message=f"{words}; {proposal.wait.words}")


def _at_work(proposal: Proposal) -> bool:
    """Whether a gate runs, or an answer comes."""
    return proposal.state is not State.VERIFYING or any(
        view.status is CandidateStatus.VERIFYING
        or (view.status is CandidateStatus.STREAMING and view.text)
        for view in proposal.candidates
    )


def _words(proposal: Proposal, *, over: bool) -> str:
    """Return the message; where it tells of a wait that is ``over``, what stands without that."""
    view = proposal.candidate
    if not over:
        return proposal.message
    return view.words if view is not None and view.words else WAITING
