"""One SQLite file: opened at its first use, private, in WAL mode, with a schema that has a version.

Everything in here blocks for a moment, and may wait for other processes: never on an event loop.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from festina.memory import schema

if TYPE_CHECKING:
    import sqlite3

LOCK_SECONDS = 2.0
"""Others keep it for milliseconds. One that was stopped meanwhile holds nobody up for longer."""

Row = Sequence[Any]


class Trouble(Exception):  # noqa: N818 - reads as the sentence it makes
    """The file cannot be used; ``str()`` says why and what to do. The work goes on without it."""


class Database:
    """The file and one connection to it, which any thread may use, one at a time."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    @property
    def exists(self) -> bool:
        """Whether anything was ever kept."""
        return self.file.exists()

    def read(self, query: str, *values: Any) -> list[Row]:
        """Return the rows of a query; none where nothing was ever kept.

        Raises:
            Trouble: the file cannot be used.
        """
        if self._connection is None and not self.exists:
            return []
        with self._lock, self._telling():
            rows: list[Row] = self._open().execute(query, values).fetchall()
            return rows

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Change several things at once: all of them outlast whatever comes, or none.

        Raises:
            Trouble: the file cannot be used; nothing was changed.
        """
        with self._lock, self._telling(), _all_or_nothing(self._open()) as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file; it is opened again when it is needed."""
        import sqlite3

        with self._lock, contextlib.suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    # -- opening ----------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self.exists:
            return self._connection
        self.close()  # somebody has taken the file away: a new one is begun
        self._make_private()
        import sqlite3

        connection = sqlite3.connect(
            self.file, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _make_private(self) -> None:
        """See to it that nobody else can read the file, nor what SQLite puts beside it."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        # by its name: to close a handle of our own would take SQLite's locks away
        mode = stat.S_IMODE(self.file.stat().st_mode)
        if not mode & stat.S_IWUSR:  # for root it is writable all the same, and was not meant to be
            raise Trouble(self._words("is read-only", "Make it writable, or move it away."))
        if mode & 0o077:
            self.file.chmod(mode & 0o700)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise Trouble(self._damaged(str(damage)))
        known = len(schema.MIGRATIONS)
        if (version := _version(connection)) > known:
            does = f"was written by a newer Festina (form {version}, and this one knows {known})"
            raise Trouble(self._words(does, "Update this one, or move the file away."))
        if version < known:
            with _all_or_nothing(connection):
                # another process may have done it while we waited
                for number in range(_version(connection), known):
                    for statement in schema.MIGRATIONS[number]:
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {known}")

    # -- what goes wrong --------------------------------------------------------------------

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what SQLite and the system say into a sentence."""
        try:
            import sqlite3
        except ImportError:
            raise Trouble(
                "This Python was built without SQLite, so nothing is kept of what was accepted."
            ) from None
        try:
            yield
        except sqlite3.OperationalError as error:
            self.close()
            raise Trouble(self._operational(error)) from None
        except sqlite3.DatabaseError as error:
            self.close()
            raise Trouble(self._damaged(str(error))) from None
        except OSError as error:
            self.close()
            does = f"cannot be used ({error.strerror or error})"
            raise Trouble(self._words(does, "Make its folder writable.")) from None

    def _operational(self, error: sqlite3.OperationalError) -> str:
        said = str(error)
        if "locked" in said or "busy" in said:
            return self._words("is locked by another program", "End that, or wait for it.")
        if "readonly" in said:
            return self._words("is read-only", "Make it and its folder writable, or move it away.")
        if "full" in said:
            return self._words("could not be written, as the disk is full", "Make room.")
        if "no such" in said or "malformed" in said:
            return self._damaged(said)
        return self._words(f"cannot be used ({said})", "See to that, or move it away.")

    def _damaged(self, why: str) -> str:
        first = why.splitlines()[0] if why else "no reason given"
        remedy = "Move it away, and a new one is begun; no file of yours is in it."
        return self._words(f"is damaged ({first})", remedy)

    def _words(self, does: str, remedy: str) -> str:
        return (
            f"{self.file} {does}, so Festina goes on without its memory of this workspace. {remedy}"
        )


@contextlib.contextmanager
def _all_or_nothing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
