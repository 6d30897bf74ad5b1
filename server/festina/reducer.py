"""How a proposal changes with each event of the pipeline: a pure function, no clock, no I/O."""

from __future__ import annotations

from dataclasses import replace

from festina import edits, holding
from festina.calls import Why
from festina.ending import NO_MORE
from festina.events import (
    Called,
    Completing,
    Dropped,
    Escalating,
    Event,
    Finished,
    Judged,
    Parsed,
    Planned,
    Planning,
    Refused,
    Repairing,
    Step,
    Streaming,
    Waiting,
)
from festina.findings import Gate, Rest, Status, Verdict
from festina.holding import ASKING, WAITING
from festina.progress import Progress
from festina.proposals import (
    CandidateStatus,
    CandidateView,
    Proposal,
    State,
    next_owed,
    rank,
    step,
)

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
            return _stepped(proposal, event)
        case Judged():
            return _judged(proposal, event)
        case Completing():
            return _completing(proposal, event)
        case Refused() | Dropped():
            return _refused(proposal, event)
        case Repairing() | Escalating():
            return _repairing(proposal, event)
        case Planning() | Planned():
            return _planning(proposal, event)
        case Waiting():
            return holding.waiting(proposal, event)
        case Called():
            return replace(proposal, calls=(*proposal.calls, event.call))
        case Finished():
            return settle(proposal, event)


def begin(proposal: Proposal) -> Proposal:
    """Return a queued proposal as it starts to stream."""
    if proposal.state is State.QUEUED:
        return step(proposal, State.STREAMING, WAITING)
    return proposal


def to_streaming(proposal: Proposal, message: str) -> Proposal:
    """Return the proposal as the model is asked once more."""
    proposal = replace(proposal, again=False)
    if proposal.state is State.QUEUED:
        return replace(proposal, message=message)
    return step(proposal, State.STREAMING, message)


def settle(proposal: Proposal, finished: Finished) -> Proposal:
    """Return the proposal at the end of a run: the best that any of its candidates earned."""
    visible = proposal.candidate
    if awaits(proposal):
        return proposal  # the person turned to it, and its own verdict is on the way
    if any(view.applicable for view in proposal.candidates):
        if proposal.state is State.READY and visible is not None and visible.applicable:
            return replace(proposal, message=visible.words)
        best = best_of(proposal, finished.best)
        return _show(advance(proposal, State.READY, best.words + _missing(finished)), best)
    if any(view.rest is Rest.OWED for view in proposal.candidates):
        owed = next_owed(proposal.candidates, sizes(proposal))
        assert owed is not None
        return await_rest(proposal, owed.index)
    unverified = [v for v in proposal.candidates if v.status is CandidateStatus.UNVERIFIED]
    if unverified:
        best = next((v for v in unverified if v.index == finished.best), unverified[0])
        return _show(advance(proposal, State.UNVERIFIED, best.words + _missing(finished)), best)
    if finished.error is not None and not finished.error.passing:
        return advance(proposal, State.FAILED, finished.message)
    proposal = replace(proposal, again=finished.again)  # a limit costs no proposal (issue 4)
    message = finished.message
    if visible is None or visible.verdict is None:
        visible = _nearest(proposal)
    if visible is not None:
        proposal = _show(proposal, visible)
    if finished.best is not None and visible is not None:
        message = visible.words  # what the run ended with has been withdrawn since
    return advance(proposal, State.REJECTED, message)


def _stepped(proposal: Proposal, event: Step) -> Proposal:
    view = proposal.find(event.candidate)
    if view is not None and event.of is not None:
        proposal = proposal.with_candidate(replace(view, progress=view.progress.after(event.of)))
    at_work = proposal.state in {State.PARSED, State.VERIFYING}
    return replace(proposal, message=event.message) if at_work else proposal


def _streaming(proposal: Proposal, event: Streaming) -> Proposal:
    view = CandidateView(
        event.candidate, text=event.text, progress=Progress(event.tokens, event.seconds)
    )
    proposal = begin(proposal.with_candidate(view))
    if proposal.state is not State.STREAMING or event.candidate != proposal.visible:
        return proposal
    replanned = bool(proposal.calls) and proposal.calls[-1].why is Why.REPLAN
    lead = "with the slow model's instruction; " if replanned else ""
    return replace(proposal, message=f"{lead}about {event.tokens} tokens so far")


def _parsed(proposal: Proposal, event: Parsed) -> Proposal:
    streamed = proposal.find(event.candidate)
    view = CandidateView(event.candidate, CandidateStatus.VERIFYING, event.region_text)
    if streamed is not None:
        view = replace(view, progress=replace(streamed.progress, gates=()))
    proposal = begin(proposal.with_candidate(view))
    if proposal.state is State.STREAMING:
        proposal = _show(step(proposal, State.PARSED, "the answer is complete"), view)
    return proposal


def _judged(proposal: Proposal, event: Judged) -> Proposal:
    view = proposal.find(event.candidate)
    if view is None:
        return proposal
    awaited = view.rest is Rest.AWAITED and event.rest is Rest.OWED
    view = judged(view, event.verdict, Rest.AWAITED if awaited else event.rest)
    proposal = verifying(proposal.with_candidate(view))
    if proposal.state is not State.VERIFYING:
        return proposal
    if view.applicable and (event.candidate == proposal.visible or not awaits(proposal)):
        return _show(step(proposal, State.READY, view.words), view)
    if event.candidate == proposal.visible:
        proposal = replace(proposal, message=view.words)
    return holding.held(proposal)


