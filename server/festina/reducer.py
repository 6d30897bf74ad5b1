"""How a proposal changes with each event of the pipeline: a pure function, no clock, no I/O."""

from __future__ import annotations

from dataclasses import replace

from festina import edits
from festina.events import Event, Finished, Judged, Parsed, Refused, Repairing, Step, Streaming
from festina.findings import Status
from festina.proposals import CandidateStatus, CandidateView, Proposal, State, rank, step

STATUS = {
    Status.PASSED: CandidateStatus.PASSED,
    Status.FAILED: CandidateStatus.FAILED,
    Status.UNVERIFIED: CandidateStatus.UNVERIFIED,
}


def reduce(proposal: Proposal, event: Event) -> Proposal:
    """Return the proposal after ``event``."""
    match event:
        case Streaming():
            return _streaming(proposal, event)
        case Parsed():
            return _parsed(proposal, event)
        case Step():
            at_work = proposal.state in {State.PARSED, State.VERIFYING}
            return replace(proposal, message=event.message) if at_work else proposal
        case Judged():
            return _judged(proposal, event)
        case Refused():
            return _refused(proposal, event)
        case Repairing():
            return _repairing(proposal, event)
        case Finished():
            return settle(proposal, event)


def begin(proposal: Proposal) -> Proposal:
    """Return a queued proposal as it starts to stream."""
    if proposal.state is State.QUEUED:
        return step(proposal, State.STREAMING, "waiting for the first words")
    return proposal


def settle(proposal: Proposal, finished: Finished) -> Proposal:
    """Return the proposal at the end of a run: the best that any of its candidates earned."""
    passed = [view for view in proposal.candidates if view.applicable]
    if passed:
        visible = proposal.candidate
        if proposal.state is State.READY and visible is not None and visible.applicable:
            return replace(proposal, message=_words(visible))
        best = next((view for view in passed if view.index == finished.best), None)
        if best is None:
            sizes = {view.index: edits.size(proposal.edits(view)) for view in passed}
            best = rank(proposal.candidates, sizes)[0]
        return _show(advance(proposal, State.READY, _words(best) + _missing(finished)), best)
    unverified = [v for v in proposal.candidates if v.status is CandidateStatus.UNVERIFIED]
    if unverified:
        best = next((v for v in unverified if v.index == finished.best), unverified[0])
        return _show(advance(proposal, State.UNVERIFIED, _words(best) + _missing(finished)), best)
    if finished.error is not None:
        return advance(proposal, State.FAILED, finished.message)
    return advance(proposal, State.REJECTED, finished.message)


def _streaming(proposal: Proposal, event: Streaming) -> Proposal:
    view = proposal.find(event.candidate) or CandidateView(event.candidate)
    view = replace(view, text=event.text, status=CandidateStatus.STREAMING, verdict=None, defect="")
    proposal = begin(proposal.with_candidate(view))
    if proposal.state is not State.STREAMING or event.candidate != proposal.visible:
        return proposal
    return replace(proposal, message=f"about {event.tokens} tokens so far")


def _parsed(proposal: Proposal, event: Parsed) -> Proposal:
    view = CandidateView(event.candidate, CandidateStatus.VERIFYING, event.region_text)
    proposal = begin(proposal.with_candidate(view))
    if proposal.state is State.STREAMING:
        proposal = _show(step(proposal, State.PARSED, "the answer is complete"), view)
    return proposal


def _judged(proposal: Proposal, event: Judged) -> Proposal:
    view = proposal.find(event.candidate)
    if view is None:
        return proposal
    status = STATUS.get(event.verdict.status, CandidateStatus.UNVERIFIED)
    view = replace(view, status=status, verdict=event.verdict)
    proposal = verifying(proposal.with_candidate(view))
    if view.applicable and proposal.state is State.VERIFYING:
        return _show(step(proposal, State.READY, _words(view)), view)
    if proposal.state is State.VERIFYING and event.candidate == proposal.visible:
        return replace(proposal, message=_words(view))
    return proposal


def _refused(proposal: Proposal, event: Refused) -> Proposal:
    view = proposal.find(event.candidate) or CandidateView(event.candidate)
    view = replace(view, status=CandidateStatus.UNUSABLE, verdict=None, defect=event.message)
    proposal = begin(proposal.with_candidate(view))
    if proposal.state is State.STREAMING and event.candidate == proposal.visible:
        return replace(proposal, message=event.message)
    return proposal


def _repairing(proposal: Proposal, event: Repairing) -> Proposal:
    proposal = advance(proposal, State.REJECTED, proposal.message)
    proposal = step(proposal, State.STREAMING, f"rejected; repairing (round {event.round})")
    return replace(proposal, round=event.round, visible=event.candidate)


def verifying(proposal: Proposal) -> Proposal:
    """Return a parsed proposal as its verification begins."""
    if proposal.state is State.PARSED:
        return step(proposal, State.VERIFYING, "starting the gates")
    return proposal


def advance(proposal: Proposal, to: State, message: str) -> Proposal:
    """Return the proposal in state ``to``, by way of the states that lie before it."""
    if proposal.state is to or to is State.FAILED:
        return step(proposal, to, message)
    proposal = begin(proposal)
    if proposal.state is State.STREAMING and to is not State.REJECTED:
        proposal = step(proposal, State.PARSED)
    return step(verifying(proposal), to, message)


def show(proposal: Proposal, index: int) -> Proposal:
    """Return the proposal with another candidate on show; what is said is then about that one."""
    view = proposal.find(index)
    words = "" if view is None or proposal.state.running else _words(view)
    return replace(proposal, visible=index, message=words or proposal.message)


def _show(proposal: Proposal, view: CandidateView) -> Proposal:
    return replace(proposal, visible=view.index)


def _words(view: CandidateView) -> str:
    return view.verdict.summary() if view.verdict is not None else view.defect


def _missing(finished: Finished) -> str:
    """Say why no further candidate came, where others are there already."""
    return f"; no more came: {finished.message}" if finished.error is not None else ""


def waits(proposal: Proposal) -> bool:
    """Whether a candidate is complete and has no verdict."""
    return any(view.status is CandidateStatus.VERIFYING for view in proposal.candidates)


def unjudged(proposal: Proposal) -> Proposal:
    """Return the proposal without verdicts: they were earned for what is no longer there."""
    views = tuple(
        view
        if view.verdict is None
        else replace(view, status=CandidateStatus.VERIFYING, verdict=None)
        for view in proposal.candidates
    )
    return replace(proposal, candidates=views)


def without_unfinished(proposal: Proposal) -> Proposal:
    """Return the proposal without candidates that something else is about to cut short."""
    unfinished = {CandidateStatus.STREAMING, CandidateStatus.VERIFYING}
    views = tuple(view for view in proposal.candidates if view.status not in unfinished)
    return replace(proposal, candidates=views)


def in_order(proposal: Proposal) -> list[int]:
    """Return the candidates' indices: the visible one first, then the others as they came."""
    indices = [view.index for view in proposal.candidates]
    return sorted(indices, key=lambda index: (index != proposal.visible, index))
