"""Finds the Python interpreter that runs a project's tests, and learns what it can import."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from festina.verify import process
from festina.verify.base import Snapshot
from festina.verify.surroundings import stamps

_FOLDERS = (".venv", "venv", "env")
_PACKAGES = ("site-packages", "dist-packages")
_POETRY_SECONDS = 20.0
_PROBE_SECONDS = 30.0
_MOST_SAID = 300
OLDEST = (3, 8, 0)
"""The oldest Python that can run our pytest plugin."""


@dataclass(frozen=True, slots=True)
class Found:
    """An interpreter, and in words how it was found: ``.venv in the workspace``."""

    python: Path
    how: str


@dataclass(frozen=True, slots=True)
class Missing:
    """No interpreter, why, and what to do about it (a sentence)."""

    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Environment:
    """What an interpreter says of itself.

    ``search`` are the folders that it imports from, ``prefixes`` those that it is installed in,
    ``editable`` sources outside of them that editable installs point to.
    """

    python: Path
    version: tuple[int, int, int]
    prefixes: tuple[Path, ...]
    search: tuple[Path, ...]
    editable: tuple[Path, ...]
    has_pytest: bool

    def stamp(self) -> str:
        """Describe the installed distributions; changes when one is added, removed or replaced."""
        parts = [f"{self.python} {self.version}"]
        for folder in self.search:
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                if entry.name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth")):
                    with contextlib.suppress(OSError):  # a dead link, or pip is at work
                        parts.append(f"{entry.path} {entry.stat().st_mtime_ns}")
        return "\n".join(parts)

    def outside(self, workspace: Path) -> list[Path]:
        """List sources that are imported from elsewhere: other projects' editable installs."""
        real = workspace.resolve()
        found = []
        for path in dict.fromkeys([*self.search, *self.editable]):
            installed = path.name in _PACKAGES or any(map(path.is_relative_to, self.prefixes))
            if path.exists() and not installed and not path.resolve().is_relative_to(real):
                found.append(path)
        return found


async def find(
    snapshot: Snapshot, environ: Mapping[str, str] | None = None, poetry: Poetry | None = None
) -> Found | Missing:
    """Find the interpreter of a workspace; runs nothing but, where it is trusted, ``poetry``.

    In order: the setting ``verify.python``, a virtual environment in the workspace, uv's and the
    active one (``UV_PROJECT_ENVIRONMENT``, ``VIRTUAL_ENV``, ``CONDA_PREFIX``), poetry's, and
    ``python3`` on the PATH. ``poetry`` remembers its answers.
    """
    environ = os.environ if environ is None else environ
    workspace = snapshot.workspace
    if snapshot.settings.python:
        return _configured(workspace, snapshot.settings.python, environ)
    for name in _FOLDERS:
        if (python := python_of(workspace / name)) is not None:
            return Found(python, f"{name} in the workspace")
    for variable in ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV", "CONDA_PREFIX"):
        folder = environ.get(variable)
        if folder and (python := python_of(workspace / folder)) is not None:
            return Found(python, variable)
    if snapshot.trusted:
        found = await (poetry or Poetry()).ask(workspace, environ)
        if found is not None:
            return found
    for name in ("python3", "python"):
        if on_path := shutil.which(name, path=environ.get("PATH")):
            return Found(Path(on_path), f"{name} on the PATH")
    return Missing(
        "No Python interpreter was found for this workspace.",
        "Create a virtual environment in .venv with the project and pytest in it, or set"
        " verify.python.",
    )


def python_of(folder: Path) -> Path | None:
    """Return the interpreter of an environment's folder, or None."""
    for relative in ("bin/python", "Scripts/python.exe"):
        if (python := folder / relative).is_file():
            return python
    return None


