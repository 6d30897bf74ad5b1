"""Real projects from PyPI for the benchmarks: pinned, each with an environment of its own.

A suite is taken as its authors left it, but for tests that are slow or that fail here without an
edit (most of them want a network): those are left out by the project's own pytest options, in the
``festina.toml`` that is written into its folder, and by the same options in every other run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from support import sdists

WORK = sdists.STORE.parent / "bench"
"""Where projects and what is known about them are kept, unless somebody says otherwise."""


@dataclass(frozen=True)
class Project:
    """A release on PyPI: where its code is, how it is installed, what its suite needs."""

    name: str
    version: str
    package: str
    """The folder whose functions are edited."""
    editable: bool
    args: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    extras: str = ""
    source: str = "."
    """What a plain install must have on ``PYTHONPATH``, so that the sources are tested."""
    usual: bool = True
    share: float = 1.0
    """How many edits it gets of those that others get: less where the suite takes long."""

    @property
    def key(self) -> str:
        """Names the release and what of its suite is run."""
        return f"{self.name} {self.version} {' '.join(self.args)}"

    def environ(self, root: Path) -> dict[str, str]:
        """The environment of a run that a person would start in ``root``."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return kept if self.editable else {**kept, "PYTHONPATH": str(root / self.source)}


def _without(*tests: str) -> tuple[str, ...]:
    return tuple(part for test in tests for part in ("--deselect", test))


PROJECTS = (
    Project(
        "more-itertools",
        "11.2.1",
        "more_itertools",
        editable=False,
        args=("-k", "not Prime and not Serialize and not test_roundtrip"),
    ),
    Project("click", "8.5.1", "src/click", editable=True, source="src"),
    Project(
        "httpx",
        "0.28.1",
        "httpx",
        editable=True,
        extras="[brotli,cli,http2,socks,zstd]",
        needs=("trio", "trustme", "uvicorn", "cryptography", "chardet<6"),
        args=_without(
            "tests/client/test_proxies.py::test_async_proxy_close",
            "tests/client/test_proxies.py::test_sync_proxy_close",
            "tests/test_main.py::test_download",
            "tests/test_timeouts.py",
            "tests/test_utils.py::test_logging_request",
            "tests/test_utils.py::test_logging_redirect_chain",
        ),
    ),
    Project(
        "sqlglot",
        "30.30.0",
        "sqlglot",
        editable=True,
        needs=("pytz", "python-dateutil"),
        # these two need a database engine and a data frame library; the others are slow
        args=(
            "--ignore=tests/test_executor.py",
            "--ignore=tests/test_optimizer.py",
            *_without(
                "tests/test_parser.py::TestParser::test_max_nodes",
                "tests/test_serde.py::TestSerde::test_recursion",
            ),
        ),
        share=0.5,
    ),
    Project(  # fixtures on a database
        "sqlite-utils",
        "4.2.1",
        "sqlite_utils",
        editable=True,
        needs=("hypothesis",),
        args=(
            "--hypothesis-seed=0",
            *_without(
                "tests/test_cli_bulk.py::test_cli_bulk_batch_size",
                "tests/test_hypothesis.py::test_roundtrip_text",
            ),
        ),
    ),
    Project(  # a C extension that works in threads
        "numexpr",
        "2.14.2",
        "numexpr",
        editable=True,
        needs=("numpy", "setuptools"),
    ),
    # further layouts and habits, for --only and --all
    Project(
        "itsdangerous",
        "2.2.0",
        "src/itsdangerous",
        editable=False,
        source="src",
        needs=("freezegun",),
        usual=False,
    ),
    Project(  # plugins and their options in addopts
        "humanize",
        "4.17.0",
        "src/humanize",
        editable=True,
        source="src",
        needs=("pytest-cov", "pytest-benchmark", "pytest-codspeed", "freezegun"),
        usual=False,
    ),
    Project(  # unittest's style, tests inside the package, a setup.cfg of old
        "pyflakes", "4.1.0", "pyflakes", editable=True, usual=False
    ),
    Project(  # tests inside the package, strict options
        "toolz", "1.2.0", "toolz", editable=False, usual=False
    ),
    Project("boltons", "26.2.0", "boltons", editable=False, usual=False),
    Project(  # warnings are errors, colour is forced
        "python-slugify", "9.2.0", "slugify", editable=True, usual=False
    ),
)


def chosen(only: list[str], *, everything: bool = False) -> list[Project]:
    """Return the projects named, or else the usual ones.

    Raises:
        SystemExit: there is no project of a name.
    """
    names = {project.name for project in PROJECTS}
    if unknown := set(only) - names:
        raise SystemExit(f"no project {sorted(unknown)}; there are {', '.join(sorted(names))}")
    return [
        project
        for project in PROJECTS
        if project.name in only or (not only and (everything or project.usual))
    ]


def prepare(project: Project, work: Path) -> Path:
    """Return the project's folder under ``work``, with its environment in ``.venv``. Blocks."""
    root = work / project.name
    ready = root / ".ready"
    if ready.exists() and ready.read_text() == project.key:
        return root
    shutil.rmtree(root, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    shutil.copytree(sdists.fetch(project.name, project.version), root, symlinks=True)
    venv.create(root / ".venv", with_pip=True)
    wanted = f"{root}{project.extras}"
    install = ["-e", wanted] if project.editable else [wanted]
    pip = [str(root / ".venv" / "bin" / "python"), "-m", "pip", "install", "-q"]
    for packages in (["pytest", *project.needs], install):
        done = subprocess.run([*pip, *packages], cwd=work, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{project.name} could not be installed:\n{done.stderr[-2000:]}")
    for rest in ("build", *root.glob("**/*.egg-info")):
        shutil.rmtree(root / rest, ignore_errors=True)
    if project.args:
        listed = json.dumps(list(project.args))
        (root / "festina.toml").write_text(f"[verify]\ntests.args = {listed}\n")
    ready.write_text(project.key)
    return root


def ruff_command(root: Path, path: str) -> list[str]:
    """Return how a person would lint one file; errors alone where the project has no ruff.

    That is also what Festina does where ruff is not configured (README).
    """
    file = root / "pyproject.toml"
    uses = any((root / name).exists() for name in ("ruff.toml", ".ruff.toml")) or (
        file.exists() and "[tool.ruff" in file.read_text(encoding="utf-8")
    )
    rules = [] if uses else ["--select", "F,E9,PLE"]
    json_ = ["--output-format", "json", "--no-cache"]
    return [str(Path(sys.executable).parent / "ruff"), "check", "--no-fix", *rules, *json_, path]
