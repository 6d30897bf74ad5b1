"""Stand-ins for the model and the verifier, for tests of what lies between them.

They have no wire protocol and no processes: tests of those use ``support.fake_model`` and real
projects.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from festina.findings import Finding, Gate, GateResult, Status, TestCounts, Verdict
from festina.models.base import Delta, Done, Model, Request
from festina.runs import Ready
from festina.verify.base import Candidate, OnStep, Scope, Snapshot, Step, verdict_key
from festina.verify.examination import Examination


@dataclass
class Completion:
    text: str
    seconds: float = 0.01


@dataclass
class ScriptedModel:
    """Answers request after request; an exception in the script is raised."""

    answers: list[str | Exception]
    name: str = "scripted"
    origin: str = "scripted"
    requests: list[Request] = field(default_factory=list)

    def stream(self, request: Request) -> AsyncIterator[Delta | Done]:
        raise NotImplementedError

    async def aclose(self) -> None:
        return None


class DirectRunner:
    """Runs a scripted model on the caller's loop; ``hold`` keeps answers back until it is set."""

    def __init__(self) -> None:
        self.hold: asyncio.Event | None = None
        self.started = asyncio.Event()
        self.cancelled = 0

    async def complete(
        self, model: Model, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        assert isinstance(model, ScriptedModel)
        number = len(model.requests)
        model.requests.append(request)
        answer = model.answers[min(number, len(model.answers) - 1)]
        if isinstance(answer, Exception):
            raise answer
        try:
            if on_text is not None:
                on_text(answer[: len(answer) // 2])
            self.started.set()
            if self.hold is not None:
                await self.hold.wait()
            await asyncio.sleep(0)
            if on_text is not None:
                on_text(answer)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Completion(answer)


def passed(*, seconds: float = 0.01) -> Verdict:
    counts = TestCounts(3, 3, 0, 0, 1, 1)
    return Verdict.of((GateResult(Gate.TESTS, Status.PASSED, 0.01, (), counts),), seconds=seconds)


def failed(message: str = "assert 1 == 2") -> Verdict:
    finding = Finding(Gate.TESTS, "tests/test_a.py", message, 3)
    gate = GateResult(Gate.TESTS, Status.FAILED, 0.01, (finding,), TestCounts(3, 2, 1, 0, 1, 1))
    return Verdict.of((gate,), seconds=0.01)


def unverified(reason: str = "no tests") -> Verdict:
    gate = GateResult(Gate.TESTS, Status.UNVERIFIED, 0.01, reason=reason)
    return Verdict.of((gate,), seconds=0.01)


class ScriptedVerifier:
    """Judges by a function of the candidate's new text; counts and can be held."""

    def __init__(self, judge: Callable[[str], Verdict]) -> None:
        self.judge = judge
        self.judged: list[Candidate] = []
        self.snapshots: list[Snapshot] = []
        self.print = "f1"
        self.examined: list[tuple[Snapshot | None, Snapshot, tuple[str, ...], str]] = []
        self.examination: Examination | Callable[[Snapshot], Examination] = Examination()
        self.hold: asyncio.Event | None = None
        self.started = asyncio.Event()
        self.cancelled = 0

    async def verify(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        on_step: OnStep | None = None,
        *,
        scope: Scope | None = None,
    ) -> Verdict:
        self.judged.append(candidate)
        self.snapshots.append(snapshot)
        if on_step is not None:
            on_step(Step("running the tests"))
        self.started.set()
        try:
            if self.hold is not None:
                await self.hold.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        key = verdict_key(candidate.new, self.print)
        return replace(self.judge(candidate.new), key=key)

    async def prepare(self, snapshot: Snapshot, path: str) -> None:
        await asyncio.sleep(0)

    async def examine(self, before, after, paths, *, scope, on_step=None) -> Examination:
        self.examined.append((before, after, tuple(paths), scope))
        if on_step is not None:
            on_step(Step("running the tests"))
        self.started.set()
        try:
            if self.hold is not None:
                await self.hold.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.examination(after) if callable(self.examination) else self.examination

    async def fingerprint(self, snapshot: Snapshot) -> str:
        await asyncio.sleep(0)
        return self.print

    async def aclose(self) -> None:
        return None


@dataclass
class OneModel:
    """Gives every proposal the same model, whatever it is asked for."""

    model: ScriptedModel
    runner: DirectRunner = field(default_factory=DirectRunner)
    asked_for: list[str | None] = field(default_factory=list)

    async def get(self, name: str | None, say: Callable[[str], None]) -> Ready:
        self.asked_for.append(name)
        say("model ready")
        await asyncio.sleep(0)
        return Ready(self.model, self.runner)  # type: ignore[arg-type]
