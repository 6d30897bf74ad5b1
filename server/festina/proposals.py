"""Proposals: what was asked, what came, and the states that a proposal may pass through.

Values only. A proposal is never changed in place: :func:`step` and :func:`dataclasses.replace`
return the next one, and :data:`TRANSITIONS` is the only list of what may follow what (design,
section 3).
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from datetime import datetime

from festina.calls import Call, Wait, counted_down, told_of
from festina.edits import LineEdit, Region, apply, rewrite
from festina.findings import Finding, Rest, Status, Verdict
from festina.plans import Bounds
from festina.progress import NOTHING_YET, Progress
from festina.skill_file import Skill
from festina.text import Text


class State(enum.StrEnum):
    """Where a proposal stands."""

    QUEUED = "queued"
    STREAMING = "streaming"
    PARSED = "parsed"
    VERIFYING = "verifying"
    READY = "ready"
    REJECTED = "rejected"
    UNVERIFIED = "unverified"
    APPLIED = "applied"
    DISMISSED = "dismissed"
    CANCELLED = "cancelled"
    STALE = "stale"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Nothing follows this state."""
        return self in FINAL

    @property
    def running(self) -> bool:
        """Work is under way: a model or a gate."""
        return self in RUNNING


FINAL = frozenset({State.APPLIED, State.DISMISSED, State.CANCELLED, State.STALE, State.FAILED})
RUNNING = frozenset({State.QUEUED, State.STREAMING, State.PARSED, State.VERIFYING})
_ANY = frozenset({State.CANCELLED, State.STALE, State.FAILED})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: _ANY | {State.STREAMING},
    # streaming -> rejected: every answer was unusable, so there was nothing to verify
    State.STREAMING: _ANY | {State.PARSED, State.REJECTED},
    # parsed | verifying -> streaming: redirected while under way; verifying -> streaming: a repair
    State.PARSED: _ANY | {State.VERIFYING, State.STREAMING},
    # verifying -> applied: the accepted text arrived while it was verified again
    State.VERIFYING: _ANY
    | {State.READY, State.REJECTED, State.UNVERIFIED, State.STREAMING, State.APPLIED},
    State.READY: _ANY
    | {State.STREAMING, State.VERIFYING, State.REJECTED, State.APPLIED, State.DISMISSED},
    # rejected -> applied: it was withdrawn while the editor was applying it
    State.REJECTED: _ANY | {State.STREAMING, State.APPLIED, State.DISMISSED},
    # unverified -> verifying: trust was given, or the document moved on
    State.UNVERIFIED: _ANY | {State.STREAMING, State.VERIFYING, State.APPLIED, State.DISMISSED},
    **{state: frozenset() for state in FINAL},
}


class IllegalTransition(Exception):  # noqa: N818 - reads as the sentence it makes
    """A proposal was asked to go where the table does not let it."""

    def __init__(self, proposal: Proposal, to: State) -> None:
        super().__init__(f"proposal {proposal.id} is {proposal.state}; it cannot become {to}")


