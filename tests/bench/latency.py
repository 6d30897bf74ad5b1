"""How long one edit of a function's body takes to verify, with at most three impacted tests.

Functions are sampled uniformly by seed; lint and isolation are part of the time. Beside it, in the
same run: a copy of the project, a cold ``ruff check`` and a cold run of the whole suite.

    python tests/bench/latency.py [--each 60] [--seed 1] [--work DIR] [--only NAME] [--plain]
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import bench_engine
from support.bench_edits import Edit, generate, place_of
from support.bench_engine import Look, candidate, machine, mapped, naive, snapshot, spread
from support.bench_projects import WORK, Project, chosen, prepare

FEW = 3
COLD = 4


def without_standby() -> None:
    """Fork each child when it is asked for, as in a batch, instead of one ahead."""
    from festina.verify.forkserver import ForkServer

    run = ForkServer.run

    @functools.wraps(run)
    async def forked(self: Any, *args: Any, **more: Any) -> Any:
        return await run(self, *args, **{**more, "standby": False})

    ForkServer.run = forked  # type: ignore[method-assign]


async def measure(project: Project, work: Path, each: int, seed: int, *, rest: float) -> None:
    """Measure one project and print its part of the table."""
    root = prepare(project, work)
    made: list[Edit] = list(itertools.islice(generate(root, project, seed, ("body",)), each))
    where = snapshot(root, project)
    start = time.perf_counter()
    async with bench_engine.verifier() as engine:
        await engine.prepare(where, made[0].path)
        first = await engine.verify(where, candidate(made[0]), scope="impacted")
        cold = time.perf_counter() - start
        mapping = await mapped(engine, where, [place_of(root, project, edit) for edit in made[:5]])
        looks, times = [], []
        for edit in made[1:]:
            await asyncio.sleep(rest)
            began = time.perf_counter()
            verdict = await engine.verify(where, candidate(edit), scope="impacted")
            times.append(time.perf_counter() - began)
            looks.append(Look.at(verdict))
    ran = [(look, t) for look, t in zip(looks, times, strict=True) if look.tier == 1]
    counts = sorted(look.selected for look, _ in ran)
    few = [t for look, t in ran if 0 < look.selected <= FEW]
    plain = [naive(root, project, edit)[1] for edit in made[1 : 1 + COLD]]
    print(f"{project.name} {project.version}: {len(times)} edits of function bodies")
    print(f"  cold start to the first verdict ({Look.at(first).status}): {cold:.2f} s")
    print(f"  until the impact map is there: {mapping:.1f} s")
    print(f"  impacted tests: {counts}")
    print(f"  at most {FEW} impacted tests ({len(few)}): {spread(few)}")
    print(f"  all that exchange code ({len(ran)}): {spread([t for _, t in ran])}")
    print(f"  all ({len(times)}): {spread(times)}")
    print(f"  copy, cold ruff, cold pytest ({len(plain)}): {spread(plain)}")
    if few:
        ratio = statistics.median(plain) / statistics.median(few)
        print(f"  {ratio:.0f} times as fast")
    sys.stdout.flush()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--each", type=int, default=60, help="edits of each project")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=WORK, help="keep the projects here")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--plain", action="store_true", help="no child stands by")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = args.work.resolve()
        bench_engine.at_home(Path(folder) / "home")
        if args.plain:
            without_standby()
        print(f"{machine()}; {'each child forked on demand' if args.plain else 'one stands by'}")
        for project in chosen(args.only):
            rest = 0.0 if args.plain else 0.15
            asyncio.run(measure(project, work, args.each, args.seed, rest=rest))


if __name__ == "__main__":
    main()
