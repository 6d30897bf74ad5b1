"""Which step of which plan led to which proposal, how often it was tried, and what came of it.

A step is known by a key of its words and bounds, not by its line: people move steps about.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from festina.memory.database import Database, Row
from festina.memory.living import Living


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a step. ``number`` counts from 1; ``outcome`` is empty as long as it is open.

    ``outcome`` and ``why`` are the words of whoever runs plans; no source text belongs in them.
    """

    id: int
    at: float
    plan: str
    step: str
    number: int
    session: str
    proposal: str
    outcome: str = ""
    why: str = ""


class Steps:
    """The tries of one workspace. Everything here blocks for a moment.

    Raises:
        Trouble: of each method, where the file cannot be used.
    """

    def __init__(self, database: Database, living: Living) -> None:
        self._database = database
        self._living = living

    def begin(self, plan: str, step: str, proposal: str) -> Try:
        """A step is tried; ``plan`` is the plan's path, ``step`` the step's key."""
        with self._database.change() as change:
            session, now = self._living.show(), time.time()
            row = change.execute(
                "SELECT count(*) FROM tries WHERE plan = ? AND step = ?", (plan, step)
            ).fetchone()
            number = int(row[0]) + 1
            made = change.execute(
                "INSERT INTO tries (at, plan, step, number, session, proposal)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (now, plan, step, number, session, proposal),
            )
        return Try(int(made.lastrowid or 0), now, plan, step, number, session, proposal)

    def end(self, number: int, outcome: str, why: str = "") -> None:
        """A try (its ``id``) has come to an end."""
        with self._database.change() as change:
            change.execute(
                "UPDATE tries SET outcome = ?, why = ? WHERE id = ?", (outcome, why, number)
            )

    def tries(self, plan: str, step: str | None = None) -> list[Try]:
        """Return the tries of a plan, or of one of its steps, the oldest first."""
        one = "" if step is None else " AND step = ?"
        values = (plan,) if step is None else (plan, step)
        rows = self._database.read(f"{_SELECT} WHERE plan = ?{one} ORDER BY id", *values)
        return [_try(row) for row in rows]

    def of(self, proposal: str, session: str | None = None) -> Try | None:
        """Return the last try that led to a proposal; of this process unless another is named."""
        rows = self._database.read(
            f"{_SELECT} WHERE session = ? AND proposal = ? ORDER BY id DESC LIMIT 1",
            *(session or self._living.token, proposal),
        )
        return _try(rows[0]) if rows else None

    def broken_off(self) -> list[Try]:
        """Return the tries that are open, and whose process has ended."""
        rows = self._database.read(f"{_SELECT} WHERE outcome = '' ORDER BY id")
        return [one for row in rows if not self._living.lives((one := _try(row)).session)]


_SELECT = "SELECT id, at, plan, step, number, session, proposal, outcome, why FROM tries"


def _try(row: Row) -> Try:
    return Try(*row)
