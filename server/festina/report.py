"""What came of the edits of a workspace, summed up from what was kept of each. Values only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from festina.memory import Record
from festina.recording import ACCEPTED, DISMISSED, REJECTED

Standing = Callable[[str], Counter[str]]
"""Return how often each line is in a file now, by its digest."""
MOST_PICTURES = 24


@dataclass(frozen=True, slots=True)
class Sums:
    """A number of proposals. ``gates``: those that were rejected, by the gate that did it.

    ``added`` are lines of accepted edits, of which ``standing`` are in their files still.
    ``waits`` are the seconds from ready to the person's decision, in order. ``cost`` is None where
    no price is known.
    """

    proposals: int = 0
    accepted: int = 0
    rejected: int = 0
    dismissed: int = 0
    gates: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    repaired: int = 0
    tested: int = 0
    failed_tests: int = 0
    added: int = 0
    standing: int = 0
    waits: tuple[float, ...] = ()
    requests: int = 0
    tokens: int = 0
    written: int = 0
    model_seconds: float = 0.0
    cost: float | None = None

    @property
    def others(self) -> int:
        """How many were neither accepted nor rejected nor put away: cancelled, stale, undecided."""
        return self.proposals - self.accepted - self.rejected - self.dismissed

    @property
    def speed(self) -> float | None:
        """Tokens a second of the fast model, over all of its answers."""
        return self.written / self.model_seconds if self.written and self.model_seconds else None

    def wait(self, share: float) -> float | None:
        """Return the seconds within which a share of the decisions was taken; None without any."""
        return self.waits[math.ceil(share * len(self.waits)) - 1] if self.waits else None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        speed = self.speed
        return {
            "proposals": self.proposals,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "dismissed": self.dismissed,
            "others": self.others,
            "rejected_by": dict(self.gates.most_common()),
            "repair_rounds": self.rounds,
            "repaired": self.repaired,
            "tested": self.tested,
            "failed_tests": self.failed_tests,
            "accepted_lines": self.added,
            "accepted_lines_standing": self.standing,
            "decision_seconds_median": _rounded(self.wait(0.5)),
            "decision_seconds_90": _rounded(self.wait(0.9)),
            "requests": self.requests,
            "tokens": self.tokens,
            "tokens_per_second": _rounded(speed),
            "cost": None if self.cost is None else round(self.cost, 6),
        }


@dataclass(frozen=True, slots=True)
class Pictured:
    """A picture of what a gate has found in an edit of ``path``: a file, which may be gone."""

    path: str
    code: str
    picture: str
    at: float


@dataclass(frozen=True, slots=True)
class Report:
    """All proposals together, and by model and skill, those with the most proposals first.

    ``pictures`` are of what was rejected, the newest first.
    """

    total: Sums
    models: tuple[tuple[str, Sums], ...] = ()
    skills: tuple[tuple[str, Sums], ...] = ()
    pictures: tuple[Pictured, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "total": self.total.to_json(),
            "models": [{"model": name, **sums.to_json()} for name, sums in self.models],
            "skills": [{"skill": name, **sums.to_json()} for name, sums in self.skills],
            "pictures": [asdict(one) for one in self.pictures],
        }


def report(records: Sequence[Record], standing: Standing) -> Report:
    """Sum up. A line of two accepted edits that is there once is standing for one of them."""
    kept = _still(records, standing)
    by_model: dict[str, list[Record]] = {}
    by_skill: dict[str, list[Record]] = {}
    for record in records:
        by_model.setdefault(_model(record), []).append(record)
        if record.skill:
            by_skill.setdefault(record.skill, []).append(record)
    return Report(
        _sums(records, kept), _grouped(by_model, kept), _grouped(by_skill, kept), _pictured(records)
    )


def _grouped(groups: dict[str, list[Record]], kept: dict[int, int]) -> tuple[tuple[str, Sums], ...]:
    found = [(name, _sums(records, kept)) for name, records in groups.items()]
    return tuple(sorted(found, key=lambda pair: (-pair[1].proposals, pair[0])))


def _pictured(records: Sequence[Record]) -> tuple[Pictured, ...]:
    found = {
        picture: Pictured(record.path, code, picture, record.at)
        for record in records
        if record.outcome == REJECTED
        for picture, code in record.pictures.items()
    }
    newest = sorted(found.values(), key=lambda one: one.at, reverse=True)
    return tuple(newest[:MOST_PICTURES])


def _still(records: Iterable[Record], standing: Standing) -> dict[int, int]:
    """Return of each record how many of its lines are in the file; the newest edit has them first.

    What an older edit wrote and a newer one wrote again is the newer one's.
    """
    files: dict[str, Counter[str]] = {}
    kept: dict[int, int] = {}
    for record in reversed(list(records)):
        if not record.lines:
            continue
        if record.path not in files:
            files[record.path] = Counter(standing(record.path))
        left = files[record.path]
        for line in record.lines:
            if left[line] > 0:
                left[line] -= 1
                kept[id(record)] = kept.get(id(record), 0) + 1
    return kept


def _sums(records: Sequence[Record], kept: dict[int, int]) -> Sums:
    accepted = [record for record in records if record.outcome == ACCEPTED]
    rejected = [record for record in records if record.outcome == REJECTED]
    costs = [record.cost for record in records if record.cost is not None]
    return Sums(
        proposals=len(records),
        accepted=len(accepted),
        rejected=len(rejected),
        dismissed=sum(record.outcome == DISMISSED for record in records),
        gates=Counter(record.gate for record in rejected if record.gate),
        rounds=sum(record.rounds for record in records),
        repaired=sum(record.rounds > 0 for record in records),
        tested=sum("tests" in record.gates or record.failed_tests for record in records),
        failed_tests=sum(record.failed_tests for record in records),
        added=sum(len(record.lines) for record in accepted),
        standing=sum(kept.get(id(record), 0) for record in accepted),
        waits=tuple(
            sorted(
                record.decided_at - record.ready_at
                for record in records
                if record.ready_at and record.decided_at >= record.ready_at
            )
        ),
        requests=sum(record.requests for record in records),
        tokens=sum(record.prompt + record.completion for record in records),
        written=sum(record.written for record in records),
        model_seconds=sum(record.model_seconds for record in records),
        cost=sum(costs) if costs else None,
    )


def _model(record: Record) -> str:
    host = record.origin.partition("://")[2] or record.origin
    return f"{record.model} ({host})" if host else record.model


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
