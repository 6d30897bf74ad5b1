"""What a gate has to say about a candidate, and the verdict that follows from it.

Values only: standard library, no I/O. The JSON shape is the contract of the command line and of the
``festina/proposal`` notification; fields may be added, never renamed.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from typing import Any, Self

from festina.shots import Shot, seen


class Gate(enum.StrEnum):
    """One kind of check of a candidate, in the order in which gates run."""

    BOUNDS = "bounds"
    SYNTAX = "syntax"
    LINT = "lint"
    FORMAT = "format"
    TYPES = "types"
    TESTS = "tests"
    COMMAND = "command"
    REVIEW = "review"
    BROWSER = "browser"


class Status(enum.StrEnum):
    """The outcome of one gate, or of a whole verdict (which is never ``skipped``)."""

    PASSED = "passed"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    SKIPPED = "skipped"


class Rest(enum.StrEnum):
    """What the rest of the suite has to say of a candidate that its impacted tests passed.

    ``none``: nothing that anybody waits for. ``owed``: it must pass before the candidate is
    applicable; ``awaited``: the same, and it is running for this candidate. ``open``: the
    candidate is applicable, and a failure will withdraw it. ``confirmed``: it passed as well.
    ``silent``: it could not tell. ``withdrawn``: it failed, after the candidate was applicable.
    """

    NONE = "none"
    OWED = "owed"
    AWAITED = "awaited"
    OPEN = "open"
    CONFIRMED = "confirmed"
    SILENT = "silent"
    WITHDRAWN = "withdrawn"


class Severity(enum.StrEnum):
    """LSP diagnostic severities, by name."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a gate has to say.

    ``line``, ``column``, ``end_line`` and ``end_column`` count from 1, columns in characters
    (code points), the end is exclusive; ``None`` where the tool gave no position. ``path`` is
    relative to the workspace, with forward slashes. ``detail`` is longer text for a person who
    asks, such as the traceback of a failing test; ``screenshot`` is a picture of it, a path.
    """

    gate: Gate
    path: str
    message: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    severity: Severity = Severity.ERROR
    code: str | None = None
    detail: str | None = None
    screenshot: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, without the fields that are unknown."""
        data = {key: value for key, value in dataclasses.asdict(self).items() if value is not None}
        return {**data, "gate": str(self.gate), "severity": str(self.severity)}


