"""One run of a suite, built record by record from what our pytest plugin reports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")

BAD = frozenset(["failed", "error"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test: ``passed``, ``failed``, ``error``, ``skipped``, ``xfailed``."""

    id: str
    status: str
    message: str = ""
    detail: str = ""
    path: str = ""
    line: int | None = None

    @property
    def bad(self) -> bool:
        """It failed, in the test itself or around it."""
        return self.status in BAD


@dataclass
class Run:
    """One run of a suite, built record by record.

    ``place`` is the folder at which the run saw the workspace; paths in it are kept relative.
    ``ids`` are those that were to run (None: collection did not end), ``end`` is pytest's exit
    status from the end record (None: there was none), ``imported`` the hash of the watched file
    each time that it was executed as a module, ``modules`` the file of every imported module,
    ``replaced`` what of pytest and of our plugin was no longer the original at some time, and every
    hook that a plugin has, ``touched`` the files of its copy that the run changed, ``garbled`` that
    some of its records could not be read, or came after the end record. ``refused`` says why a
    child of a fork server ran nothing, ``ended`` why whoever watches over a run ended it; ``cpu``
    is in seconds, ``rss_kib`` its largest process, ``spent`` the seconds that a child of a fork
    server needed for each stage before its tests.
    """

    place: str = ""
    started: bool = False
    ids: tuple[str, ...] | None = None
    files: frozenset[str] = frozenset()
    deselected: frozenset[str] = frozenset()
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    running: str | None = None
    end: int | None = None
    internal_error: str = ""
    code_changed: bool = True
    changed: tuple[int, ...] = ()
    executed: tuple[int, ...] = ()
    imported: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    garbled: bool = False
    stopped: bool = False
    timed_out: bool = False
    returncode: int | None = None
    seconds: float = 0.0
    output: str = ""
    refused: str = ""
    ended: str = ""
    cpu: float = 0.0
    rss_kib: int = 0
    spent: Mapping[str, float] = field(default_factory=dict)

    def take(self, line: bytes) -> Outcome | None:
        """Take in one record as it came, whatever it is."""
        if self.end is not None:  # who wrote that has not come to the end
            self.garbled = True
            return None
        try:
            return self.add(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            self.garbled = True
            return None

    def add(self, record: Mapping[str, Any]) -> Outcome | None:
        """Take in one record; return the outcome that it settles or worsens, if any."""
        kind = record["kind"]
        if kind == "start":
            self.started = True
        elif kind == "collected":
            self.ids = tuple(normal(record["ids"]))
            self.files |= frozenset(map(self.relative, record["files"]))
        elif kind == "deselected":
            self.deselected |= frozenset(normal(record["ids"]))
        elif kind == "begin":
            self.running = record["id"]
        elif kind == "collect_error":
            return self._settle(self._outcome(record, "error"))
        elif kind == "report":
            return self._report(record)
        elif kind == "internal_error":
            self.internal_error = record["detail"]
        elif kind == "refused":
            self.refused = record["why"]
        elif kind == "end":
            self._end(record)
        return None

    def _report(self, record: Mapping[str, Any]) -> Outcome | None:
        outcome, when = record["outcome"], record["when"]
        if outcome == "failed":
            return self._settle(self._outcome(record, "failed" if when == "call" else "error"))
        if record["part"]:  # a subtest; only its failure says something of its test
            return None
        if outcome == "skipped":
            return self._settle(self._outcome(record, "xfailed" if record["xfail"] else "skipped"))
        if outcome == "passed" and when == "call":
            return self._settle(self._outcome(record, "passed"))
        return None

    def _settle(self, outcome: Outcome) -> Outcome | None:
        known = self.outcomes.get(outcome.id)
        if known is not None and (known.bad or (known.status != "passed" and not outcome.bad)):
            return None
        self.outcomes[outcome.id] = outcome
        return outcome

    def _end(self, record: Mapping[str, Any]) -> None:
        self.end = record["status"]
        self.running = None
        self.code_changed = record["code_changed"]
        self.changed = tuple(record["changed"])
        self.executed = tuple(record["executed"])
        self.imported = tuple(record["imported"])
        self.replaced = frozenset(record["replaced"])
        self.modules = {
            **self.modules,
            **{name: self.relative(path) for name, path in record["modules"].items()},
        }
        self.spent = record.get("spent", {})

    def relative(self, path: str) -> str:
        """Return a path relative to the workspace where it lies in it."""
        return path.removeprefix(self.place + "/") if self.place else path

    def _outcome(self, record: Mapping[str, Any], status: str) -> Outcome:
        return Outcome(
            plain(record["id"]),
            status,
            record.get("message", ""),
            record.get("detail", ""),
            self.relative(record.get("path", "")),
            record.get("line"),
        )

    @property
    def failing(self) -> set[str]:
        """The ids that failed, and the files that could not be collected."""
        return {outcome.id for outcome in self.outcomes.values() if outcome.bad}


class Intake:
    """Takes a run's records in as their bytes come, whatever comes between them.

    ``stop`` is asked at each outcome; once it has said so, or there is too much, :meth:`feed` says
    that it is enough.
    """

    def __init__(
        self, run: Run, nonce: str, stop: Callable[[Outcome], bool] | None, most: int
    ) -> None:
        self._run, self._nonce, self._stop, self._left = run, nonce.encode("ascii"), stop, most
        self._rest = bytearray()  # grows in place: a run can send a great deal without a line end

    @property
    def pending(self) -> int:
        """How many bytes wait for the end of their line."""
        return len(self._rest)

    def feed(self, data: bytes) -> bool:
        """Take in what came next; whether the run is to be stopped."""
        run = self._run
        self._left -= len(data)
        if self._left < 0:
            run.stopped = True
        if run.stopped:
            return True
        self._rest += data
        if b"\n" not in data:
            return False
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            mark, _, record = line.partition(b" ")
            if mark != self._nonce:
                continue  # not from our plugin
            outcome = run.take(bytes(record))
            if outcome is not None and self._stop is not None and self._stop(outcome):
                run.stopped = True
                return True
        return False


def plain(test: str) -> str:
    """Return a test id without memory addresses, which differ from run to run."""
    return _ADDRESS.sub("0x", test)


def normal(ids: Iterable[str]) -> list[str]:
    """Return test ids without memory addresses, in order."""
    return [plain(test) for test in ids]
