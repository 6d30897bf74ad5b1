"""Reads the files that an impact map rests on, from a copy of the workspace. Blocks."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from festina.verify.impact import digest_of

_LARGEST = 8 << 20
"""Bytes up to which a file is read; of larger ones size and time have to do."""
LEFT_OUT = frozenset(["__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"])
"""Folders of which nothing counts as the workspace's."""


def digests(root: Path, shown: Collection[str]) -> dict[str, str]:
    """Hash every file of a copy, but not in environments and the like (``shown``)."""
    return {path: _digest(root / path) for path in _files(root, frozenset(shown))}


def _files(root: Path, shown: frozenset[str]) -> Iterator[str]:
    for place, folders, files in os.walk(root):
        here = Path(place).relative_to(root)
        prefix = "" if here == Path() else f"{here.as_posix()}/"
        folders[:] = [
            name for name in folders if name not in LEFT_OUT and prefix + name not in shown
        ]
        yield from (prefix + name for name in files)


def _digest(file: Path) -> str:
    try:
        status = file.stat()
        if status.st_size <= _LARGEST:
            return digest_of(file.read_bytes())
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"
