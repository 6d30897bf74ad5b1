"""Verified edits with the embedded model, by candidates and repair: ``embedded_edits.py``.

Small, fair tasks (``tests/support/small_tasks.py``) on the bundled sample and on a real project are
given to the weights that ``festina try`` uses, with 1, 4 and 16 candidates, with repair rounds and
without. The verdict is Festina's own: lint, and the suite, whose failing test must be gone. Beside
it hidden tests say whether what passed is what was asked for: a second verification in which they
stand in the suite. Each run leaves two lines in a file, of what it came to before repair rounds and
after them, so that it can be stopped and goes on.

    python tests/bench/embedded_edits.py [--out FILE] [--model NAME] [--work DIR] [--only WORD]
    python tests/bench/embedded_edits.py --check      # are the tasks fair? no model is asked
    python tests/bench/embedded_edits.py --table      # of what is in the file
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

from festina.commands import job
from festina.commands.outcome import Outcome
from festina.commands.sampling import _copy
from festina.config import VerifySettings
from festina.edits import Region
from festina.events import Repairing
from festina.findings import Finding, Gate, Status
from festina.models import embedded
from festina.models.base import Delta, Done, Request, Trouble
from festina.models.discovery import Choice
from festina.models.meter import Meter, counting
from festina.models.runner import Runner
from festina.pipeline import propose
from festina.task import Task as Job
from festina.text import Text
from festina.verify.base import Candidate, Snapshot, Verifier
from support import bench_engine
from support.bench_projects import WORK, chosen, prepare
from support.small_tasks import ASKED, HIDDEN, ON_SAMPLE, REAL, SAMPLE, Task
from support.small_tasks_real import ON_REAL

COUNTS = (1, 4, 16)
ROUNDS = 2


class Listening:
    """A model whose answers are kept, so that one can see what was refused."""

    def __init__(self, model: embedded.EmbeddedModel) -> None:
        self._model = model
        self.name, self.origin = model.name, model.origin
        self.answers: list[str] = []

    async def stream(self, request: Request) -> AsyncIterator[Delta | Done]:
        """Yield what the model does."""
        pieces: list[str] = []
        stream = self._model.stream(request)
        try:
            # the protocol promises an iterator; ours are generators, which can be closed
            async with aclosing(stream):  # type: ignore[type-var]
                async for item in stream:
                    if isinstance(item, Delta):
                        pieces.append(item.text)
                    yield item
        finally:
            self.answers.append("".join(pieces))

    async def aclose(self) -> None:
        """Close it."""
        await self._model.aclose()


@dataclass
class Desk:
    """A project with what is asked of it."""

    root: Path
    settings: VerifySettings
    engine: Verifier

    def text(self, task: Task) -> str:
        """Return the file as it is when the work begins."""
        return task.begun((self.root / task.path).read_text())

    def snapshot(self, task: Task, *, hidden: bool = False) -> Snapshot:
        """Return the workspace: what is asked for, and its test, are in open buffers."""
        buffers = {task.path: self.text(task)}
        if task.asked:
            buffers[ASKED] = task.asked
        if hidden:
            buffers[HIDDEN] = task.hidden
        return Snapshot(self.root, buffers, self.settings, trusted=True, consent=True)

    def job(self, task: Task, count: int, rounds: int) -> Job:
        """Return what ``festina edit -n COUNT`` would do; nothing is asked for beyond that."""
        text = Text(self.text(task))
        first = text.content[: text.content.index(task.old)].count("\n")
        region = Region(first, first + task.old.count("\n"))
        return Job(
            self.snapshot(task),
            task.path,
            text,
            region,
            task.instruction,
            count=count,
            rounds=rounds,
            most=count,
            resolves=(named(task.test),),
        )

    async def passes(self, task: Task, new: str, *, hidden: bool = False) -> bool:
        """Whether a new text of the file passes, by the suite or by the hidden tests as well."""
        wanted = named(f"{HIDDEN}::test_hidden" if hidden else task.test)
        candidate = Candidate(task.path, self.text(task), new, (wanted,))
        verdict = await self.engine.verify(
            self.snapshot(task, hidden=hidden), candidate, scope="impacted"
        )
        return verdict.status is Status.PASSED


def named(test: str) -> Finding:
    """Return a failing test as an editor names it."""
    path, _, name = test.partition("::")
    return Finding(Gate.TESTS, path, name, code=test)


@contextlib.asynccontextmanager
async def desk(project: str, work: Path, folder: Path) -> AsyncIterator[Desk]:
    """Give the bundled sample, its one error mended, or the real project."""
    settings = VerifySettings(python=sys.executable)
    if project == SAMPLE:
        root = folder / "sample"
        root.mkdir()
        _copy(root)
    else:
        found = chosen([project])[0]
        root = prepare(found, work)
        settings = VerifySettings(tests_args=found.args)
    async with bench_engine.verifier() as engine:
        yield Desk(root, settings, engine)


async def attempt(desk: Desk, task: Task, ready: job.Ready, count: int) -> list[dict[str, Any]]:
    """Ask once, as a person would; return what came of it without repair rounds and with them.

    Both begin alike: where repairs begin is where a run without them ends.

    Raises:
        ModelError: the model itself failed, which says nothing of its answers.
    """
    model = cast("Listening", ready.model)
    before, began = len(model.answers), time.perf_counter()
    outcome, wanted = Outcome(count), ready.fit(desk.job(task, count, ROUNDS))
    without: dict[str, Any] | None = None

    def row(rounds: int, *, verified: bool, right: bool) -> dict[str, Any]:
        return {
            "project": task.project,
            "task": task.name,
            "candidates": count,
            "rounds": rounds,
            "verified": verified,
            "right": right,
            "seconds": round(time.perf_counter() - began, 2),
            "answers": len(model.answers) - before,
            "prompt_tokens": outcome.spent.prompt,
            "tokens": outcome.spent.completion,
            "outcomes": Counter(
                one.defect or (str(one.verdict.status) if one.verdict else "")
                for one in outcome.answers.values()
            ),
            "texts": model.answers[before:],
        }

    with counting(job.EDIT):
        async with aclosing(propose(wanted, ready.model, ready.runner, desk.engine)) as events:
            async for event in events:
                if isinstance(event, Repairing) and without is None:
                    without = row(0, verified=False, right=False)
                outcome.fold(event)
    finished, best = job.finished_of(outcome), outcome.best
    if finished.error is not None and finished.error.trouble is not Trouble.TRUNCATED:
        raise finished.error
    verified = finished.status is Status.PASSED and best is not None
    made = row(ROUNDS, verified=verified, right=False)
    made["right"] = (
        best is not None and verified and await desk.passes(task, best.text, hidden=True)
    )
    return [{**made, "rounds": 0} if without is None else without, made]


async def check(only: str, work: Path, folder: Path) -> None:
    """See that each task is fair: a good answer passes and is right, a comment does neither."""
    for project, tasks in itertools.groupby(wanted(only), key=lambda task: task.project):
        async with desk(project, work, folder) as place:
            for task in tasks:
                old = place.text(task)
                good, idle = old.replace(task.old, task.good), f"{old}# nothing\n"
                found = [
                    await place.passes(task, text, hidden=hidden)
                    for text, hidden in itertools.product((good, idle), (False, True))
                ]
                fair = found == [True, True, False, False]
                print(f"{task.project:<15}{task.name:<22}{'fair' if fair else found}", flush=True)


def wanted(only: str) -> list[Task]:
    """Return the tasks whose project or name holds a word."""
    return [one for one in (*ON_SAMPLE, *ON_REAL) if only in one.project or only in one.name]


async def run(args: argparse.Namespace, work: Path, folder: Path) -> None:
    """Do what is not in the file yet."""
    done = {key_of(row) for row in rows(args.out)}
    model, runner = Listening(await embedded.start(args.model, print)), Runner(Meter())
    choice = Choice("embedded", "", model.name, model.origin, "embedded", "")
    ready = job.Ready(model, choice, runner)
    try:
        for project, tasks in itertools.groupby(wanted(args.only), key=lambda task: task.project):
            async with desk(project, work, folder) as place:
                for count, task in itertools.product(COUNTS, list(tasks)):
                    if (project, task.name, count, ROUNDS) in done:
                        continue
                    made = await attempt(place, task, ready, count)
                    with args.out.open("a") as out:
                        out.writelines(f"{json.dumps(row)}\n" for row in made)
                    for row in made:
                        print(
                            *key_of(row), row["verified"], row["right"], row["seconds"], flush=True
                        )
    finally:
        await runner.aclose()  # and the model with it


def key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells a run from all others."""
    return row["project"], row["task"], row["candidates"], row["rounds"]


