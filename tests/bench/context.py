"""What it takes to collect a prompt's context: the first time, and for the next prompt of a file.

The files are our own. Secrets, ignore files and definitions in other files are all looked up.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from festina import prompt, secret_patterns
from festina.context import Wish, gather, source
from festina.edits import Region, enclosing
from festina.text import Text
from festina.verify.base import Snapshot

ROOT = Path(__file__).parents[2]
TIMES = 20


def wish_for(path: Path) -> Wish:
    text = Text(path.read_text("utf-8"))
    found = enclosing(text, len(text.lines) * 2 // 3)
    region = found[0] if found else Region(0, min(len(text.lines), 40))
    where = path.relative_to(ROOT).as_posix()
    snapshot = Snapshot(ROOT, trusted=True)
    return Wish(snapshot, where, text, region, "shorten it", "python")


def milliseconds(wish: Wish) -> tuple[float, int]:
    began = time.perf_counter()
    gathered = gather(wish)
    request = prompt.build(
        gathered.prepared,
        gathered.instruction,
        path=wish.path,
        language=wish.language,
        attempt=0,
        context=gathered.context,
    )
    took = (time.perf_counter() - began) * 1000
    return took, sum(len(message.content) for message in request.messages)


def main() -> None:
    files = sorted(
        (ROOT / "server" / "festina").rglob("*.py"), key=lambda path: path.stat().st_size
    )
    chosen = files[-TIMES:]
    first, again, sizes = [], [], []
    for path in chosen:
        secret_patterns.find.cache_clear()
        source._sources.clear()
        wish = wish_for(path)
        took, size = milliseconds(wish)
        first.append(took)
        sizes.append(size)
        again.append(min(milliseconds(wish)[0] for _ in range(3)))
    for name, figures in (("first prompt", first), ("next prompt", again)):
        middle, worst = statistics.median(figures), max(figures)
        print(f"{name:13} {middle:6.1f} ms median, {worst:6.1f} ms at worst ({len(chosen)} files)")
    print(f"{'characters':13} {statistics.median(sizes):,.0f} median, {max(sizes):,} at most")
    command = [sys.executable, "-c", "import festina.context"]
    began = time.perf_counter()
    subprocess.run(command, check=True)
    print(f"{'import':13} {(time.perf_counter() - began) * 1000:6.1f} ms, Python's start included")


if __name__ == "__main__":
    main()
