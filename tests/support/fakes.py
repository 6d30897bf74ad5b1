"""Stand-ins for the model and the verifier, for tests of what lies between them.

They have no wire protocol and no processes: tests of those use ``support.fake_model`` and real
projects.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from festina.findings import Finding, Gate, GateResult, Status, TestCounts, Verdict
from festina.models.base import Delta, Done, Model, Request, Usage
from festina.models.ready import Ready
from festina.spending import Spent
from festina.verify.base import Candidate, OnStep, Scope, Snapshot, Step, verdict_key
from festina.verify.examination import Examination


@dataclass
class Completion:
    text: str
    seconds: float = 0.01
    usage: Usage = field(default_factory=lambda: Usage(100, None, 10))


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
        if request.on_spent is not None:
            request.on_spent(Spent(1, 100, 0, 10, seconds=0.01))
        return Completion(answer)


def passed(*, seconds: float = 0.01, tests: int = 3, scope: str = "full") -> Verdict:
    counts = TestCounts(tests, tests, 0, 0, 1, 1, scope)
    return Verdict.of((GateResult(Gate.TESTS, Status.PASSED, 0.01, (), counts),), seconds=seconds)


def failed(message: str = "assert 1 == 2", test: str | None = None) -> Verdict:
    finding = Finding(Gate.TESTS, "tests/test_a.py", message, 3, code=test)
    gate = GateResult(Gate.TESTS, Status.FAILED, 0.01, (finding,), TestCounts(3, 2, 1, 0, 1, 1))
    return Verdict.of((gate,), seconds=0.01)


def unverified(reason: str = "no tests") -> Verdict:
    gate = GateResult(Gate.TESTS, Status.UNVERIFIED, 0.01, reason=reason)
    return Verdict.of((gate,), seconds=0.01)


TEST = "tests/test_a.py::test_leak"


class ScriptedVerifier:
    """Judges by a function of the candidate's new text; counts and can be held.

    ``whole`` makes it one that can tell which tests a change affects: then ``judge`` speaks for
    those, and ``whole`` for the whole suite, which takes long where ``slow`` is set.
    """

    def __init__(
        self,
        judge: Callable[[str], Verdict],
        whole: Callable[[str], Verdict] | None = None,
        *,
        slow: bool = True,
    ) -> None:
        self.judge = judge
        self.whole = whole
        self.slow = slow
        self.judged: list[Candidate] = []
        self.scopes: list[str] = []
        self.snapshots: list[Snapshot] = []
        self.prepared: list[str] = []
        self.examined: list[tuple[Snapshot | None, Snapshot, tuple[str, ...], str]] = []
        self.examination: Examination | Callable[[Snapshot], Examination] = Examination()
        self.print = "f1"
        self.hold: asyncio.Event | None = None
        self.hold_whole: asyncio.Event | None = None
        self.hold_print: asyncio.Event | None = None
        self.started = asyncio.Event()
        self.whole_started = asyncio.Event()
        self.cancelled = 0
        self.revoked = 0

    async def prepare(self, snapshot: Snapshot, path: str) -> None:
        await asyncio.sleep(0)
        self.prepared.append(path)

    async def verify(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        on_step: OnStep | None = None,
        *,
        scope: Scope | None = None,
    ) -> Verdict:
        scope = scope_of(scope, snapshot, slow=self.slow, tells=self.whole is not None)
        self.judged.append(candidate)
        self.scopes.append(scope)
        self.snapshots.append(snapshot)
        if on_step is not None:
            on_step(Step("running the tests"))
        self.started.set()
        hold = self.hold
        if scope == "full" and self.whole is not None:
            self.whole_started.set()
            hold = self.hold_whole
        try:
            if hold is not None:
                await hold.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        key = verdict_key(candidate.new, self.print)
        verdict = self.judge(candidate.new)
        if scope == "impacted":
            verdict = impacted(verdict)
        elif self.whole is not None and verdict.status is Status.PASSED:
            verdict = self.whole(candidate.new)
        return replace(verdict, key=key)

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
        if self.hold_print is not None:
            await self.hold_print.wait()
        await asyncio.sleep(0)
        return self.print

    def revoke(self) -> None:
        self.revoked += 1

    async def aclose(self) -> None:
        return None


def scope_of(scope: Scope | None, snapshot: Snapshot, *, slow: bool, tells: bool) -> Scope:
    """Return what an engine makes of a scope."""
    wanted = scope or snapshot.settings.tests_scope
    if wanted == "auto":
        wanted = "impacted" if slow else "full"
    return "impacted" if wanted == "impacted" and tells else "full"


def impacted(verdict: Verdict) -> Verdict:
    """Return a verdict as one that rests on the impacted tests alone."""
    gates = tuple(
        replace(gate, tests=gate.tests and replace(gate.tests, scope="impacted"))
        for gate in verdict.gates
    )
    return replace(verdict, gates=gates)


@dataclass
class OneModel:
    """Gives every proposal the same model, whatever it is asked for, but for ``slow``."""

    model: ScriptedModel
    runner: DirectRunner = field(default_factory=DirectRunner)
    asked_for: list[str | None] = field(default_factory=list)
    thinker: ScriptedModel | None = None

    async def get(self, name: str | None, say: Callable[[str], None]) -> Ready:
        self.asked_for.append(name)
        say("model ready")
        await asyncio.sleep(0)
        model = self.thinker if name == "slow" else self.model
        return Ready(model, self.runner)  # type: ignore[arg-type]

    async def small(self, name: str | None) -> bool:
        return False