def _completing(proposal: Proposal, event: Completing) -> Proposal:
    view = proposal.find(event.candidate)
    if view is None or proposal.state is not State.VERIFYING or awaits(proposal):
        return proposal
    return replace(_show(proposal, view), message="running the whole suite")


def _refused(proposal: Proposal, event: Refused | Dropped) -> Proposal:
    if isinstance(event, Dropped):
        return _dropped(proposal, event)
    view = proposal.find(event.candidate) or CandidateView(event.candidate)
    view = replace(view, status=CandidateStatus.UNUSABLE, verdict=None, defect=event.message)
    proposal = begin(proposal.with_candidate(event.earlier or view))
    if proposal.state is State.STREAMING and event.candidate == proposal.visible:
        return replace(proposal, message=event.message)
    return proposal


def _repairing(proposal: Proposal, event: Repairing | Escalating) -> Proposal:
    proposal = advance(proposal, State.REJECTED, proposal.message)
    if isinstance(event, Escalating):
        words = f"rejected; asking for {event.count} more"
        return replace(step(proposal, State.STREAMING, words), visible=event.candidate)
    proposal = step(proposal, State.STREAMING, f"rejected; repairing (round {event.round})")
    return replace(proposal, round=event.round, visible=event.candidate)


def _dropped(proposal: Proposal, event: Dropped) -> Proposal:
    """Take a candidate away; the one on show stays, since somebody reads it."""
    view = proposal.find(event.candidate)
    if view is None or view.verdict is not None or event.candidate == proposal.visible:
        return proposal
    views = tuple(other for other in proposal.candidates if other is not view)
    return replace(proposal, candidates=views)


def _planning(proposal: Proposal, event: Planning | Planned) -> Proposal:
    if isinstance(event, Planned):
        words = f"trying again: {event.instruction}"
        return replace(proposal, message=words, visible=event.candidate)
    proposal = advance(proposal, State.REJECTED, proposal.message)
    return replace(step(proposal, State.STREAMING, ASKING), visible=event.candidate)


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
    words = "" if view is None or proposal.state.running else view.words
    return replace(proposal, visible=index, message=words or proposal.message)


def _show(proposal: Proposal, view: CandidateView) -> Proposal:
    return replace(proposal, visible=view.index)


def judged(view: CandidateView, verdict: Verdict, rest: Rest) -> CandidateView:
    """Return a candidate with a verdict."""
    status = STATUS.get(verdict.status, CandidateStatus.UNVERIFIED)
    if view.verdict is not None and verdict.status is Status.PASSED:  # of the same text
        verdict = verdict.with_review(view.verdict.gate(Gate.REVIEW))
    return replace(view, status=status, verdict=verdict, rest=rest)


def sizes(proposal: Proposal) -> dict[int, int]:
    """Return how much each candidate that passed changes."""
    return {v.index: edits.size(proposal.edits(v)) for v in proposal.candidates if v.passed}


def best_of(proposal: Proposal, preferred: int | None = None) -> CandidateView:
    """Return the best applicable candidate, of which there must be one."""
    view = None if preferred is None else proposal.find(preferred)
    if view is not None and view.applicable:
        return view
    ranked = rank(proposal.candidates, sizes(proposal))
    return next(view for view in ranked if view.applicable)


def awaits(proposal: Proposal) -> bool:
    """Whether the whole suite runs for the candidate on show, which waits for it."""
    return proposal.candidate is not None and proposal.candidate.rest is Rest.AWAITED


def await_rest(proposal: Proposal, index: int) -> Proposal:
    """Return the proposal with a candidate on show that the whole suite is to run for first."""
    view = proposal.find(index)
    assert view is not None
    proposal = release(proposal).with_candidate(replace(view, rest=Rest.AWAITED))
    return _show(advance(proposal, State.VERIFYING, "running the whole suite"), view)


def release(proposal: Proposal) -> Proposal:
    """Return the proposal as nobody waits for the candidate on show any more."""
    if not awaits(proposal):
        return proposal
    assert proposal.candidate is not None
    return proposal.with_candidate(replace(proposal.candidate, rest=Rest.OWED))


def _nearest(proposal: Proposal) -> CandidateView | None:
    """Return the rejected candidate that most is to be learnt from: the fewest findings."""
    found = {v.index: len(v.verdict.counted) for v in proposal.candidates if v.verdict is not None}
    best = min(found, key=lambda index: (found[index], index), default=proposal.visible)
    return proposal.find(best)


def _missing(finished: Finished) -> str:
    """Say why no further candidate came, where others are there already."""
    return f"{NO_MORE}{finished.message}" if finished.error is not None else ""


def waits(proposal: Proposal) -> bool:
    """Whether a candidate is complete and has no verdict."""
    return any(view.status is CandidateStatus.VERIFYING for view in proposal.candidates)


def unjudged(proposal: Proposal) -> Proposal:
    """Return the proposal without verdicts: they were earned for what is no longer there."""
    views = tuple(
        view
        if view.verdict is None
        else replace(view, status=CandidateStatus.VERIFYING, verdict=None, rest=Rest.NONE)
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
