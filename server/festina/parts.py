"""Taking only some hunks of a candidate: the text that they make, as a candidate of its own."""

from __future__ import annotations

from collections.abc import Iterable

from festina import edits, markers
from festina.accept import not_applicable
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.session import Refusal


def part(proposal: Proposal, view: CandidateView, chosen: Iterable[int]) -> CandidateView:
    """Return the candidate that these hunks of ``view`` make, without a verdict if it is new.

    Hunks are numbered as :func:`festina.edits.hunks` does. All of them make ``view`` itself, and a
    text that the proposal has a candidate for makes that one.

    Raises:
        Refusal: there are no such hunks, or the proposal is not in a state to take some of them.
    """
    if proposal.state not in {State.READY, State.UNVERIFIED}:
        raise Refusal(not_applicable(proposal))
    if not view.text or not view.complete:
        raise Refusal("That candidate is not complete.")
    text = _text(proposal, view, frozenset(chosen))
    known = [other for other in proposal.candidates if other.complete and other.text == text]
    if known:
        return view if view in known else known[0]
    index = 1 + max(other.index for other in proposal.candidates)
    return CandidateView(index, CandidateStatus.VERIFYING, text)


def _text(proposal: Proposal, view: CandidateView, chosen: frozenset[int]) -> str:
    """Return the region's text with only some hunks in it."""
    line_edits = proposal.edits(view)
    ids = {hunk.id for hunk in edits.hunks(line_edits)}
    if not chosen:
        raise Refusal("No hunk was chosen. Choose some of them, or dismiss the edit.")
    if unknown := chosen - ids:
        have = f"hunks 0 to {max(ids)}" if len(ids) > 1 else "hunk 0 only"
        raise Refusal(f"There is no hunk {min(unknown)}: this edit has {have}.")
    if chosen == ids:
        return view.text
    wanted = edits.apply(proposal.base, edits.subset(line_edits, chosen))
    below = len(proposal.base.lines) - proposal.region.end
    text = wanted.lines_text(proposal.region.start, len(wanted.lines) - below)
    if proposal.result(CandidateView(-1, text=text)) != wanted:
        raise Refusal("These hunks cannot be taken apart; accept the whole edit.")
    return markers.strip_lines(text)  # the line that asked for the edit may be in another hunk
