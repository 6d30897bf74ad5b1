"""The tables of a workspace's memory, as a list of steps from nothing to today.

A step that was released is never changed: a change is one step more. Each is carried out as a
whole or not at all, and the file says how many it has been through.
"""

from __future__ import annotations

_FIRST = (
    # accepted edits, until what became of them in the files is known; texts go then
    """
    CREATE TABLE accepts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        session TEXT NOT NULL,
        proposal TEXT NOT NULL,
        name TEXT NOT NULL,
        how TEXT NOT NULL,
        state TEXT NOT NULL,
        told INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    """
    CREATE TABLE accepted_files (
        accept INTEGER NOT NULL REFERENCES accepts (id) ON DELETE CASCADE,
        path TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        on_disk TEXT NOT NULL,
        old BLOB,
        new BLOB,
        PRIMARY KEY (accept, path)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX accepts_by_state ON accepts (state)",
    "CREATE INDEX accepts_by_proposal ON accepts (session, proposal)",
    # what became of proposals: numbers and names, no text of a file
    """
    CREATE TABLE records (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        session TEXT NOT NULL,
        proposal TEXT NOT NULL,
        outcome TEXT NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (session, proposal)
    ) STRICT
    """,
    "CREATE INDEX records_by_time ON records (at)",
    # which step of a plan was tried when, and what came of it
    """
    CREATE TABLE tries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        plan TEXT NOT NULL,
        step TEXT NOT NULL,
        number INTEGER NOT NULL,
        session TEXT NOT NULL,
        proposal TEXT NOT NULL,
        outcome TEXT NOT NULL DEFAULT '',
        why TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    "CREATE INDEX tries_by_step ON tries (plan, step)",
    "CREATE INDEX tries_by_proposal ON tries (session, proposal)",
    # work that waits for its turn
    """
    CREATE TABLE pieces (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        run TEXT NOT NULL,
        place TEXT NOT NULL,
        data TEXT NOT NULL,
        state TEXT NOT NULL,
        session TEXT NOT NULL DEFAULT '',
        proposal TEXT NOT NULL DEFAULT '',
        why TEXT NOT NULL DEFAULT '',
        UNIQUE (run, place)
    ) STRICT
    """,
    "CREATE INDEX pieces_by_state ON pieces (state)",
)

_NOTES = (
    # lines for progress.md, until they are in the file
    """
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        session TEXT NOT NULL,
        line TEXT NOT NULL
    ) STRICT
    """,
)

_NOTES_OF_ACCEPTS = (
    # a line about an accept is written down with it, and waits until the edit is in its files
    "ALTER TABLE notes ADD COLUMN accept INTEGER REFERENCES accepts (id) ON DELETE CASCADE",
)

_NO_QUEUE = (
    # a run of a skill looks for its places anew: what was done matches no more
    "DROP TABLE pieces",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _NOTES, _NOTES_OF_ACCEPTS, _NO_QUEUE)