@dataclass(frozen=True, slots=True)
class TestCounts:
    """What the tests gate ran, and how much of the change it executed.

    ``scope`` is ``full`` or ``impacted``: what the counts rest on. ``changed_lines`` counts the
    executable lines of the candidate that differ from the old text. ``flaky`` tests failed at first
    and passed then, as they do without the edit. ``edited`` says that the edit
    is of tests or of what configures them; ``added`` and ``removed`` are then how many tests there
    are that were not, and how many were that are not.
    """

    __test__ = False  # not a pytest class, in spite of its name

    selected: int = 0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    changed_lines: int = 0
    changed_lines_executed: int = 0
    scope: str = "full"
    flaky: int = 0
    edited: bool = False
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class GateResult:
    """The outcome of one gate on one candidate.

    ``reason`` says, in a sentence a person can act on, why the gate is ``unverified`` or
    ``skipped``. ``sandbox`` names the isolation that was in force for gates that execute code.
    ``name`` tells apart what runs as one gate, such as the commands of a workspace. ``resolved``
    is what the edit was to resolve and this gate, though it is not the one for it, found gone.
    ``tier`` says how the tests were run: 0 not at all, 1 with the code of functions exchanged in a
    child of a process that has them loaded, 2 in a child of one that has started pytest, 3 cold.
    ``shots`` are pictures of the pages that show the candidate.
    """

    gate: Gate
    status: Status
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()
    tests: TestCounts | None = None
    reason: str | None = None
    sandbox: str | None = None
    name: str | None = None
    resolved: tuple[Finding, ...] = ()
    tier: int | None = None
    shots: tuple[Shot, ...] = ()

    @property
    def label(self) -> str:
        """What a person knows it by: a command's own name, else the gate's."""
        return self.name or str(self.gate)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        data: dict[str, Any] = {
            "gate": str(self.gate),
            "status": str(self.status),
            "seconds": round(self.seconds, 4),
            "findings": [finding.to_json() for finding in self.findings],
        }
        if self.tests is not None:
            data["tests"] = dataclasses.asdict(self.tests)
        if self.reason is not None:
            data["reason"] = self.reason
        if self.sandbox is not None:
            data["sandbox"] = self.sandbox
        if self.name is not None:
            data["name"] = self.name
        if self.tier is not None:
            data["tier"] = self.tier
        if self.shots:
            data["shots"] = [shot.to_json() for shot in self.shots]
        return data


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one candidate: earned gate by gate, for exactly one text.

    ``key`` ties it to that text: the candidate's content hash and the fingerprint of the shadow
    that it was judged in (design, invariant 2).
    """

    status: Status
    gates: tuple[GateResult, ...] = ()
    seconds: float = 0.0
    key: str = ""

    @classmethod
    def of(cls, gates: tuple[GateResult, ...], *, seconds: float, key: str = "") -> Self:
        """Combine gate results: failed, else unverified, else passed.

        ``review`` is advisory and a gate that does not apply is ``skipped``; neither alters the
        verdict. Nothing run at all is ``unverified``.
        """
        counted = [g.status for g in gates if g.gate is not Gate.REVIEW]
        counted = [status for status in counted if status is not Status.SKIPPED]
        if Status.FAILED in counted:
            status = Status.FAILED
        elif Status.UNVERIFIED in counted or not counted:
            status = Status.UNVERIFIED
        else:
            status = Status.PASSED
        return cls(status, gates, seconds, key)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in gate order."""
        return tuple(finding for gate in self.gates for finding in gate.findings)

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings of gates that alter verdicts: all but the remarks of a review."""
        return tuple(finding for finding in self.findings if finding.gate is not Gate.REVIEW)

    def with_review(self, result: GateResult | None) -> Self:
        """Return the verdict with a review, which alters nothing else; None: as it is."""
        if result is None:
            return self
        others = tuple(gate for gate in self.gates if gate.gate is not Gate.REVIEW)
        return dataclasses.replace(self, gates=(*others, result))

    def gate(self, gate: Gate) -> GateResult | None:
        """Return the result of ``gate``, or None where it did not run."""
        return next((result for result in self.gates if result.gate is gate), None)

    @property
    def partial(self) -> bool:
        """It is ``passed``, and rests on the impacted tests alone."""
        result = self.gate(Gate.TESTS)
        counts = result.tests if result is not None else None
        return self.status is Status.PASSED and counts is not None and counts.scope == "impacted"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form (design, section 5)."""
        return {
            "status": str(self.status),
            "seconds": round(self.seconds, 4),
            "gates": [gate.to_json() for gate in self.gates],
            "findings": [finding.to_json() for finding in self.findings],
        }

    def summary(self, rest: Rest = Rest.NONE) -> str:
        """Say on what the verdict rests, in one line; ``rest``: what is to be said beside it.

        For example ``ruff ok, 12 tests ok (3 of 3 changed lines executed), 84 ms``. The word
        *tested* never appears: green tests prove only what they execute. What failed comes first,
        then what could not be verified: not much of a line can be seen everywhere.
        """
        ordered = sorted(self.gates, key=lambda gate: _FIRST.get(gate.status, len(_FIRST)))
        parts = [part for gate in ordered if (part := _gate_words(gate, rest))]
        return ", ".join([*parts, duration(self.seconds)]) if parts else "nothing was checked"


_FIRST = {Status.FAILED: 0, Status.UNVERIFIED: 1}


def duration(seconds: float) -> str:
    """Format a duration for a person: ``84 ms``, ``1.2 s``, ``2 min 5 s``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _gate_words(result: GateResult, rest: Rest) -> str:
    if result.status is Status.SKIPPED:
        return ""
    if result.gate is Gate.REVIEW:
        return _review_words(result)
    if result.status is Status.UNVERIFIED:
        return f"{result.label}: not verified ({(result.reason or 'no reason given').rstrip('.')})"
    if result.status is Status.FAILED:
        first = result.findings[0].message if result.findings else (result.reason or "failed")
        return f"{result.label} failed: {first.splitlines()[0] if first else 'failed'}"
    if result.gate is Gate.TESTS and result.tests is not None:
        return _test_words(result.tests, rest)
    if result.shots:
        return f"{result.label} ok ({seen(result.shots)})"
    return "ruff ok" if result.gate is Gate.LINT else f"{result.label} ok"


def _review_words(result: GateResult) -> str:
    if result.status is not Status.PASSED:
        return "no review"
    number = len(result.findings)
    return f"review: {number or 'no'} {'remark' if number == 1 else 'remarks'}"


_OF_THE_REST = {
    Rest.OWED: ", the whole suite has not run",
    Rest.AWAITED: ", the whole suite is running",
    Rest.OPEN: ", the whole suite is still running",
    Rest.SILENT: ", the whole suite could not tell",
}


def _test_words(tests: TestCounts, rest: Rest) -> str:
    impacted = "impacted " if tests.scope == "impacted" else ""
    count = f"{tests.passed:,} {impacted}{'test' if tests.passed == 1 else 'tests'} ok"
    if rest is Rest.CONFIRMED:
        count = f"whole suite: {count}"
    if tests.flaky:
        count += f", {tests.flaky} of them only now and then, with and without the edit"
    count += _OF_THE_REST.get(rest, "")
    if tests.edited:
        count += f", {tests.added} of them new: the edit is of the tests themselves"
    if tests.changed_lines == 0:
        return f"{count} (no executable line changed)"
    return (
        f"{count} ({tests.changed_lines_executed} of {tests.changed_lines} changed lines executed)"
    )
