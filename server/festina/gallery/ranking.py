"""The rubric by which cards are ranked, in words that the page shows; pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from festina.proposals import CandidateStatus

_STANDING = {
    CandidateStatus.PASSED: 0,
    CandidateStatus.UNVERIFIED: 1,
    CandidateStatus.VERIFYING: 2,
    CandidateStatus.STREAMING: 3,
    CandidateStatus.FAILED: 4,
    CandidateStatus.UNUSABLE: 5,
}
_WORDS = {
    CandidateStatus.PASSED: "passed",
    CandidateStatus.UNVERIFIED: "unverified",
    CandidateStatus.VERIFYING: "being checked",
    CandidateStatus.STREAMING: "being written",
    CandidateStatus.FAILED: "rejected",
    CandidateStatus.UNUSABLE: "not usable",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a card is ranked by. ``executed`` is a share of its changed lines; unknown, it is 0.

    ``lines`` is None as long as the text is not complete.
    """

    card: int
    status: CandidateStatus
    findings: int = 0
    lines: int | None = None
    executed: float = 0.0
    imports: int = 0
    complexity: int = 0
    agreement: int = 1

    @property
    def complete(self) -> bool:
        """Whether there is a whole text to be measured."""
        return self.lines is not None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the rubric: what counts, the smaller first, and how a value is told."""

    name: str
    words: str
    value: Callable[[Standing], float]
    told: Callable[[Standing], str]


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if abs(number) == 1 else f"{number} {word}s"


RUBRIC = (
    Criterion(
        "gates",
        "what passed stands before what could not be verified, and that before what failed",
        lambda one: _STANDING[one.status],
        lambda one: _WORDS[one.status],
    ),
    Criterion(
        "findings",
        "the fewest new findings, those about accessibility among them",
        lambda one: one.findings,
        lambda one: _plural(one.findings, "finding"),
    ),
    Criterion(
        "diff",
        "the fewest lines to read",
        lambda one: one.lines or 0,
        lambda one: _plural(one.lines or 0, "line"),
    ),
    Criterion(
        "executed",
        "the largest share of the changed lines executed by tests",
        lambda one: -one.executed,
        lambda one: f"{one.executed:.0%} executed",
    ),
    Criterion(
        "imports",
        "the fewest new imports and dependencies",
        lambda one: one.imports,
        lambda one: _plural(one.imports, "new import"),
    ),
    Criterion(
        "complexity",
        "the fewest new ways through the code (branches, loops, conditions)",
        lambda one: one.complexity,
        lambda one: f"{one.complexity:+d}",
    ),
    Criterion(
        "agreement",
        "the most candidates that wrote just the same",
        lambda one: -one.agreement,
        lambda one: f"written {_plural(one.agreement, 'time')}",
    ),
)
"""In the order in which they count: the first that tells two cards apart decides."""


def rank(cards: Sequence[Standing]) -> list[Standing]:
    """Return cards in the rubric's order; of what it does not tell apart, the earlier one first."""
    return sorted(cards, key=lambda one: (*(each.value(one) for each in RUBRIC), one.card))


def reasons(ranked: Sequence[Standing]) -> dict[int, str]:
    """Say of each card why it stands before the next one."""
    return {one.card: _reason(one, other) for one, other in itertools.pairwise(ranked)}


def _reason(one: Standing, other: Standing) -> str:
    number = f"#{other.card + 1}"
    if not (one.complete and other.complete) and one.status is other.status:
        return ""
    for each in RUBRIC:
        if each.value(one) != each.value(other):
            return f"before {number} by {each.name}: {each.told(one)}, not {each.told(other)}"
    return f"before {number}, which came later"
