"""The truth about an edit: cold runs of ``ruff`` and of the whole suite, with the edit in place.

It is kept in a JSON file, by project, version, options and text, because a run takes seconds to a
minute. Nothing of Festina is used here.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from support.bench_edits import Edit
from support.bench_projects import Project, ruff_command

_NOTE = ".edited"
"""Holds what to put back while a file is edited."""


@dataclass(frozen=True)
class Run:
    """A cold run of a suite: the ids by outcome, or how it ended without them."""

    ok: frozenset[str]
    bad: frozenset[str]
    ended: bool
    timed_out: bool
    seconds: float


@dataclass(frozen=True)
class Truth:
    """What a person would find: new findings of ruff, and what becomes of the suite.

    ``tests`` is passed, failed or timeout, or not run after a new finding; ``flips`` where
    repeated runs did not agree.
    """

    lint: tuple[str, ...]
    tests: str
    failing: tuple[str, ...]
    seconds: float
    flips: bool = False

    @property
    def verdict(self) -> str:
        """The whole verdict: a new finding of ruff is a failure, too."""
        return "failed" if self.lint else self.tests


class Truths:
    """Truths of one project in one file; several processes may fill the same file in turn."""

    def __init__(self, file: Path, project: Project) -> None:
        self._file = file
        self._key = project.key
        self._all: dict[str, dict[str, object]] = {}
        self.reload()

    def reload(self) -> None:
        """Read what is known by now."""
        if self._file.exists():
            self._all = json.loads(self._file.read_text())

    def get(self, edit: Edit) -> Truth | None:
        """Return what is known of an edit."""
        found = self._all.get(f"{self._key} {edit.digest}")
        if found is None:
            return None
        kept = {name: tuple(v) if isinstance(v, list) else v for name, v in found.items()}
        return Truth(**kept)  # type: ignore[arg-type]

    def put(self, edit: Edit, truth: Truth) -> None:
        """Keep a truth, beside what others have written since."""
        self._put(edit.digest, asdict(truth))

    def base(self, root: Path, project: Project) -> Run:
        """Return the run without an edit, made twice where it is not known yet.

        Raises:
            SystemExit: the suite is not green here, so that there is no truth.
        """
        recover(root)
        known = self._all.get(f"{self._key} base")
        if known is None:
            first, base = (cold(root, project, 900) for _ in range(2))
            if base.bad or not base.ended or base.ok != first.ok or len(base.ok) < 50:
                bad = sorted(base.bad | first.bad | base.ok ^ first.ok)[:9]
                raise SystemExit(f"{project.name} is not green without an edit: {bad}")
            known = {"ok": sorted(base.ok), "seconds": round(base.seconds, 3)}
            self._put("base", known)
        ok, seconds = frozenset(known["ok"]), float(known["seconds"])  # type: ignore[call-overload,arg-type]
        return Run(ok, frozenset(), ended=True, timed_out=False, seconds=seconds)

    def _put(self, name: str, value: dict[str, object]) -> None:
        self.reload()
        self._all[f"{self._key} {name}"] = value
        new = self._file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(self._all, indent=0))
        new.replace(self._file)


def pytest_command(root: Path, project: Project, *more: str) -> list[str]:
    """Return how a person would run the suite."""
    return [str(root / ".venv" / "bin" / "python"), "-m", "pytest", "-q", *project.args, *more]


def cold(root: Path, project: Project, limit: float, *, first_failure: bool = False) -> Run:
    """Run the whole suite as it is in ``root``; up to the first failure where that is enough."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        more = ["-p", "no:cacheprovider", "--junitxml", str(report)]
        argv = pytest_command(root, project, *more, *(["-x"] if first_failure else []))
        start = time.monotonic()
        process = subprocess.Popen(
            argv,
            cwd=root,
            env=project.environ(root),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        timed_out = False
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        seconds = time.monotonic() - start
        ok, bad, ended = _read(report) if not timed_out else (set(), set(), False)
        return Run(frozenset(ok - bad), frozenset(bad), ended, timed_out, seconds)


def _read(report: Path) -> tuple[set[str], set[str], bool]:
    ok: set[str] = set()
    bad: set[str] = set()
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return ok, bad, False
    for case in cases:
        name = f"{case.get('classname')}::{case.get('name')}"
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            bad.add(name)
        elif "skipped" not in outcomes:
            ok.add(name)
    return ok, bad, True


def lint_counts(root: Path, path: str) -> collections.Counter[str]:
    """Count ruff's findings in a file by code, by the command line alone."""
    done = subprocess.run(ruff_command(root, path), cwd=root, capture_output=True, text=True)
    return collections.Counter(str(item["code"]) for item in json.loads(done.stdout or "[]"))


@contextmanager
def laid(root: Path, edit: Edit) -> Iterator[None]:
    """Write an edit into the tree, and put the file back; no bytecode of either survives."""
    file, note = root / edit.path, root / _NOTE
    before = file.stat()
    note.write_text(json.dumps({"path": edit.path, "old": edit.old}))
    try:
        file.write_text(edit.new, encoding="utf-8", newline="")
        _forget(file)
        yield
    finally:
        file.write_text(edit.old, encoding="utf-8", newline="")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        _forget(file)
        note.unlink()


def recover(root: Path) -> None:
    """Put back what a process that was killed had edited."""
    note = root / _NOTE
    if note.exists():
        known = json.loads(note.read_text())
        (root / known["path"]).write_text(known["old"], encoding="utf-8", newline="")
        _forget(root / known["path"])
        note.unlink()


def _forget(file: Path) -> None:
    # same size in the same second, and Python would run what was there before
    for stale in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        stale.unlink()


def truth_of(root: Path, project: Project, edit: Edit, base: Run) -> Truth:
    """Find out about one edit. A failure that repeats nowhere is noted as one that flips."""
    limit = 30 + 4 * base.seconds
    before = lint_counts(root, edit.path)
    with laid(root, edit):
        new = tuple(sorted((lint_counts(root, edit.path) - before).elements()))
        if new:  # a failure already
            return Truth(new, "not run", (), 0.0)
        run = cold(root, project, limit, first_failure=True)
        tests, failing = judged(run, base)
    return Truth(new, tests, failing, round(run.seconds, 3))


def again(root: Path, project: Project, edit: Edit, base: Run, known: Truth) -> Truth:
    """Look again, where a verdict and the truth do not agree."""
    fresh = truth_of(root, project, edit, base)
    if fresh.tests == known.tests:
        return known
    third = truth_of(root, project, edit, base)
    return Truth(third.lint, third.tests, third.failing, third.seconds, flips=True)


def judged(run: Run, base: Run) -> tuple[str, tuple[str, ...]]:
    """Return passed, failed or timeout, and the tests that fail with the edit alone."""
    if run.timed_out:
        return "timeout", ()
    new = tuple(sorted(run.bad - base.bad))[:3]
    green = run.ended and not new and run.ok >= base.ok
    return ("passed" if green else "failed"), new
