"""Which folder a file belongs to, where no editor says so."""

from __future__ import annotations

from pathlib import Path

MARKERS = ("festina.toml", ".git", "pyproject.toml", "setup.py", "setup.cfg")


def workspace_of(path: Path) -> Path:
    """Return the nearest folder upwards that holds one of the markers, first marker first.

    Where there is none of them, the file's own folder (design, section 5).
    """
    path = path.absolute()
    start = path if path.is_dir() else path.parent
    for marker in MARKERS:
        for folder in (start, *start.parents):
            if (folder / marker).exists():
                return folder
    return start
