"""The two-step promise: what the whole suite says after the impacted tests have passed.

Pure functions; :mod:`festina.confirming` runs the suite (design, section 3, "How much must pass").
"""

from __future__ import annotations

from dataclasses import replace

from festina.earning import Earned
from festina.events import Finished
from festina.findings import Gate, Rest, Status, Verdict
from festina.proposals import (
    TRANSITIONS,
    CandidateStatus,
    CandidateView,
    Proposal,
    State,
    step,
)
from festina.reducer import await_rest, awaits, best_of, judged, release, settle, show

_OPEN = frozenset({Rest.OWED, Rest.AWAITED, Rest.OPEN})


def answered(proposal: Proposal, index: int, earned: Earned, *, at_work: bool) -> Proposal:
    """Return the proposal once the whole suite has answered for a candidate.

    What it refutes is no longer applicable: then the next best candidate is on show, or the
    proposal is rejected. ``at_work``: the model is still busy with others.
    """
    asked = proposal.find(index)
    assert asked is not None
    verdict = earned.verdict
    for other in proposal.candidates:
        if other.text == asked.text and other.rest in _OPEN:  # it is the same edit
            proposal = proposal.with_candidate(_answered(other, earned))
    view = _answered(asked, earned)
    if view.applicable:
        words = f"{view.words}{_why_silent(view, verdict)}"
        if proposal.state is State.VERIFYING:
            return replace(step(proposal, State.READY, words), visible=index)
        return replace(proposal, message=words) if index == proposal.visible else proposal
    return _without(proposal, view, at_work=at_work)


def _answered(view: CandidateView, earned: Earned) -> CandidateView:
    verdict = earned.verdict
    if view.rest is not Rest.OPEN:
        return judged(view, verdict, earned.rest)
    if verdict.status is Status.FAILED:
        return judged(view, verdict, Rest.WITHDRAWN)
    if verdict.status is Status.PASSED and not verdict.partial:
        return judged(view, verdict, Rest.CONFIRMED)
    return replace(view, rest=Rest.SILENT)


def why_refuted(view: CandidateView) -> str:
    """Say which test the whole suite found to fail, in one line."""
    if view.verdict is None or view.verdict.status is not Status.FAILED:
        return view.words
    return f"{failing_test(view.verdict)} failed in the whole suite"


def failing_test(verdict: Verdict) -> str:
    """Name the first test that failed."""
    result = verdict.gate(Gate.TESTS)
    first = result.findings[0] if result is not None and result.findings else None
    if first is None:
        return "a test"
    return first.code or first.message.partition(": ")[0].split("\n")[0]


def _without(proposal: Proposal, view: CandidateView, *, at_work: bool) -> Proposal:
    """Return the proposal as it goes on without a candidate that the whole suite did not pass."""
    withdrawn = view.rest is Rest.WITHDRAWN
    words = f"withdrawn: {why_refuted(view)}" if withdrawn else why_refuted(view)
    if any(other.applicable for other in proposal.candidates):
        best = best_of(proposal, proposal.visible)
        about = f"candidate {view.index + 1} {'was ' if withdrawn else ''}{words}"
        return replace(step(proposal, State.READY, f"{best.words}; {about}"), visible=best.index)
    if any(other.rest is Rest.OWED for other in proposal.candidates):
        return settle(proposal, Finished(None, Status.FAILED, words, 0.0, 0.0))
    if at_work:
        return step(proposal, State.VERIFYING, words)
    unverified = any(v.status is CandidateStatus.UNVERIFIED for v in proposal.candidates)
    if unverified and proposal.state is State.VERIFYING:
        return settle(proposal, Finished(view.index, Status.UNVERIFIED, words, 0.0, 0.0))
    return replace(step(proposal, State.REJECTED, words), visible=view.index)


def _why_silent(view: CandidateView, verdict: Verdict) -> str:
    if view.rest is not Rest.SILENT:
        return ""
    reasons = [gate.reason for gate in verdict.gates if gate.status is Status.UNVERIFIED]
    return f"; {reasons[0]}" if reasons and reasons[0] else ""


def turned(proposal: Proposal, index: int) -> Proposal:
    """Return the proposal with another candidate on show: ready, or waiting for the whole suite."""
    view = proposal.find(index)
    assert view is not None
    awaited = awaits(proposal)
    proposal = release(proposal)
    if view.rest is Rest.OWED and (awaited or proposal.state is State.READY):
        return await_rest(proposal, index)
    if awaited and view.applicable:
        return replace(step(proposal, State.READY, view.words), visible=index)
    return show(proposal, index)


def applies(proposal: Proposal, index: int) -> bool:
    """Whether a document that reads as with a candidate in it means that somebody accepted that."""
    view = proposal.find(index)
    withdrawn = view is not None and view.rest is Rest.WITHDRAWN
    offered = proposal.state is not State.REJECTED or withdrawn
    return offered and State.APPLIED in TRANSITIONS[proposal.state]
