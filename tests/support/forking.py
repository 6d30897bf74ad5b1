"""Fork servers on small projects, for tests: a bench, a base copy, and questions about edits."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from festina.config import VerifySettings
from festina.verify import interpreter, sandbox, shadow
from festina.verify.base import Candidate
from festina.verify.classify import Swap, classify
from festina.verify.forkserver import ForkServer, Kind
from festina.verify.question import Question
from festina.verify.record import Run
from festina.verify.state import environment_of_tests
from festina.verify.suite import Bench, install_plugin, run_suite
from festina.verify.watch import watch_of
from support import projects

ALONE = ("--disable-plugin-autoload",)
"""Our own environment's plugins take a second to load and have no part in these tests."""


@dataclass
class Place:
    """A project with all that a fork server of it needs."""

    project: Path
    base: Path
    bench: Bench

    @contextlib.asynccontextmanager
    async def server(self, kind: Kind = "collected", **options: Any) -> AsyncIterator[ForkServer]:
        """Start a fork server; neither the base nor the project may be changed by its runs."""
        before = projects.digest(self.project)
        server = await ForkServer.start(self.bench, self.base, kind, **options)
        laid = projects.digest(self.base)
        try:
            yield server
            assert projects.digest(self.base) == laid
        finally:
            await server.aclose()
        assert projects.digest(self.project) == before

    def edit(self, path: str, *pairs: tuple[str, str], **options: Any) -> Question:
        """Ask about a file in which text is replaced."""
        old = new = (self.project / path).read_text()
        for before, after in pairs:
            assert new.count(before) == 1
            new = new.replace(before, after)
        watch = watch_of(self.bench.workspace, path, Candidate(path, old, new))
        kind = classify(old, new, version=sys.version_info[:2], path=path)
        if isinstance(kind, Swap):
            swap = {"swaps": (kind.wire,), "before": kind.before, "after": kind.after}
            options = {**swap, **options}
        return Question({path: new}, watch, **options)

    async def cold(self, question: Question, folder: Path) -> Run:
        """Run the same as a cold run does, in a copy."""
        folder.mkdir()
        shadow.clone(self.base, folder)
        for path, text in question.files.items():
            assert text is not None
            shadow.lay(folder, path, text)
        only = question.only
        return await run_suite(
            self.bench, folder, watch=question.watch, only=only, timeout=60, stop=None
        )


async def place(folder: Path, text: str, args: tuple[str, ...] = ALONE) -> Place:
    """Make a project and copy it; skips where there is no sandbox to fork in."""
    level = (await sandbox.probe()).level
    if level not in (sandbox.Level.BUBBLEWRAP, sandbox.Level.NAMESPACES):
        pytest.skip(f"no fork servers at the level {level}")
    project = projects.make(folder / "project", text)
    plugins, base = folder / "plugins", folder / "base"
    plugins.mkdir()
    install_plugin(plugins)
    environ = environment_of_tests()
    environment = await interpreter.inspect(Path(sys.executable), environ)
    assert isinstance(environment, interpreter.Environment)
    tree = shadow.survey(project)
    base.mkdir()
    shadow.copy(tree, project, base)
    settings = VerifySettings(tests_args=args)
    bench = Bench(project.resolve(), environment, level, settings, plugins, tree.shown, environ)
    return Place(project, base, bench)


def digest(text: str | None) -> str:
    assert text is not None
    return hashlib.sha256(text.encode()).hexdigest()


def statuses(run: Run) -> dict[str, str]:
    """What became of each test, by its own name."""
    return {test.rpartition("::")[2]: outcome.status for test, outcome in run.outcomes.items()}