class CandidateStatus(enum.StrEnum):
    """Where one candidate stands, as clients see it."""

    STREAMING = "streaming"
    VERIFYING = "verifying"
    PASSED = "passed"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One candidate: its region text so far, and what is known of it.

    ``text`` is the new text of the region, in the document's own line ends. ``defect`` is the
    sentence that says why an answer could not be used. ``rest`` is what the tests that have not run
    for the verdict have to say. ``progress`` is how far the model and the gates have come.
    """

    index: int
    status: CandidateStatus = CandidateStatus.STREAMING
    text: str = ""
    verdict: Verdict | None = None
    defect: str = ""
    rest: Rest = Rest.NONE
    progress: Progress = NOTHING_YET

    @property
    def passed(self) -> bool:
        """The verdict is ``passed``, on whatever it rests."""
        return self.verdict is not None and self.verdict.status is Status.PASSED

    @property
    def applicable(self) -> bool:
        """The verdict is ``passed``, and rests on as much as was asked for."""
        return self.passed and self.rest not in {Rest.OWED, Rest.AWAITED}

    @property
    def words(self) -> str:
        """What is known of it, in one line."""
        return self.verdict.summary(self.rest) if self.verdict is not None else self.defect

    @property
    def complete(self) -> bool:
        """``text`` is a whole answer that could be used, not what came of one."""
        return self.status not in {CandidateStatus.STREAMING, CandidateStatus.UNUSABLE}


@dataclass(frozen=True, slots=True)
class Proposal:
    """One request for an edit: a region of one version of a document, an instruction, candidates.

    ``base`` is the text that ``region`` counts in, and ``version`` that text's LSP version.
    ``visible`` is the index of the candidate on show. ``message`` is one line for a person.
    ``name`` is what the region is called (``clamp``), where that is known. ``model`` is the model
    that was asked for, None for the one that is configured; ``writer`` is the one that writes, once
    that is known. ``skill`` is the one that the instruction names, ``bounds`` are those of the
    plan's step that it is of. ``calls`` are those of models, as they ended. ``wait`` is what the
    message tells of, as long as it does. ``again``: it ended for want of a provider's leave to ask,
    so that it is worth to ask again, with the same instruction.
    """

    id: str
    uri: str
    version: int | None
    base: Text
    region: Region
    instruction: str
    state: State = State.QUEUED
    candidates: tuple[CandidateView, ...] = ()
    visible: int = 0
    resolves: tuple[Finding, ...] = ()
    name: str = ""
    model: str | None = None
    writer: str = ""
    message: str = ""
    round: int = 0
    calls: tuple[Call, ...] = ()
    wait: Wait | None = None
    again: bool = False
    skill: Skill | None = None
    bounds: Bounds | None = None

    @property
    def candidate(self) -> CandidateView | None:
        """The visible candidate, once there is one."""
        return self.find(self.visible)

    def find(self, index: int) -> CandidateView | None:
        """Return the candidate with ``index``, or None."""
        return next((view for view in self.candidates if view.index == index), None)

    @property
    def held(self) -> Wait | None:
        """The wait that the message tells of, if it does."""
        return told_of(self.message, self.wait)

    def told(self, now: datetime) -> str:
        """Return the message, with as much of a wait as is left at a moment of local time."""
        return counted_down(self.message, self.wait, now)

    @property
    def choices(self) -> tuple[CandidateView, ...]:
        """The candidates to choose from: those that passed, or else all that have a text.

        Of those with the same text it is the one on show, else the first.
        """
        passed = tuple(view for view in self.candidates if view.passed)
        shown = passed or tuple(view for view in self.candidates if view.text)
        chosen: dict[str, CandidateView] = {}
        for view in shown:
            if view.text not in chosen or view.index == self.visible:
                chosen[view.text] = view
        return tuple(sorted(chosen.values(), key=lambda view: view.index))

    def alike(self, view: CandidateView) -> int:
        """Return how many other candidates have the same whole text."""
        others = (other for other in self.candidates if other.index != view.index)
        return sum(other.complete and other.text == view.text for other in others)

    def edits(self, view: CandidateView) -> tuple[LineEdit, ...]:
        """Return the minimal edits that turn ``base`` into the candidate's text."""
        return rewrite(self.base, self.region, view.text)

    def result(self, view: CandidateView) -> Text:
        """Return the whole document as it would read with the candidate in it."""
        return apply(self.base, self.edits(view))

    def with_candidate(self, view: CandidateView) -> Proposal:
        """Return the proposal with ``view`` in the place of the candidate with its index."""
        others = [other for other in self.candidates if other.index != view.index]
        views = tuple(sorted([*others, view], key=lambda candidate: candidate.index))
        return dataclasses.replace(self, candidates=views)


def step(proposal: Proposal, to: State, message: str = "") -> Proposal:
    """Return ``proposal`` in state ``to``; the same state again only refreshes the message.

    Raises:
        IllegalTransition: ``to`` does not follow the present state.
    """
    if to is not proposal.state and to not in TRANSITIONS[proposal.state]:
        raise IllegalTransition(proposal, to)
    return dataclasses.replace(proposal, state=to, message=message or proposal.message)


def without_texts(proposal: Proposal) -> Proposal:
    """Return what is left of a proposal that is over: what was asked and what became of it."""
    views = tuple(dataclasses.replace(view, text="", verdict=None) for view in proposal.candidates)
    nothing = Region(0, 0)
    return dataclasses.replace(
        proposal, base=Text(""), region=nothing, candidates=views, resolves=(), skill=None
    )


def rank(views: tuple[CandidateView, ...], diff_size: dict[int, int]) -> list[CandidateView]:
    """Order passed candidates, best first (design, section 3, "Ranking").

    Fewest findings, smallest diff, most changed lines executed, agreement with other candidates,
    then arrival.
    """
    passed = [view for view in views if view.passed]
    agreement = {view.index: sum(other.text == view.text for other in passed) for view in passed}

    def key(view: CandidateView) -> tuple[int, int, float, int, int]:
        verdict = view.verdict
        assert verdict is not None
        counts = next((g.tests for g in verdict.gates if g.tests is not None), None)
        share = (
            counts.changed_lines_executed / counts.changed_lines
            if counts and counts.changed_lines
            else 0.0
        )
        size = diff_size.get(view.index, 0)
        return (len(verdict.counted), size, -share, -agreement[view.index], view.index)

    return sorted(passed, key=key)


def next_owed(views: tuple[CandidateView, ...], diff_size: dict[int, int]) -> CandidateView | None:
    """Return the candidate that the whole suite is to run for, while none is applicable: the best.

    None where there is none to try.
    """
    if any(view.applicable for view in views):
        return None
    owed = (view for view in rank(views, diff_size) if view.rest is Rest.OWED)
    return next(owed, None)
