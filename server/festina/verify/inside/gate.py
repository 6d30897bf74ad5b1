"""What makes a process unfit to be forked, and what a forked child needs to have of its own."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection


class Unfit(Exception):  # noqa: N818 - reads as the sentence it makes
    """Children of this process would not be like a process of their own; ``str()`` says why."""


class Kept(NamedTuple):
    """A file that is open in the fork server: ``source`` is a path, or the number it doubles."""

    number: int
    source: str | int
    flags: int
    offset: int


def check() -> None:
    """Look for threads and processes.

    Raises:
        Unfit: there are some.
    """
    tasks = os.listdir("/proc/self/task")
    if len(tasks) > 1:
        names = [thread.name for thread in threading.enumerate()[1:]]
        names = names or sorted(set(map(_name_of, tasks)) - {_name_of(str(os.getpid()))})
        raise Unfit(f"threads run once the tests are imported ({', '.join(names[:3])})")
    children = _children(tasks[0])
    if children:
        raise Unfit(f"importing the tests leaves a process running ({_name_of(children[0])})")


def _name_of(task: str) -> str:
    try:
        fd = os.open(f"/proc/{task}/comm", os.O_RDONLY)
    except OSError:
        return "unnamed"
    try:
        return os.read(fd, 64).decode(errors="replace").strip()
    finally:
        os.close(fd)


def _children(task: str) -> list[str]:
    """Return processes that were started and still run."""
    try:
        fd = os.open(f"/proc/self/task/{task}/children", os.O_RDONLY)
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return []
        return ["unnamed"]
    try:
        found = os.read(fd, 1 << 16).decode().split()
    finally:
        os.close(fd)
    return [child for child in found if not _has_ended(child)]


def _has_ended(process: str) -> bool:
    try:
        fd = os.open(f"/proc/{process}/stat", os.O_RDONLY)
    except OSError:
        return True
    try:
        return os.read(fd, 4096).rpartition(b")")[2].split()[0] in (b"Z", b"X")
    finally:
        os.close(fd)


def open_files(ours: Collection[int]) -> list[Kept]:
    """List what is open beside the standard streams; children open it anew, with its own place.

    Raises:
        Unfit: something is open that two processes cannot both have, such as a connection.
    """
    standard = {}
    for number in (2, 1):
        status = os.fstat(number)
        standard[status.st_dev, status.st_ino] = number
    kept = []
    for name in sorted(os.listdir("/proc/self/fd"), key=int):
        number = int(name)
        try:
            status = os.fstat(number)
        except OSError:  # the listing itself
            continue
        if number <= 2 or number in ours:
            continue
        double = standard.get((status.st_dev, status.st_ino))
        path = os.readlink(f"/proc/self/fd/{number}")
        if double is not None:
            kept.append(Kept(number, double, 0, 0))
        elif stat.S_ISREG(status.st_mode) and not path.endswith(" (deleted)"):
            flags = fcntl.fcntl(number, fcntl.F_GETFL)
            kept.append(Kept(number, path, flags, os.lseek(number, 0, os.SEEK_CUR)))
        elif stat.S_ISDIR(status.st_mode) or stat.S_ISCHR(status.st_mode):
            kept.append(Kept(number, path, fcntl.fcntl(number, fcntl.F_GETFL), -1))
        else:
            raise Unfit(f"importing the tests leaves something open ({path})")
    return kept


def reopen(kept: Collection[Kept]) -> None:
    """In a child: give each open file a position of its own, in the child's view of the files.

    Raises:
        OSError: one cannot be opened any more.
    """
    for number, source, flags, offset in kept:
        if isinstance(source, int):
            os.dup2(source, number, inheritable=False)
            continue
        # neither made nor cut: it is there, as it was left
        fresh = os.open(source, flags & ~(os.O_CREAT | os.O_EXCL | os.O_TRUNC))
        if fresh != number:
            os.dup2(fresh, number, inheritable=False)
            os.close(fresh)
        if offset >= 0:
            os.lseek(number, offset, os.SEEK_SET)
