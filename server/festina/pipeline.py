"""The main job without an editor: stream candidates from a model, verify each, rank what passed.

:func:`propose` is an asynchronous generator of events. It knows neither the protocol nor the
terminal; the language server and the command line both turn its events into what a person sees.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace

from festina import edits, slow, waves
from festina.calls import Wait, Why
from festina.change import Change, change
from festina.clock import Clock
from festina.context import gather
from festina.earning import Earned, Once
from festina.edits import Defect
from festina.ending import Outcome, Outcomes, findings_of
from festina.events import (
    Called,
    Completing,
    Dropped,
    Escalating,
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
from festina.models.base import Model, ModelError
from festina.models.retry import UNSEEN_SECONDS
from festina.models.runner import Runner
from festina.progress import Step as GateStep
from festina.proposals import CandidateView
from festina.reducer import judged
from festina.task import Task
from festina.verify.base import Verifier
from festina.writing import Writer

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
    once: Once = field(default_factory=Once)
    race: waves.Race = field(default_factory=waves.Race)
    completing: asyncio.Lock = field(default_factory=asyncio.Lock)
    verify_clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        task = self.task
        tell = self.events.put_nowait
        self.writer = Writer(self.model, self.runner, task.streams, tell, lambda: self.race.decided)
        self.leader_started = asyncio.Event()
        self.earning = task.earning(self.verifier)
        self.alone = task.count == 1
        self.eager = task.eager or self.alone
        self.shown = task.first

    async def all(self) -> None:
        try:
            try:
                wish = self.task.wish(self.model.origin, getattr(self.model, "window", 0))
                self.gathered = await asyncio.to_thread(gather, wish)
            except ModelError as error:  # it must not be sent
                failed = Finished(None, Status.FAILED, str(error), 0.0, 0.0, error)
                self.events.put_nowait(failed)
                return
            self.instruction = self.gathered.instruction
            await self.wave(self.task.first, self.task.count)
            await self.repair()
            await self.escalate()
            self.events.put_nowait(
                self.outcomes.finished(self.writer.clock.seconds, self.verify_clock.seconds)
            )
        finally:
            self.events.put_nowait(None)

    async def wave(self, first: int, count: int) -> None:
        """Ask for some candidates at once, and run the whole suite for the best of them."""
        self.shown = first
        await self.race.run(range(first, first + count), self.candidate)
        await self.complete()

    async def escalate(self) -> None:
        """Ask for more and more while all were rejected, until enough of them have passed.

        An answer that the model refused to give (its quota, the person's own limits) ends it.
        """
        task, asked = self.task, self.task.count
        while self.outcomes.to_repair() is not None:
            count = waves.further(asked, task.most)
            if not count:
                return
            first = task.first + asked
            self.alone = False
            self.events.put_nowait(Escalating(first, count))
            await self.wave(first, count)
            asked += count

    async def candidate(self, index: int) -> None:
        """Ask for one candidate and judge it. The first one goes ahead and warms the cache."""
        leads = index == self.task.first
        if not leads:
            await self.leader_started.wait()
        try:
            await self.attempt(index, attempt=index, previous=self.task.previous)
        except asyncio.CancelledError:
            if self.race.decided and index not in self.outcomes:
                self.events.put_nowait(Dropped(index))
            raise
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
                self.once.note(outcome.new.digest, earned)
                for other, also in self.outcomes.also(outcome, earned):
                    self.judged(other, also)

    async def repair(self) -> None:
        """Send findings back, at most ``rounds`` times, while nothing is usable."""
        self.alone = True
        for number in range(1, self.task.rounds + 1):
            rejected = self.outcomes.to_repair()
            if rejected is None:
                return
            view = rejected.view
            self.events.put_nowait(Repairing(view.index, number))
            self.shown = view.index
            await self.attempt(
                view.index,
                attempt=view.index + number,
                previous=view.text or None,
                findings=findings_of(rejected),
            )
        if self.adviser is not None and (rejected := self.outcomes.to_repair()) is not None:
            await self.replan(self.adviser, rejected)

    async def replan(self, adviser: slow.Adviser, rejected: Outcome) -> None:
        """Ask the slow model for a better instruction, and the fast one with that."""
        task, view, gathered = self.task, rejected.view, self.gathered
        index, findings = view.index, findings_of(rejected)
        request = await asyncio.to_thread(task.plan, gathered, view.text, findings)
        self.events.put_nowait(Planning(index))

        def on_wait(wait: Wait | None) -> None:
            self.events.put_nowait(Waiting(index, wait, "slow"))

        with self.writer.clock.running():
            said = await adviser.ask(request, Why.REPLAN, candidate=index, on_wait=on_wait)
        better = slow.planned(said.text)
        self.events.put_nowait(Called(replace(said.call, said=better)))
        if better:
            self.events.put_nowait(Planned(index, better))
            self.instruction, self.shown = slow.together(gathered.instruction, better), index
            await self.attempt(index, attempt=index + task.rounds + 1, plain=True)

    async def attempt(
        self,
        index: int,
        *,
        attempt: int,
        previous: str | None = None,
        findings: tuple[Finding, ...] = (),
        plain: bool = False,
    ) -> None:
        """One answer, from the request to the verdict. ``plain``: the instruction as it is."""
        task, gathered, words = self.task, self.gathered, self.instruction
        if not (plain or findings or task.small):  # a very small model would not understand it
            words = waves.worded(words, index)
        request = await asyncio.to_thread(
            task.request, gathered, attempt, findings, previous, words
        )
        task.on_request(index, request)

        due = 0.0
        clock = asyncio.get_running_loop().time
        began: float | None = None

        def on_text(text: str) -> None:
            nonlocal due, began
            self.leader_started.set()
            began = clock() if began is None else began
            if index != self.shown and clock() < due:
                return
            due = clock() + SILENT_SECONDS
            tokens = len(text) // CHARS_PER_TOKEN
            shown = gathered.hidden.show(edits.preview(gathered.prepared, text))
            self.events.put_nowait(Streaming(index, shown, tokens, clock() - began))

        request = replace(request, stream=index == self.shown, patience=self.patience)
        why = Why.REPAIR if findings else Why.WRITE
        try:
            answer = await self.writer.write(index, request, why, on_text)
        except ModelError as error:
            self.refuse(index, str(error.trouble), str(error), error)
            return
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

    def patience(self) -> float:
        """For how long it is worth to be held back: as long as it takes, while there is nothing."""
        return UNSEEN_SECONDS if self.outcomes.usable else math.inf

    def refuse(self, index: int, code: str, why: str, error: ModelError | None = None) -> None:
        """No usable answer came for a candidate; what was rejected before it stands."""
        earlier = self.outcomes.refuse(index, why, error)
        self.events.put_nowait(Refused(index, code, why, error, earlier))

    async def judge(self, index: int, made: Change, model_seconds: float) -> None:
        new = made.new
        self.events.put_nowait(
            Parsed(index, made.region_text, new.content, made.edits, made.diff, model_seconds)
        )

        async def first() -> Earned:
            with self.verify_clock.running():
                return await self.earning.first(new.content, self.teller(index), alone=self.alone)

        earned = await self.once.earned(new.digest, first)
        view = CandidateView(index, text=made.region_text)
        self.judged(Outcome(view, new, edits.size(made.edits)), earned)
        if self.eager and earned.rest is Rest.OWED:
            await self.complete(index)

    def judged(self, outcome: Outcome, earned: Earned) -> None:
        """Take a verdict for a candidate, which may have had one before."""
        verdict = earned.verdict
        view = judged(outcome.view, verdict, earned.rest)
        self.outcomes.add(replace(outcome, view=view))
        assert outcome.new is not None
        self.events.put_nowait(Judged(view.index, outcome.new.content, verdict, earned.rest))
        if self.outcomes.passed(applicable=self.eager) >= self.task.count:
            self.race.decide()

    def teller(self, index: int) -> Callable[[GateStep], None]:
        """Return what tells of a candidate's verification."""
        return lambda step: self.events.put_nowait(Step(index, step.message, step))
