"""One step of a plan on the command line: its files are written and checked together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from festina import edits, plans, steps
from festina.calls import Call
from festina.clean import visible
from festina.commands import job, recorded
from festina.commands.base import Exit, Stop
from festina.commands.outcome import Outcome
from festina.commands.recorded import Decision, Judged
from festina.commands.target import Target
from festina.config import Settings
from festina.context import withheld
from festina.documents import Document
from festina.drafting import Draft, draft
from festina.edits import Region
from festina.events import Event, Streaming
from festina.findings import Status, Verdict
from festina.going import Part, parts_of
from festina.models.base import ModelError
from festina.models.meter import counting
from festina.plans import Bounds, Step
from festina.session import Refusal
from festina.slow import Adviser
from festina.task import Task
from festina.trust import TrustStore
from festina.verify.base import Candidate, Snapshot, Verifier

if TYPE_CHECKING:
    from festina.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Written:
    """One file of a step as it is to read, and the verdict that it has earned with the others."""

    draft: Draft
    verdict: Verdict
    diff: str

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        region = self.draft.region
        lines = f"{self.draft.path}:{region.start + 1}-{region.end}"
        return f"{lines}  {self.draft.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Asked:
    """One file of a step that a model was asked for. ``unchanged``: nothing is to be done in it."""

    target: Target
    outcome: Outcome
    name: str
    unchanged: bool = False

    @property
    def path(self) -> str:
        """Its path in the workspace."""
        return self.target.relative


@dataclass(slots=True)
class Made:
    """What came of a step. ``why`` says, where it failed, for whom plans it anew.

    ``decision`` is the person's, where they were asked.
    """

    status: Status = Status.FAILED
    files: tuple[Written, ...] = ()
    message: str = ""
    why: tuple[str, ...] = ()
    calls: list[Call] = field(default_factory=list)
    error: ModelError | None = None
    asked: list[Asked] = field(default_factory=list)
    decision: Decision | None = None

    def lines(self, step: Step) -> list[str]:
        """Return what is said of each file beside the plan once all are accepted."""
        return [
            recorded.accepted(
                one.target, one.outcome, one.name, step.instruction, self._judged(one)
            )
            for one in self.asked
            if not one.unchanged
        ]

    def keep(self, step: Step, *, applied: bool) -> None:
        """Count what came in each file, and note what was rejected. Blocks for a moment."""
        for one in self.asked:
            recorded.keep(
                one.target,
                one.outcome,
                applied=applied and not one.unchanged,
                name=one.name,
                step=step.key,
                said=step.instruction,
                judged=self._judged(one),
                decision=self.decision,
            )

    def _judged(self, one: Asked) -> Judged:
        """Say what a file came to: they are one change, so what fails in one of them fails all."""
        if one.unchanged:
            return Judged(None, None, "no change")
        if self.error is not None:
            return Judged(None, None)
        own = next((each.verdict for each in self.files if each.draft.path == one.path), None)
        answers = [each.outcome.best for each in self.asked]
        alone = [best.verdict for best in answers if best is not None and best.verdict is not None]
        together = [each.verdict for each in self.files]
        failed = next((v for v in (*together, *alone) if v.status is Status.FAILED), None)
        if self.status is Status.FAILED and (own is None or own.status is not Status.FAILED):
            return Judged(self.status, failed)
        return Judged(self.status, own)


@dataclass(frozen=True, slots=True)
class Maker:
    """Runs steps. All of it is there for the length of a command."""

    workspace: Path
    settings: Settings
    trust: TrustStore
    ready: job.Ready
    verifier: Verifier
    adviser: Adviser | None
    terminal: Terminal | None

    async def make(self, step: Step) -> Made:
        """Have a step written and checked. Nothing of the project is changed.

        Raises:
            Stop: it cannot be run, and why.
        """
        made = Made()
        drafts: list[Draft] = []
        parts = parts_of(step)
        for number, part in enumerate(parts[:-1], 1):
            self._say(f"writing {part.words} ({number} of {len(parts)})")
            task, name = await self._task(step, part, drafts)
            outcome = Outcome(1)
            with counting(job.EDIT):
                drafted = await draft(
                    self.ready.fit(task),
                    name,
                    self.ready.model,
                    self.ready.runner,
                    self.verifier,
                    self._teller(part, outcome),
                )
            made.calls += drafted.calls
            unchanged = drafted.draft is None and not drafted.why
            made.asked.append(Asked(self._target(task), outcome, name, unchanged))
            if drafted.why:
                made.message, made.why = drafted.why, (drafted.why,)
                return made
            if drafted.draft is not None:
                drafts.append(drafted.draft)
        task, name = await self._task(step, parts[-1], drafts)
        outcome = await job.pursue(task, self.ready, self.verifier, self.terminal, self.adviser)
        made.calls += outcome.calls
        made.asked.append(Asked(self._target(task), outcome, name))
        return await self._whole(step, made, outcome, task, name, drafts)

    def snapshot(self, step: Step) -> Snapshot:
        """Freeze the workspace as it is on the disk, with what must pass for a step."""
        snapshot = job.snapshot_of(self.workspace, self.settings, self.trust)
        return replace(snapshot, settings=plans.required(step, self.settings.verify))

    async def _whole(
        self, step: Step, made: Made, outcome: Outcome, task: Task, name: str, drafts: list[Draft]
    ) -> Made:
        """Judge each draft with all other files in place, once the last one has come to its end."""
        finished, best = job.finished_of(outcome), outcome.best
        made.status, made.message, made.error = finished.status, finished.message, finished.error
        if best is None or best.verdict is None:
            made.status, made.why = Status.FAILED, (finished.message,)
            return made
        last = Draft(task.path, task.text, task.region, name, best.region_text)
        files = [Written(last, best.verdict, best.diff)]
        made.why = tuple(f"{one.gate}: {one.message}" for one in best.verdict.counted)
        if finished.status is not Status.FAILED:
            for one in drafts:
                beside = tuple(other.change for other in (*drafts, last) if other is not one)
                verdict = await self._judged(step, one, beside, task.snapshot)
                diff = edits.patch(one.base, one.change.new, one.path)
                files.insert(len(files) - 1, Written(one, verdict, diff))
                if _RANK[verdict.status] > _RANK[made.status]:
                    made.status = verdict.status
                    made.message = f"{one.path}: {verdict.summary()}"
                    made.why = tuple(f"{each.gate}: {each.message}" for each in verdict.counted)
        made.files = tuple(files)
        return made

    async def _judged(
        self, step: Step, one: Draft, beside: tuple[plans.Change, ...], snapshot: Snapshot
    ) -> Verdict:
        self._say(f"checking {one.path} with the other files")
        new = one.change.new.content
        bounds = Bounds(step, (), beside)
        candidate = Candidate(one.path, one.base.content, new, bounds=bounds)
        return await self.verifier.verify(snapshot, candidate)

    async def _task(self, step: Step, part: Part, drafts: list[Draft]) -> tuple[Task, str]:
        snapshot = self.snapshot(step)
        try:
            document, region, name = await asyncio.to_thread(_place, self.workspace, part, snapshot)
        except Refusal as refusal:
            raise Stop(str(refusal), Exit.FAILED) from None
        bounds = Bounds(step, (), tuple(one.change for one in drafts))
        task = Task(
            snapshot,
            part.path,
            document.text,
            region,
            steps.asked(step, part.path),
            document.language,
            rounds=self.settings.repair_rounds,
            most=self.settings.repair_candidates,
            context_tokens=self.settings.context_tokens,
            bounds=bounds,
        )
        return task, name

    def _say(self, words: str) -> None:
        if self.terminal is not None:
            self.terminal.status(visible(words))

    def _target(self, task: Task) -> Target:
        return Target(self.workspace / task.path, self.workspace, task.text)

    def _teller(self, part: Part, outcome: Outcome) -> Callable[[Event], None]:
        def tell(event: Event) -> None:
            outcome.fold(event)
            if isinstance(event, Streaming):
                self._say(f"writing {part.words}: about {event.tokens} tokens")

        return tell


_RANK = {Status.PASSED: 0, Status.UNVERIFIED: 1, Status.FAILED: 2}


def _place(workspace: Path, part: Part, snapshot: Snapshot) -> tuple[Document, Region, str]:
    """Find where a step works in one file. Blocks.

    Raises:
        Refusal: there is no such place, or it must not be sent.
    """
    steps.check_own(workspace, part.path)
    if why := withheld(snapshot, part.path):
        raise Refusal(why)
    document = steps.on_disk(workspace, part.path)
    region, name = steps.region(part.places, document)
    return document, region, name
