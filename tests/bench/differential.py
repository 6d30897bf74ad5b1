"""Verdicts held against the truth: cold runs of the whole suite with the edit in the tree itself.

Seeded edits of real projects' functions, sampled uniformly (``support/bench_edits.py``), are
verified by the engine that the server uses, some of them by the command line as well. The truth
comes from ``_truth.py`` or is found out here where it is not known yet. Any difference is printed,
and then the exit code is 1.

    python tests/bench/differential.py [--each 40] [--truth FILE] [--known] [--work DIR]
        [--scope impacted] [--cold] [--cli 8] [--only NAME | --all] [--out FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from festina.verify.base import Scope
from support import bench_engine
from support.bench_edits import Edit, edits, place_of
from support.bench_engine import Look, candidate, machine, mapped, snapshot
from support.bench_projects import WORK, Project, chosen, prepare
from support.bench_truth import Run, Truth, Truths, again, truth_of


@dataclass
class Case:
    """One edit, what is true of it, and what was said."""

    project: Project
    edit: Edit
    truth: Truth
    look: Look
    by: str

    @property
    def agrees(self) -> bool:
        """Whether the verdict is the truth; what is unverified is counted apart."""
        if self.look.status == "unverified" or self.truth.flips:
            return True
        # a suite that does not end in time is no pass; whether it is a failure can be argued
        return self.look.status == (
            "failed" if self.truth.verdict == "timeout" else self.truth.verdict
        )

    @property
    def executed(self) -> bool:
        """Whether some test executes a changed line, as far as anybody counted."""
        return self.look.executed > 0 or (
            self.look.lines == 0 and "No test executes" not in self.look.reason
        )

    def words(self) -> str:
        """Describe the case in a few lines."""
        edit = self.edit
        return (
            f"{self.project.name}: {edit.path}, {edit.function}: {edit.operator} ({edit.what!r})\n"
            f"    {self.by}: {self.look.status}, tier {self.look.tier}, {self.look.scope}:"
            f" {self.look.reason}\n"
            f"    truth: {self.truth.verdict} {' '.join([*self.truth.lint, *self.truth.failing])}"
        )


async def engine_says(
    root: Path, project: Project, made: Sequence[Edit], args: argparse.Namespace
) -> list[Look]:
    """Let the engine judge all edits, some at a time, once it has its map of the tests."""
    where = snapshot(root, project)
    scope: Scope = args.scope
    slots = asyncio.Semaphore(args.at_once)
    async with bench_engine.verifier(fast=not args.cold) as engine:
        if not args.cold:
            await engine.prepare(where, made[0].path)
            places = [place_of(root, project, edit) for edit in made[:5]]
            print(f"  mapped after {await mapped(engine, where, places):.0f} s", flush=True)

        async def one(edit: Edit) -> Look:
            async with slots:
                return Look.at(await engine.verify(where, candidate(edit), scope=scope))

        return await asyncio.gather(*(one(edit) for edit in made))


def command_line_says(root: Path, made: Sequence[Edit]) -> list[Look]:
    """Let ``festina verify`` judge edits, a file's at a time."""
    program = [sys.executable, "-m", "festina"]
    subprocess.run([*program, "trust", str(root)], cwd=root, check=True, capture_output=True)
    looks: dict[str, Look] = {}
    for path in sorted({edit.path for edit in made}):
        with tempfile.TemporaryDirectory() as folder:
            for edit in made:
                if edit.path == path:
                    file = Path(folder, f"{edit.digest}.py")
                    file.write_text(edit.new, encoding="utf-8", newline="")
            argv = [*program, "verify", path, "--candidates", folder, "--json"]
            argv += ["--workspace", str(root)]
            done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        if not lines or not lines[-1].get("summary"):
            raise SystemExit(f"festina verify gave no summary:\n{done.stdout}{done.stderr}")
        looks |= {line["candidate"][:-3]: Look.at(line) for line in lines[:-1]}
    return [looks[edit.digest] for edit in made]


class Judge:
    """Knows the truth about one project's edits, or finds it out."""

    def __init__(self, project: Project, args: argparse.Namespace) -> None:
        self._project = project
        self._root: Path | None = None
        self._work: Path = args.work / "truth"
        self._base: Run | None = None
        self.truths = Truths(args.truth, project)

    def _ground(self) -> tuple[Path, Run]:
        if self._root is None or self._base is None:
            self._root = prepare(self._project, self._work)
            self._base = self.truths.base(self._root, self._project)
        return self._root, self._base

    def of(self, edit: Edit) -> Truth:
        """Return the truth about an edit."""
        known = self.truths.get(edit)
        if known is None:
            root, base = self._ground()
            known = truth_of(root, self._project, edit, base)
            self.truths.put(edit, known)
        return known

    def once_more(self, edit: Edit, known: Truth) -> Truth:
        """Look again: a suite that fails now and then is no truth."""
        root, base = self._ground()
        found = again(root, self._project, edit, base, known)
        self.truths.put(edit, found)
        return found


