"""Lines for ``progress.md``: written down until they are in the file, so that none is lost."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from festina.memory.database import Database
from festina.memory.living import Living


@dataclass(frozen=True, slots=True)
class Note:
    """One line, of the moment ``at``, in seconds since the epoch."""

    id: int
    at: float
    line: str


class Notes:
    """The lines of one workspace. Everything here blocks for a moment.

    Raises:
        Trouble: of each method, where the file cannot be used.
    """

    def __init__(self, database: Database, living: Living) -> None:
        self._database = database
        self._living = living

    def begin(self, line: str, at: float | None = None) -> Note:
        """A line is to be written."""
        moment = time.time() if at is None else at
        with self._database.change() as change:
            made = change.execute(
                "INSERT INTO notes (at, session, line) VALUES (?, ?, ?)",
                (moment, self._living.show(), line),
            )
        return Note(int(made.lastrowid or 0), moment, line)

    def done(self, notes: Iterable[Note]) -> None:
        """These are in the file."""
        with self._database.change() as change:
            change.executemany("DELETE FROM notes WHERE id = ?", [(note.id,) for note in notes])

    def left(self) -> list[Note]:
        """Return those of processes that have ended, the oldest first."""
        rows = self._database.read("SELECT id, at, session, line FROM notes ORDER BY id")
        return [
            Note(number, at, line)
            for number, at, session, line in rows
            if not self._living.lives(session)
        ]
