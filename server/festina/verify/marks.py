"""Which files of its copy a run changed, although they were not its to change.

Tests write into their tree, so each run has a copy of its own; but a candidate that writes into it
can exchange tests that are collected later, or what they compare with. The kernel's change times
tell, and no code in the sandbox can set those; what the baseline's run changes as well is harmless.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

Mark = tuple[int, int]

_CODE = (".py", ".pyc", ".pth", ".so", ".toml", ".ini", ".cfg")


def marks(root: Path, shown: Collection[str]) -> dict[str, Mark]:
    """Take the marks of a copy, without the parts of the real tree that are shown. Blocks."""
    return dict(_walk(str(root), "", frozenset(shown)))


def touched(before: dict[str, Mark], after: dict[str, Mark]) -> frozenset[str]:
    """Return what was changed, removed or exchanged, and what new code there is.

    Of folders, those count that hold code: their marks change when a file in them is exchanged and
    put back.
    """
    changed = {path for path, mark in before.items() if after.get(path) != mark}
    holding = {path.rpartition("/")[0] for path in before if path.endswith(_CODE)}
    new = {path for path in after if path not in before and path.endswith(_CODE)}
    files = {path for path in changed if not path.endswith("/")}
    folders = {path for path in changed if path.endswith("/") and path[:-1] in holding}
    return frozenset(files | folders | new)


def _walk(root: str, relative: str, shown: frozenset[str]) -> Iterator[tuple[str, Mark]]:
    try:
        found = list(os.scandir(os.path.join(root, relative)))  # noqa: PTH118
    except OSError:
        return
    for item in found:
        path = f"{relative}/{item.name}" if relative else item.name
        if path in shown:
            continue
        try:
            status = item.stat(follow_symlinks=False)
            folder = item.is_dir(follow_symlinks=False)
        except OSError:
            continue
        mark = (status.st_ino, status.st_ctime_ns)
        if folder:
            yield f"{path}/", mark
            yield from _walk(root, path, shown)
        else:
            yield path, mark