async def inspect(python: Path, environ: Mapping[str, str]) -> Environment | Missing:
    """Run the interpreter once and ask it. Only ever called for a trusted workspace."""
    source = await _source()
    try:
        done = await process.run(
            [str(python), "-c", source], cwd=Path("/"), env=dict(environ), timeout=_PROBE_SECONDS
        )
    except (OSError, process.LaunchError) as error:
        why = getattr(error, "strerror", None) or str(error) or "it could not be started"
        return _unusable(python, why.rstrip("."))
    try:
        said = json.loads(done.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
        return Environment(
            # a launcher (pyenv's shim, a wrapper script) names the real interpreter here
            Path(said["executable"] or python),
            (said["version"][0], said["version"][1], said["version"][2]),
            tuple(Path(path) for path in said["prefixes"]),
            tuple(Path(path) for path in said["path"]),
            tuple(Path(path) for path in said["editable"]),
            bool(said["pytest"]),
        )
    except (ValueError, IndexError, KeyError, TypeError):
        if done.timed_out:
            return _unusable(python, f"it did not answer in {_PROBE_SECONDS:.0f} s")
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        said = words[-1] if words and len(words[-1]) <= _MOST_SAID else ""  # not our own program
        return _unusable(python, said or f"exit code {done.returncode}")


def cannot_test(environment: Environment) -> Missing | None:
    """Return why an interpreter cannot run tests for us, None where it can."""
    python = environment.python
    if environment.version < OLDEST:
        has, least = (".".join(map(str, each[:2])) for each in (environment.version, OLDEST))
        return Missing(
            f"{python} is Python {has}, and tests can be watched from {least} on.",
            "Set verify.python to a newer interpreter of the project.",
        )
    if not environment.has_pytest:
        return Missing(
            f"pytest is not installed for {python}.",
            f"Install it there (`{python} -m pip install pytest`), or set verify.python to the"
            " project's interpreter.",
        )
    return None


async def _source() -> str:
    return await asyncio.to_thread(
        (Path(__file__).parent / "probe_env.py").read_text, encoding="utf-8"
    )


def _unusable(python: Path, why: str) -> Missing:
    return Missing(
        f"The interpreter {python} does not work: {why}.",
        "Make the project's virtual environment anew, or set verify.python.",
    )


def _configured(workspace: Path, setting: str, environ: Mapping[str, str]) -> Found | Missing:
    """``verify.python`` may name an interpreter, an environment's folder, or a command."""
    path = workspace / Path(setting).expanduser()
    if path.is_dir() and (python := python_of(path)) is not None:
        return Found(python, "verify.python")
    if path.is_file():
        return Found(path, "verify.python")
    if os.sep not in setting and (on_path := shutil.which(setting, path=environ.get("PATH"))):
        return Found(Path(on_path), "verify.python")
    return Missing(
        f"verify.python names {setting!r}, which is no interpreter and no virtual environment.",
        "Correct the setting, or remove it to let Festina look for the project's environment.",
    )


class Poetry:
    """Asks poetry for a workspace's environment: a second's work, so only when it may differ."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[list[str], Found | None]] = {}

    async def ask(self, workspace: Path, environ: Mapping[str, str]) -> Found | None:
        """Return the environment that poetry has made; None: the project has no use for it."""
        poetry = shutil.which("poetry", path=environ.get("PATH"))
        if poetry is None or not _uses_poetry(workspace):
            return None
        caches = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "/", ".cache"))
        files = [workspace / name for name in ("pyproject.toml", "poetry.lock", "poetry.toml")]
        files += [Path(poetry), caches / "pypoetry" / "virtualenvs" / "envs.toml"]
        state = await asyncio.to_thread(stamps, files)
        known, found = self._known.get(workspace, ([], None))
        if state != known or found is None or not found.python.is_file():
            found = await _ask_poetry(poetry, workspace, environ)
            self._known[workspace] = (state, found)
        return found


async def _ask_poetry(poetry: str, workspace: Path, environ: Mapping[str, str]) -> Found | None:
    try:
        done = await process.run(
            [poetry, "env", "info", "-p"], cwd=workspace, env=dict(environ), timeout=_POETRY_SECONDS
        )
    except (OSError, process.LaunchError):
        return None
    folder = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode != 0 or not folder:
        return None
    python = python_of(Path(folder))
    return None if python is None else Found(python, "poetry")


def _uses_poetry(workspace: Path) -> bool:
    if (workspace / "poetry.lock").is_file():
        return True
    try:
        data = tomllib.loads((workspace / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    tool = data.get("tool")
    return isinstance(tool, dict) and "poetry" in tool
