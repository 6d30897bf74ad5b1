"""An event loop with a clock of its own, and a model and a verifier that wait to be told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from festina.findings import Status, Verdict
from festina.models.base import Model, ModelError, Request, Trouble
from festina.models.ready import Ready
from festina.verify.base import Candidate, OnStep, Scope, Snapshot, Step, verdict_key
from support.fakes import (
    Completion,
    ScriptedModel,
    failed,
    impacted,
    passed,
    scope_of,
    unverified,
)

T = TypeVar("T")


class Loop(asyncio.SelectorEventLoop):
    """Turns only when told to; its time passes only when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.problems: list[str] = []
        self.set_exception_handler(lambda _, context: self.problems.append(str(context)))

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        """Run a thread's work in the next turn, so that it takes the same time each time."""
        future = self.create_future()

        def work() -> None:
            if future.cancelled():
                return
            try:
                future.set_result(func(*args))
            except Exception as error:
                future.set_exception(error)

        self.call_soon(work)
        return future

    def turn(self, times: int = 1) -> None:
        """Run what is ready, ``times`` over."""
        for _ in range(times):
            self.call_soon(self.stop)
            self.run_forever()

    def do(self, work: Callable[[], T]) -> T:
        """Run a function on the loop, in its next turn."""
        result: list[T] = []
        errors: list[Exception] = []

        def run() -> None:
            try:
                result.append(work())
            except Exception as error:
                errors.append(error)

        self.call_soon(run)
        self.turn()
        if errors:
            raise errors[0]
        return result[0]


@dataclass
class Call:
    """One request to the model that is under way."""

    proposal: str
    request: Request
    on_text: Callable[[str], None] | None
    answer: asyncio.Future[str]


@dataclass
class SteppedRunner:
    """One run's runner: every request waits for its answer."""

    proposal: str
    calls: list[Call]

    async def complete(
        self, model: Model, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        call = Call(self.proposal, request, on_text, asyncio.get_running_loop().create_future())
        self.calls.append(call)
        try:
            text = await call.answer
            if on_text is not None:
                on_text(text)
        finally:
            self.calls.remove(call)
        return Completion(text)


@dataclass
class SteppedModels:
    """Gives each run a runner of its own; ``missing`` makes it fail."""

    calls: list[Call] = field(default_factory=list)
    missing: bool = False

    async def get(self, name: str | None, say: Callable[[str], None]) -> Ready:
        say("starting the model")
        await asyncio.sleep(0)
        if self.missing:
            raise ModelError(Trouble.NO_MODEL, "There is no model.")
        task = asyncio.current_task()
        assert task is not None
        runner: Any = SteppedRunner(task.get_name(), self.calls)
        return Ready(ScriptedModel([]), runner, streams=2)  # type: ignore[arg-type]

    async def small(self, name: str | None) -> bool:
        return False


@dataclass
class Trial:
    """One verification that is under way."""

    candidate: Candidate
    verdict: asyncio.Future[Status]
    scope: str = "full"


VERDICTS = {Status.PASSED: passed, Status.FAILED: failed, Status.UNVERIFIED: unverified}


@dataclass
class SteppedVerifier:
    """Every verification waits for its outcome. ``files`` stands for all files on disk.

    ``tells``: which tests a change affects is known; ``slow``: the whole suite takes long.
    """

    files: int = 0
    tells: bool = True
    slow: bool = True
    trials: list[Trial] = field(default_factory=list)
    earned: dict[str, str] = field(default_factory=dict)
    """Key of each verdict that was given, and the text that it was given for."""
    whole: dict[str, Status] = field(default_factory=dict)
    """Key of each verdict of the whole suite, and what it was."""
    asked: dict[str, str] = field(default_factory=dict)
    """Key of each verdict, and how much the settings asked for."""

    def print_of(self, snapshot: Snapshot) -> str:
        settings, buffers = snapshot.settings, sorted(snapshot.buffers.items())
        return repr((self.files, buffers, settings, snapshot.trusted))

    async def prepare(self, snapshot: Snapshot, path: str) -> None:
        await asyncio.sleep(0)

    async def verify(
        self,
        snapshot: Snapshot,
        candidate: Candidate,
        on_step: OnStep | None = None,
        *,
        scope: Scope | None = None,
    ) -> Verdict:
        key = verdict_key(candidate.new, self.print_of(snapshot))
        self.asked[key] = snapshot.settings.tests_scope
        if key in self.whole:
            return replace(VERDICTS[self.whole[key]](), key=key)  # nothing is repeated
        scope = scope_of(scope, snapshot, slow=self.slow, tells=self.tells)
        trial = Trial(candidate, asyncio.get_running_loop().create_future(), scope)
        self.trials.append(trial)
        if on_step is not None:
            on_step(Step("running the tests"))
        try:
            status = await trial.verdict
        finally:
            self.trials.remove(trial)
        self.earned[key] = candidate.new
        verdict = VERDICTS[status]()
        if scope == "full":
            self.whole[key] = status
        else:
            verdict = impacted(verdict)
        return replace(verdict, key=key)

    async def fingerprint(self, snapshot: Snapshot) -> str:
        await asyncio.sleep(0)
        return self.print_of(snapshot)

    async def aclose(self) -> None:
        return None
