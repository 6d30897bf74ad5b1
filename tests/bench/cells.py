"""What it costs to isolate a child of the fork server: ``python tests/bench/cells.py [COUNT]``.

Prints the steps of making a cell in milliseconds (median, least and most of COUNT cells), from the
order to the answer of code in it, for each level that works here and for a fork server of a usual
size. Run it as root and as another user: the kernel does other things for root.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import cells, levels

# Runs in the stand-in for the fork server: notes when each step ended, which the cell then tells.
NOTE = """
import asyncio, ctypes, decimal, email, http.client, time, unittest, xml.dom  # of a usual size
import festina_isolate as _iso
ballast = [list(range(50)) for _ in range(60_000)]
marks = {}
def _noted(module, name, mark, first=False):
    function = getattr(module, name)
    def call(*arguments):
        if first: marks[mark] = time.perf_counter()
        result = function(*arguments)
        if not first: marks[mark] = time.perf_counter()
        return result
    setattr(module, name, call)
_noted(_iso._system, 'clone', '0 asked', first=True)
_noted(_iso, '_map', '1 cloned', first=True)
_noted(_iso, '_map', '2 ids mapped')
_noted(_iso._mounts, 'build', '6 files in place')
_noted(_iso._mounts, '_proc', '5 processes private')
_noted(_iso._mounts, '_proc', '4 overlays and stand-ins', first=True)
_noted(_iso._system, 'loopback', '7 loopback up')
_noted(_iso._system, 'close_all_but', '8 descriptors closed')
_noted(_iso._inmate.Cell, 'admit', '9 forked', first=True)
_noted(_iso._inmate.Cell, 'lay', 'a order read', first=True)
_noted(_iso._inmate.Cell, 'lay', 'b laid')
_noted(_iso._inmate.Cell, 'lock', 'c told')
_noted(_iso._inmate.Cell, 'shut', '9z locked up')

"""
ANSWER = "import sys, time; answer([sys.modules['__main__'].marks, time.perf_counter()])"


async def measure(level: Any, count: int) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        box = cells.make_box(Path(folder))
        steps: dict[str, list[float]] = {}
        async with cells.open_server(box, level, first=NOTE) as server:
            for number in range(count + 2):
                started = time.perf_counter()
                said = await server.ask(ANSWER, {"pkg/a.py": f"x = {number}\n"})
                ended = time.perf_counter()
                marks, told = said.answer
                if number < 2:
                    continue  # looks around, warms up
                last = marks["0 asked"]
                for name in sorted(marks)[1:]:
                    steps.setdefault(name.partition(" ")[2], []).append(marks[name] - last)
                    last = marks[name]
                steps.setdefault("= ready for an order", []).append(
                    marks["9z locked up"] - marks["0 asked"]
                )
                steps.setdefault("= from order to code", []).append(told - marks["a order read"])
                steps.setdefault("= all, to its end", []).append(ended - started)
        print(f"{level}, user {os.getuid()}, {count} cells: median, least, most (ms)")
        for name, values in steps.items():
            figures = (statistics.median(values), min(values), max(values))
            print(f"  {name:26}" + "".join(f"{1000 * value:8.2f}" for value in figures))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for level in levels.ISOLATING:
        if why := levels.missing(level):
            print(f"{level}: {why}")
        else:
            asyncio.run(measure(level, count))


if __name__ == "__main__":
    main()
