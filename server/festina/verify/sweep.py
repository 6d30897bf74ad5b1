"""Scratch directories for shadows: each belongs to one process, and none outlives it for long."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import logging
import os
import secrets
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

from festina.verify.process_io import to_the_end

_log = logging.getLogger(__name__)

_FOREIGN_SECONDS = 7 * 24 * 3600.0


def scratch_root() -> Path:
    """The directory in the user's cache that holds all scratch directories. It may not exist."""
    import platformdirs

    return platformdirs.user_cache_path("festina").resolve() / "scratch"


def new_scratch() -> Path:
    """Make a scratch directory, readable by this user alone, named after this process.

    The name is ``PID-START-RANDOM``. The start time tells a process from a later one with its
    number; the random part begins with a mark of the machine (or container) that counts so.

    Raises:
        OSError: the user's cache cannot be written to.
    """
    path = _new_name()
    _make(path)
    return path


@contextlib.asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """A scratch directory for the length of a block, made and removed off the loop.

    Raises:
        OSError: the user's cache cannot be written to.
    """
    path = _new_name()
    try:
        await to_the_end(asyncio.to_thread(_make, path))
        yield path
    finally:
        await to_the_end(asyncio.to_thread(remove, path))


def _new_name() -> Path:
    process = os.getpid()
    name = f"{process}-{_started(process)}-{_machine()}{secrets.token_hex(4)}"
    return scratch_root() / name


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700)


async def sweep() -> int:
    """Remove what processes that are gone have left behind; how many directories that was."""
    return await asyncio.to_thread(sweep_now)


def sweep_now() -> int:
    """`sweep` for a program without an event loop. Blocks for as long as the removal takes."""
    removed = 0
    try:
        entries = list(scratch_root().iterdir())
    except OSError:
        return 0
    for entry in entries:
        if _abandoned(entry):
            remove(entry)
            removed += not os.path.lexists(entry)
    return removed


def remove(path: Path) -> None:
    """Remove a directory tree, whatever is in it, without ever following a link. Blocks.

    Directories without permissions are opened up first. What cannot be removed all the same is left
    where it is, with a warning in the log; the next `sweep` tries again.
    """
    try:
        _remove(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        _log.warning("%s could not be removed: %s.", path, error.strerror)


def _abandoned(entry: Path) -> bool:
    process, _, rest = entry.name.partition("-")
    started, _, rest = rest.partition("-")
    if not (process.isdigit() and started.isdigit() and rest):
        return False  # not one of ours
    if rest.startswith(_machine()):
        known = _started(os.getpid()) != 0  # without /proc nobody can be told to be gone
        return known and _started(int(process)) != int(started)
    try:  # a home shared with other machines: their process numbers say nothing here
        return time.time() - entry.lstat().st_mtime > _FOREIGN_SECONDS
    except OSError:
        return False


def _started(process: int) -> int:
    """When a process started, in clock ticks since boot; 0 when there is no such process."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError):
        return 0


@functools.cache
def _machine() -> str:
    """Eight hexadecimal digits for the machine or container that process numbers belong to."""
    parts = [os.uname().nodename]
    with contextlib.suppress(OSError, ValueError):
        parts.append(Path("/etc/machine-id").read_text(encoding="ascii"))
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def _remove(path: Path) -> None:
    """Flatten and delete: directories are moved up before they are emptied.

    So the depth of a tree, which is up to the code that ran in it, costs neither stack nor
    descriptors, and no path is ever longer than the kernel allows.
    """
    top = _open_directory(str(path), None)
    try:
        pending = [""]
        while pending:
            name = pending.pop()
            here = _open_directory(name, top) if name else top
            try:
                pending += _empty(here, top)
            finally:
                if here != top:
                    os.close(here)
            if name:
                os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    path.rmdir()


def _empty(here: int, top: int) -> list[str]:
    """Delete an open directory's files, move its directories to ``top``; their new names."""
    moved = []
    for name in os.listdir(here):
        mode = os.lstat(name, dir_fd=here).st_mode
        if not stat.S_ISDIR(mode):
            os.unlink(name, dir_fd=here)
            continue
        new = f".{secrets.token_hex(8)}"
        os.close(_open_directory(name, here))  # moving needs the permission to write in it
        os.rename(name, new, src_dir_fd=here, dst_dir_fd=top)
        moved.append(new)
    return moved


def _open_directory(name: str, within: int | None) -> int:
    """Open a directory, not through a link, and give ourselves every permission on it first."""
    flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(name, flags | os.O_PATH, dir_fd=within)
    try:
        if stat.S_IMODE(os.fstat(handle).st_mode) & 0o700 != 0o700:
            os.chmod(f"/proc/self/fd/{handle}", 0o700)  # noqa: PTH101
    finally:
        os.close(handle)
    return os.open(name, flags | os.O_RDONLY, dir_fd=within)
