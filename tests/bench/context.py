"""What it takes to collect a prompt's context: the first time, and for the next prompt of a file.

The files are our own: the server's Python, the extension's TypeScript. Secrets, ignore files and
definitions in other files are all looked up. Other projects, in any of the languages that are read:
``python tests/bench/context.py FOLDER ...``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from festina import prompt, secret_patterns
from festina.context import Wish, enclosing, gather, source
from festina.context.trees import grammars, outline, workspace
from festina.edits import Region
from festina.text import decode
from festina.verify.base import Snapshot

ROOT = Path(__file__).parents[2]
TIMES = 20
LEAST = 5


def wish_for(root: Path, path: Path, language: str) -> Wish:
    text = decode(path.read_bytes())
    found = enclosing(text, len(text.lines) * 2 // 3, language, path.name)
    region = found[0] if found else Region(0, min(len(text.lines), 40))
    where = path.relative_to(root).as_posix()
    snapshot = Snapshot(root, trusted=True)
    return Wish(snapshot, where, text, region, "shorten it", language)


def forget() -> None:
    """Make the next prompt a first one."""
    secret_patterns.find.cache_clear()
    for kept in (source._sources, grammars._trees, outline._outlines, workspace._known):
        kept.clear()


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


def measure(root: Path, folder: Path, suffix: str) -> None:
    """Print what the largest files take that a person may have written."""
    files = [
        path
        for path in folder.rglob(f"*.{suffix}")
        if "node_modules" not in path.parts and 0 < path.stat().st_size < grammars.MOST_CHARS
    ]
    if len(files) < LEAST:
        return
    language = "python" if suffix == "py" else suffix
    first, again, sizes = [], [], []
    for path in sorted(files, key=lambda path: (path.stat().st_size, path))[-TIMES:]:
        wish = wish_for(root, path, language)
        forget()
        took, size = milliseconds(wish)
        first.append(took)
        sizes.append(size)
        again.append(min(milliseconds(wish)[0] for _ in range(3)))
    print(f"{suffix}: {len(first)} files of {folder.name}")
    for name, figures in (("first prompt", first), ("next prompt", again)):
        middle, worst = statistics.median(figures), max(figures)
        print(f"  {name:13} {middle:6.1f} ms median, {worst:6.1f} ms at worst")
    print(f"  {'characters':13} {statistics.median(sizes):,.0f} median, {max(sizes):,} at most")


def main() -> None:
    if len(sys.argv) > 1:
        for folder in map(Path, sys.argv[1:]):
            for suffix in ("py", "js", "ts", "tsx", "go", "rs"):
                measure(folder.resolve(), folder.resolve(), suffix)
        return
    measure(ROOT, ROOT / "server" / "festina", "py")
    measure(ROOT / "clients" / "vscode", ROOT / "clients" / "vscode", "ts")
    command = [sys.executable, "-c", "import festina.context"]
    began = time.perf_counter()
    subprocess.run(command, check=True)
    print(f"{'import':15} {(time.perf_counter() - began) * 1000:6.1f} ms, Python's start included")


if __name__ == "__main__":
    main()
