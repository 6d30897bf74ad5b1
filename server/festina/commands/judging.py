"""The work behind ``festina verify``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from festina.clean import visible
from festina.commands import job, target
from festina.commands.base import Exit, Stop
from festina.commands.running import exit_of
from festina.findings import Status, Verdict, duration
from festina.proposals import CandidateStatus
from festina.text import NotText, Text, decode
from festina.trust import TrustStore
from festina.verify.base import Candidate, Snapshot, Step
from festina.verify.engine import Engine
from festina.verify.mapping import MANY

if TYPE_CHECKING:
    from festina.terminal import Terminal

_LOOKS = {
    Status.PASSED: CandidateStatus.PASSED,
    Status.FAILED: CandidateStatus.FAILED,
    Status.UNVERIFIED: CandidateStatus.UNVERIFIED,
}


@dataclass(frozen=True, slots=True)
class Given:
    """A new text to judge; ``name`` is the candidate's file, empty where there is but one."""

    name: str
    text: Text


async def judge(args: argparse.Namespace) -> int:
    """Judge one candidate or a folder of them."""
    terminal: Terminal | None = None
    if not args.json:
        from festina.terminal import Terminal

        terminal = Terminal()
    found = target.read(args.file, args.workspace)
    given = _folder(args.candidates) if args.candidates else [_single(args.candidate)]
    settings = job.settings_of(found.workspace, terminal.warn if terminal else _warn, args.scope)
    snapshot = job.snapshot_of(found.workspace, settings, TrustStore())
    candidates = [Candidate(found.relative, found.text.content, one.text.content) for one in given]
    start = time.perf_counter()
    progress = terminal.progress("reading the workspace") if terminal else nullcontext()
    verdicts: list[Verdict] = []
    with progress:
        say = terminal.status if terminal else None
        async for verdict in _verdicts(snapshot, candidates, say):
            name = given[len(verdicts)].name
            verdicts.append(verdict)
            if terminal is None:
                _print(verdict.to_json() | ({"candidate": name} if name else {}))
            else:
                _show(verdict, name, terminal)
    if args.candidates:
        _summary(verdicts, time.perf_counter() - start, terminal)
    return _exit(verdicts)


async def _verdicts(
    snapshot: Snapshot, candidates: list[Candidate], say: Callable[[str], None] | None
) -> AsyncIterator[Verdict]:
    """Judge side by side, as many as the settings allow, and yield in the order given."""
    verifier = Engine(mapping=len(candidates) >= MANY)
    done = 0

    def on_step(step: Step) -> None:
        if say is not None:
            count = f"{done} of {len(candidates)} judged · " if len(candidates) > 1 else ""
            say(f"{count}{step.message}")

    tasks: list[asyncio.Task[Verdict]] = []
    try:
        for candidate in candidates:
            work = verifier.verify(snapshot, candidate, on_step)
            tasks.append(asyncio.create_task(work))
        for task in tasks:
            verdict = await task
            done += 1
            yield verdict
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await verifier.aclose()


def _single(name: str) -> Given:
    if name != "-":
        return Given("", target.read_text(Path(name), name))
    try:
        return Given("", decode(sys.stdin.buffer.read()))
    except NotText as reason:
        raise Stop(f"Standard input is no candidate: {reason}.") from None


def _folder(folder: Path) -> list[Given]:
    """Read every file of a folder, in name order.

    Raises:
        Stop: it is no folder, holds no file, or one that is not text.
    """
    if not folder.is_dir():
        raise Stop(f"--candidates names {folder}, which is not a folder.")
    files = sorted(
        (path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")),
        key=lambda path: path.name,
    )
    if not files:
        raise Stop(f"There is no candidate in {folder}: put one file there for each.")
    return [Given(path.name, target.read_text(path, str(path))) for path in files]


def _show(verdict: Verdict, name: str, terminal: Terminal) -> None:
    from festina.terminal import brief, in_a_line

    terminal.judged(_LOOKS[verdict.status], name, in_a_line(verdict) if name else brief(verdict))
    if not name:
        terminal.findings(verdict)


def _summary(verdicts: list[Verdict], seconds: float, terminal: Terminal | None) -> None:
    counts = Counter(str(verdict.status) for verdict in verdicts)
    if terminal is None:
        _print(
            {
                "summary": True,
                "candidates": len(verdicts),
                **{str(status): counts[str(status)] for status in _LOOKS},
                "seconds": round(seconds, 4),
            }
        )
        return
    words = [
        f"{counts[status]} {look}"
        for status, look in (
            ("passed", "passed"),
            ("failed", "rejected"),
            ("unverified", "unverified"),
        )
        if counts[status]
    ]
    terminal.say(f"{len(verdicts)} candidates: {', '.join(words)} in {duration(seconds)}", "bold")


def _exit(verdicts: list[Verdict]) -> Exit:
    statuses = {verdict.status for verdict in verdicts}
    for status in (Status.FAILED, Status.UNVERIFIED):
        if status in statuses:
            return exit_of(status)
    return Exit.DONE


def _print(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


def _warn(text: str) -> None:
    sys.stderr.write(f"festina: {visible(text)}\n")
