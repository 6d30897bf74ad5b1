"""How saved files are examined, over a few small tools: what runs the tests is not known here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from festina.findings import Finding, Gate, TestCounts
from festina.text import NotText, decode
from festina.verify.base import Candidate, OnStep, Snapshot, Step
from festina.verify.examination import (
    Examination,
    Place,
    Texts,
    changed_lines,
    count,
    failure,
    frames,
    spread,
    through,
)
from festina.verify.flaky import passing
from festina.verify.judge import broken, died
from festina.verify.record import Outcome, Run
from festina.verify.syntax import is_python

CONFIGURATION = frozenset(["pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"])
"""Files that say how tests are run."""


_PATIENCE = 5.0
"""Seconds that the person waits longer for the second look at a failure, at most."""


_WHOLE = 60.0
"""Seconds that the whole suite may take in the place of impacted tests that are not known."""
_SLOW = (
    "It is not known yet which tests the change can affect, and all of them take longer than"
    f" {_WHOLE:.0f} s. To wait for them, set verify.on_save to full."
)


class Untold(Exception):  # noqa: N818 - reads as the sentence it makes
    """The tests can tell nothing; ``str()`` says why and what to do."""


class Tools(Protocol):
    """What an examination needs. Cancelling a call ends what it started."""

    async def run(self, state: Snapshot, only: Collection[str] | None) -> Run:
        """Run these tests (None: all) on a state of the workspace, as it is.

        Raises:
            Untold: they cannot be run there, and why.
        """

    async def impacted(self, texts: Texts) -> frozenset[str] | None:
        """Return the tests that a change can affect; None where that is not known."""

    def depend(self, tests: Collection[str]) -> None:
        """Take note of tests that fail alone and pass with all of their file."""

    async def lint(self, candidate: Candidate) -> Sequence[Finding]:
        """Return the findings, of ruff and of the compiler, that the old text does not have."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be examined; see :meth:`festina.verify.base.Verifier.examine`."""

    before: Snapshot | None
    after: Snapshot
    paths: tuple[str, ...]
    scope: str
    on_step: OnStep | None = None

    @property
    def concerns_tests(self) -> bool:
        """Whether tests can tell anything; asked for all of them without any file, they do."""
        return any(map(concerns_tests, self.paths)) or (not self.paths and self.scope == "full")

    def say(self, message: str) -> None:
        """Tell what is being done."""
        if self.on_step is not None:
            self.on_step(Step(message))


async def examine(asked: Asked, tools: Tools) -> Examination:
    """Examine a change: lint alone, or with the tests that it can affect, or with all of them."""
    start = time.perf_counter()
    texts = await asyncio.to_thread(_texts, asked)
    asked.say("running ruff")
    testing: asyncio.Task[Examination] | None = None
    try:
        async with asyncio.TaskGroup() as group:
            linting = group.create_task(_lint(texts, tools))
            if asked.scope != "lint" and asked.concerns_tests:
                testing = group.create_task(_tests(asked, texts, tools))
            found = await linting
            wrong = next((finding for finding in found if finding.gate is Gate.SYNTAX), None)
            if testing is not None and wrong is not None:
                testing.cancel()  # what does not compile breaks everything, and needs no run
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    result = Examination()
    if testing is not None and wrong is not None:
        result = Examination(reason=f"{wrong.path} does not compile.")
    elif testing is not None:
        result = testing.result()
    seconds = time.perf_counter() - start
    return replace(result, findings=(*found, *result.findings), seconds=seconds)


def concerns_tests(path: str) -> bool:
    """Whether the outcome of tests can depend on a file of that name, as far as a name tells."""
    return (is_python(path) and not path.endswith(".pyi")) or Path(path).name in CONFIGURATION


async def _lint(texts: Texts, tools: Tools) -> list[Finding]:
    found = await asyncio.gather(
        *(
            tools.lint(Candidate(path, new if old is None else old, new))
            for path, (old, new) in texts.items()
            if new is not None and is_python(path)
        )
    )
    return [finding for one in found for finding in one]


async def _tests(asked: Asked, texts: Texts, tools: Tools) -> Examination:
    try:
        return await _tested(asked, texts, tools)
    except Untold as reason:
        return Examination(reason=str(reason))


async def _tested(asked: Asked, texts: Texts, tools: Tools) -> Examination:
    chosen = None
    if asked.scope == "impacted":
        asked.say("finding the tests that the change can affect")
        chosen = await tools.impacted(texts)
    if chosen is not None and not chosen:
        return Examination(counts=TestCounts(scope="impacted"), scope="impacted")
    what = "all tests" if chosen is None else count(len(chosen), "impacted test")
    asked.say(f"running {what}")
    try:
        async with asyncio.timeout(
            _WHOLE if asked.scope == "impacted" and chosen is None else None
        ):
            run = await tools.run(asked.after, chosen)
    except TimeoutError:
        raise Untold(_SLOW) from None
    if (reason := _incomplete(run)) is not None:
        raise Untold(reason)
    failing = {outcome.id: outcome for outcome in run.outcomes.values() if outcome.bad}
    flaky, alone, before = 0, 0, frozenset[str]()
    then: Run | None = None
    if failing:
        asked.say("running what failed once more, and without the change")
        wanted = frozenset(failing)
        limit = _PATIENCE + 3 * run.seconds
        again, then = await _both(
            _again(tools, asked.after, wanted, limit), _without(asked, texts, tools, wanted, limit)
        )
        before = frozenset() if then is None else frozenset(then.failing)
        if again is not None:
            failing, flaky = _confirmed(failing, again)
        if chosen is not None and (both := before & frozenset(failing)):
            passed = await _with_their_files(asked, tools, both, limit)
            failing = {test: outcome for test, outcome in failing.items() if test not in passed}
            alone = len(passed)
    scope = "full" if chosen is None else "impacted"
    counts = TestCounts(
        selected=len(run.ids or ()),
        passed=sum(one.status == "passed" for one in run.outcomes.values()) + flaky + alone,
        failed=len(failing),
        skipped=sum(one.status in ("skipped", "xfailed") for one in run.outcomes.values()),
        scope=scope,
        flaky=flaky,
    )
    findings, places = await asyncio.to_thread(_placed, asked, texts, run, failing)
    preexisting = before & frozenset(failing)
    was: tuple[Finding, ...] = ()
    if asked.before is not None and then is not None and preexisting:
        was = await asyncio.to_thread(_said, asked.before, then, preexisting)
    return Examination(
        findings=tuple(findings),
        preexisting=preexisting,
        was=was,
        through={test: place for test, place in places.items() if test not in preexisting},
        counts=counts,
        scope=scope,
        ran=frozenset(run.outcomes),
    )


