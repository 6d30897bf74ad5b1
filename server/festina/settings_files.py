"""Where settings come from: files of the user and the workspace, the editor, the command line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from festina.config import Layer, Problem, Settings
from festina.config import load as merge


def user_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the user's configuration file; ``FESTINA_CONFIG`` names another one."""
    if named := environ.get("FESTINA_CONFIG"):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - pathlib's raises for ~nobody
    return platformdirs.user_config_path("festina", appauthor=False) / "config.toml"


def load(
    workspace: Path | None,
    *,
    editor: Mapping[str, Any] | None = None,
    workspace_editor: Mapping[str, Any] | None = None,
    command_line: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Settings, tuple[Problem, ...]]:
    """Read and merge all layers (design, section 5, "Configuration").

    ``editor`` are settings that came with the initialization options, which a client never fills
    from a workspace; ``workspace_editor`` those that it answered for a workspace.
    """
    layers, problems = read(workspace, environ)
    if workspace_editor:
        layers.append(Layer("the editor's settings", workspace_editor, user=False))
    if editor:
        layers.append(Layer("the editor's initialization options", editor, user=True))
    if command_line:
        layers.append(Layer("the command line", command_line, user=True))
    settings, found = merge(layers)
    return settings, (*problems, *found)


def read(
    workspace: Path | None, environ: Mapping[str, str] = os.environ
) -> tuple[list[Layer], list[Problem]]:
    """Return a layer for each file that sets something, and what is wrong with the files."""
    layers: list[Layer] = []
    problems: list[Problem] = []
    file = user_file(environ)
    if environ.get("FESTINA_CONFIG") and not file.exists():
        missing = "is named by FESTINA_CONFIG and does not exist; correct or unset the variable"
        _unread(file, missing, layers, problems, user=True)
    _read(file, str(file), (), layers, problems, user=True)
    if workspace is not None:
        pyproject = workspace / "pyproject.toml"
        _read(pyproject, f"{pyproject} [tool.festina]", ("tool", "festina"), layers, problems)
        own = workspace / "festina.toml"
        _read(own, str(own), (), layers, problems)
    return layers, problems


def _read(
    file: Path,
    name: str,
    table: tuple[str, ...],
    layers: list[Layer],
    problems: list[Problem],
    *,
    user: bool = False,
) -> None:
    """Add a file's table as a layer; a missing file or table adds none."""
    try:
        data: Any = tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        _unread(file, _why(error), layers, problems, user=user)
        return
    for key in table:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    if isinstance(data, dict) and data:
        layers.append(Layer(name, data, user=user))
    elif data:
        problems.append(Problem(name, "", "must be a table"))


def _unread(
    file: Path, why: str, layers: list[Layer], problems: list[Problem], *, user: bool
) -> None:
    problems.append(Problem(str(file), "", why))
    layers.append(Layer(str(file), {}, user=user, unread=why))


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    if isinstance(error, UnicodeDecodeError):
        return f"is not valid TOML, so it was left out: byte {error.start} is not UTF-8"
    return f"is not valid TOML, so it was left out: {error}"
