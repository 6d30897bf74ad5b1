"""Running the steps of a plan in an editor session: each becomes proposals, which a person accepts.

A step of one file is one proposal. Of several files, all but the last are drafted first; the last
one is judged with the drafts beside it, and once it has passed each file is a proposal of its own,
judged with all others in place. Nothing runs on by itself: the next step waits for the person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from festina import steps, tried
from festina.drafting import Draft, draft
from festina.events import Called, Event, Streaming
from festina.going import WHOLE_SECONDS, Desk, Going, Paper, parts_of
from festina.instead import Instead
from festina.lifecycle import Lifecycle
from festina.memory import Store
from festina.models.base import ModelError
from festina.models.meter import counting
from festina.models.ready import Models
from festina.orders import Order
from festina.pending import Pending
from festina.places import Places
from festina.plans import Change, Step
from festina.proposals import Proposal, State
from festina.remembering import Remembering
from festina.replanning import Replanning
from festina.session import Refusal, Session, relative_path
from festina.ticking import Ticking
from festina.together import Together


class Stepping:
    """The steps of one session's plans."""

    def __init__(
        self,
        session: Session,
        lifecycle: Lifecycle,
        models: Models,
        desk: Desk,
        memory: Remembering,
        pending: Pending,
    ) -> None:
        self._session = session
        self._lifecycle = lifecycle
        self._models = models
        self._desk = desk
        self._memory = memory
        self._pending = pending
        self._jobs = lifecycle.runs.jobs
        self._of: dict[str, Going] = {}
        self._going: list[Going] = []
        self.replanning = Replanning(session, models)
        self.places = Places(session, desk)
        self.ticking = Ticking(desk, memory, self._end)
        self._together = Together(session, lifecycle, self._adopt, self._lost)
        self.changed: Callable[[Path], None] = lambda _: None
        """Told of the workspace of a plan when what is under way in it is another."""
        session.followers.append(self._follow)
        pending.coming.append(self._coming)

    def find(self, workspace: Path, step: Step) -> Going | None:
        """Return a step that is under way."""
        return next(
            (
                one
                for one in self._going
                if one.paper.workspace == workspace and one.step.key == step.key
            ),
            None,
        )

    def of(self, proposal_id: str) -> Going | None:
        """Return the step under way that a proposal belongs to."""
        return self._of.get(proposal_id)

    def aligned(self, going: Going) -> bool:
        """Whether each file of a step was judged with the others as they are on show."""
        return self._together.aligned(going)

    async def run(self, paper: Paper, line: int) -> str:
        """Begin to run the step on a line (from 0) of a plan; return what to tell.

        Raises:
            Refusal: it cannot be run, why, and what to do.
        """
        plan = await paper.read()
        index = steps.chosen(plan, line)
        step = plan.steps[index]
        await self._session.settled.wait()  # before that it is not known what is left alone
        steps.check(step, self._session.settings_of(paper.workspace).verify)
        if self.find(paper.workspace, step) is not None:
            raise Refusal("This step is under way already. Accept, cancel or dismiss its edit.")
        none: list[tried.Lost] = []
        for lost in await self._memory.ask(paper.workspace, tried.settle, none):
            if lost.step != step.key:
                continue
            going = Going(paper, step, tries=list(lost.tries))
            self._going.append(going)
            self._jobs.start(f"{going.key} tick", self.ticking.tick(going))
            return "This step was accepted before everything ended: it is ticked, not run again."
        self._pending.check(paper.workspace, len(parts_of(step)))
        self.ticking.run_anew(paper.workspace, step)
        self._start(Going(paper, step))
        return f"Running step {index + 1} of {len(plan.steps)}: {step.title}"

    def cancel(self, going: Going) -> None:
        """Stop a step that is under way, and what it has led to."""
        for key in (going.key, f"{going.key} again", f"{going.key} tick"):
            self._jobs.cancel(key)
        going.given_up = True
        for proposal_id in list(going.ids):
            self._lifecycle.dismiss(proposal_id)
        self._end(going)

    def _coming(self, workspace: Path) -> int:
        return sum(one.coming for one in self._going if one.paper.workspace == workspace)

    # -- beginning --------------------------------------------------------------------------

    def _start(self, going: Going) -> None:
        self._going.append(going)
        self.changed(going.paper.workspace)
        self._jobs.start(going.key, self._begin(going))

    async def _begin(self, going: Going) -> None:
        try:
            await self._write(going)
        except (Refusal, ModelError) as refusal:
            self._end(going)
            self._desk.tell(f"{going.step.title}: {refusal}", wrong=True)
        except BaseException:
            self._end(going)
            raise
        finally:
            self._desk.ended(going.key)

    async def _write(self, going: Going) -> None:
        """Draft all files of a step but the last one, and propose that."""
        parts = parts_of(going.step)
        for number, part in enumerate(parts[:-1], 1):
            words = f"writing {part.words} ({number} of {len(parts)})"
            self._show(going, words)
            order = await self.places.order(going, part)
            if (written := await self._draft(going, order, words)) is not None:
                going.drafts.append((written, order.document.uri))
        order = await self.places.order(going, parts[-1])
        going.main = self._propose(going, order)

    async def _draft(self, going: Going, order: Order, words: str) -> Draft | None:
        """Have one file written; None where it needs no change.

        Raises:
            Refusal: nothing came that can be used.
            ModelError: there is no model.
        """

        def say(message: str) -> None:
            self._show(going, f"{words}: {message}")

        def tell(event: Event) -> None:
            if isinstance(event, Called):
                self._desk.called(event)
            elif isinstance(event, Streaming):
                say(f"about {event.tokens} tokens so far")

        task = self._lifecycle.runs.task(order.proposal(""))
        ready = await self._models.get(None, say)
        try:
            task = replace(task, small=ready.small, streams=ready.streams)
            with counting(going.key):
                made = await draft(
                    task, order.name, ready.model, ready.runner, self._lifecycle.verifier, tell
                )
        finally:
            ready.release()
        if made.draft is None and made.why:
            if await self._failed(going, (made.why,)):
                raise asyncio.CancelledError  # the step that came of it is on its way
            raise Refusal(made.why)
        return made.draft

    def _propose(self, going: Going, order: Order) -> str:
        proposal = self._lifecycle.start(order)
        self._note(going, proposal)
        return proposal.id

    def _adopt(self, going: Going, proposal: Proposal) -> None:
        """Take a proposal that was made for a file that is written already."""
        self._note(going, proposal)
        self._session.put(proposal)

    def _note(self, going: Going, proposal: Proposal) -> None:
        self._of[proposal.id] = going
        going.ids[proposal.id] = proposal.state
        self.changed(going.paper.workspace)

        def begin(store: Store) -> None:
            going.tries.append(store.steps.begin(tried.PLAN, going.step.key, proposal.id))

        self._memory.post(going.paper.workspace, begin)

    def _lost(self, going: Going, path: str) -> None:
        words = f"{path} has changed while the step was written. Run the step again."
        self._desk.tell(words, wrong=True)
        self.cancel(going)

    # -- following --------------------------------------------------------------------------

    def _follow(self, proposal: Proposal) -> None:
        """A proposal has changed: what that means for its step happens after this."""
        going = self._of.get(proposal.id)
        if going is None:
            return
        before, going.ids[proposal.id] = going.ids[proposal.id], proposal.state
        if before is not proposal.state:
            self.changed(going.paper.workspace)
        if proposal.state.final:
            self._of.pop(proposal.id)
            going.ids.pop(proposal.id)
            self._over(going, proposal)
        elif proposal.id == going.main and proposal.state is State.READY and going.drafts:
            self._later(self._together.join, going)
        elif proposal.state is State.REJECTED and before.running and not proposal.again:
            if proposal.id == going.main and not going.applied:
                self._jobs.start(f"{going.key} again", self._plan_again(going, proposal))
        elif not proposal.state.running and len(going.ids) > 1:
            self._later(self._together.align, going)

    def _over(self, going: Going, proposal: Proposal) -> None:
        view = proposal.candidate
        if proposal.state is State.APPLIED and view is not None:
            document = self._session.documents.get(proposal.uri)
            assert document is not None
            path = relative_path(document, going.paper.workspace)
            going.applied.append(Change(path, proposal.base, proposal.edits(view)))
        else:
            going.given_up = True
        if going.ids and going.whole and not going.given_up:  # the other files follow at once
            loop = asyncio.get_running_loop()
            loop.call_later(WHOLE_SECONDS, self._together.align, going)
        elif going.ids:
            self._later(self._together.align, going)
        elif going.given_up or self._jobs.running(f"{going.key} again"):
            self._end(going)
        else:
            self._jobs.start(f"{going.key} tick", self.ticking.tick(going))

    def _later(self, work: Callable[[Going], None], going: Going) -> None:
        asyncio.get_running_loop().call_soon(work, going)

    # -- ending -----------------------------------------------------------------------------

    def _end(self, going: Going, outcome: str = "given up") -> None:
        if going in self._going:
            self._going.remove(going)
            for proposal_id in going.ids:
                self._of.pop(proposal_id, None)

            if outcome:
                work = partial(tried.end, tries=going.tries, outcome=outcome)
                self._memory.post(going.paper.workspace, work)
            self._pending.moved.set()
            self.changed(going.paper.workspace)

    async def _plan_again(self, going: Going, proposal: Proposal) -> None:
        """Its edit was rejected for good: have the step planned anew, once, and run that."""
        try:
            await self._failed(going, steps.reasons_of(proposal))
        finally:
            self._desk.ended(going.key)

    async def _failed(self, going: Going, why: tuple[str, ...]) -> bool:
        """Have a step planned anew, once, and run what comes; whether that is so."""
        if going.again or not self.replanning.possible:
            return False
        self._show(going, "it failed, so it is planned anew")
        try:
            instead = Instead(going.step, why)
            (new,) = await self.replanning.ask(
                going.paper.workspace,
                await going.paper.read(),
                instead,
                lambda words: self._show(going, f"planning it anew: {words}"),
                self._desk.called,
            )
            await going.paper.change(lambda plan: steps.swapped(plan, going.step, new))
        except (Refusal, ModelError) as refusal:
            words = f"{going.step.title}: it could not be planned anew: {refusal}"
            self._desk.tell(words, wrong=True)
            return False
        for proposal_id in list(going.ids):
            self._lifecycle.dismiss(proposal_id)
        self._end(going, "planned anew")
        told = f"{going.step.title}: it failed and was planned anew"
        try:
            self._pending.check(going.paper.workspace, len(parts_of(new)))
        except Refusal as refusal:
            self._desk.tell(f"{told}. {refusal}")
            return True
        self._desk.tell(f"{told}; the new step runs now.")
        self._start(Going(going.paper, new, again=True))
        return True

    def _show(self, going: Going, words: str) -> None:
        title = f"Festina: {going.step.title}"
        self._desk.progress(going.key, title, words, lambda: self.cancel(going))
