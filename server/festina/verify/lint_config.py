"""Whether ruff's configuration is open with unsaved changes: then only a copy has what is meant."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path


def is_reconfigured(buffers: Mapping[str, str], workspace: Path) -> bool:
    """Whether unsaved texts say other things to ruff than the files on the disk do. Blocks."""
    return any(
        Path(path).name in ("ruff.toml", ".ruff.toml")
        or (Path(path).name == "pyproject.toml" and _to_ruff(text) != _on_disk(workspace / path))
        for path, text in buffers.items()
    )


def _on_disk(path: Path) -> object:
    try:
        return _to_ruff(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _to_ruff(text: str) -> object:
    """Return what of a ``pyproject.toml`` ruff reads; all of it where it cannot be read."""
    try:
        data = tomllib.loads(text)
        project = data.get("project", {})
        return data.get("tool", {}).get("ruff"), project.get("requires-python")
    except (ValueError, AttributeError):
        return text
