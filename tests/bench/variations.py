"""75 variations of one function, each with code of its own: milliseconds a candidate.

Beside it, in the same run, a few of them the plain way (a copy, cold ``ruff check``, cold full
``pytest``), from which the time of all 75 on every core is reckoned.

    python tests/bench/variations.py [--count 75] [--work DIR] [--only NAME]
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import bench_engine
from support.bench_edits import Edit, attempt, called
from support.bench_engine import Look, candidate, machine, mapped, naive, snapshot
from support.bench_projects import WORK, Project, chosen, prepare
from support.bench_source import Function, Source, sources

FUNCTIONS = (
    ("more-itertools", "more_itertools/more.py", "split_at"),
    ("click", "src/click/utils.py", "_make_default_short_help"),
    ("httpx", "httpx/_models.py", "Headers.__delitem__"),
    ("click", "src/click/core.py", "Context.invoke"),
)
COLD = 4


def find(root: Path, project: Project, path: str, name: str) -> tuple[Source, Function]:
    """Return a function by its dotted name; the last one of that name, as overloads come first."""
    source = next(source for source in sources(root, project.package) if source.path == path)
    *above, last = name.split(".")
    holders = [n for n in source.tree.body if not above or getattr(n, "name", "") == above[0]]
    inner = [n for holder in holders for n in (holder.body if above else [holder])]  # type: ignore[attr-defined]
    function = [f for f in source.functions if f.name == last and f in inner][-1]
    return source, function


def variations(source: Source, function: Function, count: int) -> list[Edit]:
    """Return edits of one function: six of ten break something, the others say it otherwise."""
    chance = random.Random(function.name)
    found: dict[str, Edit] = {}
    for _ in range(4 * count):  # each is compiled with its whole file
        edit = attempt(source, function, "body", chance)
        if edit is not None:
            found[edit.digest] = edit
        if len(found) == count * 6 // 10:
            break
    number = 1000  # others were asked about while the impact map was made
    while len(found) < count:
        number += 1
        edit = called(source, function, number)
        found[edit.digest] = edit
    made = list(found.values())
    chance.shuffle(made)
    return made


async def measure(project: Project, work: Path, path: str, name: str, count: int) -> None:
    """Verify all variations at once and print the line of the table."""
    root = prepare(project, work)
    source, function = find(root, project, path, name)
    made = variations(source, function, count)
    where = snapshot(root, project)
    async with bench_engine.verifier() as engine:
        await engine.prepare(where, path)
        mapping = await mapped(engine, where, [(source, function)])
        began = time.perf_counter()
        verdicts = await asyncio.gather(
            *(engine.verify(where, candidate(edit), scope="impacted") for edit in made)
        )
        took = time.perf_counter() - began
    looks = [Look.at(verdict) for verdict in verdicts]
    cores = os.cpu_count() or 1
    plain = [naive(root, project, edit)[1] for edit in made[:COLD]]
    reckoned = statistics.mean(plain) * count / cores
    tests = max((look.selected for look in looks), default=0)
    print(f"{project.name} {name}: {len({e.digest for e in made})} variations, {tests} tests")
    statuses = collections.Counter(f"{look.status} in tier {look.tier}" for look in looks)
    print(f"  {', '.join(f'{n} {what}' for what, n in sorted(statuses.items()))}")
    print(f"  map after {mapping:.1f} s; then {took:.2f} s: {took / count * 1000:.1f} ms each")
    print(f"  the plain way, reckoned from {COLD} on {cores} cores: {reckoned:.0f} s")
    print(f"  {reckoned / took:.0f} times as fast", flush=True)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=75)
    parser.add_argument("--work", type=Path, default=WORK, help="keep the projects here")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = args.work.resolve()
        bench_engine.at_home(Path(folder) / "home")
        print(machine())
        projects = {project.name: project for project in chosen(args.only)}
        for name, path, function in FUNCTIONS:
            if name in projects:
                asyncio.run(measure(projects[name], work, path, function, args.count))


if __name__ == "__main__":
    main()
