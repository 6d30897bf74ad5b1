"""Thousands of verifications, many cancelled, many with a process of theirs killed: what is left?

Processes, mounts, files, ports and descriptors are counted before and after; memory after the
first hundred and at the end. Each edit's right verdict is known: a killed process may make one
``unverified``, never wrong. At the end the exit code says whether anything was left or wrong.

    python tests/bench/leaks.py [--count 2000] [--seed 1] [--at-once 3]
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from festina.verify.base import Candidate, Snapshot, Verifier
from support import bench_engine
from support.bench_engine import Look, machine, snapshot
from support.bench_traces import Traces, adopt_orphans, memory
from support.processes import children_of

PROJECT = Path(__file__).parents[1] / "cheats" / "blind" / "project"
FILE = "shop/calc.py"
FIRST = 100
ADD = "        shares[i] += 1\n"
HEAD = "def split(amount, weights):\n"


def edit(old: str, number: int, chance: random.Random) -> tuple[str, str]:
    """Return a new text unlike any before, and its right verdict."""
    kind = chance.choice(("right", "right", "wrong", "wrong", "fresh", "broken"))
    note = f"        if amount == -{number + 1}:\n            return []\n"
    if kind == "broken":
        return old.replace(HEAD, f"def split_{number}(amount, weights\n"), "failed"
    if kind == "wrong":
        return old.replace(ADD, f"        shares[i] += {number + 2}\n"), "failed"
    if kind == "fresh":
        return old.replace(HEAD, f"LIMIT = {number}\n\n\n{HEAD}"), "passed"
    return old.replace(ADD, ADD + note), "passed"


class Storm:
    """Verifies, cancels and kills at random, and keeps the score."""

    def __init__(self, engine: Verifier, where: Snapshot, seed: int) -> None:
        self._engine = engine
        self._where = where
        self._chance = random.Random(seed)
        self._old = (where.workspace / FILE).read_text(encoding="utf-8")
        self.score: collections.Counter[str] = collections.Counter()
        self.reasons: collections.Counter[str] = collections.Counter()
        self.number = 0

    async def one(self) -> None:
        """Verify one edit and let something happen to it, or nothing."""
        self.number += 1
        new, right = edit(self._old, self.number, self._chance)
        work = asyncio.create_task(
            self._engine.verify(self._where, Candidate(FILE, self._old, new))
        )
        fate = self._chance.random()
        moment = self._chance.uniform(0, 0.12)
        if fate < 0.25:
            await asyncio.wait([work], timeout=moment)
            work.cancel()
        elif fate < 0.33:
            await asyncio.wait([work], timeout=moment)
            self._kill()
        try:
            look = Look.at(await work)
        except asyncio.CancelledError:
            self.score["cancelled"] += 1
            return
        word = "right" if look.status == right else look.status
        self.score["right" if word == "right" else f"{word} instead of {right}"] += 1
        if word == "unverified":
            self.reasons[look.reason[:160]] += 1
        if word in ("passed", "failed"):
            print(f"  WRONG: {look} instead of {right}:\n{new}", flush=True)

    def _kill(self) -> None:
        below = sorted(children_of(os.getpid()))
        if below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._chance.choice(below), signal.SIGKILL)
                self.score["killed a process"] += 1


async def run(storm: Storm, count: int, at_once: int) -> None:
    """Go on until so many verifications were begun."""

    async def worker() -> None:
        while storm.number < count:
            await storm.one()

    await asyncio.gather(*(worker() for _ in range(at_once)))


def remembered(when: str) -> tuple[int, int, int]:
    """Print and return what memory is in use."""
    rss, pss, below = memory()
    print(f"memory {when}: server RSS {rss >> 10} MiB, PSS {pss >> 10} MiB;", end=" ")
    print(f"processes below it PSS {below >> 10} MiB", flush=True)
    return rss, pss, below


async def measure(folder: Path, count: int, seed: int, at_once: int) -> int:
    """Make the storm; returns how many things are amiss."""
    workspace = shutil.copytree(PROJECT, folder / "shop")
    where = snapshot(workspace, python=sys.executable)
    amiss = []
    before = Traces.now()
    start = time.perf_counter()
    async with bench_engine.verifier() as engine:
        storm = Storm(engine, where, seed)
        await run(storm, min(FIRST, count), at_once)
        await quiet(storm)
        early, first = Traces.now(), remembered(f"after {storm.number}")
        await run(storm, count, at_once)
        await quiet(storm)
        late, last = Traces.now(), remembered(f"after {storm.number}")
    took = time.perf_counter() - start
    for _ in range(50):
        await asyncio.sleep(0.1)
        after = Traces.now()
        if not after.more_than(before):
            break
    print(f"{storm.number} verifications in {took:.0f} s: ", end="")
    print(", ".join(f"{number} {what}" for what, number in storm.score.most_common()))
    for reason, number in storm.reasons.most_common():
        print(f"  {number} unverified: {reason}")
    for name, traces in (("before", before), ("early", early), ("late", late), ("after", after)):
        print(f"  {name:7} {traces}")
    amiss += [f"left behind: {words}" for words in after.more_than(before)]
    amiss += [f"grew while open: {words}" for words in late.more_than(early)]
    for name, was, now in zip(("server RSS", "server PSS", "below"), first, last, strict=True):
        if now > was * 1.1:
            amiss.append(f"memory grew by {now / was - 1:.0%}: {name}")
    amiss += [
        f"{n} {what}" for what, n in storm.score.items() if what.startswith(("passed ", "failed "))
    ]
    print("\n".join(amiss) or "nothing is left, nothing grew")
    return len(amiss)


async def quiet(storm: Storm) -> None:
    """Verify a few in peace, so that what was killed stands again, and let things settle."""
    chance, storm._chance = storm._chance, random.Random(1)
    storm._chance.random = lambda: 1.0  # type: ignore[method-assign]
    for _ in range(4):
        await storm.one()
    storm._chance = chance
    await asyncio.sleep(1.0)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        bench_engine.at_home(folder / "home")
        (folder / "tmp").mkdir()
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "tmp")
        adopt_orphans()
        print(machine())
        return 1 if asyncio.run(measure(folder, args.count, args.seed, args.at_once)) else 0


if __name__ == "__main__":
    sys.exit(main())
