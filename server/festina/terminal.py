"""What a command says to a person: calm, aligned, and coloured on a terminal only.

Results go to standard output, progress to standard error. Everything that a model, a tool or a file
said passes through :func:`visible` first: no escape sequence of theirs reaches the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from festina.clean import visible
from festina.findings import Finding, Gate, GateResult, Status, Verdict, duration
from festina.proposals import CandidateStatus

if TYPE_CHECKING:
    from rich.console import RenderableType

PREVIEW_LINES = 10
MOST_FINDINGS = 5
DETAIL_LINES = 20
_WORD_WIDTH = 11

_LOOKS: dict[str, tuple[str, str, str, str]] = {
    # mark, mark where the encoding has no such character, word, style
    CandidateStatus.PASSED: ("✔", "+", "passed", "green"),
    CandidateStatus.FAILED: ("✘", "x", "rejected", "red"),
    CandidateStatus.UNVERIFIED: ("?", "?", "unverified", "yellow"),
    CandidateStatus.UNUSABLE: ("✘", "x", "unusable", "red"),
}
_STATES = {"ok": ("✔", "+", "green"), "note": ("·", "-", "yellow"), "amiss": ("✘", "x", "red")}
_ENDS = {Status.PASSED: "ok", Status.FAILED: "failed", Status.UNVERIFIED: "not verified"}
_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def brief(verdict: Verdict) -> str:
    """Say how each gate ended, for a place where the findings and reasons follow."""
    if verdict.status is Status.PASSED or not verdict.gates:
        return verdict.summary()
    parts = [
        f"{gate.label} {_ENDS[gate.status]}"
        for gate in verdict.gates
        if gate.status is not Status.SKIPPED
    ]
    return ", ".join([*parts, duration(verdict.seconds)])


def in_a_line(verdict: Verdict) -> str:
    """Say what a verdict rests on, or was given for, in a line that stands alone.

    What it was given for comes first: a narrow terminal cuts the line's end off.
    """
    for gate in verdict.gates:
        if gate.status is Status.FAILED and verdict.status is Status.FAILED:
            return f"{gate.label}: {_why(gate)}"
    reasons = [gate.reason for gate in verdict.gates if gate.status is Status.UNVERIFIED]
    if verdict.status is not Status.UNVERIFIED or not reasons or not reasons[0]:
        return verdict.summary()
    return f"{brief(verdict)}: {reasons[0].partition('. ')[0].rstrip('.')}"


def _why(gate: GateResult) -> str:
    """Say in a few words what a gate has against a candidate."""
    if not gate.findings:
        return gate.reason or "failed"
    first = gate.findings[0]
    message = first.message.split("\n")[0]
    if not first.code:
        return message
    if gate.gate is Gate.TESTS:  # the folder and file of a test say little here, its name much
        return message.replace(first.code, first.code.rpartition("::")[2], 1)
    return message if first.code in message else f"{first.code} {message}"


class Terminal:
    """Two consoles and, on a terminal, a live area for progress at the bottom."""

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        self.out = _console(out or sys.stdout)
        self.err = _console(err or sys.stderr)
        self._live: Live | None = None
        self._spinner = Spinner("dots" if _has_symbols(self.err) else "line", style="cyan")
        self._status = ""
        self._held = ""
        self._preview: Sequence[str] = ()

    # -- progress ---------------------------------------------------------------------------

    @contextmanager
    def progress(self, status: str) -> Iterator[None]:
        """Show a status line (and a preview) while something runs; on a terminal only."""
        if not self.err.is_terminal:
            yield
            return
        self._status, self._preview = status, ()
        live = Live(
            console=self.err, get_renderable=self._draw, refresh_per_second=12, transient=True
        )
        with live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the live area away while a person is asked something."""
        live = self._live
        if live is None:
            yield
            return
        live.stop()
        try:
            yield
        finally:
            live.start()

    def status(self, text: str, preview: Sequence[str] = ()) -> None:
        """Change what the live area shows."""
        self._status, self._preview = text, preview

    def note(self, text: str) -> None:
        """Say something in passing, on standard error."""
        self.err.print(Text(visible(text), style="dim"))

    def held(self, text: str) -> None:
        """Say that something is being waited for: where there is no live area, as a line."""
        if self._live is None and text != self._held:
            self._held = text
            self.note(text)

    def warn(self, text: str) -> None:
        """Say something that should be read, on standard error."""
        self.err.print(Text(f"festina: {visible(text)}", style="yellow"))

    # -- results ----------------------------------------------------------------------------

    def say(self, text: str = "", style: str = "") -> None:
        """Print a line of the result."""
        self._results.print(Text(visible(text), style=style))

    def clear(self) -> None:
        """Empty the screen, where results go to one."""
        if self.out.is_terminal:
            self.out.clear()

    def state(self, state: str, words: str) -> None:
        """Print how something stands, in one line: ``ok``, ``note`` or ``amiss``."""
        mark, plain, style = _STATES[state]
        line = Text(f"{mark if _has_symbols(self.out) else plain} {visible(words)}", style=style)
        self.out.print(line)

    @property
    def _results(self) -> Console:
        """Where results go; above what is shown of the progress, where both are on the screen."""
        return self.err if self._live is not None and self.out.is_terminal else self.out

    def judged(
        self, status: CandidateStatus, name: str, words: str, *, aside: bool = False
    ) -> None:
        """Print one candidate's outcome in one line; ``aside``: on standard error."""
        console = self.err if aside else self._results
        mark, plain, word, style = _LOOKS[status]
        line = Text()
        line.append(
            f"{mark if _has_symbols(console) else plain} {word:<{_WORD_WIDTH}}", style=style
        )
        line.append(f"{name}  " if name else "")
        line.append(visible(words.replace("\n", " ")))
        if console.is_terminal:
            line.truncate(console.width - 1, overflow="ellipsis")
        console.print(line)

    def checked(self, state: str, name: str, detail: str, remedy: str = "") -> None:
        """Print one thing that was looked at, and what to do about it."""
        mark, plain, style = _STATES[state]
        line = Text("  ")
        line.append(mark if _has_symbols(self.out) else plain, style=style)
        line.append(f" {f'{name} ':<{_WORD_WIDTH}}")
        line.append(visible(detail))
        self.out.print(line)
        if remedy:
            self.out.print(Text(f"    {'':<{_WORD_WIDTH}}{visible(remedy)}", style=style))

    def diff(self, diff: str) -> None:
        """Print a unified diff."""
        for line in diff.split("\n")[: -1 if diff.endswith("\n") else None]:
            shown = line.removesuffix("\r")
            heading = shown.startswith(("+++", "---"))
            style = "bold" if heading else _DIFF.get(shown[:1], "")
            self.out.print(Text(visible(shown), style=style))

    def markdown(self, text: str) -> None:
        """Print Markdown that is safe to show: laid out on a terminal, as it is elsewhere."""
        if not self.out.is_terminal:
            self.say(f"{text}\n")
            return
        from rich.markdown import Markdown

        page = Markdown(visible(text), hyperlinks=False, code_theme="ansi_dark")
        self._results.print(page, soft_wrap=False)
        self.say()

    def findings(self, verdict: Verdict) -> None:
        """Print what the gates found, the first ones of each kind in full."""
        for finding in verdict.findings[:MOST_FINDINGS]:
            self._finding(finding)
        if (more := len(verdict.findings) - MOST_FINDINGS) > 0:
            self.say(f"  and {more} more", "dim")
        for gate in verdict.gates:
            if gate.status is Status.UNVERIFIED and gate.reason:
                self.say(f"  {gate.label}: {gate.reason}", "yellow")

    def _finding(self, finding: Finding) -> None:
        where = finding.path
        if finding.line is not None:
            where += f":{finding.line}"
        # a test's id says both where it is and what it is called
        code = finding.code if finding.code and finding.code not in finding.message else ""
        message = finding.message.split("\n")[0] if finding.detail else finding.message
        self.say("  ".join(part for part in (f"  {finding.gate}", where, code, message) if part))
        detail = (finding.detail or "").rstrip()
        lines = detail.split("\n") if detail else []
        if len(lines) > DETAIL_LINES:
            lines = ["...", *lines[-DETAIL_LINES:]]
        for line in lines:
            self.say(f"    {line}", "dim")
        if finding.screenshot is not None:
            self.say(f"    picture: {finding.screenshot}", "dim")

    def _draw(self) -> RenderableType:
        width = max(20, self.err.width - 1)
        lines: list[RenderableType] = []
        for text in self._preview[-PREVIEW_LINES:]:
            line = Text(f"  {visible(text.rstrip())}".expandtabs(4), style="dim")
            line.truncate(width, overflow="ellipsis")
            lines.append(line)
        status = Text(visible(self._status))
        status.truncate(width - 3, overflow="ellipsis")
        self._spinner.update(text=status)
        return Group(*lines, self._spinner)


def _console(stream: IO[str]) -> Console:
    # wrapping is left to the terminal: a copied path or diff must not have line breaks of ours
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        force_terminal=stream.isatty() and os.environ.get("TERM") != "dumb",
    )


def _has_symbols(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")
