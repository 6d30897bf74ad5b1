"""Judges test runs: a verdict is earned test by test, never read from an exit code. Pure.

Two runs are compared, one without and one with the candidate. Both come as records from our plugin
(:mod:`festina.verify.pytest_plugin`); a run without an end record proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from festina.findings import Finding, Gate, Status, TestCounts
from festina.verify.record import Outcome, Run, plain

_TELLING = re.compile(r"E  |ERROR|.*: error: |[\w.]*(?:Error|Exception)\b")
_PREFIX = re.compile(r"E  +|ERROR: *|.*: error: ")
_MAX_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class Target:
    """The changed file: its path relative to the workspace, and its content hash.

    ``names`` are the dotted names under which it may be imported, ``in_tests`` says whether it
    holds tests or configures them; ``python`` is false for configuration, whose effect no line can
    show.
    """

    path: str
    digest: str = ""
    names: tuple[str, ...] = ()
    in_tests: bool = False
    python: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a pair of runs proves. It is not ``sure`` where the way in which they ran may matter."""

    status: Status
    counts: TestCounts | None = None
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    sure: bool = True


def broken(base: Run, when: str = " without the edit") -> str | None:
    """Say, in a sentence, why a run can tell nothing; None: it can. ``when`` says which it was."""
    if base.timed_out:
        return (
            f"The tests{when} did not end in {base.seconds:.0f} s. Raise"
            " verify.timeout_seconds, or choose fewer tests with verify.tests_args."
        )
    if base.end is None or base.ids is None:
        return (
            f"pytest could not run{when}: {said(base)}. Run pytest in the workspace's"
            " environment and mend what it reports."
        )
    if base.end == 4:  # usage error
        return (
            f"pytest does not accept its options: {said(base)}. Correct addopts in its"
            " configuration, or install the plugin that they need."
        )
    if base.garbled:
        return f"What the tests report{when} cannot be read: something disturbs it."
    if base.internal_error:
        return f"pytest or a plugin of it broke{when}: {_tail(base.internal_error)}."
    if not base.ids and not base.failing:
        return (
            "pytest collected no tests. Add tests, or set testpaths in pytest's configuration if"
            " they have unusual names."
        )
    return None


def said(run: Run) -> str:
    """Return the line of a run's output that says most about why it did not work."""
    if run.ended:
        return died(run)
    lines = [line.strip() for line in run.output.splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.match(line)]
    if telling:
        errors = [line for line in telling if not line.startswith("ERROR:")] or telling
        words = _PREFIX.sub("", errors[-1])
        return words.rstrip(".")[:300]
    if lines:
        return lines[-1].rstrip(".")[:300]
    return died(run)


def died(run: Run) -> str:
    """Say how a process ended."""
    code = run.returncode
    if run.ended:
        return f"ended, since {run.ended}"
    if code is None:
        return "it was stopped"
    if code < 0 or code > 128:
        return f"killed by signal {-code if code < 0 else code - 128}"
    return f"exit code {code}"


def _tail(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".")[:300] if lines else "no message"


def elsewhere(run: Run, target: Target) -> str | None:
    """Return the file that was imported in the place of the target, if one was."""
    files = [run.modules[name] for name in target.names if name in run.modules]
    return files[0] if files and target.path not in files else None


def is_new_failure(base: Run, outcome: Outcome) -> bool:
    """Whether an outcome alone decides against the candidate."""
    return outcome.bad and outcome.id not in base.failing


def is_less(base: Run, run: Run) -> bool:
    """Whether a complete run fails nothing, and yet runs less than the baseline."""
    complete = run.end is not None and run.ids is not None and not run.internal_error
    return complete and bool(_less(base, run))


def judge(base: Run, run: Run, target: Target, wanted: Iterable[str] = ()) -> Judgement:
    """Compare a complete or stopped run with its baseline; ``wanted`` ids failed and must pass."""
    counts = _counts(base, run, target)
    failures = [outcome for outcome in run.outcomes.values() if is_new_failure(base, outcome)]
    if failures:
        found = tuple(_failure(outcome, target) for outcome in failures[:_MAX_FINDINGS])
        return Judgement(Status.FAILED, counts, found)
    if run.timed_out:
        return Judgement(
            Status.UNVERIFIED,
            counts,
            reason=f"The tests did not end in {run.seconds:.0f} s"
            + (f" ({run.running} was running)." if run.running else "."),
        )
    if not run.started:
        why = f"pytest did not start: {said(run)}."
        return Judgement(Status.UNVERIFIED, counts, reason=why, sure=False)
    if run.end is None or run.ids is None or run.internal_error:
        return Judgement(Status.FAILED, counts, (_crash(run, target),), sure=False)
    less = _less(base, run)
    if less:
        if target.in_tests:
            return Judgement(
                Status.UNVERIFIED,
                counts,
                findings=tuple(less[:_MAX_FINDINGS]),
                reason=f"The edit takes away from the tests that judge it: {less[0].message}"
                + (f", and {len(less) - 1} more." if len(less) > 1 else "."),
            )
        return Judgement(Status.FAILED, counts, tuple(less[:_MAX_FINDINGS]))
    unmet = [plain(test) for test in wanted if run.outcomes.get(plain(test), _NONE).bad]
    if unmet:
        found = tuple(_failure(run.outcomes[test], target) for test in unmet)
        return Judgement(Status.FAILED, counts, found)
    unseen = [test for test in wanted if run.outcomes.get(plain(test), _NONE).status in _IDLE]
    reason = (
        f"The test {unseen[0]} is not among those that ran."
        if unseen
        else _doubt(base, run, target)
    )
    if reason is None and counts.passed == 0:
        reason = "Every test fails without the edit, and no test passes with it."
    if reason is not None:
        sure = not _is_disturbed(base, run)
        return Judgement(Status.UNVERIFIED, counts, reason=reason, sure=sure)
    return Judgement(Status.PASSED, counts)


