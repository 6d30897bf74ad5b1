"""Looking at the processes of this machine, for tests that say that none is left."""

from __future__ import annotations

import time
from pathlib import Path


def children_of(parent: int) -> set[int]:
    """All descendants of a process at this moment, zombies included."""
    parents: dict[int, int] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                fields = (path / "stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue
            parents[int(path.name)] = int(fields[1])
    found: set[int] = set()
    frontier = {parent}
    while frontier:
        frontier = {child for child, above in parents.items() if above in frontier}
        found |= frontier
    return found


def with_token(token: str) -> set[int]:
    """The processes that have a token in their environment, whoever their parent is by now."""
    found = set()
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                if token.encode() in (path / "environ").read_bytes():
                    found.add(int(path.name))
            except OSError:
                continue
    return {one for one in found if running(one)}


def running(process: int) -> bool:
    """Whether a process exists and has not ended; a zombie that nobody collects has ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state not in (b"Z", b"X")


def runs_tests(process: int) -> bool:
    """Whether a process is a run of pytest, or waits to become one."""
    try:
        return b"\0-m\0pytest\0" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def wait_until_gone(processes: set[int], seconds: float = 30.0) -> set[int]:
    """The processes that are still running at the deadline; empty as soon as there are none."""
    deadline = time.monotonic() + seconds
    while left := {one for one in processes if running(one)}:
        if time.monotonic() > deadline:
            return left
        time.sleep(0.005)
    return set()


def open_descriptors() -> int:
    """How many file descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
