"""How a test run says what became of its tests.

Beside the pytest plugin: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import json
import os
import re
import threading
import unittest
from typing import Any, NamedTuple

_RUNNERS = tuple(f"{os.sep}{name}{os.sep}" for name in ("_pytest", "pluggy"))
_UNITTEST = os.path.dirname(unittest.__file__) + os.sep  # noqa: PTH120 - 3.8, early, cheap
_FRAME = re.compile(r'^  File "(.+)", line (\d+), in ', re.MULTILINE)
_DOCTEST = re.compile(r"Expected(?::| nothing)$|Differences \(|UNEXPECTED EXCEPTION: ")
"""How pytest begins what became of a doctest's example, below the numbered lines up to it."""
_COLOURS = re.compile("\x1b\\[[0-9;]*m")
"""What pytest colours compared values with, where a project asks for ``--color=yes``."""
MAX_DETAIL = 6000
"""Characters of a failure's text that are reported; its end says most."""


class Reporter:
    """Writes records. A forked child shares the pipe and must stay silent: the pid tells.

    Tests replace functions (``os.write``, ``json.dumps``, all of ``os``) while we report on them:
    what is needed is kept here, where tools that replace names in modules do not look.
    """

    def __init__(self, fd: int, nonce: str) -> None:
        self.fd = fd
        self.nonce = nonce
        self.getpid, self.put, self.dump = os.getpid, os.write, json.dumps
        self.pid = os.getpid()
        self.lock = threading.Lock()

    def write(self, kind: str, **fields: Any) -> None:
        """Write one record, whole."""
        if self.getpid() != self.pid:
            return
        record = self.dump({"kind": kind, **fields}, default=str)
        data = f"{self.nonce} {record}\n".encode("ascii", "backslashreplace")
        with self.lock:
            while data:
                data = data[self.put(self.fd, data) :]


class Notes:
    """Stands in for the reporter in a fork server: keeps what its children are to know."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []

    def write(self, kind: str, **fields: Any) -> None:
        """Keep one record."""
        self.notes.append({"kind": kind, **fields})


def failure(report: Any, *, forked: bool) -> dict[str, Any]:
    """Describe a failure; ``forked`` says that its text is Python's own traceback."""
    crash = getattr(report.longrepr, "reprcrash", None) or _example(report.longrepr)
    detail = _COLOURS.sub("", str(report.longrepr))
    if forked:
        detail = _without_pytest(detail)
    detail = detail[-MAX_DETAIL:]
    if crash is None:
        lines = [line for line in detail.splitlines() if line.strip()]
        last = lines[-1] if lines else "failed"
        message = last[1:].lstrip() if last.startswith("E  ") else last
        return {"detail": detail, "message": message[:500]}
    path, line = str(crash.path), crash.lineno
    if _is_runner(path):  # it compares for others: the assertion is where it was called
        path, line = _called_from(report, detail) or (path, line)
    message = _COLOURS.sub("", str(crash.message))[:1000]
    return {"detail": detail, "message": message, "path": path, "line": line}


class _Crash(NamedTuple):
    path: str
    lineno: int | None
    message: str


def _example(longrepr: Any) -> _Crash | None:
    """Return where a doctest failed and what its first wrong example says, in one line.

    Its text ends with the place alone, which tells nobody what was expected.
    """
    for place, lines in getattr(longrepr, "reprlocation_lines", ())[:1]:
        for at, line in enumerate(lines):
            if _DOCTEST.match(line):
                example = lines[at - 1].partition(">>> ")[2] if at else ""
                said = [line] if line.startswith("UNEXPECTED") else lines[at:]
                message = " ".join(" ".join([example, *said]).split())
                return _Crash(str(place.path), place.lineno, message)
    return None


def _called_from(report: Any, detail: str) -> tuple[str, int] | None:
    """Return the last place that pytest shows; in Python's own traceback, the last one left."""
    entries = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", [])
    place = getattr(entries[-1], "reprfileloc", None) if entries else None
    if place is not None:
        return str(place.path), int(place.lineno)
    frames = _FRAME.findall(detail)
    return (frames[-1][0], int(frames[-1][1])) if frames else None


def _is_runner(path: str) -> bool:
    return path.startswith(_UNITTEST) or any(name in path for name in _RUNNERS)


def _without_pytest(text: str) -> str:
    """Return Python's own traceback without the frames of pytest and unittest."""
    kept: list[str] = []
    dropping = False
    for line in text.splitlines():
        if line.startswith("  File "):
            dropping = _is_runner(line[len('  File "') :])
        elif not line.startswith("    "):
            dropping = False
        if not dropping:
            kept.append(line)
    return "\n".join(kept)