def rows(out: Path) -> list[dict[str, Any]]:
    """Return what is in the file."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def table(out: Path) -> None:
    """Print a row for each setting of each project, as ``docs/benchmarks.md`` has them."""
    print(
        "| project | candidates | repair rounds | verified | verified and right | answers |"
        " no usable code | tokens written / read | seconds, median / all |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    found = rows(out)
    for project, count, rounds in itertools.product((SAMPLE, REAL), COUNTS, (0, ROUNDS)):
        some = [row for row in found if key_of(row)[0::2] == (project, count)]
        some = [row for row in some if row["rounds"] == rounds]
        if not some:
            continue
        seconds = [row["seconds"] for row in some]
        unusable = sum(
            number
            for row in some
            for words, number in row["outcomes"].items()
            if words not in {"passed", "failed", "unverified"}
        )
        print(
            f"| {project} | {count} | {rounds} | {sum(row['verified'] for row in some)} of"
            f" {len(some)} | {sum(row['right'] for row in some)} |"
            f" {sum(row['answers'] for row in some)} | {unusable} |"
            f" {sum(row['tokens'] for row in some):,} /"
            f" {sum(row['prompt_tokens'] for row in some):,} |"
            f" {statistics.median(seconds):.1f} / {sum(seconds):.0f} |"
        )


def main() -> None:
    """Read the command line; check, run or print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=WORK / "embedded_edits.jsonl")
    parser.add_argument("--model", default="", help="weights by name or path")
    parser.add_argument("--work", type=Path, default=WORK, help="keep the projects here")
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    if args.table:
        table(args.out)
        return
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        if args.check:
            asyncio.run(check(args.only, args.work.resolve(), folder))
        else:
            print(f"{bench_engine.machine()}; processors {os.cpu_count()}")
            asyncio.run(run(args, args.work.resolve(), folder))


if __name__ == "__main__":
    main()
