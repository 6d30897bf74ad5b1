"""The jobs behind proposals: one run of the pipeline, or one more verification, a proposal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from festina import advising
from festina.again import Again
from festina.confirming import Confirming
from festina.events import Event, Finished, Judged, Parsed
from festina.findings import Status
from festina.jobs import Jobs
from festina.models.base import ModelError
from festina.models.meter import counting
from festina.models.ready import Models, Ready
from festina.pipeline import propose
from festina.proposals import CandidateView, Proposal, State, step
from festina.reducer import advance, begin, reduce, settle, unjudged, waits
from festina.results import Results
from festina.reviewing import Reviewing
from festina.session import Refusal, Session, relative_path
from festina.slow import Adviser
from festina.tallying import Tallying
from festina.task import Task
from festina.text import Text
from festina.verify.base import Verifier

SETTLE_SECONDS = 0.3
"""How long the editor must be quiet before a rebased proposal is verified again."""


class Runs:
    """Runs jobs and folds their events into the session's proposals."""

    def __init__(self, session: Session, verifier: Verifier, models: Models) -> None:
        self.session = session
        self.verifier = verifier
        self.models = models
        self.jobs = Jobs()
        self._running: dict[str, _Mark] = {}
        self.results = Results()
        self.reviewing = Reviewing(session, models, self.jobs)
        self.tallying = Tallying(session)
        self.confirming = Confirming(session, verifier, self.jobs, self.task, self.at_work)

    def start(
        self, proposal_id: str, *, count: int, first: int = 0, previous: str | None = None
    ) -> None:
        """Ask the model for ``count`` candidates; what ran for the proposal before is stopped."""
        mark = self._running[proposal_id] = _Mark()
        self.jobs.start(proposal_id, self._run(proposal_id, mark, count, first, previous))

    def check_again(self, proposal: Proposal, why: str) -> None:
        """Store the proposal, and verify its candidates once more when typing pauses.

        While the model is still at work nothing is to be done: a run whose document has moved on
        verifies its candidates again when it ends.
        """
        judged = proposal.state in {State.READY, State.UNVERIFIED, State.VERIFYING}
        if not judged and not proposal.state.running:
            self.session.put(proposal)
            return
        proposal = unjudged(proposal)
        if judged:
            proposal = step(proposal, State.VERIFYING, f"again, because {why}")
        self.session.put(proposal)
        mark = self._running.get(proposal.id)
        if mark is not None and mark.streams:
            mark.dropped = mark.dropped or waits(proposal)
        elif judged:
            self._verify(proposal.id, lambda: self._verify_again(proposal.id))

    def check_part(
        self, proposal: Proposal, index: int, then: Callable[[CandidateView], None]
    ) -> None:
        """Store the proposal and verify one candidate of it; the others keep their verdicts.

        What else ran for the proposal is stopped. ``then`` takes the candidate and its verdict,
        unless something else happened to the proposal meanwhile.
        """
        before = proposal.visible
        proposal = step(proposal, State.VERIFYING, "the chosen hunks alone")
        self.session.put(replace(proposal, visible=index))
        self._verify(proposal.id, lambda: self._verify_part(proposal.id, index, before, then))

    def at_work(self, proposal_id: str) -> bool:
        """Whether a run, or a further verification, has yet to come to its end."""
        return proposal_id in self._running

    def quit(self, proposal_id: str) -> None:
        """Stop what runs for a proposal that goes on; its results stay."""
        self.jobs.cancel(proposal_id)
        self._running.pop(proposal_id, None)

    def stop(self, proposal_id: str) -> None:
        """Stop what runs for a proposal and forget its results."""
        self.quit(proposal_id)
        self.results.forget(proposal_id)

    async def close(self) -> None:
        """Stop everything, and wait until it has stopped."""
        await self.jobs.close()
        await self.tallying.close()

    async def _run(
        self, proposal_id: str, mark: _Mark, count: int, first: int, previous: str | None
    ) -> None:
        task: Task | None = None
        try:
            async with self._failing(proposal_id):
                with counting(proposal_id):
                    task = await self._stream(proposal_id, count, first, previous)
        finally:
            self._ended(proposal_id, mark)
        proposal = self.session.proposals.get(proposal_id)
        if proposal is None or proposal.state.final:
            self.results.forget(proposal_id)
            return
        if mark.dropped or (task is not None and proposal.base != task.text):
            if proposal.state in {State.STREAMING, State.PARSED} and waits(proposal):
                proposal = advance(proposal, State.VERIFYING, proposal.message)
            self.check_again(proposal, "the document changed")
        elif proposal.state is State.VERIFYING:  # what it ended with was withdrawn since
            self._settle(proposal_id, proposal.visible)

    def _ended(self, proposal_id: str, mark: _Mark) -> None:
        if self._running.get(proposal_id) is mark:
            del self._running[proposal_id]

    def _verify(self, proposal_id: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def verify() -> None:
            try:
                async with self._failing(proposal_id):
                    await work()
            finally:
                self._ended(proposal_id, mark)

        mark = self._running[proposal_id] = _Mark(streams=False)
        self.jobs.start(proposal_id, verify())

    @contextlib.asynccontextmanager
    async def _failing(self, proposal_id: str) -> AsyncIterator[None]:
        """Whatever ends a job before its time ends the proposal as well, with a sentence."""
        try:
            yield
        except ModelError as error:
            self._without_model(proposal_id, error)
        except Refusal as refusal:
            self._fail(proposal_id, str(refusal))
        except Exception:
            self._fail(proposal_id, "Festina failed unexpectedly; its log has the details.")
            raise

    async def _stream(self, proposal_id: str, count: int, first: int, previous: str | None) -> Task:
        def say(message: str) -> None:
            if (proposal := self.session.proposals.get(proposal_id)) and proposal.state.running:
                self.session.put(replace(proposal, message=message))

        self.jobs.start(f"prepare {proposal_id}", self._prepare(proposal_id))
        ready = await self.models.get(self.session.find(proposal_id).model, say)
        try:
            planner = None  # more of them were asked for, not better ones
            if not first:
                proposal = self.session.find(proposal_id)
                planner = advising.planner(self.session, self.models, proposal, say)
            return await self._propose(proposal_id, ready, count, first, previous, planner)
        finally:
            ready.release()

    async def _prepare(self, proposal_id: str) -> None:
        """Let the verifier get ready while the model is at work."""
        await self.session.settled.wait()  # before that it is not known which gates are wanted
        task = self.task(self.session.find(proposal_id))
        await self.verifier.prepare(task.snapshot, task.path)

    async def _propose(
        self,
        proposal_id: str,
        ready: Ready,
        count: int,
        first: int,
        previous: str | None,
        planner: Adviser | None,
    ) -> Task:
        task = self.task(self.session.find(proposal_id)).asking_for(count, first)
        task = replace(
            task,
            previous=previous,
            small=ready.small,
            streams=ready.streams,
            eager=True,
            on_request=self.results.asked.noting(proposal_id),
        )
        proposal = replace(self.session.find(proposal_id), writer=ready.model.name)
        self.session.put(begin(proposal))
        stream = propose(task, ready.model, ready.runner, self.verifier, planner)
        async with aclosing(stream):
            async for event in stream:
                self._fold(proposal_id, task, event)
        return task

    def _fold(self, proposal_id: str, task: Task, event: Event) -> None:
        proposal = self.session.proposals.get(proposal_id)
        if proposal is None or proposal.state.final:
            return
        if isinstance(event, Judged):
            self.results.note(proposal_id, event.candidate, Text(event.candidate_text))
        if self._is_outdated(proposal, task, event):
            if mark := self._running.get(proposal_id):
                mark.dropped = True
            return
        self.session.put(reduce(proposal, event))
        if isinstance(event, Parsed):
            now = self.session.proposals[proposal_id]
            if now.state is State.PARSED:
                self.session.put(step(now, State.VERIFYING, "starting the gates"))

    def _is_outdated(self, proposal: Proposal, task: Task, event: Event) -> bool:
        """Whether an event rests on a text that is no longer there, or was not for a while."""
        mark = self._running.get(proposal.id)
        dropped = mark is not None and mark.dropped
        if isinstance(event, Judged):
            return dropped or proposal.base != task.text
        if isinstance(event, Finished):
            return (dropped and waits(proposal)) or (
                proposal.base != task.text and event.best is not None
            )
        return False

    def _without_model(self, proposal_id: str, error: ModelError) -> None:
        """There is no model: what earned a verdict before stands, else the proposal fails."""
        proposal = self.session.proposals.get(proposal_id)
        if proposal is not None and not proposal.state.final and not waits(proposal):
            finished = Finished(None, Status.FAILED, str(error), 0.0, 0.0, error)
            self.session.put(settle(proposal, finished))

    def _fail(self, proposal_id: str, message: str) -> None:
        proposal = self.session.proposals.get(proposal_id)
        self.results.forget(proposal_id)
        if proposal is not None and not proposal.state.final:
            self.session.put(step(proposal, State.FAILED, message))

    async def _verify_again(self, proposal_id: str) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        task = self.task(self.session.proposals[proposal_id])
        await self._again(proposal_id, task).all()
        self._settle(proposal_id, self.session.proposals[proposal_id].visible)

    async def _verify_part(
        self, proposal_id: str, index: int, before: int, then: Callable[[CandidateView], None]
    ) -> None:
        task = self.task(self.session.proposals[proposal_id])
        await self._again(proposal_id, task).one(index)
        proposal = self.session.proposals[proposal_id]
        part, whole = proposal.find(index), proposal.find(before)
        assert part is not None
        keep = not part.applicable and whole is not None and whole.applicable
        self._settle(proposal_id, before if keep else index)
        then(part)

    def _again(self, proposal_id: str, task: Task) -> Again:
        def fold(event: Event) -> None:
            self._fold(proposal_id, task, event)

        return Again(task, self.verifier, lambda: self.session.proposals[proposal_id], fold)

    def _settle(self, proposal_id: str, best: int) -> None:
        proposal = self.session.proposals[proposal_id]
        if proposal.state.final:
            return
        finished = Finished(None, Status.FAILED, "No candidate passed.", 0.0, 0.0)
        view = proposal.find(best)
        if view is not None and view.verdict is not None:
            finished = replace(finished, best=best, message=view.words)
        self.session.put(settle(proposal, finished))

    def task(self, proposal: Proposal) -> Task:
        """Return the task of a proposal against the workspace as it is now.

        Raises:
            Refusal: the document is closed or has no workspace.
        """
        if (document := self.session.documents.get(proposal.uri)) is None:
            raise Refusal("The file was closed.")
        workspace = self.session.workspace_of(document)
        settings = self.session.settings_of(workspace)
        return Task(
            snapshot=self.session.snapshot_for(proposal, workspace),
            path=relative_path(document, workspace),
            text=proposal.base,
            region=proposal.region,
            instruction=proposal.instruction,
            language=document.language,
            rounds=settings.repair_rounds,
            most=settings.repair_candidates,
            resolves=proposal.resolves,
            context_tokens=settings.context_tokens,
            skill=proposal.skill,
            bounds=proposal.bounds,
        )


@dataclass(slots=True)
class _Mark:
    """What runs for a proposal: ``streams`` where a model takes part in it.

    ``dropped`` once something of it does not count, since the document had moved on.
    """

    streams: bool = True
    dropped: bool = False
