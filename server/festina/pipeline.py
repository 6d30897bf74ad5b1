"""The main job without an editor: stream candidates from a model, verify each, rank what passed.

:func:`propose` is an asynchronous generator of events. It knows neither the protocol nor the
terminal; the language server and the command line both turn its events into what a person sees.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from festina import edits, markers, prompt
from festina.change import Change, change
from festina.clock import Clock
from festina.edits import Defect, Region
from festina.events import (
    Event,
    Finished,
    Judged,
    Parsed,
    Refused,
    Repairing,
    Step,
    Streaming,
)
from festina.findings import Finding, Gate, Status, Verdict
from festina.models.base import Model, ModelError
from festina.models.runner import Runner
from festina.proposals import CandidateStatus, CandidateView, rank
from festina.reducer import STATUS
from festina.text import Text
from festina.verify.base import Candidate, Snapshot, Verifier
from festina.verify.base import Step as GateStep

CHARS_PER_TOKEN = 4  # a usual ratio for code; only ever used to show progress

SILENT_SECONDS = 0.25  # how often a candidate that nobody looks at is read while it streams


@dataclass(frozen=True, slots=True)
class Task:
    """One edit to propose: ``region`` of ``text``, the content of ``path`` in the snapshot.

    ``count`` candidates are asked for; ``rounds`` repairs are tried when all were rejected.
    ``streams`` bounds how many answers stream at once. ``previous`` is an answer to go on from
    after a redirect, ``small`` picks the prompt for very small models, ``first`` is the index of
    the first candidate, so that further variations differ from earlier ones.
    """

    snapshot: Snapshot
    path: str
    text: Text
    region: Region
    instruction: str
    language: str = "python"
    count: int = 1
    rounds: int = 2
    streams: int = 8
    resolves: tuple[Finding, ...] = ()
    previous: str | None = None
    small: bool = False
    first: int = 0


async def propose(
    task: Task, model: Model, runner: Runner, verifier: Verifier
) -> AsyncGenerator[Event, None]:
    """Run a task to its end. Closing the generator stops every stream and every gate.

    Never raises for what a model or a candidate does; the last event is always ``Finished``.
    """
    run = _Run(task, model, runner, verifier)
    work = asyncio.create_task(run.all())
    try:
        while (event := await run.events.get()) is not None:
            yield event
        await work
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def verify_again(
    task: Task, region_text: str, verifier: Verifier
) -> AsyncGenerator[Step | Judged, None]:
    """Judge a region text against a new state of its file or workspace (a rebase, a save)."""
    candidate_text = edits.apply(
        task.text, edits.rewrite(task.text, task.region, region_text)
    ).content
    steps: asyncio.Queue[Step | Judged | None] = asyncio.Queue()
    candidate = Candidate(task.path, task.text.content, candidate_text, task.resolves)

    async def judge() -> None:
        verdict = await verifier.verify(
            task.snapshot,
            candidate,
            lambda step: steps.put_nowait(Step(task.first, step.message)),
        )
        steps.put_nowait(Judged(task.first, candidate_text, verdict))

    work = asyncio.create_task(judge())
    work.add_done_callback(lambda _: steps.put_nowait(None))
    try:
        while (step := await steps.get()) is not None:
            yield step
        await work
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


@dataclass
class _Outcome:
    """What became of one candidate."""

    view: CandidateView
    diff_size: int = 0
    error: ModelError | None = None


@dataclass
class _Run:
    """The state of one run of :func:`propose`; lives on one event loop."""

    task: Task
    model: Model
    runner: Runner
    verifier: Verifier
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    outcomes: dict[int, _Outcome] = field(default_factory=dict)
    verdicts: dict[str, asyncio.Future[Verdict]] = field(default_factory=dict)
    model_clock: Clock = field(default_factory=Clock)
    verify_clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        task = self.task
        self.slots = asyncio.Semaphore(max(1, task.streams))
        self.leader_started = asyncio.Event()
        stripped, region = markers.strip(task.text, task.region)
        self.prepared = edits.prepare(stripped, region, language=task.language)

    async def all(self) -> None:
        try:
            indices = range(self.task.first, self.task.first + self.task.count)
            async with asyncio.TaskGroup() as group:
                for index in indices:
                    group.create_task(self.candidate(index))
            await self.repair()
            self.events.put_nowait(self.finished())
        finally:
            self.events.put_nowait(None)

    async def candidate(self, index: int) -> None:
        """Ask for one candidate and judge it. The first one goes ahead and warms the cache."""
        leads = index == self.task.first
        if not leads:
            await self.leader_started.wait()
        try:
            await self.attempt(index, attempt=index, previous=self.task.previous)
        finally:
            if leads:
                self.leader_started.set()

    async def repair(self) -> None:
        """Send findings back, at most ``rounds`` times, while nothing is usable."""
        for number in range(1, self.task.rounds + 1):
            if not self.outcomes or any(
                outcome.error is not None
                or outcome.view.status in {CandidateStatus.PASSED, CandidateStatus.UNVERIFIED}
                for outcome in self.outcomes.values()
            ):
                return
            outcome = min(self.outcomes.values(), key=_distance)
            view = outcome.view
            self.events.put_nowait(Repairing(view.index, number))
            await self.attempt(
                view.index,
                attempt=view.index + number,
                previous=view.text or None,
                findings=_findings_of(view),
            )

    async def attempt(
        self,
        index: int,
        *,
        attempt: int,
        previous: str | None = None,
        findings: tuple[Finding, ...] = (),
    ) -> None:
        """One answer, from the request to the verdict."""
        task = self.task
        request = prompt.build(
            self.prepared,
            task.instruction,
            path=task.path,
            language=task.language,
            attempt=attempt,
            findings=findings,
            previous=previous,
            small=task.small,
        )

        due = 0.0
        clock = asyncio.get_running_loop().time

        def on_text(text: str) -> None:
            nonlocal due
            self.leader_started.set()
            if index != task.first and clock() < due:
                return
            due = clock() + SILENT_SECONDS
            shown = edits.preview(self.prepared, text)
            self.events.put_nowait(Streaming(index, shown, len(text) // CHARS_PER_TOKEN))

        try:
            async with self.slots:
                with self.model_clock.running():
                    answer = await self.runner.complete(self.model, request, on_text)
        except ModelError as error:
            view = CandidateView(index, CandidateStatus.UNUSABLE, defect=str(error))
            self.outcomes[index] = _Outcome(view, error=error)
            self.events.put_nowait(Refused(index, str(error.trouble), str(error), error))
            return
        made = await asyncio.to_thread(
            change, self.prepared, answer.text, task.text, task.region, task.path
        )
        if isinstance(made, Defect):
            self.refuse(index, str(made.code), made.message)
        elif made is None:
            self.refuse(index, "no_change", "The model returned the lines unchanged.")
        else:
            await self.judge(index, made, answer.seconds)

    def refuse(self, index: int, code: str, message: str) -> None:
        view = CandidateView(index, CandidateStatus.UNUSABLE, defect=message)
        self.outcomes[index] = _Outcome(view)
        self.events.put_nowait(Refused(index, code, message))

    async def judge(self, index: int, made: Change, model_seconds: float) -> None:
        new = made.new
        self.events.put_nowait(
            Parsed(index, made.region_text, new.content, made.edits, made.diff, model_seconds)
        )
        verdict = await self.verdict(index, new)
        status = STATUS.get(verdict.status, CandidateStatus.UNVERIFIED)
        view = CandidateView(index, status, made.region_text, verdict)
        self.outcomes[index] = _Outcome(view, edits.size(made.edits))
        self.events.put_nowait(Judged(index, new.content, verdict))

    async def verdict(self, index: int, new: Text) -> Verdict:
        """Judge equal candidates once: those that come later wait for the first one's verdict."""
        known = self.verdicts.get(new.digest)
        if known is not None:
            return await asyncio.shield(known)
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self.verdicts[new.digest] = future

        def on_step(step: GateStep) -> None:
            self.events.put_nowait(Step(index, step.message))

        candidate = Candidate(
            self.task.path, self.task.text.content, new.content, self.task.resolves
        )
        try:
            with self.verify_clock.running():
                verdict = await self.verifier.verify(self.task.snapshot, candidate, on_step)
        except BaseException:
            future.cancel()
            raise
        future.set_result(verdict)
        return verdict

    def finished(self) -> Finished:
        views = tuple(outcome.view for outcome in self.outcomes.values())
        sizes = {index: outcome.diff_size for index, outcome in self.outcomes.items()}
        seconds = (self.model_clock.seconds, self.verify_clock.seconds)
        if ranked := rank(views, sizes):
            best = ranked[0]
            assert best.verdict is not None
            return Finished(best.index, Status.PASSED, best.verdict.summary(), *seconds)
        unverified = [view for view in views if view.status is CandidateStatus.UNVERIFIED]
        if unverified:
            best = min(unverified, key=lambda view: (sizes.get(view.index, 0), view.index))
            assert best.verdict is not None
            return Finished(best.index, Status.UNVERIFIED, best.verdict.summary(), *seconds)
        errors = [outcome.error for outcome in self.outcomes.values() if outcome.error]
        if errors and len(errors) == len(self.outcomes):
            return Finished(None, Status.FAILED, str(errors[0]), *seconds, error=errors[0])
        return Finished(None, Status.FAILED, _why_none(views), *seconds)


def _distance(outcome: _Outcome) -> tuple[bool, int, int]:
    """How far a rejected candidate is from passing: unusable answers last, then by findings."""
    view = outcome.view
    findings = len(view.verdict.findings) if view.verdict else 0
    return (view.verdict is None, findings, view.index)


def _findings_of(view: CandidateView) -> tuple[Finding, ...]:
    if view.verdict is not None:
        return view.verdict.findings
    return (Finding(Gate.SYNTAX, "", view.defect),)


def _why_none(views: tuple[CandidateView, ...]) -> str:
    judged = [view for view in views if view.verdict is not None]
    if len(views) == 1:
        view = views[0]
        return view.verdict.summary() if view.verdict else view.defect
    if not judged and views:
        return f"None of {len(views)} answers was usable; the first: {views[0].defect}"
    return f"None of {len(views)} candidates passed"
