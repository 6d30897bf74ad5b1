"""From a save to what is shown of it, beside a cold pytest of the same tests: ``on_save.py``.

The real server is driven as an editor would over standard input and output. A function of a real
project is broken and the file is saved: how long until the failure is on show, at the assertion and
at the change? Then it is mended and saved: how long until nothing is? Functions are drawn by seed
from those whose damage some test notices. The same tests are then run by a cold ``pytest`` in the
same tree, and a cold run of the whole suite beside it.

    python tests/bench/on_save.py [--each 8] [--seed 1] [--work DIR] [--only NAME] [--rounds 2]
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from festina.config import VerifySettings
from festina.lsp.app import App
from festina.verify.base import Snapshot
from festina.verify.examination import Examination
from support import sdists
from support.buffer import Buffer
from support.editor import Editor
from support.presets import VSCODE


@dataclass(frozen=True)
class Project:
    """A release on PyPI, the file that is edited, and the tests that are left out."""

    name: str
    version: str
    file: str
    without: str = ""


PROJECTS = (
    Project("click", "8.5.1", "src/click/utils.py"),
    Project("more-itertools", "11.2.1", "more_itertools/more.py", "not Prime and not prime"),
)
WITHOUT_PLUGINS = ["--disable-plugin-autoload"]


@dataclass
class Times:
    """Seconds of one project, save by save."""

    red: list[float] = field(default_factory=list)
    green: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    tests: list[int] = field(default_factory=list)


def prepare(project: Project, work: Path) -> Path:
    """Unpack a project and install it, editable, into an environment of its own."""
    root = work / project.name
    if (root / ".ready").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(sdists.fetch(project.name, project.version), root)
    venv.create(root / ".venv", with_pip=True)
    pip = [str(root / ".venv" / "bin" / "python"), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "pytest", "-e", str(root)], check=True, capture_output=True)
    for rest in root.glob("**/*.egg-info"):
        shutil.rmtree(rest, ignore_errors=True)
    (root / ".ready").touch()
    return root


def damages(text: str, chance: random.Random) -> list[str]:
    """Return the text with one function after the other broken: its first ``return`` says None."""
    found = []
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        returns = [
            one for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None
        ]
        if returns:
            last = returns[-1]
            lines = text.split("\n")
            indent = " " * last.col_offset
            assert last.end_lineno is not None
            lines[last.lineno - 1 : last.end_lineno] = [f"{indent}return None"]
            found.append("\n".join(lines))
    chance.shuffle(found)
    return found


class Sitting:
    """An editor with one file open."""

    def __init__(self, editor: Editor, buffer: Buffer) -> None:
        self.editor = editor
        self.buffer = buffer

    async def save(self, text: str, *, red: bool) -> float | None:
        """Save a text; return the seconds until red, or until nothing is shown any more.

        None where it never comes to that: no test notices, or nothing had been shown.
        """
        editor, ended, before = self.editor, self._ended(), self._shown()
        editor.set_text(self.buffer, text)
        start = time.perf_counter()
        editor.save(self.buffer)

        def over() -> bool:
            shown = self._shown()
            return (shown and self._both()) if red else (before and not shown)

        async with asyncio.timeout(900):
            while not over():
                if self._ended() > ended:  # the diagnostics come before that
                    return None
                await editor.client.something()
        return time.perf_counter() - start

    async def warm_up(self, text: str) -> None:
        """Save comments until it is known which tests execute what."""
        for number in range(1000):
            await self.save(f"{text}# {number}\n", red=False)
            said = self._said()[-1]
            print(f"  {said}", file=sys.stderr, flush=True)
            if "impacted" in said or "no test executes" in said:
                break
            await asyncio.sleep(2)
        await self.save(text, red=False)

    def _said(self) -> list[str]:
        reports = self.editor.client.progress_reports.values()
        return [one.message or "" for some in reports for one in some if one.kind == "end"]

    def _shown(self) -> bool:
        return any(
            one.severity == 1 for some in self.editor.client.diagnostics.values() for one in some
        )

    def _both(self) -> bool:
        return bool(self.editor.client.diagnostics.get(self.buffer.uri))

    def _ended(self) -> int:
        return len(self._said())


def cold(root: Path, project: Project, ids: list[str]) -> float:
    """Run pytest as a person would in a terminal; return its seconds."""
    argv = [str(root / ".venv" / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    argv += WITHOUT_PLUGINS + (["-k", project.without] if project.without and not ids else [])
    start = time.perf_counter()
    subprocess.run([*argv, *ids], cwd=root, check=False, capture_output=True)
    return time.perf_counter() - start


async def tests_of(
    root: Path, project: Project, texts: list[str], settings: VerifySettings
) -> list[list[str]]:
    """Return the ids that a save of each text runs, by what the server has learned."""
    verifier = App({}).verifier
    good = (root / project.file).read_text()

    async def examined(text: str) -> Examination:
        before = Snapshot(root, {project.file: good}, settings, trusted=True)
        after = Snapshot(root, {project.file: text}, settings, trusted=True)
        return await verifier.examine(before, after, [project.file], scope="impacted")

    try:
        while (await examined(f"{good}# warm\n")).scope != "impacted":
            await asyncio.sleep(2)
        return [sorted((await examined(text)).ran) for text in texts]
    finally:
        await verifier.aclose()


async def measure(project: Project, args: argparse.Namespace, work: Path) -> Times:
    """Measure one project."""
    root, times = prepare(project, work), Times()
    options = WITHOUT_PLUGINS + (["-k", project.without] if project.without else [])
    python = str(root / ".venv" / "bin" / "python")
    config = work / "config.toml"
    config.write_text(
        f"[verify]\npython = {json.dumps(python)}\ntests.args = {json.dumps(options)}\n"
    )
    settings = VerifySettings(python=python, tests_args=tuple(options))
    good = (root / project.file).read_text()
    home = work / "home"
    home.mkdir(exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(home / "cache")  # the server's: what it learned counts
    chosen: list[str] = []
    try:
        env = {"FESTINA_CONFIG": str(config)}
        async with Editor.start(VSCODE, root, home, env=env) as editor:
            sitting = Sitting(editor, await editor.open(project.file))
            await sitting.warm_up(good)
            for broken in damages(good, random.Random(f"{project.name} {args.seed}")):
                if len(chosen) == args.each:
                    break
                seconds = await sitting.save(broken, red=True)
                if seconds is None:
                    continue  # no test notices that
                chosen.append(broken)
                for _ in range(args.rounds):
                    mended = await sitting.save(good, red=False)
                    again = await sitting.save(broken, red=True)
                    times.green += [] if mended is None else [mended]
                    times.red += [] if again is None else [again]
                await sitting.save(good, red=False)
        ran = await tests_of(root, project, chosen, settings)
        for broken, ids in zip(chosen, ran, strict=True):
            times.tests.append(len(ids))
            (root / project.file).write_text(broken)
            times.cold.append(cold(root, project, ids))
            times.whole.append(cold(root, project, []))
    finally:
        (root / project.file).write_text(good)
    return times


def show(project: Project, times: Times) -> None:
    """Print one project's medians in milliseconds, and what a cold run takes in their place."""
    red, green, same, whole = (
        1000 * statistics.median(some) for some in (times.red, times.green, times.cold, times.whole)
    )
    print(
        f"{project.name:<16}{len(times.red):>4} saves{statistics.median(times.tests):>7.0f} tests"
        f"   red {red:>7.0f} ms   green {green:>7.0f} ms   cold, same tests {same:>7.0f} ms"
        f" ({same / red:.1f}x, {same / green:.1f}x)   whole suite {whole:>7.0f} ms"
        f" ({whole / red:.1f}x, {whole / green:.1f}x)"
    )


def main() -> None:
    """Measure all projects, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--only")
    args = parser.parse_args()
    # the edits are made in the project itself: also who is told to stop puts the text back first
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = args.work or Path(tempfile.mkdtemp(prefix="festina-on-save-"))
    work.mkdir(parents=True, exist_ok=True)
    print(f"medians, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    try:
        for project in PROJECTS:
            if args.only in (None, project.name):
                show(project, asyncio.run(measure(project, args, work)))
    finally:
        if args.work is None:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
