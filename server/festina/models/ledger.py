"""What was spent on each day with each model: a small file in the user's state folder.

It holds numbers, names of models and origins; no prompt, no source text, no key. All processes of
the user share it. Days are those of the local calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from festina.kept import KeptFile, state_folder
from festina.spending import Spent

KEPT_DAYS = 92

Name = tuple[str, str]
"""A model's origin and name."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of one model on one day. ``rejected``: by the checks, or by the person."""

    spent: Spent = field(default_factory=Spent)
    proposals: int = 0
    accepted: int = 0
    rejected: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.spent + other.spent,
            self.proposals + other.proposals,
            self.accepted + other.accepted,
            self.rejected + other.rejected,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        return {**self.spent.to_json(), **counts}


_COUNTS = ("proposals", "accepted", "rejected")


class Ledger:
    """The file. Its methods block for a moment: call them in a thread."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or state_folder() / "usage.json"
        self._kept = KeptFile(self.file)

    def days(self) -> dict[str, dict[Name, Tally]]:
        """Return all that is kept, by day (``2026-11-27``) and model."""
        return _days(self._kept.read())

    def today(self) -> Spent:
        """Return what was spent today, with all models together."""
        total = Spent()
        for tally in self.days().get(date.today().isoformat(), {}).values():
            total += tally.spent
        return total

    def add(self, more: Mapping[Name, Tally]) -> None:
        """Add to today's numbers.

        Raises:
            OSError: the file cannot be written.
        """
        today = date.today()
        with self._kept.locked():
            days = self.days()
            now = days.setdefault(today.isoformat(), {})
            for name, tally in more.items():
                total = now.get(name, Tally()) + tally
                # what was counted as rejected may be accepted on another day
                now[name] = replace(total, rejected=max(0, total.rejected))
            kept = sorted(days)[-KEPT_DAYS:]
            self._kept.write({"days": {day: _rows(days[day]) for day in kept}}, flush=False)


def _rows(models: Mapping[Name, Tally]) -> list[dict[str, Any]]:
    return [
        {"origin": origin, "model": model, **tally.to_json()}
        for (origin, model), tally in models.items()
    ]


def _days(data: Mapping[str, Any]) -> dict[str, dict[Name, Tally]]:
    days = data.get("days")
    found: dict[str, dict[Name, Tally]] = {}
    for day, rows in days.items() if isinstance(days, dict) else ():
        models = found.setdefault(str(day), {})
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, dict):
                continue
            counts = [row.get(name) for name in _COUNTS]
            whole = [count if isinstance(count, int) and count >= 0 else 0 for count in counts]
            name = (str(row.get("origin", "")), str(row.get("model", "")))
            models[name] = Tally(Spent.from_json(row), *whole)
    return found
