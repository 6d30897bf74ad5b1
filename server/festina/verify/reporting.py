"""How a test run says what became of its tests.

Beside the pytest plugin: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any

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
    crash = getattr(report.longrepr, "reprcrash", None)
    detail = str(report.longrepr)
    if forked:
        detail = _without_pytest(detail)
    detail = detail[-MAX_DETAIL:]
    if crash is None:
        lines = [line for line in detail.splitlines() if line.strip()]
        last = lines[-1] if lines else "failed"
        message = last[1:].lstrip() if last.startswith("E  ") else last
        return {"detail": detail, "message": message[:500]}
    return {
        "detail": detail,
        "message": str(crash.message)[:1000],
        "path": str(crash.path),
        "line": crash.lineno,
    }


def _without_pytest(text: str) -> str:
    """Return Python's own traceback without the frames of pytest, which come first."""
    kept: list[str] = []
    dropping = False
    for line in text.splitlines():
        if line.startswith("  File "):
            dropping = any(f"{os.sep}{name}{os.sep}" in line for name in ("_pytest", "pluggy"))
        elif not line.startswith("    "):
            dropping = False
        if not dropping:
            kept.append(line)
    return "\n".join(kept)
