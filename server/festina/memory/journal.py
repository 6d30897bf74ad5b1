"""Accepted edits: written down before anything is done, until what became of them is known.

An entry holds the texts before and after. When the files are known to hold the edit, or the person
has decided otherwise, the texts go and only the fact stays.
"""

from __future__ import annotations

import enum
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from festina.memory.database import Database, Row
from festina.memory.fate import Fate, Found, fate
from festina.memory.living import Living
from festina.text import Text, encode

KEPT_OVER = 500
"""Entries that are over, and still known: which proposals were accepted."""


class State(enum.StrEnum):
    """How far an entry has come."""

    OFFERED = "offered"
    """The editor has the edit, and nothing says yet that the person took it."""
    ACCEPTED = "accepted"
    """The person has accepted; the edit is on its way."""
    SEEN = "seen"
    """It is in the editor's text, which may not be saved yet."""
    UNDONE = "undone"
    """The person has taken it back in the editor; they may still bring it back."""
    APPLIED = "applied"
    ABSENT = "absent"
    PARTIAL = "partial"

    @property
    def over(self) -> bool:
        """What became of it is known; its texts are gone."""
        return self in OVER


OVER = frozenset({State.APPLIED, State.ABSENT, State.PARTIAL})


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of an accepted edit: its path in the workspace, and its texts.

    ``on_disk`` is the digest of what the file held then, where that was not ``before``.
    """

    path: str
    before: Text
    after: Text
    on_disk: str = ""

    def found(self, workspace: Path) -> Found:
        """Say what became of it. Blocks."""
        try:
            now: bytes | None = (workspace / self.path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            now = None
        return fate(self.before, self.after, self.on_disk, now)


@dataclass(frozen=True, slots=True)
class Entry:
    """One accept. ``at`` is in seconds since the epoch; ``how`` is ``editor`` or ``command``.

    ``name`` is what was edited, for a person. ``told``: the person was told of it.
    """

    id: int
    at: float
    session: str
    proposal: str
    name: str
    how: str
    state: State
    told: bool
    files: tuple[Kept, ...]

    def found(self, workspace: Path) -> dict[str, Found]:
        """Say of each file what became of it. Blocks.

        Raises:
            OSError: a file cannot be read.
        """
        return {kept.path: kept.found(workspace) for kept in self.files}


@dataclass(frozen=True, slots=True)
class Accept:
    """An accept that is to be written down: what an entry says before anything is done.

    ``lines`` are for ``progress.md``, once the edit is in its files.
    """

    files: tuple[Kept, ...]
    proposal: str = ""
    name: str = ""
    how: str = "editor"
    state: State = State.ACCEPTED
    lines: tuple[str, ...] = ()


class Journal:
    """The accepted edits of one workspace. Everything here blocks for a moment.

    Raises:
        Trouble: of each method, where the file cannot be used.
    """

    def __init__(self, database: Database, living: Living) -> None:
        self._database = database
        self._living = living

    def begin(
        self,
        files: Sequence[Kept],
        *,
        proposal: str = "",
        name: str = "",
        how: str = "editor",
        state: State = State.ACCEPTED,
        lines: Sequence[str] = (),
    ) -> int:
        """Write down an edit before it is applied; return the entry's number.

        When this returns it is on the disk.
        """
        one = Accept(tuple(files), proposal, name, how, state, tuple(lines))
        (number,) = self.begin_all([one])
        return number

    def begin_all(self, accepts: Sequence[Accept]) -> list[int]:
        """Write down edits that are applied as one, before they are; return their numbers.

        All of them are on the disk when this returns: whatever ends everything, none is missing.
        """
        numbers = []
        with self._database.change() as change:
            session, now = self._living.show(), time.time()
            for one in accepts:
                made = change.execute(
                    "INSERT INTO accepts (at, session, proposal, name, how, state)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (now, session, one.proposal, one.name, one.how, one.state),
                )
                numbers.append(int(made.lastrowid or 0))
                change.executemany(
                    "INSERT INTO accepted_files VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [(numbers[-1], *_row(kept)) for kept in one.files],
                )
                change.executemany(
                    "INSERT INTO notes (at, session, line, accept) VALUES (?, ?, ?, ?)",
                    [(now, session, line, numbers[-1]) for line in one.lines],
                )
            change.execute(
                "DELETE FROM accepts WHERE state IN ('applied', 'absent', 'partial')"
                " AND id <= (SELECT max(id) FROM accepts) - ?",
                (KEPT_OVER,),
            )
        return numbers

    def move(self, number: int, state: State) -> None:
        """An entry has come further, or is over: then its texts go."""
        with self._database.change() as change:
            change.execute("UPDATE accepts SET state = ? WHERE id = ?", (state, number))
            if state.over:
                change.execute(
                    "UPDATE accepted_files SET old = NULL, new = NULL WHERE accept = ?", (number,)
                )
            if state is State.ABSENT:
                change.execute("DELETE FROM notes WHERE accept = ?", (number,))

    def take_back(self, numbers: Iterable[int]) -> None:
        """These were not accepted after all."""
        with self._database.change() as change:
            change.executemany("DELETE FROM accepts WHERE id = ?", [(one,) for one in numbers])

    def adopt(self, number: int) -> None:
        """An entry of a process that has ended is in our editor's text: it is ours from now on."""
        with self._database.change() as change:
            change.execute(
                "UPDATE accepts SET session = ?, state = ? WHERE id = ?",
                (self._living.show(), State.SEEN, number),
            )

    def tell(self, numbers: Iterable[int]) -> None:
        """The person was told of these."""
        with self._database.change() as change:
            change.executemany("UPDATE accepts SET told = 1 WHERE id = ?", [(n,) for n in numbers])

    def find(self, number: int) -> Entry | None:
        """Return one entry."""
        rows = self._database.read(f"{_SELECT} WHERE id = ?", number)
        return self._entry(rows[0]) if rows else None

    def of(self, session: str, proposal: str) -> Entry | None:
        """Return the last accept of a proposal."""
        rows = self._database.read(
            f"{_SELECT} WHERE session = ? AND proposal = ? ORDER BY id DESC LIMIT 1",
            *(session, proposal),
        )
        return self._entry(rows[0]) if rows else None

    def left(self) -> list[Entry]:
        """Return the entries that are not over, of processes that have ended; the oldest first.

        What the person has taken back in an editor is not among them.
        """
        rows = self._database.read(
            f"{_SELECT} WHERE state IN ('offered', 'accepted', 'seen') ORDER BY id"
        )
        entries = [self._entry(row) for row in rows]
        return [entry for entry in entries if not self._living.lives(entry.session)]

    def look(self, workspace: Path) -> list[tuple[Entry, dict[str, Found]]]:
        """Return what is left, with what each of its files says; the oldest first.

        What is in all of its files is over from now on.
        """
        found = []
        self._forget_undone()
        for entry in self.left():
            try:
                files = entry.found(workspace)
            except OSError:  # it cannot be read now; another time it may
                continue
            if all(one.fate is Fate.APPLIED for one in files.values()):
                self.move(entry.id, State.APPLIED)
            found.append((entry, files))
        return found

    def _forget_undone(self) -> None:
        """What a person took back in an editor that has ended is not wanted any more."""
        rows = self._database.read("SELECT id, session FROM accepts WHERE state = 'undone'")
        if gone := [int(number) for number, session in rows if not self._living.lives(session)]:
            self.take_back(gone)

    def busy(self) -> set[str]:
        """Return the files that living processes have accepted edits of."""
        rows = self._database.read(
            "SELECT session, path FROM accepts JOIN accepted_files ON accept = id"
            " WHERE state IN ('accepted', 'seen', 'undone')"
        )
        return {str(path) for session, path in rows if self._living.lives(str(session))}

    def _entry(self, row: Row) -> Entry:
        number, at, session, proposal, name, how, state, told = row
        files = self._database.read(
            "SELECT path, on_disk, old, new FROM accepted_files WHERE accept = ? ORDER BY path",
            number,
        )
        kept = tuple(
            Kept(path, _text(old), _text(new), on_disk)
            for path, on_disk, old, new in files
            if old is not None and new is not None
        )
        return Entry(number, at, session, proposal, name, how, State(state), bool(told), kept)


_SELECT = "SELECT id, at, session, proposal, name, how, state, told FROM accepts"


def _row(kept: Kept) -> tuple[object, ...]:
    digests = (kept.before.digest, kept.after.digest, kept.on_disk)
    return (kept.path, *digests, _packed(kept.before), _packed(kept.after))


def _packed(text: Text) -> bytes:
    return zlib.compress(encode(text), 3)


def _text(data: bytes) -> Text:
    return Text(zlib.decompress(data).decode("utf-8", "surrogatepass"))