def compare(project: Project, args: argparse.Namespace) -> list[Case]:
    """Judge one project's edits both ways, and print what differs."""
    root = prepare(project, args.work)
    judge = Judge(project, args)
    made = edits(root, project, round(args.each * project.share), args.seed)
    if args.known:
        made = [edit for edit in made if judge.truths.get(edit) is not None]
    print(f"{project.name} {project.version}: {len(made)} edits", flush=True)
    if not made:
        return []
    start = time.monotonic()
    looks = asyncio.run(engine_says(root, project, made, args))
    took = time.monotonic() - start
    said = [("engine", edit, look) for edit, look in zip(made, looks, strict=True)]
    if args.cli:
        few = made[: args.cli]
        said += [("cli", *pair) for pair in zip(few, command_line_says(root, few), strict=True)]
    cases = []
    for by, edit, look in said:
        case = Case(project, edit, judge.of(edit), look, by)
        if not case.agrees:
            case.truth = judge.once_more(edit, case.truth)
        cases.append(case)
        if not case.agrees:
            print(f"  DIFFERS: {case.words()}", flush=True)
        elif look.status == "unverified" and case.executed and case.truth.verdict == "passed":
            print(f"  unverified: {case.words()}", flush=True)
    print(f"  {took:.0f} s; {summary([case for case in cases if case.by == 'engine'])}", flush=True)
    return cases


def summary(cases: list[Case]) -> str:
    """Count a set of cases in one paragraph."""
    wrong = [case for case in cases if not case.agrees]
    passed_wrongly = [case for case in wrong if case.look.status == "passed"]
    reached = [case for case in cases if case.executed]
    unverified = [case for case in reached if case.look.status == "unverified"]
    true = [case for case in reached if case.truth.verdict == "passed"]
    said = [case for case in true if case.look.status == "passed"]
    tiers = collections.Counter(str(case.look.tier) for case in cases)
    return (
        f"{len(cases)} verdicts, {len(wrong)} differ, {len(passed_wrongly)} wrongly passed;"
        f" {len(unverified)} of {len(reached)} unverified where tests execute the change;"
        f" {len(said)} of {len(true)} true passes passed;"
        f" {sum(case.truth.flips for case in cases)} left out, as their truth flips;"
        f" by tier {', '.join(f'{tier}: {n}' for tier, n in sorted(tiers.items()))}"
    )


def report(cases: list[Case]) -> None:
    """Print the sums over all projects."""
    engine = [case for case in cases if case.by == "engine"]
    mutations = [case for case in engine if case.edit.is_mutation]
    killed = [case for case in mutations if case.truth.tests in ("failed", "timeout")]
    print(f"all edits: {summary(engine)}")
    print(f"mutations: {summary(mutations)}; {len(killed)} killed by the cold suite")
    if len(cases) > len(engine):
        print(f"command line: {summary([case for case in cases if case.by == 'cli'])}")
    table = collections.Counter(
        (case.edit.kind, case.look.status, case.truth.verdict) for case in engine
    )
    for (kind, said, truth), count in sorted(table.items()):
        print(f"  {count:4} {kind:8} verdict {said:10} truth {truth}")


def _line(case: Case) -> dict[str, Any]:
    edit = {name: value for name, value in asdict(case.edit).items() if name not in ("old", "new")}
    return {
        "project": case.project.name,
        "by": case.by,
        "agrees": case.agrees,
        "edit": {**edit, "digest": case.edit.digest},
        "look": asdict(case.look),
        "truth": asdict(case.truth),
    }


def main() -> int:
    """Compare and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--each", type=int, default=40, help="edits of each project")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=WORK, help="keep the projects here")
    parser.add_argument("--truth", type=Path, help="a file with what is known, to be added to")
    parser.add_argument("--known", action="store_true", help="only edits whose truth is known")
    parser.add_argument("--scope", choices=["impacted", "full"], default="full")
    parser.add_argument("--at-once", type=int, default=2, help="verifications side by side")
    parser.add_argument("--cold", action="store_true", help="tier 3 alone: nothing is kept warm")
    parser.add_argument("--cli", type=int, default=0, help="so many by the command line, too")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--all", action="store_true", help="every project, not the usual six")
    parser.add_argument("--out", type=Path, help="write a JSON line for each verdict")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a suite ends with this
    args.work = args.work.resolve()
    args.truth = args.truth or args.work / "truth.json"
    bench_engine.at_home(args.work / "home")
    print(machine())
    cases = []
    for project in chosen(args.only, everything=args.all):
        found = compare(project, args)
        cases += found
        if args.out:
            with args.out.open("a") as file:
                file.writelines(json.dumps(_line(case)) + "\n" for case in found)
    report(cases)
    return 0 if all(case.agrees for case in cases) else 1


if __name__ == "__main__":
    sys.exit(main())
