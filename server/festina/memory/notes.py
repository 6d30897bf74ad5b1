"""Lines for ``progress.md``: written down until they are in the file, so that none is lost.

A line about an accept is written down together with it, before anything is done (`Accept.lines`).
It waits for that accept: of one that never got into its files, nothing is said.
"""

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

    def begin(self, line: str, at: float | None = None, accept: int | None = None) -> Note:
        """A line is to be written, in the place of what waits for an accept where one is named."""
        moment = time.time() if at is None else at
        with self._database.change() as change:
            if accept is not None:
                change.execute("DELETE FROM notes WHERE accept = ?", (accept,))
            made = change.execute(
                "INSERT INTO notes (at, session, line) VALUES (?, ?, ?)",
                (moment, self._living.show(), line),
            )
        return Note(int(made.lastrowid or 0), moment, line)

    def done(self, notes: Iterable[Note]) -> None:
        """These are in the file."""
        with self._database.change() as change:
            change.executemany("DELETE FROM notes WHERE id = ?", [(note.id,) for note in notes])

    def of(self, accept: int) -> list[Note]:
        """Return the lines that wait for an accept."""
        query = "SELECT id, at, line FROM notes WHERE accept = ? ORDER BY id"
        return [Note(*row) for row in self._database.read(query, accept)]

    def left(self) -> list[Note]:
        """Return those of processes that have ended, the oldest first.

        Not what waits for an accept of which nothing says yet that it was carried out.
        """
        rows = self._database.read(
            "SELECT notes.id, notes.at, notes.session, line"
            " FROM notes LEFT JOIN accepts ON accepts.id = notes.accept"
            " WHERE accept IS NULL OR state IN ('seen', 'applied', 'partial') ORDER BY notes.id"
        )
        return [
            Note(number, at, line)
            for number, at, session, line in rows
            if not self._living.lives(session)
        ]
