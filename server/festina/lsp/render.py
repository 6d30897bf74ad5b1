"""Words for a person: titles of actions and lenses, and the diagnostic of a proposal."""

from __future__ import annotations

from dataclasses import replace

from festina import edits
from festina.findings import Gate, Status, Verdict
from festina.proposals import CandidateView, Proposal, State
from festina.text import Text

TITLE_CHARS = 80
DIFF_LINES = 30

_LEAD = {
    State.QUEUED: "queued",
    State.STREAMING: "streaming",
    State.PARSED: "parsed",
    State.VERIFYING: "verifying",
    State.READY: "ready",
    State.REJECTED: "rejected",
    State.UNVERIFIED: "unverified",
}


def subject(proposal: Proposal) -> str:
    """Name what the proposal is about: ``clamp``, or ``lines 3-9``."""
    if proposal.name:
        return proposal.name
    first, last = proposal.region.start + 1, max(proposal.region.end, proposal.region.start + 1)
    return f"line {first}" if first == last else f"lines {first}-{last}"


def headline(proposal: Proposal) -> str:
    """Say in at most 80 characters where the proposal stands."""
    lead = _LEAD.get(proposal.state, str(proposal.state))
    return shorten(f"Festina: {lead}: {_one_line(proposal.message)}")


def diagnostic_message(proposal: Proposal, path: str) -> str:
    """Return the headline and, below it, the proposed change as a diff of at most 30 lines."""
    view = proposal.candidate
    if view is None or not view.text:
        return headline(proposal)
    if proposal.state is State.STREAMING:
        view = _so_far(proposal, view)
    diff = edits.unified(proposal.base, proposal.result(view), path, context=1)
    lines = [line for line in diff.split("\n")[:-1] if not line.startswith(("---", "+++"))]
    if len(lines) > DIFF_LINES:
        more = len(lines) - DIFF_LINES + 1
        lines = [*lines[: DIFF_LINES - 1], f"... {more} more lines"]
    return "\n".join([headline(proposal), *lines])


def _so_far(proposal: Proposal, view: CandidateView) -> CandidateView:
    """Fill a text that still streams with the old lines that it has not reached yet.

    Without them the diff would show everything below as removed.
    """
    complete = [line for line in Text(view.text).lines if line.endswith(("\r", "\n"))]
    region = proposal.region
    rest = proposal.base.lines_text(region.start + len(complete), region.end)
    return replace(view, text="".join(complete) + rest)


def accept_title(proposal: Proposal, view: CandidateView) -> str:
    """Title of the action that applies a passed candidate: says on what the verdict rests."""
    assert view.verdict is not None
    return shorten(f"Festina: accept edit of {subject(proposal)}: {evidence(view.verdict)}", 140)


def unverified_title(proposal: Proposal, view: CandidateView) -> str:
    """Title of the separate action that applies an unverified candidate: names the reason."""
    assert view.verdict is not None
    reason = next(
        (g.reason for g in view.verdict.gates if g.status is Status.UNVERIFIED and g.reason),
        "nothing was checked",
    )
    return shorten(f"Festina: apply unverified edit of {subject(proposal)}: {reason}", 140)


def pending_title(proposal: Proposal) -> str:
    """Title of the accept action of a proposal that is not ready, where it can be shown greyed."""
    return f"Festina: accept edit of {subject(proposal)}"


def disabled_reason(proposal: Proposal) -> str:
    """One line that says why the proposal cannot be accepted (yet)."""
    return shorten(f"{proposal.state}: {_one_line(proposal.message)}", 140)


def evidence(verdict: Verdict) -> str:
    """Say on what a passed verdict rests; never claims more than was executed."""
    tests = verdict.gate(Gate.TESTS)
    words = verdict.summary()
    if tests is None or tests.status is Status.SKIPPED:
        return f"{words} (no tests ran)"
    return words


def shorten(text: str, limit: int = TITLE_CHARS) -> str:
    """Cut a line to ``limit`` characters, with an ellipsis where something was lost."""
    text = _one_line(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _one_line(text: str) -> str:
    return " ".join(text.split())
