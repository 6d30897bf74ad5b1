"""The shadow: a private copy of the workspace in which a candidate is checked.

A base copy is made once for each state of the workspace; every run gets a copy of the base of its
own, since suites write into their tree. Environments, ``.git`` and ``node_modules`` are not copied
but shown read-only; caches, files that hold secrets, and what an editor keeps for itself beside a
file are left out.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from festina.verify.base import Snapshot
from festina.verify.secret_files import holds_secrets

MAX_FILES = 200_000
MAX_BYTES = 4 << 30

_SHOWN = frozenset([".git", ".hg", ".svn", "node_modules"])
_LEFT_OUT = frozenset(
    ["__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox"]
)
_EDITORS_OWN = re.compile(
    r"\.(?:.+\.)?sw[a-p]|\..+\.kate-swp|\.#.+|#.+#"  # swap files; Emacs's locks and saves
    r"|(?P<file>.+?)(?:\.~\d+~|~|___jb_(?:tmp|old)___)"  # what a file was before it was saved
)
"""What editors write while somebody types. No test reads it, and it would outdate each verdict."""


class TooLarge(Exception):  # noqa: N818 - reads as the sentence it makes
    """The workspace is more than a verification can copy."""


class Changed(Exception):  # noqa: N818
    """The workspace changed while it was copied."""


class Outside(Exception):  # noqa: N818
    """A path leads out of the workspace."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or link of the workspace; ``path`` is relative, ``link`` its target."""

    path: str
    kind: str
    size: int = 0
    mtime_ns: int = 0
    link: str = ""
    mode: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """What of a workspace is copied, and the relative paths that are shown read-only instead."""

    entries: tuple[Entry, ...]
    shown: tuple[str, ...]


def survey(workspace: Path) -> Tree:
    """List the workspace, in a stable order. Blocks: call it in a thread.

    Raises:
        TooLarge: it holds more than can be copied for each candidate.
    """
    entries: list[Entry] = []
    shown: list[str] = []
    total = 0
    for entry in _walk(workspace, "", shown):
        entries.append(entry)
        total += entry.size
        if len(entries) > MAX_FILES or total > MAX_BYTES:
            raise TooLarge(
                f"The workspace {workspace} holds more than {MAX_FILES:,} files or"
                f" {MAX_BYTES >> 30} GiB."
            )
    return Tree(tuple(entries), tuple(shown))


def _walk(root: Path, relative: str, shown: list[str]) -> Iterator[Entry]:
    try:
        found = sorted(os.scandir(root / relative), key=lambda entry: entry.name)
    except OSError:
        return
    for item in found:
        path = f"{relative}/{item.name}" if relative else item.name
        if item.name in _SHOWN or _is_environment(item):
            shown.append(path)
        elif not _is_left_out(item, root, path):
            with contextlib.suppress(OSError):  # it is gone by now, or not for us to see
                yield from _entry(item, path)
            if item.is_dir(follow_symlinks=False):
                yield from _walk(root, path, shown)


def _entry(item: os.DirEntry[str], path: str) -> Iterator[Entry]:
    """Describe what can be copied: not a socket, a pipe, or a file that may not be read."""
    if item.is_symlink():
        yield Entry(path, "link", link=str(Path(item.path).readlink()))
        return
    status = item.stat(follow_symlinks=False)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        yield Entry(path, "folder", mode=mode)
    elif stat.S_ISREG(status.st_mode) and os.access(item.path, os.R_OK):
        yield Entry(path, "file", status.st_size, status.st_mtime_ns, mode=mode)


def _is_left_out(item: os.DirEntry[str], root: Path, path: str) -> bool:
    """Whether it is a secret, an editor's, or a cache; cargo's target is one, of gigabytes."""
    if item.name in _LEFT_OUT or _is_editors(item) or holds_secrets(root, path):
        return True
    if not item.is_dir(follow_symlinks=False):
        return False
    return os.path.exists(os.path.join(item.path, "CACHEDIR.TAG"))  # noqa: PTH110, PTH118


def _is_editors(item: os.DirEntry[str]) -> bool:
    found = _EDITORS_OWN.fullmatch(item.name)
    if found is None or item.is_dir(follow_symlinks=False):
        return False
    beside = item.path[: -len(item.name)] + (found["file"] or "")
    return os.path.exists(beside)  # noqa: PTH110 - a copy is one of a file that is still there


