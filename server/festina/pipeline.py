"""The main job without an editor: stream candidates from a model, verify each, rank what passed.

:func:`propose` is an asynchronous generator of events. It knows neither the protocol nor the
terminal; the language server and the command line both turn its events into what a person sees.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace

from festina import edits, slow
from festina.calls import Why
from festina.change import Change, change
from festina.clock import Clock
from festina.context import gather
from festina.earning import Earned
from festina.edits import Defect
from festina.ending import Outcome, Outcomes, findings_of
from festina.events import (
    Called,
    Completing,
    Event,
    Finished,
    Judged,
    Parsed,
    Planned,
    Planning,
    Refused,
    Repairing,
    Step,
    Streaming,
    Waiting,
)
from festina.findings import Finding, Rest, Status
from festina.models.base import Model, ModelError, Usage, Wait
from festina.models.meter import prices_of
from festina.models.runner import Runner
from festina.proposals import CandidateStatus, CandidateView
from festina.reducer import STATUS
from festina.task import Task
from festina.text import Text
from festina.verify.base import Step as GateStep
from festina.verify.base import Verifier

CHARS_PER_TOKEN = 4  # a usual ratio for code; only ever used to show progress

SILENT_SECONDS = 0.25  # how often a candidate that nobody looks at is read while it streams


async def propose(
    task: Task,
    model: Model,
    runner: Runner,
    verifier: Verifier,
    adviser: slow.Adviser | None = None,
) -> AsyncGenerator[Event, None]:
    """Run a task to its end. Closing the generator stops every stream and every gate.

    ``adviser`` writes a better instruction, once, where the repair rounds come to nothing.
    Never raises for what a model or a candidate does; the last event is always ``Finished``.
    """
    run = _Run(task, model, runner, verifier, adviser)
    work = asyncio.create_task(run.all())
    try:
        while (event := await run.events.get()) is not None:
            yield event
        await work
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


@dataclass
class _Run:
    """The state of one run of :func:`propose`; lives on one event loop."""

    task: Task
    model: Model
    runner: Runner
    verifier: Verifier
    adviser: slow.Adviser | None = None
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    outcomes: Outcomes = field(default_factory=Outcomes)
    verdicts: dict[str, asyncio.Future[Earned]] = field(default_factory=dict)
    completing: asyncio.Lock = field(default_factory=asyncio.Lock)
    model_clock: Clock = field(default_factory=Clock)
    verify_clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        task = self.task
        self.slots = asyncio.Semaphore(max(1, task.streams))
        self.leader_started = asyncio.Event()
        self.earning = task.earning(self.verifier)
        self.alone = task.count == 1

    async def all(self) -> None:
        try:
            try:
                wish = self.task.wish(self.model.origin)
                self.gathered = await asyncio.to_thread(gather, wish)
            except ModelError as error:  # it must not be sent
                failed = Finished(None, Status.FAILED, str(error), 0.0, 0.0, error)
                self.events.put_nowait(failed)
                return
            indices = range(self.task.first, self.task.first + self.task.count)
            async with asyncio.TaskGroup() as group:
                for index in indices:
                    group.create_task(self.candidate(index))
            await self.complete()
            await self.repair()
            self.events.put_nowait(
                self.outcomes.finished(self.model_clock.seconds, self.verify_clock.seconds)
            )
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

    async def complete(self, only: int | None = None) -> None:
        """Run the whole suite for the best candidate, and for the next one where it refutes that.

        Nothing is to be done once a candidate is applicable. With ``only`` no other one is tried.
        """
        async with self.completing:
            while (outcome := self.outcomes.owed(only)) is not None:
                assert outcome.new is not None
                self.events.put_nowait(Completing(outcome.view.index))
                with self.verify_clock.running():
                    tell = self.teller(outcome.view.index)
                    earned = await self.earning.whole(outcome.new.content, tell)
                self.verdicts[outcome.new.digest] = _done(earned)
                for other, also in self.outcomes.also(outcome, earned):
                    self.judged(other, also)

    async def repair(self) -> None:
        """Send findings back, at most ``rounds`` times, while nothing is usable."""
        self.alone = True
        for number in range(1, self.task.rounds + 1):
            view = self.outcomes.to_repair()
            if view is None:
                return
            self.events.put_nowait(Repairing(view.index, number))
            await self.attempt(
                view.index,
                attempt=view.index + number,
                previous=view.text or None,
                findings=findings_of(view),
            )
        if self.adviser is not None and (view := self.outcomes.to_repair()) is not None:
            await self.replan(self.adviser, view)

    async def replan(self, adviser: slow.Adviser, view: CandidateView) -> None:
        """Ask the slow model for a better instruction, and the fast one with that."""
        task, index, gathered = self.task, view.index, self.gathered
        self.events.put_nowait(Planning(index))
        request = slow.plan_request(
            gathered.prepared,
            gathered.instruction,
            path=task.path,
            language=task.language,
            answer=await asyncio.to_thread(gathered.masking.shorten, view.text),
            findings=await asyncio.to_thread(gathered.told, findings_of(view)),
        )
        with self.model_clock.running():
            said = await adviser.ask(request, Why.REPLAN, candidate=index)
        better = slow.planned(said.text)
        self.events.put_nowait(Called(replace(said.call, said=better)))
        if better:
            self.events.put_nowait(Planned(index, better))
            words = slow.together(gathered.instruction, better)
            await self.attempt(index, attempt=index + task.rounds + 1, instruction=words)

    async def attempt(
        self,
        index: int,
        *,
        attempt: int,
        previous: str | None = None,
        findings: tuple[Finding, ...] = (),
        instruction: str | None = None,
    ) -> None:
        """One answer, from the request to the verdict."""
        task, gathered = self.task, self.gathered
        request = await asyncio.to_thread(
            task.request, gathered, attempt, findings, previous, instruction
        )

        due = 0.0
        clock = asyncio.get_running_loop().time

        def on_text(text: str) -> None:
            nonlocal due
            self.leader_started.set()
            if index != task.first and clock() < due:
                return
            due = clock() + SILENT_SECONDS
            shown = gathered.hidden.show(edits.preview(gathered.prepared, text))
            self.events.put_nowait(Streaming(index, shown, len(text) // CHARS_PER_TOKEN))

        def on_wait(wait: Wait | None) -> None:
            tell(self.events.put_nowait, Waiting(index, wait))

        tell = asyncio.get_running_loop().call_soon_threadsafe
        request = replace(request, on_wait=on_wait)
        why = Why.REPAIR if findings else Why.WRITE
        began = clock()
        try:
            async with self.slots:
                began = clock()
                with self.model_clock.running():
                    answer = await self.runner.complete(self.model, request, on_text)
        except ModelError as error:
            self.called(why, index, clock() - began, error=str(error))
            view = CandidateView(index, CandidateStatus.UNUSABLE, defect=str(error))
            self.outcomes.add(Outcome(view, error=error))
            self.events.put_nowait(Refused(index, str(error.trouble), str(error), error))
            return
        self.called(why, index, answer.seconds, answer.usage)
        made = await asyncio.to_thread(
            change,
            gathered.prepared,
            answer.text,
            task.text,
            task.region,
            task.path,
            gathered.hidden,
        )
        if isinstance(made, Defect):
            self.refuse(index, str(made.code), made.message)
        elif made is None:
            self.refuse(index, "no_change", "The model returned the lines unchanged.")
        else:
            await self.judge(index, made, answer.seconds)

    def called(
        self, why: Why, index: int, seconds: float, usage: Usage | None = None, error: str = ""
    ) -> None:
        model = self.model
        made = slow.call(
            "fast", why, model.name, model.origin, seconds, index, usage, error, prices_of(model)
        )
        self.events.put_nowait(Called(made))

    def refuse(self, index: int, code: str, message: str) -> None:
        view = CandidateView(index, CandidateStatus.UNUSABLE, defect=message)
        self.outcomes.add(Outcome(view))
        self.events.put_nowait(Refused(index, code, message))

    async def judge(self, index: int, made: Change, model_seconds: float) -> None:
        new = made.new
        self.events.put_nowait(
            Parsed(index, made.region_text, new.content, made.edits, made.diff, model_seconds)
        )
        earned = await self.earned(index, new)
        view = CandidateView(index, text=made.region_text)
        self.judged(Outcome(view, new, edits.size(made.edits)), earned)
        if self.task.eager and earned.rest is Rest.OWED:
            await self.complete(index)

    def judged(self, outcome: Outcome, earned: Earned) -> None:
        """Take a verdict for a candidate, which may have had one before."""
        view, verdict = outcome.view, earned.verdict
        status = STATUS.get(verdict.status, CandidateStatus.UNVERIFIED)
        view = replace(view, status=status, verdict=verdict, rest=earned.rest)
        self.outcomes.add(replace(outcome, view=view))
        assert outcome.new is not None
        self.events.put_nowait(Judged(view.index, outcome.new.content, verdict, earned.rest))

    def teller(self, index: int) -> Callable[[GateStep], None]:
        """Return what tells of a candidate's verification."""
        return lambda step: self.events.put_nowait(Step(index, step.message))

    async def earned(self, index: int, new: Text) -> Earned:
        """Judge equal candidates once: those that come later wait for the first one's verdict."""
        known = self.verdicts.get(new.digest)
        if known is not None:
            await asyncio.shield(known)
            return self.verdicts[new.digest].result()  # the whole suite may have run since
        future = _future()
        self.verdicts[new.digest] = future
        try:
            with self.verify_clock.running():
                tell = self.teller(index)
                earned = await self.earning.first(new.content, tell, alone=self.alone)
        except BaseException:
            future.cancel()
            raise
        future.set_result(earned)
        return earned


def _future() -> asyncio.Future[Earned]:
    return asyncio.get_running_loop().create_future()


def _done(earned: Earned) -> asyncio.Future[Earned]:
    future = _future()
    future.set_result(earned)
    return future
