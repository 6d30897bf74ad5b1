"""What became of proposals: numbers and names, never a text of a file, for ``festina report``."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from festina.memory.database import Database, Row
from festina.memory.living import Living

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Record:
    """One proposal, as far as it has come.

    ``outcome`` is ``accepted``, ``rejected`` (by ``gate``), ``dismissed`` (by the person) or a
    proposal's last state. ``rounds`` are repairs. ``ready_at`` is when it first was ready and
    ``decided_at`` when the person decided, in seconds since the epoch; 0 where that never was.
    ``written`` are the tokens of ``completion`` that the fast model wrote, in ``model_seconds``.
    ``failed_tests``: its tests failed at least once. ``lines`` are digests of the lines that an
    accepted edit added, by which it can be told how many are still there. ``pictures`` are paths
    of those that a gate took of what it found, with the code of that; they may be gone some day.
    """

    proposal: str
    outcome: str
    path: str = ""
    name: str = ""
    how: str = "editor"
    gate: str = ""
    gates: Mapping[str, str] = field(default_factory=dict)
    skill: str = ""
    step: str = ""
    origin: str = ""
    model: str = ""
    candidates: int = 0
    rounds: int = 0
    failed_tests: bool = False
    asked_at: float = 0.0
    ready_at: float = 0.0
    decided_at: float = 0.0
    requests: int = 0
    prompt: int = 0
    completion: int = 0
    written: int = 0
    cost: float | None = None
    model_seconds: float = 0.0
    lines: tuple[str, ...] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    at: float = 0.0


_APART = ("proposal", "outcome", "session", "at")
_KNOWN = frozenset(each.name for each in fields(Record))


class Records:
    """The proposals of one workspace. Everything here blocks for a moment.

    Raises:
        Trouble: of each method, where the file cannot be used.
    """

    def __init__(self, database: Database, living: Living) -> None:
        self._database = database
        self._living = living

    def put(self, record: Record) -> None:
        """Write a record down, in the place of what was said of the same proposal before."""
        data = {name: value for name, value in asdict(record).items() if name not in _APART}
        with self._database.change() as change:
            change.execute(
                "INSERT INTO records (at, session, proposal, outcome, data) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (session, proposal) DO UPDATE SET outcome = excluded.outcome,"
                " data = excluded.data",
                (
                    *(record.at or time.time(), record.session or self._living.token),
                    *(record.proposal, record.outcome, json.dumps(data)),
                ),
            )
            change.execute(
                "DELETE FROM records WHERE id <= (SELECT max(id) FROM records) - ?", (KEPT,)
            )

    def all(self, since: float = 0.0) -> list[Record]:
        """Return the records since a moment, the oldest first."""
        rows = self._database.read(f"{_SELECT} WHERE at >= ? ORDER BY id", since)
        return [_record(row) for row in rows]

    def of(self, proposal: str, session: str | None = None) -> Record | None:
        """Return the record of a proposal; of this process unless another is named."""
        rows = self._database.read(
            f"{_SELECT} WHERE session = ? AND proposal = ?",
            *(session or self._living.token, proposal),
        )
        return _record(rows[0]) if rows else None


# one that was ready when everything ended was accepted all the same if the journal says so
_SELECT = """
SELECT at, session, proposal, CASE WHEN outcome IN ('ready', 'unverified') AND EXISTS (
    SELECT 1 FROM accepts WHERE accepts.session = records.session
    AND accepts.proposal = records.proposal AND accepts.state = 'applied'
) THEN 'accepted' ELSE outcome END, data FROM records
"""


def _record(row: Row) -> Record:
    at, session, proposal, outcome, data = row
    known = {name: value for name, value in json.loads(data).items() if name in _KNOWN}
    record = Record(proposal, outcome, **_typed(known))
    return replace(record, session=session, at=at)


def _typed(data: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if name == "lines" else value for name, value in data.items()}