def _incomplete(run: Run) -> str | None:
    """Say why a run tells nothing; a test that fails is no reason."""
    if run.end is None and not run.timed_out and run.ids is not None:
        where = f" while {run.running} ran" if run.running else ""
        return f"The test process ended{where} without a result ({died(run)})."
    return broken(run, "")


async def _both(
    one: Coroutine[Any, Any, Run | None], other: Coroutine[Any, Any, Run | None]
) -> tuple[Run | None, Run | None]:
    """Wait for two runs; when one of them breaks off, the other one ends as well."""
    try:
        async with asyncio.TaskGroup() as group:
            first, second = group.create_task(one), group.create_task(other)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return first.result(), second.result()


async def _again(tools: Tools, state: Snapshot, tests: frozenset[str], limit: float) -> Run | None:
    """Run what failed once more; None where that tells nothing, or not soon."""
    try:
        async with asyncio.timeout(limit):
            run = await tools.run(state, tests)
    except (Untold, TimeoutError):
        return None
    return None if run.end is None else run


async def _without(
    asked: Asked, texts: Texts, tools: Tools, tests: frozenset[str], limit: float
) -> Run | None:
    """Run what failed without the change: what fails there, too, is not its fault.

    Where not all of the text from before is known, the change cannot be taken back: None, as where
    such a run tells nothing.
    """
    if asked.before is None or any(old is None for old, _ in texts.values()):
        return None
    if all(old == new for old, new in texts.values()):
        return None
    return await _again(tools, asked.before, tests, limit)


async def _with_their_files(
    asked: Asked, tools: Tools, tests: frozenset[str], limit: float
) -> frozenset[str]:
    """Return which tests pass after all, once what comes before them in their files is run, too."""
    files = frozenset(test.partition("::")[0] for test in tests)
    run = await _again(tools, asked.after, files, limit)
    passed = frozenset[str]() if run is None else tests & passing(run)
    if passed:
        tools.depend(passed)
    return passed


def _confirmed(failing: dict[str, Outcome], again: Run) -> tuple[dict[str, Outcome], int]:
    """Return what failed twice, with whichever traceback says more, and how many did not."""
    kept = {}
    for test, outcome in failing.items():
        second = again.outcomes.get(test)
        if second is not None and second.status == "passed":
            continue
        more = second is not None and second.bad and len(second.detail) > len(outcome.detail)
        kept[test] = second if more and second is not None else outcome
    return kept, len(failing) - len(kept)


def _texts(asked: Asked) -> Texts:
    """Read the changed files. Blocks."""
    before = asked.before.buffers if asked.before is not None else {}
    return {path: (before.get(path), _text(asked.after, path)) for path in asked.paths}


def _text(state: Snapshot, path: str) -> str | None:
    if path in state.buffers:
        return state.buffers[path]
    try:
        return decode((state.workspace / path).read_bytes()).content
    except (OSError, NotText):
        return None


def _placed(
    asked: Asked, texts: Texts, run: Run, failing: dict[str, Outcome]
) -> tuple[list[Finding], dict[str, Place]]:
    """Find out where each failure is to be shown. Blocks: it reads the files."""
    changed = {path: changed_lines(*both) for path, both in texts.items() if both[0] is not None}
    found, places = [], {}
    known: dict[str, str | None] = {path: new for path, (_, new) in texts.items()}
    for test, outcome in failing.items():
        finding, stack = _finding(asked.after, run, outcome, known)
        found.append(finding)
        place = through(finding, stack, changed, run.files)
        # what came with files of which nothing is known is not laid at this change's door
        if place is not None and (place.passed or len(changed) == len(texts)):
            places[test] = place
    return found, places


def _said(state: Snapshot, run: Run, tests: frozenset[str]) -> tuple[Finding, ...]:
    """Return how tests failed in a state. Blocks: it reads the files."""
    known: dict[str, str | None] = {}
    return tuple(_finding(state, run, run.outcomes[test], known)[0] for test in sorted(tests))


def _finding(
    state: Snapshot, run: Run, outcome: Outcome, known: dict[str, str | None]
) -> tuple[Finding, list[tuple[str, int]]]:
    stack = [(run.relative(path), line) for path, line in frames(outcome.detail)]
    finding = failure(outcome, stack, run.files)
    if finding.path not in known:
        known[finding.path] = _text(state, finding.path)
    return spread(finding, known[finding.path]), stack
