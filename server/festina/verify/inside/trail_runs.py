"""Runs each test of a traced run in a fork of the process that has collected them all.

So each finds things as they are after collection: what an earlier test has left behind, such as a
filled cache, would hide that this one needs a function, too. Tests that share a fixture of a wider
scope which takes long to set up are run by one fork. Where a thread runs, nothing is forked, and
all tests run in one process, as usual. Python 3.8 or newer.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from typing import Any

_DEAR_SECONDS = 0.05
"""A fixture of a wider scope that takes longer is set up once for all tests in a row that use it"""
_APART = 10_000
"""Numbers of contexts and lives that each fork may give; none is given twice."""


class Runs:
    """Knows which tests go together, and runs them."""

    def __init__(self, trail: Any, contexts: Any) -> None:
        self.trail = trail
        self.contexts = contexts
        self.numbers: dict[Any, int] = {}
        self.dear: set[str] = set()
        self.report: int | None = None

    def run(self, session: Any) -> object:
        """Run all tests; None leaves that to pytest."""
        if not self._can_fork() or session.config.option.collectonly:
            return None
        items, at = session.items, 0
        while at < len(items):
            end = self._end(items, at)
            if not self._fork(session, items, at, end) and end - at > 1:
                for one in range(at, end):  # one of them ended the process: which one?
                    self._fork(session, items, one, one + 1)
            at = end
        return True

    def _can_fork(self) -> bool:
        try:
            threads = len(os.listdir("/proc/self/task"))
        except OSError:
            threads = threading.active_count()
        return threads == 1

    def _end(self, items: list[Any], at: int) -> int:
        """Return where the tests end that are to run in one process with the one ``at``."""
        shared = self._dear(items[at])
        end = at + 1
        while shared and end < len(items):
            shared &= self._dear(items[end])
            end += bool(shared)
        return end

    def _dear(self, item: Any) -> set[str]:
        fixtures = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        return {_key(one) for found in fixtures.values() for one in found} & self.dear

    def _fork(self, session: Any, items: list[Any], at: int, end: int) -> bool:
        """Run some tests in a fork; whether it came to its end."""
        trail = self.trail
        for item in items[at:end]:
            self.numbers[item] = self.contexts.new("test", item.nodeid)
        trail.flush()
        read, write = os.pipe()
        trail.cloning = True
        child = os.fork()
        trail.cloning = False
        if not child:
            status = 1
            try:
                os.close(read)
                self._in_fork(session, items[at:end], write)
                status = 0
            finally:
                trail.flush()
                os._exit(status)
        os.close(write)
        self.dear.update(json.loads(_all(read) or b"[]"))
        os.close(read)
        ended = os.waitpid(child, 0)[1] == 0
        self.contexts.count += _APART
        with contextlib.suppress(Exception):  # what was left in the file that it captures to
            session.config.pluginmanager.getplugin("capturemanager").read_global_capture()
        return ended

    def _in_fork(self, session: Any, items: list[Any], write: int) -> None:
        """Run tests, and report which fixtures took long."""
        self.trail.alone = len(items) == 1
        self.trail.lives = self.contexts.count
        self.report = write
        manager = session.config.pluginmanager
        if (witness := manager.getplugin("festina_witness")) is not None:
            manager.unregister(witness)  # it reports from the first process alone
        self.dear = set()
        for item, following in zip(items, [*items[1:], None]):  # noqa: B905 - Python 3.8
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        os.write(write, json.dumps(sorted(self.dear)).encode("ascii"))

    def took(self, definition: Any, seconds: float) -> None:
        """Note how long a fixture of a wider scope took to set up."""
        if seconds > _DEAR_SECONDS:
            self.dear.add(_key(definition))

    def record(self, report: Any) -> dict[str, Any]:
        """Describe one phase of one test, as the other plugin does."""
        reporting = sys.modules["festina_reporting"]
        more = reporting.failure(report, forked=False) if report.outcome == "failed" else {}
        return {
            "id": report.nodeid,
            "when": report.when,
            "outcome": report.outcome,
            "xfail": hasattr(report, "wasxfail"),
            "part": hasattr(report, "context"),
            **more,
        }


def _key(definition: Any) -> str:
    return f"{getattr(definition, 'baseid', '')} {definition.argname} {definition.scope}"


def _all(fd: int) -> bytes:
    parts: list[bytes] = []
    while part := os.read(fd, 1 << 16):
        parts.append(part)
    return b"".join(parts)
