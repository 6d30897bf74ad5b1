"""The review gate: the slow model reads what has passed, and its remarks are added when they come.

Nothing waits for a review, and none alters a verdict (design, section 1). It is kept for as long as
the proposal lives: when typing elsewhere has the edit verified again, its remarks move along.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from festina import advising, slow
from festina.calls import Wait
from festina.documents import Document
from festina.findings import Gate, GateResult
from festina.jobs import Jobs
from festina.models.meter import counting
from festina.models.ready import Models
from festina.proposals import CandidateView, Proposal, State
from festina.session import Refusal, Session, relative_path


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be reviewed: one text of a region, against one instruction."""

    index: int
    instruction: str
    old: str
    new: str


class Reviewing:
    """Follows the proposals of a session and has what is on show and applicable reviewed."""

    def __init__(self, session: Session, models: Models, jobs: Jobs) -> None:
        self._session = session
        self._models = models
        self._jobs = jobs
        self._going: dict[str, _Wish] = {}
        self._known: dict[str, dict[_Wish, GateResult]] = {}
        session.followers.append(self.follow)

    def follow(self, proposal: Proposal) -> None:
        """A proposal has changed: begin or stop a review."""
        if proposal.state.final or not proposal.candidates:
            self._stop(proposal.id)
            if proposal.state.final:
                self._known.pop(proposal.id, None)
            return
        wish = self._wish(proposal)
        if wish is not None and self._going.get(proposal.id) != wish:
            self._stop(proposal.id)
            self._going[proposal.id] = wish
            self._jobs.start(key_of(proposal.id), self._run(proposal, wish))

    def _stop(self, proposal_id: str) -> None:
        if self._going.pop(proposal_id, None) is not None:
            self._jobs.cancel(key_of(proposal_id))

    def _wish(self, proposal: Proposal) -> _Wish | None:
        view = proposal.candidate
        if proposal.state is not State.READY or view is None or not view.applicable:
            return None
        if view.verdict is None or view.verdict.gate(Gate.REVIEW) is not None:
            return None
        document = self._session.documents.get(proposal.uri)
        if document is None or not self._wanted(document):
            return None
        region = proposal.region
        old = proposal.base.lines_text(region.start, region.end)
        return _Wish(view.index, proposal.instruction, old, view.text)

    def _wanted(self, document: Document) -> bool:
        try:
            workspace = self._session.workspace_of(document)
        except Refusal:
            return False
        return Gate.REVIEW in self._session.settings_of(workspace).verify.gates

    async def _run(self, proposal: Proposal, wish: _Wish) -> None:
        result = self._known.get(proposal.id, {}).get(wish)
        if result is None:
            result = await self._ask(proposal, wish)
        if self._going.get(proposal.id) != wish:
            return  # it was stopped at the very end
        del self._going[proposal.id]
        self._known.setdefault(proposal.id, {})[wish] = result
        now = self._session.proposals.get(proposal.id)
        view = None if now is None else now.find(wish.index)
        if now is not None and view is not None and _is_that(view, wish):
            placed = slow.placed(result, now.region.start)
            self._session.put(reviewed(now, view, placed))

    def _waits(self, proposal_id: str, wish: _Wish, wait: Wait | None) -> None:
        now = self._session.proposals.get(proposal_id)
        view = None if now is None else now.find(wish.index)
        going = self._going.get(proposal_id) == wish
        if now is not None and view is not None and going and _is_that(view, wish):
            self._session.put(held(now, view, wait))

    async def _ask(self, proposal: Proposal, wish: _Wish) -> GateResult:
        adviser = advising.slow_model(self._session, self._models, lambda _: None)
        if adviser is None:
            return slow.NO_MODEL
        document = self._session.documents.get(proposal.uri)
        assert document is not None  # a closed one leaves no live proposal
        what = slow.Edit(
            wish.instruction,
            relative_path(document, self._session.workspace_of(document)),
            document.language,
            wish.old,
            wish.new,
            proposal.skill,
        )
        with counting(proposal.id):
            result, call = await slow.review(
                adviser,
                what,
                candidate=wish.index,
                on_wait=lambda wait: self._waits(proposal.id, wish, wait),
            )
        now = self._session.proposals.get(proposal.id)
        if now is not None and not now.state.final:
            self._session.put(replace(now, calls=(*now.calls, call)))
        return result


def held(proposal: Proposal, view: CandidateView, wait: Wait | None) -> Proposal:
    """Return the proposal as its review is held back by the provider's limits, or no longer is."""
    if proposal.state is not State.READY or view.index != proposal.visible:
        return proposal
    words = view.words if wait is None else f"{view.words}; review: {wait.words}"
    return replace(proposal, message=words, wait=wait)


def reviewed(proposal: Proposal, view: CandidateView, result: GateResult) -> Proposal:
    """Return the proposal with a review of one of its candidates."""
    assert view.verdict is not None
    view = replace(view, verdict=view.verdict.with_review(result))
    proposal = proposal.with_candidate(view)
    if view.index == proposal.visible and proposal.state is State.READY:
        proposal = replace(proposal, message=view.words)
    return proposal


def key_of(proposal_id: str) -> str:
    """Return the key of the job that has a proposal reviewed."""
    return f"review {proposal_id}"


def _is_that(view: CandidateView, wish: _Wish) -> bool:
    return view.text == wish.new and view.applicable
