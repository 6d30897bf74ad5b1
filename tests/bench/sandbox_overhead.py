"""What a run costs beyond the command itself: ``python tests/bench/sandbox_overhead.py [RUNS]``.

Every way of running ``/bin/true`` is timed in turn, so that a busy machine disturbs all alike. The
last columns are the longest time that the event loop was kept from its work during one run.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from festina.verify import process, sandbox
from festina.verify.sandbox import Box, Level

COMMAND = ["/bin/true"]


async def plain() -> None:
    """The least that a process can cost."""
    subprocess.run(COMMAND, check=True)


async def blocked_while(work: Awaitable[object]) -> float:
    """The longest pause of the event loop, in seconds, while the work was under way."""
    worst, last = 0.0, time.perf_counter()
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        worst, last = max(worst, now - last), now
    await task
    return worst


async def main(runs: int) -> None:
    base = Path(tempfile.mkdtemp(prefix="festina-bench-"))
    shadow = base / "shadow"
    shadow.mkdir()
    box = Box(base / "workspace", shadow, environ={"PATH": os.defpath})
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "subprocess.run": plain,
        "process.run": lambda: process.run(COMMAND, cwd="/", env={}, timeout=60),
    }
    for level in Level:
        if level is not Level.NONE and (why := await sandbox.attempt(level)):
            print(f"{level}: left out: {why}")
            continue
        ways[f"sandbox.run {level}"] = lambda level=level: sandbox.run(  # type: ignore[misc]
            box, COMMAND, level=level, timeout=60
        )
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    pauses: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            started = time.perf_counter()
            await way()
            seconds[name].append(time.perf_counter() - started)
            pauses[name].append(await blocked_while(way()))
    print(f"{runs} runs each, ms{'median':>24}{'p90':>8}{'loop median':>14}{'loop p90':>10}")
    for name in ways:
        cells = [
            pick(values) * 1000
            for values in (seconds[name], pauses[name])
            for pick in (statistics.median, lambda v: statistics.quantiles(v, n=10)[-1])
        ]
        print(f"{name:<32}{cells[0]:>8.1f}{cells[1]:>8.1f}{cells[2]:>14.2f}{cells[3]:>10.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
