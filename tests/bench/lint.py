"""What the lint gate costs for a candidate, by how ruff is asked: ``python tests/bench/lint.py``.

Four ways, in turn, so that a busy machine disturbs all alike: runs of ``ruff check`` with the text
on standard input (the old and the new one at once, as the plain gate does); one run for many files
of a folder (which does not apply what is configured for a path, and so cannot be used: it is the
mark to beat); the warm server for one candidate; and for 75 candidates at once. Every verdict must
be that of the plain gate; the exit code is 1 where one is not.

    python tests/bench/lint.py [--count 75] [--rounds 3] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from festina.findings import Status
from festina.verify import lint, process
from festina.verify.base import Candidate
from festina.verify.lint import Ruff
from festina.verify.linter import Linter
from support import sdists

FILES = (
    ("more-itertools", "11.2.1", "more_itertools/more.py"),
    ("click", "8.5.1", "src/click/core.py"),
    ("httpx", "0.28.1", "httpx/_models.py"),
)
EDITS = ("    unknown_name\n", "import os\n", "x = 1\n", "\n", "# a comment\n", "if x: pass\n")


def edited(text: str, chance: random.Random) -> str:
    """Exchange, remove or add a line."""
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    lines[at : at + chance.randint(0, 1)] = chance.sample(EDITS, chance.randint(0, 1))
    return "".join(lines)


async def batch(ruff: Ruff, candidates: list[Candidate], folder: Path) -> None:
    for number, candidate in enumerate(candidates):
        (folder / f"{number}.py").write_text(candidate.new, encoding="utf-8")
    argv = [str(ruff.binary), "check", "--no-fix", "--no-cache", "--output-format", "json"]
    environ = dict(ruff.environ)
    await process.run(
        [*argv, str(folder)], cwd=folder, env=environ, timeout=600, max_output=1 << 28
    )


async def measure(root: Path, path: str, count: int, rounds: int, chance: random.Random) -> int:
    binary = lint.our_ruff()
    assert binary is not None
    ruff = Ruff(binary, root, {"PATH": os.environ["PATH"]})
    old = (root / path).read_text("utf-8")
    linter = Linter()
    for _ in range(2):
        await linter.check(Candidate(path, old, f"{old}\n"), ruff)
    seconds: dict[str, list[float]] = {name: [] for name in ("run", "batch", "server", "at once")}
    wrong = failed = 0
    for _ in range(rounds):
        candidates = [Candidate(path, old, edited(old, chance)) for _ in range(count)]
        true = []
        for candidate in candidates:
            start = time.perf_counter()
            true.append(await lint.check(candidate, ruff))
            seconds["run"].append(time.perf_counter() - start)
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            await batch(ruff, candidates, Path(folder))
            seconds["batch"].append((time.perf_counter() - start) / count)
        judged = []
        for candidate in candidates:
            start = time.perf_counter()
            judged.append(await linter.check(candidate, ruff))
            seconds["server"].append(time.perf_counter() - start)
        start = time.perf_counter()
        judged += await asyncio.gather(*(linter.check(each, ruff) for each in candidates))
        seconds["at once"].append((time.perf_counter() - start) / count)
        wrong += sum(
            (one.status, one.findings) != (other.status, other.findings)
            for one, other in zip(judged, true * 2, strict=True)
        )
        failed += sum(result.status is Status.FAILED for result in true)
    asked = linter.asked
    await linter.aclose()
    cells = [statistics.median(values) * 1000 for values in seconds.values()]
    print(f"{f'{root.name}/{Path(path).name}':<34}{len(old) >> 10:>5}", end="")
    print("".join(f"{cell:>9.1f}" for cell in cells), end="")
    print(f"{cells[0] / cells[2]:>8.1f}x{cells[0] / cells[3]:>8.1f}x", end="")
    print(f"{failed:>8}/{rounds * count}{asked:>7}{wrong:>7}")
    return wrong


async def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=75)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("ms for a candidate, medians; ratios to the plain gate; its failures; asked; differing")
    names = ("KiB", "run", "batch", "server", "at once", "server", "at once")
    print(f"{'file':<34}{names[0]:>5}" + "".join(f"{name:>9}" for name in names[1:]))
    wrong = 0
    for name, version, path in FILES:
        root = sdists.fetch(name, version)
        chance = random.Random(options.seed)
        wrong += await measure(root, path, options.count, options.rounds, chance)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
