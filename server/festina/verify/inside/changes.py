"""What a cell changed in its workspace, read from the upper folder of its overlay.

Beside the plugin: standard library only, Python 3.8 or newer. It means the same as the marks of a
copy before and after a cold run (``verify/marks.py``): files that were there and were changed,
removed or exchanged; new files of code; folders of code in which something came or went.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Any

CODE = (".py", ".pyc", ".pth", ".so", ".toml", ".ini", ".cfg")
OPAQUE = "user.overlay.opaque"
MOST = 10_000


def marks(upper: int) -> dict[str, list[int]]:
    """Take the marks of all that is in the upper folder; call it once the files are laid."""
    return {path: _mark(status) for path, status in _walk(upper, "")}


def _mark(status: os.stat_result) -> list[int]:
    if _whiteout(status):  # the kernel makes all of them names of one file
        return [0, 0, 0]
    return [status.st_ino, status.st_ctime_ns, status.st_mtime_ns]


def _walk(at: int, relative: str) -> Iterator[tuple[str, os.stat_result]]:
    """List what lies below a folder, folders with a slash at their end, parents first."""
    try:
        names = _names(at, relative)
    except OSError:
        return
    for name in names:
        path = f"{relative}{name}"
        status = _status(at, path)
        if status is None:
            continue
        if stat.S_ISDIR(status.st_mode):
            yield path + "/", status
            yield from _walk(at, path + "/")
        else:
            yield path, status


def _names(at: int, relative: str) -> list[str]:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open(relative or ".", flags, dir_fd=at)
    try:
        return sorted(os.listdir(folder))
    finally:
        os.close(folder)


def _status(at: int, path: str) -> os.stat_result | None:
    try:
        return os.stat(path, dir_fd=at, follow_symlinks=False)
    except OSError:
        return None


def touched(upper: int, lower: int, before: dict[str, list[int]]) -> list[str]:
    """List what was changed since ``before``; ``lower`` is the folder under the overlay.

    At most :data:`MOST` paths and then ``...``.
    """
    found: dict[str, None] = {}
    seen = set()
    for path, status in _walk(upper, ""):
        seen.add(path)
        if before.get(path) != _mark(status):
            look = _folder if path.endswith("/") else _file
            found.update(dict.fromkeys(look(upper, lower, path, status, before)))
        if len(found) > MOST:
            return [*list(found)[:MOST], "..."]
    # laid, and not even a whiteout is left
    found.update((path, None) for path in before if path not in seen and path[-1] != "/")
    return list(found)


def _folder(
    upper: int, lower: int, path: str, status: os.stat_result, before: dict[str, list[int]]
) -> Iterator[str]:
    there = _status(lower, path[:-1])
    if there is None:
        return
    if not stat.S_ISDIR(there.st_mode):
        yield path[:-1]
        return
    if _opaque(upper, path):
        yield from _gone(upper, lower, path)
    if _stirred(upper, lower, path, status, there, before):
        yield path


def _file(
    upper: int, lower: int, path: str, status: os.stat_result, before: dict[str, list[int]]
) -> Iterator[str]:
    there = _status(lower, path)
    if there is None:
        if path in before or path.endswith(CODE):
            yield path
    elif stat.S_ISDIR(there.st_mode):
        yield from _gone(upper, lower, path + "/")
    else:
        yield path


def _whiteout(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _opaque(upper: int, path: str) -> bool:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=upper)
    try:
        return os.getxattr(folder, OPAQUE) == b"y"
    except OSError:
        return False
    finally:
        os.close(folder)


def _gone(upper: int, lower: int, folder: str) -> Iterator[str]:
    """What a folder held that was removed as a whole, and is not there again."""
    if _holds_code(lower, folder):
        yield folder
    for path, status in _walk(lower, folder):
        if not stat.S_ISDIR(status.st_mode):
            if _status(upper, path) is None:
                yield path
        elif _status(upper, path.rstrip("/")) is None and _holds_code(lower, path):
            yield path


def _holds_code(lower: int, folder: str) -> bool:
    try:
        return any(name.endswith(CODE) for name in _names(lower, folder))
    except OSError:
        return False


def _stirred(
    upper: int,
    lower: int,
    folder: str,
    status: os.stat_result,
    there: os.stat_result,
    before: dict[str, Any],
) -> bool:
    """Whether something came into a folder of code or left it.

    The kernel makes a folder in the upper one also when a file in it is written to; then the file
    is listed. So an entry that is listed itself explains the folder where nothing else speaks.
    """
    if not _holds_code(lower, folder):
        return False
    mark = before.get(folder)
    if status.st_mtime_ns != (mark[2] if mark else there.st_mtime_ns):
        return True
    explained = False
    for name in _names(upper, folder):
        path = folder + name
        if path in before or path + "/" in before:
            continue
        entry = _status(upper, path)
        if entry is None or _whiteout(entry) or _status(lower, path) is None:
            return True
        explained = True
    return not explained
