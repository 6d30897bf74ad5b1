"""What was spent on each day with each model: a small file in the user's state folder.

It holds numbers, names of models and origins; no prompt, no source text, no key. All processes of
the user share it. Days are those of the local calendar. Looking and holding back are one
step under its lock, in which nothing else is waited for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from festina.kept import KeptFile, state_folder
from festina.models.holdings import Holdings
from festina.spending import Spent, summed

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
        self._holdings = Holdings(self.file.parent / "spending")
        self._seen: tuple[tuple[int, int, int, date], Spent] | None = None

    def days(self) -> dict[str, dict[Name, Tally]]:
        """Return all that is kept, by day (``2026-11-27``) and model."""
        return _days(self._kept.read())

    def today(self) -> Spent:
        """Return what was spent today, with all models together."""
        today = date.today().isoformat()
        models = self.days().get(today, {})
        return summed([Spent(), *(tally.spent for tally in models.values())])

    def reserve(self, most: Spent, broken: Callable[[Spent], str]) -> str:
        """Hold back what this process may come to spend, all in all, unless that breaks a cap.

        ``broken`` is given what was spent today and what other processes hold back, and says which
        cap would be passed. No other process reserves or adds anything meanwhile.

        Returns:
            What ``broken`` said; where that is "", it is held back.

        Raises:
            OSError: the folder cannot be written.
        """
        with self._kept.locked():
            if not (why := broken(self._so_far() + self._holdings.others())):
                self._holdings.hold(most)
        return why

    def _so_far(self) -> Spent:
        """Return what :meth:`today` does, without reading again what nobody has written since."""
        try:
            found = self.file.stat()
        except OSError:
            return self.today()
        seen = (found.st_ino, found.st_mtime_ns, found.st_size, date.today())
        if self._seen is None or self._seen[0] != seen:
            self._seen = (seen, self.today())
        return self._seen[1]

    def close(self) -> None:
        """Hold nothing back any more."""
        self._holdings.close()

    def add(self, more: Mapping[Name, Tally], most: Spent | None = None) -> None:
        """Add to today's numbers. ``most``: then this process may yet come to spend so much.

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
            if most is not None and self._holdings.held:
                with contextlib.suppress(OSError):  # what is added is kept, and not to be again
                    self._holdings.hold(most)


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
