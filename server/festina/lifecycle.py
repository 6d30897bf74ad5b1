"""The life of a proposal in an editor session: start, redirect, keep up with typing, end.

Everything here runs on the event loop and returns at once; the work itself is done by
:mod:`festina.runs`, one job a proposal.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from festina import accept, edits, parts
from festina.documents import Document
from festina.doubts import Doubts
from festina.edits import Region
from festina.findings import Rest
from festina.models.ready import Models
from festina.orders import Order
from festina.promise import applies, turned
from festina.proposals import (
    CandidateStatus,
    CandidateView,
    Proposal,
    State,
    step,
)
from festina.reducer import await_rest, to_streaming, without_unfinished
from festina.runs import Runs
from festina.session import Refusal, Session
from festina.text import Text
from festina.verify.base import Verifier

MOST_CANDIDATES = 75


class Lifecycle:
    """What a person may do with proposals, and what an editor tells of its documents."""

    def __init__(self, session: Session, verifier: Verifier, models: Models) -> None:
        self.session = session
        self.verifier = verifier
        self.runs = Runs(session, verifier, models)
        session.followers.append(self.runs.results.asked.follow)
        self.aftermath = self.runs.confirming.aftermath
        self._doubts = Doubts(session, self.runs.jobs, self.application)

    def start(self, order: Order) -> Proposal:
        """Begin a proposal and return it at once.

        Raises:
            Refusal: the document may not be edited, or there are too many or few variations.
        """
        order.check(self.session)
        _check_count(order.variations, 0)
        proposal = order.proposal(self.session.new_id())
        self.session.put(proposal)
        self.runs.start(proposal.id, count=order.variations)
        return proposal

    def redirect(self, proposal_id: str, instruction: str) -> Proposal:
        """Stop what runs and go on, from what came so far, with a further instruction.

        Without one, what ended for want of a provider's leave is asked for again; nothing is lost.

        Raises:
            Refusal: the proposal is over, or there is no instruction.
        """
        proposal, further = self.alive(proposal_id), instruction.strip()
        if not further and not proposal.again:
            raise Refusal("Say what should be different, then redirect again.")
        visible, count = proposal.candidate, 1 if further else max(1, len(proposal.candidates))
        if further:
            words = f"{proposal.instruction}\n{further}"
            proposal = replace(proposal, instruction=words, candidates=())
        self.runs.results.forget(proposal_id)
        proposal = to_streaming(proposal, "redirected" if further else "asking again")
        proposal = self.session.put(replace(proposal, visible=0, round=0))
        previous = visible.text if visible is not None else None
        self.runs.start(proposal_id, count=count, previous=previous or None)
        return proposal

    def variations(self, proposal_id: str, count: int) -> Proposal:
        """Ask for ``count`` further candidates (75 in all at most).

        Raises:
            Refusal: the proposal is over or under way, or too many are asked for.
        """
        proposal = self.alive(proposal_id)
        if proposal.state.running:
            raise Refusal("This proposal is still at work; wait for it or cancel it first.")
        proposal = without_unfinished(proposal)
        have = 1 + max((view.index for view in proposal.candidates), default=-1)
        _check_count(count, have)
        proposal = self.session.put(to_streaming(proposal, f"asking for {count} more"))
        self.runs.start(proposal_id, count=count, first=have)
        return proposal

    def cancel(self, proposal_id: str) -> Proposal:
        """Stop what runs; nothing of it is kept.

        Raises:
            Refusal: the proposal is over.
        """
        return self._end(self.alive(proposal_id), State.CANCELLED, "cancelled")

    def dismiss(self, proposal_id: str) -> Proposal:
        """Put a proposal away; one that is still under way is cancelled.

        Raises:
            Refusal: the proposal is over.
        """
        proposal = self.alive(proposal_id)
        if proposal.state.running:
            return self._end(proposal, State.CANCELLED, "cancelled")
        return self._end(proposal, State.DISMISSED, "dismissed")

    def turn(self, proposal_id: str, by: int, *, to: int | None = None) -> Proposal:
        """Show the next (``by=1``) or previous (``by=-1``) candidate: passed ones if there are any.

        With ``to`` it is that one.

        Raises:
            Refusal: the proposal is over, or there is nothing to turn to.
        """
        proposal = self.alive(proposal_id)
        if to is not None:
            return self._turn_to(proposal, to)
        indices = [view.index for view in proposal.choices]
        if len(indices) < 2:
            raise Refusal("There is no other candidate. Ask for variations first.")
        here = indices.index(proposal.visible) if proposal.visible in indices else -by
        return self.session.put(turned(proposal, indices[(here + by) % len(indices)]))

    def _turn_to(self, proposal: Proposal, index: int) -> Proposal:
        view = proposal.find(index)
        if view is None:
            raise Refusal("That candidate does not exist.")
        if index == proposal.visible:
            return proposal
        if not view.text:
            raise Refusal("There is nothing to show of that candidate.")
        if not view.passed and any(other.passed for other in proposal.candidates):
            raise Refusal("That candidate has not passed, and others have: choose one of those.")
        return self.session.put(turned(proposal, index))

    def complete(
        self, proposal_id: str, candidate: int | None, then: Callable[[CandidateView], None]
    ) -> bool:
        """Run the whole suite for a candidate, if that is all that is missing; say whether it is.

        ``then`` takes the candidate once it has its verdict, unless something else happens to the
        proposal first.

        Raises:
            Refusal: the proposal is over.
        """
        proposal = self.alive(proposal_id)
        view = proposal.candidate if candidate is None else proposal.find(candidate)
        if view is None or view.rest is not Rest.OWED or proposal.state is not State.READY:
            return False
        self.session.put(await_rest(proposal, view.index))
        self.runs.confirming.then(proposal_id, then)
        return True

    async def application(
        self, proposal_id: str, candidate: int | None = None, *, unverified: bool = False
    ) -> accept.Application:
        """Check that a candidate may be applied now; what is outdated is verified again.

        Raises:
            Refusal: it may not, and why.
        """
        proposal = self.alive(proposal_id)
        try:
            return await accept.application(
                self.session, self.verifier, proposal, candidate, unverified=unverified
            )
        except accept.Outdated:
            if (now := self.session.proposals.get(proposal_id)) and not now.state.final:
                self.runs.check_again(now, "something that it rests on has changed")
            raise

    def take(
        self,
        proposal_id: str,
        candidate: int | None,
        hunks: Iterable[int],
        then: Callable[[CandidateView], None],
    ) -> CandidateView:
        """Take only some hunks of a candidate; return the candidate that they make.

        If that has no verdict yet, it is being verified, and ``then`` takes it once it has one,
        unless something else happens to the proposal first.

        Raises:
            Refusal: there are no such hunks, or they cannot be taken now, and why.
        """
        proposal = self.alive(proposal_id)
        view = proposal.candidate if candidate is None else proposal.find(candidate)
        if view is None:
            raise Refusal("That candidate does not exist.")
        chosen = parts.part(proposal, view, hunks)
        if chosen.status is CandidateStatus.VERIFYING:
            proposal = without_unfinished(proposal)
            _check_count(1, chosen.index)
            self.runs.check_part(proposal.with_candidate(chosen), chosen.index, then)
        return chosen

    def document_changed(
        self, before: Text, document: Document, between: Sequence[Text] = ()
    ) -> None:
        """Keep the proposals of a document in step with it: applied, rebased or stale.

        ``between`` are the texts that several changes at once led through: what lies between two
        of them was not touched.
        """
        texts = (before, *between, document.text)
        self.aftermath.moved(document.uri, texts)
        for proposal in self.session.live(document.uri):
            self._follow(proposal, texts, document)

    def trust_changed(self, *, trusted: bool) -> int:
        """Trust was given or withdrawn somewhere; return how many proposals were stopped.

        What runs without trust is stopped at once, what had passed is judged again by what may
        still be executed, and what could not be verified for want of trust gets its chance.
        """
        stopped = 0
        if not trusted:
            self.aftermath.forget_unfinished()
        live = [p for p in self.session.proposals.values() if not p.state.final]
        for proposal in [p for p in live if self.session.trusts(p) is trusted]:
            if proposal.state.running and not trusted:
                self._end(proposal, State.CANCELLED, "the workspace is no longer trusted")
                stopped += 1
            elif proposal.state is State.READY and not trusted:
                self.runs.quit(proposal.id)
                again = without_unfinished(proposal)
                self.runs.check_again(again, "the workspace is no longer trusted")
            elif proposal.state is State.UNVERIFIED and trusted:
                self.runs.check_again(proposal, "the workspace is trusted now")
        return stopped

    def folders_changed(self) -> None:
        """End the proposals whose file is in no folder of the workspace any more."""
        for proposal in [p for p in self.session.proposals.values() if not p.state.final]:
            document = self.session.documents.get(proposal.uri)
            try:
                if document is not None:
                    self.session.workspace_of(document)
            except Refusal:
                self._end(proposal, State.STALE, "its folder was taken out of the workspace")

    def workspace_changed(self, uri: str) -> None:
        """Another file changed: what is ready is verified again if it rested on that file.

        So is what is under way, once it is ready: its verdict may be older than the change.
        """
        self._doubts.changed(uri)

    def document_closed(self, uri: str) -> None:
        """A document was closed: its proposals have nothing left to stand on."""
        self.aftermath.closed(uri)
        for proposal in self.session.live(uri):
            self._end(proposal, State.STALE, "the file was closed")

    def alive(self, proposal_id: str) -> Proposal:
        """Return a proposal that is not over.

        Raises:
            Refusal: it is, or there is none of that id.
        """
        proposal = self.session.find(proposal_id)
        if proposal.state.final:
            raise Refusal(f"That proposal is {proposal.state} already.")
        return proposal

    async def close(self) -> None:
        """Stop everything, and wait until it has stopped."""
        await self.runs.close()

    def _end(self, proposal: Proposal, to: State, message: str) -> Proposal:
        self.runs.stop(proposal.id)
        return self.session.put(step(proposal, to, message))

    def _follow(self, proposal: Proposal, texts: Sequence[Text], document: Document) -> None:
        new = document.text
        index = self.runs.results.matching(proposal.id, new)
        if index is not None and applies(proposal, index):
            self._end(replace(proposal, visible=index), State.APPLIED, "applied")
            return
        if texts[0] == new:
            self.session.put(replace(proposal, version=document.version))
            return
        region: Region | None = proposal.region
        for old, changed in itertools.pairwise(texts):
            region = region and edits.rebase(old, changed, region)
        if region is None:
            lines = proposal.base.lines[proposal.region.start : proposal.region.end]
            shortly_before = self.session.documents.shortly_before(document.uri)
            region = edits.find_again(lines, shortly_before or texts[0], new)
        if region is None:
            self._end(proposal, State.STALE, "its lines have changed")
            return
        self.runs.results.forget(proposal.id)
        moved = replace(proposal, base=new, region=region, version=document.version)
        self.runs.check_again(moved, "the document changed")


def _check_count(count: int, have: int) -> None:
    if not 1 <= count <= MOST_CANDIDATES - have:
        raise Refusal(
            f"A proposal can have {MOST_CANDIDATES} candidates; this one has {have} "
            f"and {count} more were asked for."
        )
