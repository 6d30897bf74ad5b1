"""What ``festina verify --watch`` shows: a screen for a person, or JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from festina.clean import visible
from festina.findings import Finding, Severity
from festina.terminal import Terminal
from festina.verify.examination import Examination

MOST_FINDINGS = 10
DETAIL_LINES = 20


class View(Protocol):
    """Where a sitting is shown."""

    def warn(self, text: str) -> None:
        """Say something that should be read."""

    def watching(self, workspace: Path, files: int) -> None:
        """It begins."""

    @contextmanager
    def running(self, paths: tuple[str, ...]) -> Iterator[None]:
        """Files are being examined; none: the whole suite as it is."""

    def step(self, message: str) -> None:
        """Something more is being done."""

    def examined(
        self, paths: tuple[str, ...], shown: Examination, found: Examination | None
    ) -> None:
        """It ended: what is wrong over all, and what this look found (None: nothing differed)."""


class Screen:
    """For a person: only the newest state is on the screen, where there is one."""

    def __init__(self) -> None:
        self._terminal = Terminal()

    def warn(self, text: str) -> None:
        """Say it in yellow."""
        self._terminal.warn(text)

    def watching(self, workspace: Path, files: int) -> None:
        """Say what is watched, and how to leave."""
        leave = "q" if sys.stdin.isatty() else "control-C"
        what = "1 file" if files == 1 else f"{files} files"
        self._terminal.say(f"watching {what} of {workspace}; {leave} leaves", "dim")

    @contextmanager
    def running(self, paths: tuple[str, ...]) -> Iterator[None]:
        """Show a spinner."""
        what = ", ".join(paths[:3]) + (" ..." if len(paths) > 3 else "")
        with self._terminal.progress(what or "running all tests once"):
            yield

    def step(self, message: str) -> None:
        """Change the words beside the spinner."""
        self._terminal.status(message)

    def examined(
        self, paths: tuple[str, ...], shown: Examination, found: Examination | None
    ) -> None:
        """Show the state in a line, and what is wrong below it."""
        terminal = self._terminal
        terminal.clear()
        words = "as when it passed last" if found is None else found.summary()
        broken = bool(shown.broken or shown.lint)
        state = "amiss" if broken else "note" if shown.reason else "ok"
        name = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        terminal.state(state, f"{words}  {name}".rstrip())
        for finding in shown.lint[:MOST_FINDINGS]:
            self._finding(finding, "", detail=False)
        new = shown.broken
        for number, finding in enumerate(new[:MOST_FINDINGS]):
            place = shown.through.get(finding.code or "")
            where = ""
            if place is not None:
                how = "through" if place.passed else "since the change at"
                where = f"{how} {place.path}:{place.line}"
            self._finding(finding, where, detail=number == 0)
        if (more := len(new) - MOST_FINDINGS) > 0:
            terminal.say(f"  and {more} more", "dim")
        for finding in shown.tests[:MOST_FINDINGS]:
            if finding.code in shown.preexisting:
                terminal.say(f"  {finding.code} failed before, too: {finding.message}", "dim")

    def _finding(self, finding: Finding, where: str, *, detail: bool) -> None:
        place = finding.path + (f":{finding.line}" if finding.line is not None else "")
        code = (finding.code or "").rpartition("::")[2] or str(finding.gate)
        style = "red" if finding.severity is Severity.ERROR else "yellow"
        self._terminal.say(f"  {place}  {code}  {finding.message}", style)
        if where:
            self._terminal.say(f"    {where}")
        lines = (finding.detail or "").rstrip().split("\n") if detail and finding.detail else []
        if len(lines) > DETAIL_LINES:
            lines = ["...", *lines[-DETAIL_LINES:]]
        for line in lines:
            self._terminal.say(f"    {line}", "dim")


class Lines:
    """For a program: one JSON object a line, each with an ``event``."""

    def warn(self, text: str) -> None:
        """Say it on standard error."""
        sys.stderr.write(f"festina: {visible(text)}\n")

    def watching(self, workspace: Path, files: int) -> None:
        """Print what is watched."""
        _print("watching", workspace=str(workspace), files=files)

    @contextmanager
    def running(self, paths: tuple[str, ...]) -> Iterator[None]:
        """Print what is examined."""
        _print("running", paths=list(paths))
        yield

    def step(self, message: str) -> None:
        """Steps are for people."""

    def examined(
        self, paths: tuple[str, ...], shown: Examination, found: Examination | None
    ) -> None:
        """Print all of it."""
        summary = None if found is None else found.summary()
        _print("examined", paths=list(paths), summary=summary, **shown.to_json())


def _print(event: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()
