"""Runs the whole suite for the candidate on show, where its verdict rests on less.

What is applicable already is confirmed or withdrawn so; what waits for it becomes ready, or does
not. Whatever happens to the proposal meanwhile ends it: a change of the document, another candidate
on show, a redirect, a dismissal. Only an accept does not: what is in the document then is what the
suite runs on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from festina.aftermath import Aftermath
from festina.earning import Earned
from festina.events import Step
from festina.findings import Gate, GateResult, Rest, Status, Verdict
from festina.jobs import Jobs
from festina.promise import answered
from festina.proposals import CandidateView, Proposal, State
from festina.reducer import reduce
from festina.session import Refusal, Session
from festina.task import Task
from festina.verify.base import Candidate, Verifier

Then = Callable[[CandidateView], None]


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the whole suite is to run for: one text of one candidate, as it was judged."""

    index: int
    text: str
    key: str
    awaited: bool


class Confirming:
    """Follows the proposals of a session.

    ``task`` gives a proposal's task, ``at_work`` says whether the model is busy with one.
    ``withdrawn`` is told of each proposal and of its candidate that was applicable and is not.
    """

    def __init__(
        self,
        session: Session,
        verifier: Verifier,
        jobs: Jobs,
        task: Callable[[Proposal], Task],
        at_work: Callable[[str], bool],
    ) -> None:
        self.aftermath = Aftermath(self._stop)
        self.withdrawn: Callable[[Proposal, CandidateView], None] = lambda _, __: None
        self._session = session
        self._verifier = verifier
        self._jobs = jobs
        self._task = task
        self._at_work = at_work
        self._going: dict[str, _Wish] = {}
        self._then: dict[str, Then] = {}
        session.followers.append(self.follow)

    def follow(self, proposal: Proposal) -> None:
        """A proposal has changed: begin, go on or stop."""
        view, wish = proposal.candidate, _wish(proposal)
        if proposal.state is State.APPLIED and view is not None:
            if view.rest is Rest.WITHDRAWN:
                self.aftermath.note(proposal, view, view.verdict)
            elif wish is not None:
                self.aftermath.note(proposal, view)
        if wish == self._going.get(proposal.id):
            return
        self._stop(proposal.id)
        if wish is not None:
            self._start(proposal, wish)

    def then(self, proposal_id: str, then: Then) -> None:
        """Have ``then`` told of the candidate that is awaited, once it has a verdict.

        Unless something else happens to the proposal first.
        """
        self._then[proposal_id] = then

    def _start(self, proposal: Proposal, wish: _Wish) -> None:
        try:
            task = self._task(proposal)
        except Refusal:
            return  # its document is closed, and so will be the proposal
        # what was accepted is in its document by now
        buffers = {**task.snapshot.buffers, task.path: task.text.content}
        task = replace(task, snapshot=replace(task.snapshot, buffers=buffers))
        self._going[proposal.id] = wish
        self._jobs.start(key_of(proposal.id), self._run(proposal.id, task, wish))

    def _stop(self, proposal_id: str) -> None:
        self._then.pop(proposal_id, None)
        if self._going.pop(proposal_id, None) is not None:
            self._jobs.cancel(key_of(proposal_id))

    async def _run(self, proposal_id: str, task: Task, wish: _Wish) -> None:
        try:
            earned = await self._ask(proposal_id, task, wish)
        except Exception:
            self._answer(proposal_id, wish, Earned(_broken()))
            raise
        self._answer(proposal_id, wish, earned)

    async def _ask(self, proposal_id: str, task: Task, wish: _Wish) -> Earned:
        new = task.result(wish.text).content
        if wish.awaited:

            def say(message: str) -> None:
                now = self._session.proposals.get(proposal_id)
                if now is not None and self._going.get(proposal_id) == wish:
                    self._session.put(reduce(now, Step(wish.index, message)))

            earning = task.earning(self._verifier)
            return await earning.whole(new, lambda step: say(f"whole suite: {step.message}"))
        candidate = Candidate(task.path, task.text.content, new, task.resolves, task.bounds)
        verdict = await self._verifier.verify(task.snapshot, candidate, scope="full")
        return Earned(verdict)

    def _answer(self, proposal_id: str, wish: _Wish, earned: Earned) -> None:
        if self._going.get(proposal_id) != wish:
            return  # it was stopped at the very end
        del self._going[proposal_id]
        then = self._then.pop(proposal_id, None)
        proposal = self._session.proposals.get(proposal_id)
        if proposal is None or proposal.state.final:
            if earned.verdict.status is Status.FAILED:
                self.aftermath.refuted(proposal_id, earned.verdict)
            else:
                self.aftermath.forget(proposal_id)
            return
        at_work = self._at_work(proposal_id)
        now = self._session.put(answered(proposal, wish.index, earned, at_work=at_work))
        view = now.find(wish.index)
        assert view is not None
        if view.rest is Rest.WITHDRAWN:
            self.withdrawn(now, view)
        if then is not None:
            then(view)


def key_of(proposal_id: str) -> str:
    """Return the key of the job that runs the whole suite for a proposal."""
    return f"whole suite {proposal_id}"


def _wish(proposal: Proposal) -> _Wish | None:
    view = proposal.candidate
    if view is None or view.verdict is None:
        return None
    awaited = view.rest is Rest.AWAITED and proposal.state is State.VERIFYING
    confirms = view.rest is Rest.OPEN and proposal.state in {State.READY, State.APPLIED}
    if not awaited and not confirms:
        return None
    return _Wish(view.index, view.text, view.verdict.key, awaited)


def _broken() -> Verdict:
    reason = "Festina failed unexpectedly; its log has the details."
    return Verdict.of((GateResult(Gate.TESTS, Status.UNVERIFIED, reason=reason),), seconds=0.0)
