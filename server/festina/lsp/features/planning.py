"""Plans in the editor: ``plan.md`` is written, its steps run, and what is amiss in it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina import planner, plans, steps
from festina.asking import Question
from festina.clean import stripped
from festina.documents import Document
from festina.edits import Region
from festina.events import Called
from festina.going import Going
from festina.instead import Instead
from festina.lsp import convert
from festina.lsp.features.papers import NAME, Moves, PlanPaper
from festina.lsp.features.progressing import Progresses
from festina.lsp.features.seen_plans import SeenPlans
from festina.models.base import ModelError
from festina.plans import Plan
from festina.session import Refusal
from festina.stepping import Stepping
from festina.text import Text

if TYPE_CHECKING:
    from festina.lsp.app import App

OPEN_SECONDS = 10.0
"""How long an editor may take to open a file that a step works in."""
SKIPPED = "skipped, not done"


class Planning:
    """The plans of one editor session."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._moves = Moves()
        self._papers: dict[Path, PlanPaper] = {}
        self._progresses = Progresses(app)
        self.seen = SeenPlans(app)
        self.stepping = Stepping(
            app.session, app.lifecycle, app.models, self, app.remembering, app.pending
        )
        self.stepping.changed = self._stirred

    def close(self) -> None:
        """Send nothing any more."""
        self._progresses.close()

    # -- what a person asks for -------------------------------------------------------------

    async def plan(self, goal: str, uri: str, *, force: bool) -> str:
        """Have a plan written for a goal, in the workspace of a file, or the only one.

        Raises:
            Refusal: it cannot be, and why.
        """
        goal = stripped(goal).strip()
        if why := planner.unfit(goal):
            raise Refusal(why)
        paper = self.paper(self._workspace(uri))
        key = f"plan {paper.workspace}"
        if self._app.lifecycle.runs.jobs.running(key):
            raise Refusal("A plan is being written already. Wait for it, or cancel it.")
        before = await paper.text()
        if before is not None and before.content.strip() and not force:
            raise Refusal(
                f"There is a {NAME} already, and nothing was sent. Finish or remove it first, or "
                "have it replaced (`force`)."
            )
        self._start(paper, "plan", self._plan(paper, goal, before))
        return f"Planning: {goal}"

    def _workspace(self, uri: str) -> Path:
        """Return the workspace of a file, or the first one.

        Raises:
            Refusal: there is none.
        """
        path = convert.to_path(uri) if uri else None
        roots = self._app.session.roots
        holding = [root for root in roots if path is not None and path.is_relative_to(root)]
        if not roots or (uri and not holding):
            raise Refusal("Open the project's folder in the editor; a plan is of a workspace.")
        return max(holding, key=lambda root: len(root.parts)) if holding else roots[0]

    async def _plan(self, paper: PlanPaper, goal: str, before: Text | None) -> None:
        key = f"plan {paper.workspace}"

        def say(words: str) -> None:
            self.progress(key, "Festina: plan", words, lambda: self._cancel(key))

        say("looking for a model")
        try:
            await self._app.session.settled.wait()  # before that no slow model is known
            written = await self.stepping.replanning.plan(paper.workspace, goal, say, self.called)
            await paper.write(before, Text(written.text))
        finally:
            self.ended(key)
        count = len(written.steps)
        self.tell(f"{count} step{'s' if count != 1 else ''} written to {NAME}.")
        # the plan is written: to show it may take as long as the editor does
        self._app.lifecycle.runs.jobs.start(f"show {paper.path}", self._show(paper.path))

    async def _show(self, path: Path) -> None:
        await self._app.client.show_document(convert.to_uri(path), take_focus=True)

    async def explain(self, uri: str, line: int) -> str:
        """Ask what the step on a line comes to; the answer is shown like any other.

        Raises:
            Refusal: it cannot be explained, and why.
        """
        await self._app.session.settled.wait()  # before that it is not known which models there are
        paper, document = self._paper(uri), self._app.session.documents.get(uri)
        if document is None:
            raise Refusal(f"Open {NAME} in the editor.")
        plan = await paper.read()
        entry = plan.entries[steps.chosen(plan, line)]
        about = await self.stepping.places.about(paper, entry.step)
        lines = Region(entry.start, entry.end)
        question = Question(document, lines, steps.EXPLAIN, entry.step.title, about=about)
        return f"Asking about it ({self._app.asking.ask(question).id})."

    async def run(self, uri: str, line: int) -> str:
        """Run the step on a line.

        Raises:
            Refusal: it cannot be run, and why.
        """
        return await self.stepping.run(self._paper(uri), line)

    async def going(self, uri: str, line: int) -> Going | None:
        """Return what the step on a line has come to; None where it is not under way.

        Raises:
            Refusal: there is no step, or it is done.
        """
        paper = self._paper(uri)
        plan = await paper.read()
        step = plan.steps[steps.chosen(plan, line)]
        going = self.stepping.find(paper.workspace, step)
        if going is None and step.done:
            raise Refusal("This step is done already.")
        return going

    async def skip(self, uri: str, line: int) -> str:
        """Tick the step on a line with a note that it was skipped.

        Raises:
            Refusal: there is no step that could be skipped.
        """
        paper = self._paper(uri)
        plan = await paper.read()
        step = plan.steps[steps.chosen(plan, line)]
        if step.done:
            raise Refusal("This step is done already.")
        self._check_idle(paper, plan, line)

        def skipped(now: Plan) -> Plan:
            index = now.find(step)
            if index is None:
                raise Refusal("This step has just been changed. Skip it again.")
            return plans.noted(plans.tick(now, index), index, SKIPPED)

        self._start(paper, "skip", paper.change(skipped))
        return f"Skipping: {step.title}"

    async def split(self, uri: str, line: int) -> str:
        """Have the step on a line taken apart by the slow model.

        Raises:
            Refusal: it cannot be, and why.
        """
        paper = self._paper(uri)
        plan = await paper.read()
        index = steps.chosen(plan, line)
        step = plan.steps[index]
        if step.done:
            raise Refusal("This step is done already.")
        self._check_idle(paper, plan, line)
        await self._app.session.settled.wait()  # before that it is not known which models there are
        self.stepping.replanning.check()
        self._start(paper, f"split {step.key}", self._split(paper, plan, Instead(step, (), True)))
        return f"Taking step {index + 1} apart: {step.title}"

    async def _split(self, paper: PlanPaper, plan: Plan, instead: Instead) -> None:
        key = f"split {paper.workspace} {instead.step.key}"
        title = f"Festina: {instead.step.title}"

        def say(words: str) -> None:
            self.progress(key, title, f"taking it apart: {words}", lambda: self._cancel(key))

        say("waiting for the model")
        try:
            new = await self.stepping.replanning.ask(
                paper.workspace, plan, instead, say, self.called
            )
            await paper.change(lambda now: steps.swapped(now, instead.step, *new))
        finally:
            self.ended(key)

    def _check_idle(self, paper: PlanPaper, plan: Plan, line: int) -> None:
        step = plan.steps[steps.chosen(plan, line)]
        if self.stepping.find(paper.workspace, step) is not None:
            raise Refusal("This step is under way. Accept, cancel or dismiss its edit first.")

    def _start(self, paper: PlanPaper, what: str, work: Any) -> None:
        async def guarded() -> None:
            try:
                await work
            except (Refusal, ModelError) as refusal:
                self.tell(str(refusal), wrong=True)

        self._app.lifecycle.runs.jobs.start(f"{what} {paper.workspace}", guarded())

    def _cancel(self, key: str) -> None:
        self._app.lifecycle.runs.jobs.cancel(key)

    def _paper(self, uri: str) -> PlanPaper:
        """Return the plan that a URI names.

        Raises:
            Refusal: it names none.
        """
        path = convert.to_path(uri)
        if path is None or path.name != NAME or path.parent not in self._app.session.roots:
            raise Refusal(f"{uri or 'That'} is no {NAME} in the folder of an open workspace.")
        return self.paper(path.parent)

    def paper(self, workspace: Path) -> PlanPaper:
        """Return the plan of a workspace, which need not be there yet."""
        return self._papers.setdefault(workspace, PlanPaper(self._app, workspace, self._moves))

    # -- what the editor says ---------------------------------------------------------------

    def changed(self, document: Document) -> None:
        """A document was opened or changed: of a plan, what is amiss in it is told anew."""
        self._moves.moved()
        self.seen.changed(document)

    def saved(self, document: Document) -> None:
        """A document was saved: of a plan, the ticks are on the disk by now."""
        if self.seen.is_plan(document) and document.path is not None:
            plan = self.seen.read(document)
            if isinstance(plan, Plan):
                self.stepping.ticking.saved(document.path.parent, plan)

    def _stirred(self, workspace: Path) -> None:
        self._app.client.refresh_lenses()

    # -- what steps need (festina.going.Desk) -----------------------------------------------

    async def document(self, path: Path) -> Document | None:
        """Return a file as an open document, opened for that; None where it cannot be."""
        shown = await asyncio.to_thread(path.is_file) and await self._app.client.show_document(
            convert.to_uri(path), take_focus=False
        )
        if shown:
            await self._moves.until(lambda: self._app.open_at(path) is not None, OPEN_SECONDS)
        return self._app.open_at(path)

    def tell(self, message: str, *, wrong: bool = False) -> None:
        """Tell the person something that nothing else shows."""
        kind = lsp.MessageType.Warning if wrong else lsp.MessageType.Info
        self._app.client.show_message(f"Festina: {message}", kind)

    def progress(self, key: str, title: str, words: str, on_cancel: Callable[[], None]) -> None:
        """Show how far something is."""

        def told(_: datetime) -> str:
            return words

        self._progresses.show(key, title, told, None, on_cancel)

    def ended(self, key: str) -> None:
        """Show it no longer."""
        self._progresses.end(key)

    def called(self, event: Called) -> None:
        """Write a call of a model into the editor's log."""
        self._app.client.log(f"plan: {replace(event.call, said='').words}")
