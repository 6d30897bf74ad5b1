"""What a look at saved files found, and where a person should see it. Values and pure functions.

An :class:`Examination` compares two states of a workspace: the last one that was verified, and the
one that was saved. What fails in both is not the fault of what was typed between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from festina.findings import Finding, Gate, Severity, TestCounts, duration
from festina.verify.record import Outcome
from festina.verify.watch import hunks

MOST_TESTS = 100
"""Failing tests that are shown one by one; the counts tell of all of them."""
MOST_RELATED = 10

_ENTRY = re.compile(
    r"^(?P<path>(?:[A-Za-z]:)?[^\s:>][^:\n]*?):(?P<line>\d+): "
    r'|^ +File "(?P<file>[^"\n]+)", line (?P<number>\d+)',
    re.MULTILINE,
)
_TWICE = "AssertionError: assert "
"""How pytest begins what it explains in several lines; what it explains in one has no prefix."""
_ASSERTS = ("assert", "AssertionError", "Failed:")
BEFORE = "failed before this change, too"

Texts = Mapping[str, tuple[str | None, str | None]]
"""The changed files: their texts before (None: not known, or no such file) and now (None: gone)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A changed line that has to do with a failure; ``line`` counts from 1.

    ``passed`` says that the failure's traceback passes through it; else it is only known that the
    test did not fail before the change.
    """

    path: str
    line: int
    passed: bool = True


@dataclass(frozen=True, slots=True)
class Examination:
    """What a look at the saved files found.

    ``findings`` are new lint findings and all failing tests, these at the failing assertion, with
    their ids as ``code``. ``preexisting`` are the ids that fail without the change as well,
    ``through`` says where a test's failure passes through the change, ``ran`` which tests have an
    outcome now, ``was`` how the preexisting ones fail without the change. ``scope`` is what the
    tests rest on: ``impacted``, ``full``, or ``lint`` where none ran; then ``reason`` says why,
    unless none were asked for.
    """

    findings: tuple[Finding, ...] = ()
    preexisting: frozenset[str] = frozenset()
    through: Mapping[str, Place] = field(default_factory=dict)
    counts: TestCounts | None = None
    scope: str = "lint"
    seconds: float = 0.0
    reason: str = ""
    ran: frozenset[str] = frozenset()
    was: tuple[Finding, ...] = ()

    @property
    def tests(self) -> tuple[Finding, ...]:
        """The failing tests."""
        return tuple(finding for finding in self.findings if finding.gate is Gate.TESTS)

    @property
    def lint(self) -> tuple[Finding, ...]:
        """Everything else: new findings of ruff, and what does not compile."""
        return tuple(finding for finding in self.findings if finding.gate is not Gate.TESTS)

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The tests that fail because of what was changed."""
        return tuple(finding for finding in self.tests if finding.code not in self.preexisting)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        counts = self.counts
        return {
            "scope": self.scope,
            "seconds": round(self.seconds, 4),
            "findings": [
                {**finding.to_json(), "preexisting": finding.code in self.preexisting}
                if finding.gate is Gate.TESTS
                else finding.to_json()
                for finding in self.findings
            ],
            "through": {
                test: {"path": place.path, "line": place.line, "passed": place.passed}
                for test, place in self.through.items()
            },
            "tests": None
            if counts is None
            else {
                "selected": counts.selected,
                "passed": counts.passed,
                "failed": counts.failed,
                "skipped": counts.skipped,
                "flaky": counts.flaky,
            },
            "reason": self.reason or None,
        }

    def summary(self) -> str:
        """Say in one line how it went: ``12 impacted tests ok, 210 ms``."""
        parts = []
        if wrong := [finding.path for finding in self.lint if finding.gate is Gate.SYNTAX]:
            parts.append(f"{wrong[0]} does not compile")  # which says all: nothing could run
        elif self.lint:
            parts.append(count(len(self.lint), "new finding"))
        if self.counts is not None:
            parts += self._tests_in_words(self.counts)
        elif self.reason and not wrong:
            parts.append(f"tests not run: {self.reason.rstrip('.')}")
        elif not parts:
            parts.append("ruff ok")
        return ", ".join([*parts, duration(self.seconds)])

    def _tests_in_words(self, counts: TestCounts) -> Iterable[str]:
        kind = "impacted test" if self.scope == "impacted" else "test"
        new, old = len(self.broken), len(self.tests) - len(self.broken)
        if new:
            verb = "fails" if new == 1 else "fail"
            among = f"{new} of " if new < counts.selected else ""
            yield f"{among}{count(max(counts.selected, new), kind)} {verb}"
        elif not counts.selected and not old:
            yield "no test executes what was changed"
        else:
            yield f"{count(counts.passed, kind)} ok"
        if old:
            yield f"{old} failed before, too"
        if counts.flaky:
            yield f"{counts.flaky} only now and then"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to show at a place, and the places that explain it."""

    finding: Finding
    related: tuple[Finding, ...] = ()


def notes(examination: Examination) -> tuple[Note, ...]:
    """Return what is to be shown: each failure where it is and where it comes from, each once.

    Tests that fail through the same changed line share one note there.
    """
    found = [Note(finding) for finding in examination.lint]
    causes: dict[tuple[str, int], list[Finding]] = {}
    # what somebody just broke comes first, also where not everything can be shown
    tests = sorted(examination.tests, key=lambda one: one.code in examination.preexisting)
    for finding in tests[:MOST_TESTS]:
        place = examination.through.get(finding.code or "")
        if finding.code in examination.preexisting:
            words = f"{finding.message} ({BEFORE})"
            found.append(Note(replace(finding, message=words, severity=Severity.INFORMATION)))
        elif place is None or (place.path, place.line) == (finding.path, finding.line):
            found.append(Note(finding))
        else:
            words = (
                "the change that it passes through" if place.passed else "changed since it passed"
            )
            cause = Finding(Gate.TESTS, place.path, words, place.line, code=finding.code)
            found.append(Note(finding, (cause,)))
            causes.setdefault((place.path, place.line), []).append(finding)
    for (path, line), failing in causes.items():
        first = failing[0]
        exact = examination.through[first.code or ""].passed
        name = (first.code or "").rpartition("::")[2]
        words = f"{name} fails {'here' if exact else 'since this change'}: {first.message}"
        if len(failing) > 1:
            words += f" (and {count(len(failing) - 1, 'more test')})"
        finding = Finding(Gate.TESTS, path, words, line, code=first.code, detail=first.detail)
        found.append(Note(finding, tuple(failing[:MOST_RELATED])))
    return tuple(found)


def changed_lines(old: str | None, new: str | None) -> frozenset[int]:
    """Return the lines of the new text that a change touched; around what was only taken away."""
    if new is None:
        return frozenset()
    found: set[int] = set()
    for _, _, start, end in hunks(old or "", new):
        found |= set(range(start + 1, end + 1)) or {max(start, 1), start + 1}
    return frozenset(found)


def frames(detail: str) -> tuple[tuple[str, int], ...]:
    """Return the files and lines that a traceback of pytest's names, outermost first."""
    return tuple(
        (match["path"] or match["file"], int(match["line"] or match["number"]))
        for match in _ENTRY.finditer(detail)
        if "  " not in (match["path"] or "")
    )


