"""Work that waits for its turn: pieces of a run, taken one by one, by one process each.

What a process had taken and not finished when it ended can be taken again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from festina.memory.database import Database, Row
from festina.memory.living import Living

WAITING, TAKEN = "waiting", "taken"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of work: ``place`` is its name within the run, ``data`` what it takes to do it.

    ``state`` is ``waiting``, ``taken``, or a word of whoever did it. Neither ``data`` nor ``why``
    is a place for source text.
    """

    run: str
    place: str
    data: Mapping[str, Any] = field(default_factory=dict)
    state: str = WAITING
    proposal: str = ""
    why: str = ""
    session: str = ""
    at: float = 0.0
    id: int = 0


class Queue:
    """The pieces of one workspace. Everything here blocks for a moment.

    Raises:
        Trouble: of each method, where the file cannot be used.
    """

    def __init__(self, database: Database, living: Living) -> None:
        self._database = database
        self._living = living

    def add(self, pieces: Iterable[Piece]) -> int:
        """Add pieces; one that its run has already is left as it is. Return how many are new."""
        rows = [(time.time(), one.run, one.place, json.dumps(dict(one.data))) for one in pieces]
        with self._database.change() as change:
            before = change.total_changes
            change.executemany(
                "INSERT OR IGNORE INTO pieces (at, run, place, data, state)"
                " VALUES (?, ?, ?, ?, 'waiting')",
                rows,
            )
            return change.total_changes - before

    def take(self, run: str) -> Piece | None:
        """Take the next piece of a run: nobody else gets it. None where none is waiting."""
        taken = [one for one in self.pieces(run) if one.state == TAKEN]
        ended = [one.id for one in taken if not self._living.lives(one.session)]
        with self._database.change() as change:
            change.executemany(
                "UPDATE pieces SET state = 'waiting', session = '', proposal = ''"
                " WHERE id = ? AND state = 'taken'",
                [(one,) for one in ended],
            )
            row = change.execute(
                f"{_SELECT} WHERE run = ? AND state = 'waiting' ORDER BY id LIMIT 1", (run,)
            ).fetchone()
            if row is None:
                return None
            change.execute(
                "UPDATE pieces SET state = 'taken', session = ? WHERE id = ?",
                (self._living.show(), row[0]),
            )
        return self.find(int(row[0]))

    def move(self, number: int, state: str, *, proposal: str = "", why: str = "") -> None:
        """Say how far a piece (its ``id``) has come."""
        with self._database.change() as change:
            change.execute(
                "UPDATE pieces SET state = ?, proposal = ?, why = ? WHERE id = ?",
                (state, proposal, why, number),
            )

    def find(self, number: int) -> Piece | None:
        """Return one piece."""
        rows = self._database.read(f"{_SELECT} WHERE id = ?", number)
        return _piece(rows[0]) if rows else None

    def pieces(self, run: str) -> list[Piece]:
        """Return the pieces of a run, in their order."""
        rows = self._database.read(f"{_SELECT} WHERE run = ? ORDER BY id", run)
        return [_piece(row) for row in rows]

    def runs(self) -> list[str]:
        """Return the runs that have pieces, the oldest first."""
        rows = self._database.read("SELECT run FROM pieces GROUP BY run ORDER BY min(id)")
        return [str(row[0]) for row in rows]

    def forget(self, run: str) -> None:
        """Take a run away with all its pieces."""
        with self._database.change() as change:
            change.execute("DELETE FROM pieces WHERE run = ?", (run,))


_SELECT = "SELECT id, at, run, place, data, state, session, proposal, why FROM pieces"


def _piece(row: Row) -> Piece:
    number, at, run, place, data, state, session, proposal, why = row
    return Piece(run, place, json.loads(data), state, proposal, why, session, at, number)
