"""Fingerprints of directory trees: what a test may and may not have changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection
from pathlib import Path


def hash_tree(root: Path, ignore: Collection[str] = (".git",)) -> dict[str, str]:
    """Return relative path -> kind, mode and content hash of everything below ``root``.

    Args:
        root: the directory.
        ignore: names of files and directories to leave out, wherever they are.
    """
    tree = {}
    for directory, directories, files in os.walk(root):
        directories[:] = sorted(name for name in directories if name not in ignore)
        for name in [*directories, *files]:
            path = Path(directory, name)
            if name not in ignore:
                tree[path.relative_to(root).as_posix()] = _fingerprint(path)
    return tree


def _fingerprint(path: Path) -> str:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return f"link to {path.readlink()}"
    mode = oct(stat.S_IMODE(status.st_mode))
    if stat.S_ISDIR(status.st_mode):
        return f"directory {mode}"
    if not stat.S_ISREG(status.st_mode):
        return "special"
    return f"file {mode} {hashlib.sha256(path.read_bytes()).hexdigest()}"
