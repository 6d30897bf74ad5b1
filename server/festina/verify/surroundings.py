"""What around a workspace its verdicts rest on: configuration above it, and other sources.

pytest and ruff look for configuration upwards to the root, and ruff in the user's own folder.
"""

from __future__ import annotations

import contextlib
import functools
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

_PYTEST = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "conftest.py")
_RUFF = ("ruff.toml", ".ruff.toml", "pyproject.toml")
_MOST = 20_000
"""Files that are looked at in all sources outside of the workspace together."""


def above(workspace: Path) -> list[Path]:
    """List the configuration in the folders above a workspace, nearest first. Blocks."""
    names = dict.fromkeys((*_PYTEST, *_RUFF))
    return [path for folder in workspace.resolve().parents for path in _existing(folder, names)]


def repository(workspace: Path) -> list[Path]:
    """List what of the repository around a workspace lies outside of it. Blocks.

    Tests ask git for versions and revisions. In a linked worktree ``.git`` is a file that leads to
    the repository elsewhere.
    """
    real = workspace.resolve()
    found = next((at for folder in (real, *real.parents) if (at := folder / ".git").exists()), None)
    if found is None:
        return []
    leads: list[Path] = []
    with contextlib.suppress(OSError, ValueError):
        if found.is_file():
            folder = found.parent / _named(found)
            leads.append(folder)  # of a submodule, this is all
            leads.append(folder / _named(folder / "commondir"))
    # the file is the workspace's: what it leads to must be a repository, and not somebody's secrets
    real_leads = [path.resolve() for path in leads if (path / "HEAD").is_file()]
    return real_leads if found.parent == real else [found, *real_leads]


def _named(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip().removeprefix("gitdir: ")


def of_ruff(
    workspace: Path, environ: Mapping[str, str], upper: Iterable[Path] | None = None
) -> list[Path]:
    """List ruff's configuration outside of a workspace, and what that extends. Blocks.

    ``upper`` is what :func:`above` says, where that is known.
    """
    upper = above(workspace) if upper is None else upper
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or "/", ".config"))
    pending = [*_existing(workspace, _RUFF), *upper, *_existing(home / "ruff", _RUFF)]
    found: list[Path] = []
    while pending:
        path = pending.pop(0)
        if path not in found and path.is_file():
            found.append(path)
            pending += _extended(path)
    return found


def _existing(folder: Path, names: Iterable[str]) -> list[Path]:
    place = str(folder)
    return [folder / name for name in names if os.path.isfile(os.path.join(place, name))]  # noqa: PTH113, PTH118 - many are asked for


def _extended(path: Path) -> list[Path]:
    if path.suffix != ".toml":
        return []
    try:
        status = path.stat()
        named = _extend_of(path, status.st_mtime_ns, status.st_size)
    except OSError:
        return []
    return [] if named is None else [named]


@functools.lru_cache(maxsize=64)
def _extend_of(path: Path, _changed_ns: int, _size: int) -> Path | None:
    """Return the file that a configuration of ruff says it extends, if any."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if path.name == "pyproject.toml":
            data = data["tool"]["ruff"]
        return path.parent / Path(data["extend"]).expanduser()
    except (ValueError, KeyError, TypeError):
        return None


def stamps(paths: Iterable[Path]) -> list[str]:
    """Describe files, such that it shows when one is changed, replaced or removed. Blocks."""
    found = []
    for path in paths:
        try:
            status = path.stat()
            real = path.resolve()
        except (OSError, RuntimeError):
            found.append(f"{path} is gone")
        else:
            found.append(f"{path} {real} {status.st_size} {status.st_mtime_ns} {status.st_mode}")
    return found


def sources(folders: Iterable[Path]) -> list[str]:
    """Describe the Python files below folders, such as those of other editable installs. Blocks."""
    found: list[str] = []
    for folder in folders:
        if folder.is_file():
            found += stamps([folder])
        for place, inner, files in os.walk(folder):
            inner[:] = sorted(name for name in inner if not name.startswith((".", "__pycache__")))
            found += stamps(Path(place, name) for name in sorted(files) if name.endswith(".py"))
            if len(found) > _MOST:
                return found[:_MOST]
    return found
