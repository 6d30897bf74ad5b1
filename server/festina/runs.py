"""The jobs behind proposals: one run of the pipeline, or one more verification, a proposal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from festina.events import Event, Finished, Judged, Parsed
from festina.findings import Status
from festina.jobs import Jobs
from festina.models.base import Model, ModelError
from festina.models.runner import Runner
from festina.pipeline import Task, propose, verify_again
from festina.proposals import CandidateStatus, CandidateView, Proposal, State, step
from festina.reducer import begin, reduce, settle
from festina.session import Refusal, Session, relative_path
from festina.verify.base import Verifier

SETTLE_SECONDS = 0.3
"""How long the editor must be quiet before a rebased proposal is verified again."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A model that may be used now. ``streams`` is how many answers it serves at once."""

    model: Model
    runner: Runner
    small: bool = False
    streams: int = 8


class Models(Protocol):
    """Where a proposal gets its model from."""

    async def get(self, name: str | None, say: Callable[[str], None]) -> Ready:
        """Return a model, starting it first if need be; ``say`` takes progress for a person.

        Raises:
            ModelError: there is none, or it may not be used.
        """


class Runs:
    """Runs jobs and folds their events into the session's proposals."""

    def __init__(self, session: Session, verifier: Verifier, models: Models) -> None:
        self.session = session
        self.verifier = verifier
        self.models = models
        self.jobs = Jobs()
        self._running: set[str] = set()
        self._results: dict[str, dict[int, str]] = {}

    def start(
        self,
        proposal_id: str,
        *,
        count: int,
        first: int = 0,
        previous: str | None = None,
        model: str | None = None,
    ) -> None:
        """Ask the model for ``count`` candidates; what ran for the proposal before is stopped."""
        work = self._run(proposal_id, count=count, first=first, previous=previous, model=model)
        self.jobs.start(proposal_id, work)

    def check_again(self, proposal: Proposal, why: str) -> None:
        """Store the proposal, and verify its candidates once more when typing pauses.

        While the model is still at work nothing is to be done: a run whose document has moved on
        verifies its candidates again when it ends.
        """
        if proposal.id in self._running or proposal.state not in {
            State.READY,
            State.UNVERIFIED,
            State.VERIFYING,
        }:
            self.session.put(proposal)
            return
        views = tuple(map(_unjudged, proposal.candidates))
        proposal = step(proposal, State.VERIFYING, f"again, because {why}")
        self.session.put(replace(proposal, candidates=views))
        self.jobs.start(proposal.id, self._verify_again(proposal.id))

    def stop(self, proposal_id: str) -> None:
        """Stop what runs for a proposal and forget its results."""
        self.jobs.cancel(proposal_id)
        self._results.pop(proposal_id, None)

    def forget_results(self, proposal_id: str) -> None:
        """Forget the texts that the proposal's candidates would give."""
        self._results.pop(proposal_id, None)

    def matching(self, proposal_id: str, content: str) -> int | None:
        """Return the candidate whose result is exactly ``content``, or None."""
        found = self._results.get(proposal_id, {})
        return next((index for index, text in found.items() if text == content), None)

    async def close(self) -> None:
        """Stop everything, and wait until it has stopped."""
        await self.jobs.close()

    async def _run(
        self, proposal_id: str, *, count: int, first: int, previous: str | None, model: str | None
    ) -> None:
        self._running.add(proposal_id)
        try:
            task = await self._stream(proposal_id, count, first, previous, model)
        except ModelError as error:
            self._fail(proposal_id, str(error))
            return
        except Refusal as refusal:
            self._fail(proposal_id, str(refusal))
            return
        except Exception:
            self._fail(proposal_id, "Festina failed unexpectedly; its log has the details.")
            raise
        finally:
            self._running.discard(proposal_id)
        proposal = self.session.proposals.get(proposal_id)
        if proposal is not None and proposal.base != task.text:
            self.check_again(proposal, "the document changed")

    async def _stream(
        self, proposal_id: str, count: int, first: int, previous: str | None, model: str | None
    ) -> Task:
        def say(message: str) -> None:
            if (proposal := self.session.proposals.get(proposal_id)) and proposal.state.running:
                self.session.put(replace(proposal, message=message))

        ready = await self.models.get(model, say)
        task = replace(
            self.task(self.session.find(proposal_id)),
            count=count,
            first=first,
            previous=previous,
            small=ready.small,
            streams=ready.streams,
        )
        if count > 1:
            task = replace(task, rounds=0)
        self.session.put(begin(self.session.find(proposal_id)))
        stream = propose(task, ready.model, ready.runner, self.verifier)
        async with aclosing(stream):
            async for event in stream:
                self._fold(proposal_id, task, event)
        return task

    def _fold(self, proposal_id: str, task: Task, event: Event) -> None:
        proposal = self.session.proposals.get(proposal_id)
        if proposal is None or proposal.state.final:
            return
        moved = proposal.base != task.text
        if isinstance(event, Judged):
            self._results.setdefault(proposal_id, {})[event.candidate] = event.candidate_text
        if moved and isinstance(event, Judged):
            return  # earned for a text that is no longer there
        if moved and isinstance(event, Finished) and event.best is not None:
            return
        self.session.put(reduce(proposal, event))
        if isinstance(event, Parsed):
            now = self.session.proposals[proposal_id]
            if now.state is State.PARSED:
                self.session.put(step(now, State.VERIFYING, "starting the gates"))

    def _fail(self, proposal_id: str, message: str) -> None:
        proposal = self.session.proposals.get(proposal_id)
        if proposal is not None and not proposal.state.final:
            self.session.put(step(proposal, State.FAILED, message))

    async def _verify_again(self, proposal_id: str) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        proposal = self.session.proposals[proposal_id]
        task = self.task(proposal)
        seconds = 0.0
        for index in _order(proposal):
            view = self.session.proposals[proposal_id].find(index)
            if view is None or view.status is not CandidateStatus.VERIFYING:
                continue
            stream = verify_again(replace(task, first=index), view.text, self.verifier)
            async with aclosing(stream):
                async for event in stream:
                    self._fold(proposal_id, task, event)
                    if isinstance(event, Judged):
                        seconds += event.verdict.seconds
        finished = Finished(None, Status.FAILED, "", 0.0, seconds)
        proposal = self.session.proposals[proposal_id]
        visible = proposal.candidate
        if visible is not None and visible.verdict is not None:
            finished = replace(finished, best=visible.index, message=visible.verdict.summary())
        if not proposal.state.final:
            self.session.put(settle(proposal, finished))

    def task(self, proposal: Proposal) -> Task:
        """Return the task of a proposal against the workspace as it is now.

        Raises:
            Refusal: the document is closed or has no workspace.
        """
        document = self.session.documents.get(proposal.uri)
        if document is None:
            raise Refusal("The file was closed.")
        workspace = self.session.workspace_of(document)
        return Task(
            snapshot=self.session.snapshot(workspace),
            path=relative_path(document, workspace),
            text=proposal.base,
            region=proposal.region,
            instruction=proposal.instruction,
            language=document.language,
            rounds=self.session.settings_of(workspace).repair_rounds,
            resolves=proposal.resolves,
        )


def _unjudged(view: CandidateView) -> CandidateView:
    if view.verdict is None:
        return view
    return replace(view, status=CandidateStatus.VERIFYING, verdict=None)


def _order(proposal: Proposal) -> list[int]:
    """The visible candidate first, then the others by index."""
    indices = [view.index for view in proposal.candidates]
    return sorted(indices, key=lambda index: (index != proposal.visible, index))
