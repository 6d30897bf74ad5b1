"""What the types gate costs for a candidate: runs of mypy beside its daemon kept warm.

    python tests/bench/types_daemon.py [--count 40] [--seed 1] [--only click]

The seeded edits of ``differential.py``, judged by both in turn, so that a busy machine disturbs
both alike. A run is what the gate did before there was a daemon: a new process with the cache of
the workspace's own text. Every verdict must be that of a run; the exit code is 1 where one is not.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

from festina.config import VerifySettings
from festina.findings import Verdict
from festina.verify import sweep
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support.bench_edits import Edit, edits
from support.bench_projects import WORK, chosen, prepare
from support.warm_types import known, warm_of, without_daemons

MYPY = "mypy==2.4.1"
PROJECTS = ("click", "httpx")


async def judged(engine: Engine, snapshot: Snapshot, edit: Edit) -> tuple[Verdict, float]:
    start = time.perf_counter()
    verdict = await engine.verify(snapshot, Candidate(edit.path, edit.old, edit.new))
    return verdict, (time.perf_counter() - start) * 1000


async def measure(name: str, root: Path, made: list[Edit], cache: Path) -> int:
    python = root / ".venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", MYPY], check=True)
    settings = VerifySettings(gates=("types",), python=str(python), timeout_seconds=300)
    snapshot = Snapshot(root, settings=settings, trusted=True, consent=True)
    plain, warm = Engine(cache=cache / "a"), Engine(cache=cache / "b")
    without_daemons(plain)
    times: dict[str, list[float]] = {"run": [], "daemon": []}
    begun = time.perf_counter()
    await judged(warm, snapshot, made[0])
    assert await known(warm)
    start = time.perf_counter() - begun
    await judged(plain, snapshot, made[0])
    asked = warm_of(warm).asked
    wrong = failed = 0
    for edit in made:
        true, by_run = await judged(plain, snapshot, edit)
        said, by_daemon = await judged(warm, snapshot, edit)
        times["run"].append(by_run)
        times["daemon"].append(by_daemon)
        failed += bool(true.findings)
        if said.status != true.status or set(said.findings) != set(true.findings):
            wrong += 1
            print(f"  {edit.path} {edit.function}: {edit.what}: {said.status}, not {true.status}")
    asked = warm_of(warm).asked - asked
    await plain.aclose()
    await warm.aclose()
    row = [f"{name:<10}{len(made):>6}{failed:>8}{asked:>7}{wrong:>7}{start:>8.1f}"]
    for values in times.values():
        middle, p90 = statistics.median(values), statistics.quantiles(values, n=10)[-1]
        row.append(f"{middle:>9.0f}{p90:>8.0f}")
    print(
        "".join(row), f"{statistics.median(times['run']) / statistics.median(times['daemon']):.0f}x"
    )
    return wrong


async def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(PROJECTS))
    options = parser.parse_args()
    print("ms for a candidate, median and p90; seconds until daemons were ready; by the daemon")
    print("project    edits  failed  asked  wrong   ready      run     p90   daemon     p90")
    wrong = 0
    async with sweep.scratch() as cache:
        for project in chosen(options.only):
            root = prepare(project, WORK)
            made = edits(root, project, options.count * 8, options.seed)
            paths = [
                edit.path for edit in made
            ]  # a daemon is for one file where none is configured
            most = max(sorted(set(paths)), key=paths.count)
            made = [edit for edit in made if edit.path == most][: options.count]
            wrong += await measure(project.name, root, made, cache / project.name)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