def _is_environment(item: os.DirEntry[str]) -> bool:
    # a folder of somebody else (a database's, made by a container) makes Path.exists raise
    return item.is_dir(follow_symlinks=False) and any(
        os.path.exists(os.path.join(item.path, name))  # noqa: PTH110, PTH118
        for name in ("pyvenv.cfg", "conda-meta")
    )


def copy(tree: Tree, workspace: Path, to: Path) -> None:
    """Copy what ``tree`` lists from the workspace, times and modes kept. Blocks.

    Raises:
        Changed: a file is no longer what the survey saw.
    """
    for entry in tree.entries:
        target = to / entry.path
        source = workspace / entry.path
        try:
            if entry.kind == "folder":
                target.mkdir()
            elif entry.kind == "link":
                target.symlink_to(entry.link)
            else:
                shutil.copy2(source, target, follow_symlinks=False)
                status = target.stat(follow_symlinks=False)
                if (status.st_size, status.st_mtime_ns) != (entry.size, entry.mtime_ns):
                    raise Changed(entry.path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise Changed(entry.path) from error


def said(error: OSError) -> str:
    """Say what an operation on files ran into, as a person would."""
    if isinstance(error, shutil.Error):  # of a whole tree: a list of (from, to, why)
        first = error.args[0][0]
        return f"{first[1]}: {first[2]}"
    why = error.strerror or str(error)
    return f"{error.filename}: {why}" if error.filename else why


def clone(base: Path, to: Path) -> None:
    """Copy a base, links kept as links. Blocks."""
    shutil.copytree(base, to, symlinks=True, dirs_exist_ok=True)


def locate(workspace: Path, path: str) -> str:
    """Return where ``path`` really lies, relative to the workspace, once its links are followed.

    Raises:
        Outside: it lies elsewhere, so no copy of the workspace can stand in for it.
    """
    root = workspace.resolve()
    real = (root / path).resolve()
    if not real.is_relative_to(root) or real == root:
        raise Outside(f"{path} lies outside the workspace {workspace}.")
    return real.relative_to(root).as_posix()


def located(workspace: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts by where their paths really lie. Blocks.

    Raises:
        Outside: one lies elsewhere.
    """
    return {locate(workspace, path): text for path, text in texts.items()}


def lay(root: Path, path: str, text: str) -> None:
    """Put ``text`` at ``path`` (as :func:`locate` gives it) of a copy, with a time of its own.

    Python takes a cached ``.pyc`` for current when size and second of the source are equal, so the
    new file's second differs from the old one's. Blocks.
    """
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    moment = int(time.time())
    mode = None
    if target.exists():
        status = target.stat()
        mode = stat.S_IMODE(status.st_mode)
        if int(status.st_mtime) == moment:
            moment -= 2
        target.unlink()
    target.write_bytes(text.encode("utf-8", "surrogatepass"))
    if mode is not None:
        target.chmod(mode)
    os.utime(target, (moment, moment))


def overlay(snapshot: Snapshot) -> dict[str, str]:
    """Return the open buffers that differ from the disk, by their real relative path. Blocks."""
    found = {}
    for path, text in snapshot.buffers.items():
        try:
            real = locate(snapshot.workspace, path)
        except Outside:
            continue
        try:
            same = (snapshot.workspace / real).read_bytes() == text.encode("utf-8", "surrogatepass")
        except OSError:
            same = False
        if not same:
            found[real] = text
    return found


def mount_points(root: Path, workspace: Path, shown: tuple[str, ...]) -> None:
    """Make the places in a copy at which read-only parts of the real tree are shown. Blocks."""
    for path in shown:
        point = root / path
        point.parent.mkdir(parents=True, exist_ok=True)
        if (workspace / path).is_dir():
            point.mkdir(exist_ok=True)
        else:
            point.touch()


def substitutes(root: Path, workspace: Path, shown: tuple[str, ...]) -> None:
    """Link to the real tree where no sandbox can show its parts. Blocks."""
    for path in shown:
        point = root / path
        point.parent.mkdir(parents=True, exist_ok=True)
        point.symlink_to(workspace / path)
