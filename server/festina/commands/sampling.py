"""The work behind ``festina try``."""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from festina import edits
from festina.commands import job, showing
from festina.commands.base import Exit, Stop
from festina.commands.running import exit_of
from festina.edits import Region
from festina.findings import Finding, Gate, Status
from festina.proposals import CandidateStatus
from festina.task import Task
from festina.text import Text, decode
from festina.trust import TrustStore
from festina.verify import sandbox
from festina.verify.base import Snapshot, Verifier
from festina.verify.engine import Engine

if TYPE_CHECKING:
    from festina.commands.outcome import Outcome
    from festina.terminal import Terminal


_CATCHERS = {
    Gate.SYNTAX: "by the syntax check",
    Gate.LINT: "by ruff",
    Gate.TESTS: "by the tests",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A copy of the bundled sample, and what is to be done with it."""

    folder: Path
    path: str
    text: Text
    region: Region
    instruction: str
    resolves: tuple[Finding, ...]

    @property
    def place(self) -> str:
        """The region for a person."""
        return f"{self.path}:{self.region.start + 1}-{self.region.end}"


async def show_sample(args: argparse.Namespace) -> int:
    """Ask, check, show; the exit code says whether an edit passed."""
    if importlib.util.find_spec("pytest") is None:
        raise Stop(
            "The sample's tests need pytest beside Festina, which is not there. Install it: "
            f"{sys.executable} -m pip install pytest"
        )
    terminal: Terminal | None = None
    if not args.json:
        from festina.terminal import Terminal

        terminal = Terminal()
    with _copied() as sample:
        return await _run(args, sample, terminal)


async def _run(args: argparse.Namespace, sample: Sample, terminal: Terminal | None) -> int:
    settings = job.settings_of(sample.folder, terminal.warn if terminal else lambda _: None)
    # our own sample in our own interpreter: this consent is for nothing else
    verify = replace(settings.verify, python=sys.executable)
    snapshot = Snapshot(sample.folder, settings=verify, trusted=True, consent=True)
    task = Task(
        snapshot,
        sample.path,
        sample.text,
        sample.region,
        sample.instruction,
        count=args.candidates,
        rounds=settings.repair_rounds,
        resolves=sample.resolves,
        context_tokens=settings.context_tokens,
    )
    if terminal is not None:
        await _introduce(task, sample, terminal)
    progress = terminal.progress("looking for the model") if terminal else nullcontext()
    verifier = Engine()
    try:
        with progress:
            async with (
                job.preparing(verifier, snapshot, sample.path),
                job.model_for(
                    settings, args.model, trust=TrustStore(), agreed=args.yes, terminal=terminal
                ) as ready,
            ):
                outcome = await _pursue(task, ready, verifier, terminal)
    finally:
        await verifier.aclose()
    finished = job.finished_of(outcome)
    if terminal is None:
        data = showing.to_json(sample.path, sample.region, outcome, ready.choice)
        sys.stdout.write(json.dumps(data) + "\n")
    if finished.error is not None:
        raise Stop(str(finished.error), job.exit_of_error(finished.error))
    if terminal is not None:
        terminal.say()
        showing.show(terminal, sample.place, outcome, ready.choice)
        terminal.say(_tally(outcome))
        _conclude(finished.status, ready.choice.how, terminal)
    return exit_of(finished.status)


async def _pursue(
    task: Task, ready: job.Ready, verifier: Verifier, terminal: Terminal | None
) -> Outcome:
    """Ask; where none of the embedded model's answers holds, ask for as many more, once."""
    outcome = await job.pursue(task, ready, verifier, terminal, aside=False)
    finished = job.finished_of(outcome)
    if (
        finished.status is not Status.FAILED
        or finished.error is not None
        or ready.choice.how != "embedded"
    ):
        return outcome
    if terminal is not None:
        terminal.say(f"{finished.message.rstrip('.')}: {task.count} more, with other seeds.")
    more = replace(task, first=task.count, rounds=0)
    again = await job.pursue(more, ready, verifier, terminal, aside=False)
    return again.after(outcome)


async def _introduce(task: Task, sample: Sample, terminal: Terminal) -> None:
    probe = await sandbox.probe()
    terminal.say(f"{sample.place}  {sample.instruction!r}", "bold")
    for line in sample.text.lines[sample.region.start : sample.region.end]:
        terminal.say(f"  {line.rstrip()}", "dim")
    number = "One answer is" if task.count == 1 else f"{task.count} answers are"
    terminal.say(f"{number} asked for; syntax, ruff and the sample's tests decide.")
    if probe.level is sandbox.Level.NONE:
        terminal.say(
            f"No sandbox: {probe.detail} As this is only the bundled sample, its tests run all the "
            "same, with limits on time and memory.",
            "yellow",
        )
    else:
        terminal.say(
            f"Sandbox: {probe.level}: no network, private files hidden, no other file written.",
            "dim",
        )
    terminal.say()


def _tally(outcome: Outcome) -> str:
    """Say how many answers held, and what caught the others."""
    answers = outcome.answers.values()
    held = sum(answer.status is CandidateStatus.PASSED for answer in answers)
    caught: Counter[str] = Counter()
    for answer in answers:
        gates = answer.verdict.gates if answer.verdict is not None else ()
        failed = next((gate.gate for gate in gates if gate.status is Status.FAILED), None)
        if failed is not None:
            caught[_CATCHERS.get(failed, f"by {failed}")] += 1
        elif answer.status is CandidateStatus.UNUSABLE:
            caught["as no usable code"] += 1
    words = f"{held} of {outcome.count} answers held"
    if not caught:
        return f"{words}."
    return f"{words}; caught: {', '.join(f'{count} {by}' for by, count in caught.most_common())}."


def _conclude(status: Status, how: str, terminal: Terminal) -> None:
    terminal.say()
    if status is Status.PASSED:
        terminal.say("On your own code: festina trust, then festina edit FILE:LINE -m TEXT", "dim")
        terminal.say("In your editor: the README has the lines to paste", "dim")
    else:
        tiny = " The embedded model is tiny, and often wrong." if how == "embedded" else ""
        terminal.say(f"This time none of the answers held, so none is offered.{tiny}")
        terminal.say("Try more of them: festina try -n 48", "dim")


@contextmanager
def _copied() -> Iterator[Sample]:
    """Copy the sample to a folder of its own, removed at the end."""
    folder: Path | None = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="festina-try-")).resolve()
        sample = _copy(folder)
    except OSError as error:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise Stop(
            f"The sample could not be copied to {folder or tempfile.gettempdir()}: "
            f"{error.strerror}. Set TMPDIR to a folder that can be written to.",
            Exit.FAILED,
        ) from None
    try:
        yield sample
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(folder: Path) -> Sample:
    with resources.as_file(resources.files("festina") / "sample") as source:
        wish = json.loads((source / "task.json").read_text("utf-8"))
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
        shutil.copytree(source / "project", folder, dirs_exist_ok=True, ignore=ignored)
    text = decode((folder / wish["file"]).read_bytes())
    line = next(n for n, line in enumerate(text.lines) if line.startswith(f"def {wish['name']}("))
    found = edits.enclosing(text, line)
    assert found is not None
    resolves = tuple(
        Finding(Gate.TESTS, each["path"], each["test"], code=f"{each['path']}::{each['test']}")
        for each in wish["resolves"]
    )
    return Sample(folder, wish["file"], text, found[0], wish["instruction"], resolves)