def failure(outcome: Outcome, stack: Sequence[tuple[str, int]], files: AbstractSet[str]) -> Finding:
    """Return a failing test as a finding at its assertion; ``files`` hold tests.

    Where code under test raised, the line of the test that called it is meant.
    """
    own = outcome.id.partition("::")[0]
    path, line = outcome.path, outcome.line
    asserts = outcome.message.startswith(_ASSERTS)
    if not (path in files or (asserts and _is_inside(path))):
        called = [one for one in stack if one[0] in files or one[0] == own]
        if called:
            path, line = called[-1]
        elif not _is_inside(path):
            path, line = own, None
    words = first_line(outcome.message) or f"{outcome.id} failed"
    if words.startswith(_TWICE):
        words = words.removeprefix("AssertionError: ")
    return Finding(Gate.TESTS, path, words, line, code=outcome.id, detail=outcome.detail or None)


def through(
    finding: Finding,
    stack: Sequence[tuple[str, int]],
    changed: Mapping[str, AbstractSet[int]],
    files: AbstractSet[str],
) -> Place | None:
    """Return the changed line that a failure comes from, as far as that can be told.

    ``changed`` are the changed lines of each changed file. Where the test's own file was changed,
    and no other line is known, there is none: the person looks at the failure already.
    """
    for path, line in reversed(stack):
        if line in changed.get(path, ()) and (path, line) != (finding.path, finding.line):
            return Place(path, line)
    if finding.path in changed:
        return None
    sources = {path: lines for path, lines in changed.items() if lines and path not in files}
    for path, line in reversed(stack):
        if path in sources:
            return Place(path, min(sources[path], key=lambda one: abs(one - line)), passed=False)
    for path, lines in sources.items():
        return Place(path, min(lines), passed=False)
    return None


def first_line(text: str) -> str:
    """Return the first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:300]


def spread(finding: Finding, text: str | None) -> Finding:
    """Return a finding that covers its line, without the indentation, where the text is known."""
    lines = (text or "").splitlines()
    if finding.line is None or finding.column is not None or not 0 < finding.line <= len(lines):
        return finding
    line = lines[finding.line - 1].rstrip()
    start = len(line) - len(line.lstrip())
    return replace(
        finding, column=start + 1, end_line=finding.line, end_column=max(len(line), start + 1) + 1
    )


def _is_inside(path: str) -> bool:
    """Whether a path is one of the workspace's: those that are not are absolute."""
    return bool(path) and not path.startswith(("/", "\\", "<")) and path[1:2] != ":"


def count(number: int, what: str) -> str:
    """Say how many: ``1 test``, ``2 tests``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