def _is_disturbed(base: Run, run: Run) -> bool:
    """Whether something else than what the tests execute speaks against a run."""
    touched = _disturbed(run.touched - base.touched, base.files)
    return bool(run.garbled or run.replaced - base.replaced or touched)


_NONE = Outcome("", "")
_IDLE = frozenset(["", "skipped", "xfailed"])
"""What a test came to that proves nothing, not even where it is what must pass."""


def _counts(base: Run, run: Run, target: Target) -> TestCounts:
    ran = run.outcomes.values()
    return TestCounts(
        selected=len(run.ids or ()),
        passed=sum(outcome.status == "passed" for outcome in ran),
        failed=sum(is_new_failure(base, outcome) for outcome in ran),
        skipped=sum(outcome.status in ("skipped", "xfailed") for outcome in ran),
        changed_lines=len(run.changed),
        changed_lines_executed=len(run.executed),
        edited=target.in_tests,
        added=len(set(run.ids or ()) - set(base.ids or ())) if target.in_tests else 0,
        removed=len(set(base.ids or ()) - set(run.ids or ())) if target.in_tests else 0,
    )


def _failure(outcome: Outcome, target: Target) -> Finding:
    path = outcome.path or outcome.id.partition("::")[0]
    return Finding(
        Gate.TESTS,
        path,
        f"{outcome.id}: {outcome.message}" if outcome.message else f"{outcome.id} failed",
        line=outcome.line,
        code=outcome.id,
        detail=outcome.detail or None,
    )


def _crash(run: Run, target: Target) -> Finding:
    where = f" while {run.running} ran" if run.running else ""
    if run.internal_error:
        message = f"pytest broke{where}: {_tail(run.internal_error)}"
    elif run.end is not None or run.returncode in (1, 2, 3, 4):
        message = f"pytest gave up{where}: {said(run)}"
    else:
        message = f"the test process ended{where} without a result ({died(run)})"
    return Finding(
        Gate.TESTS, target.path, message, code=run.running, detail=run.output[-4000:] or None
    )


def _less(base: Run, run: Run) -> list[Finding]:
    """Return what runs less with the candidate than without: missing, skipped, xfailed, not run."""
    before, after = set(base.ids or ()), set(run.ids or ())
    found = []

    def add(test: str, what: str) -> None:
        path = test.partition("::")[0]
        found.append(Finding(Gate.TESTS, path, f"{test} {what}", code=test))

    for test in base.ids or ():
        if test not in after:
            add(test, "is deselected now" if test in run.deselected else "is missing now")
    for test in run.ids or ():
        now = run.outcomes.get(test, _NONE).status
        then = base.outcomes.get(test, _NONE).status
        if now == "" and then != "":
            add(test, "did not run")
        elif now == "skipped" and then != "skipped":
            add(test, "is skipped now")
        elif now == "xfailed" and then not in ("xfailed", "skipped"):
            add(test, "is expected to fail now")
        elif test not in before and now == "":
            add(test, "is new and did not run")
    return found


def _doubt(base: Run, run: Run, target: Target) -> str | None:
    """Return why green tests say nothing about this change, or None where they do."""
    if replaced := sorted(run.replaced - base.replaced):
        return f"With the edit, something replaces what judges it: {', '.join(replaced[:3])}."
    if touched := _disturbed(run.touched - base.touched, base.files):
        return (
            f"With the edit, the tests change files that they read: {', '.join(touched[:3])}. (They"
            " did so in a copy; yours are untouched.)"
        )
    if run.garbled:
        return "With the edit, what the tests report cannot be read."
    if not target.python:
        return "The tests pass, but nothing shows that they depend on this file."
    if not run.code_changed:
        return None
    other = elsewhere(run, target)
    if other is not None and not run.imported:
        return (
            f"The tests import {other} and not the edited file. Install the project into its"
            " environment in editable form (`pip install -e .`)."
        )
    if not run.imported and not run.executed:
        if target.path in run.modules.values():
            return (
                "The tests import this file, but a tracer of their own (a coverage tool, a"
                " debugger) hides which lines they execute. Run them without it."
            )
        if uncollected := [one for one in base.outcomes.values() if _is_uncollected(base, one)]:
            return (
                f"No test executes the change, and {uncollected[0].id} cannot be collected without"
                f" it either: {_first_line(uncollected[0].message)}."
            )
        return (
            "No test executes the change: no test imports this file (programs that tests start are"
            " not followed)."
        )
    if run.imported and target.digest not in run.imported:
        return "The tests imported another version of the file than the candidate."
    if not run.executed:
        return (
            f"No test executes the change (0 of {len(run.changed)} changed lines; programs that"
            " tests start are not followed)."
        )
    return None


def _disturbed(touched: Iterable[str], files: Iterable[str]) -> list[str]:
    """Of what a run changed, return what tests depend on.

    Programs that tests start compile modules beside their sources: of folders, and of compiled
    modules, only those count that are where the tests are.
    """
    folders = {file.rpartition("/")[0] for file in files}
    found = []
    for path in sorted(touched):
        folder, cached, name = path.rpartition("/__pycache__/")
        harmless = (bool(cached) or path.endswith("/")) and "-pytest-" not in name
        if not harmless or (folder if cached else path[:-1]) in folders:
            found.append(path)
    return found


def _is_uncollected(base: Run, outcome: Outcome) -> bool:
    return outcome.status == "error" and outcome.id not in (base.ids or ())


def _first_line(text: str) -> str:
    return (text.splitlines() or ["no message"])[0].rstrip(".")[:300]
