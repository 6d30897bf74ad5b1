"""What the benchmarks of verification share: the engine of the server, and the plain way."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from festina.config import VerifySettings
from festina.findings import Verdict
from festina.verify.base import Candidate, Snapshot, Verifier
from festina.verify.engine import Engine
from support.bench_edits import Edit, called
from support.bench_projects import Project, ruff_command
from support.bench_source import Function, Source
from support.bench_truth import pytest_command


def at_home(home: Path) -> None:
    """Let this process, and all that it starts, keep its files under ``home``."""
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = str(home / name.lower())
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # would slow down every cold start


@contextlib.asynccontextmanager
async def verifier(**options: Any) -> AsyncIterator[Verifier]:
    """Give the engine that the server uses; closed at the end."""
    made: Verifier = Engine(**options)
    try:
        yield made
    finally:
        await made.aclose()


def snapshot(root: Path, project: Project | None = None, **settings: Any) -> Snapshot:
    """Return a trusted workspace with the suite that the project's truth is about."""
    args = project.args if project else ()
    return Snapshot(
        root, settings=VerifySettings(tests_args=args, **settings), trusted=True, consent=False
    )


def candidate(edit: Edit) -> Candidate:
    """Return an edit as the engine takes it."""
    return Candidate(edit.path, edit.old, edit.new)


@dataclass(frozen=True)
class Look:
    """What is read from a verdict, whichever gates it has."""

    status: str
    tier: int | None
    scope: str
    selected: int
    lines: int
    executed: int
    reason: str

    @classmethod
    def at(cls, verdict: Verdict | dict[str, Any]) -> Look:
        """Read a verdict, or its JSON from the command line."""
        data = verdict if isinstance(verdict, dict) else verdict.to_json()
        gate = next((g for g in data["gates"] if g["gate"] == "tests"), {})
        counts = gate.get("tests") or {}
        reasons = [g["reason"] for g in data["gates"] if g.get("reason")]
        found = [f"{f['path']}:{f.get('line')}: {f['message']}" for f in data["findings"]]
        return cls(
            str(data["status"]),
            gate.get("tier"),
            counts.get("scope", ""),
            counts.get("selected", 0),
            counts.get("changed_lines", 0),
            counts.get("changed_lines_executed", 0),
            " ".join([*reasons, *found[:2]])[:400],
        )


async def mapped(
    engine: Verifier,
    where: Snapshot,
    places: Sequence[tuple[Source, Function]],
    patience: float = 900,
) -> float:
    """Wait until the engine knows which tests a function concerns; the seconds that it took.

    Some ``places`` are tried in turn, as one may be code that runs at import. Infinite where it
    does not come about in ``patience`` seconds.
    """
    start = time.perf_counter()
    for number in itertools.count(1):
        # code never seen, which says the same: an answer from memory would tell nothing
        asked = candidate(called(*places[number % len(places)], number))
        verdict = await engine.verify(where, asked, scope="impacted")
        took = time.perf_counter() - start
        if Look.at(verdict).scope == "impacted":
            return took
        if took > patience:
            break
        await asyncio.sleep(0.5)
    return float("inf")


def naive(root: Path, project: Project, edit: Edit) -> tuple[bool, float]:
    """Verify as one would without Festina: copy, cold ``ruff check``, cold full ``pytest``.

    Returns whether the suite was green, and the seconds. The copy leaves environments behind.
    """
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "copy"
        shutil.copytree(
            root,
            there,
            symlinks=True,
            ignore=shutil.ignore_patterns(".venv", ".git", ".hypothesis"),
        )
        (there / edit.path).write_text(edit.new, encoding="utf-8", newline="")
        subprocess.run(ruff_command(there, edit.path), cwd=there, capture_output=True, check=False)
        environ = {**project.environ(root), "PYTHONPATH": str(there / project.source)}
        argv = pytest_command(root, project, "-p", "no:cacheprovider", "--rootdir", str(there))
        done = subprocess.run(argv, cwd=there, env=environ, capture_output=True, check=False)
    return done.returncode == 0, time.perf_counter() - start


def spread(values: Sequence[float]) -> str:
    """Print median and ninth decile of some seconds, as milliseconds."""
    if not values:
        return "none"
    tenth = statistics.quantiles(values, n=10)[-1] if len(values) > 1 else values[0]
    return f"median {statistics.median(values) * 1000:.1f} ms, p90 {tenth * 1000:.1f} ms"


def machine() -> str:
    """Say in one line on what and beside what this runs."""
    model = ""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} cores {model}, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, load {load}"
    )
