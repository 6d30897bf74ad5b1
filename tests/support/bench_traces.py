"""What a process and its descendants hold at this moment: counted before, and counted after."""

from __future__ import annotations

import contextlib
import ctypes
import os
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

from support.processes import children_of, open_descriptors

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent ends, as init is."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def collect_orphans() -> None:
    """Wait for adopted processes that have ended, but for those that others wait for."""
    for process in children_of(os.getpid()):
        with contextlib.suppress(OSError):
            fields_ = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
            if fields_[0] == b"Z" and int(fields_[1]) == os.getpid():
                os.waitpid(process, os.WNOHANG)


@dataclass(frozen=True)
class Traces:
    """Counts of this process and all its descendants."""

    processes: int
    mounts: int
    mount_namespaces: int
    files: int
    """Entries under the temporary folder and Festina's scratch folder, at any depth."""
    ports: int
    descriptors: int
    threads: int

    @classmethod
    def now(cls) -> Traces:
        """Count."""
        from festina.verify.sweep import scratch_root

        collect_orphans()
        mine = {os.getpid(), *children_of(os.getpid())}
        spaces = {space for one in mine if (space := _link(f"/proc/{one}/ns/mnt"))}
        folders = {Path(tempfile.gettempdir()), scratch_root()}
        return cls(
            processes=len(mine) - 1,
            mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
            mount_namespaces=len(spaces - {_link("/proc/self/ns/mnt")}),
            files=sum(sum(1 for _ in folder.rglob("*")) for folder in folders if folder.exists()),
            ports=len(_listening() & _sockets(mine)),
            descriptors=open_descriptors(),
            threads=sum(1 for _ in Path("/proc/self/task").iterdir()),
        )

    def more_than(self, other: Traces) -> list[str]:
        """Say what there is more of than there was; idle threads of a pool are no loss."""
        return [
            f"{field.name}: {getattr(other, field.name)} before, {getattr(self, field.name)} after"
            for field in fields(self)
            if field.name != "threads" and getattr(self, field.name) > getattr(other, field.name)
        ]

    def __str__(self) -> str:
        words = (f"{getattr(self, f.name)} {f.name.replace('_', ' ')}" for f in fields(self))
        return ", ".join(words)


def memory() -> tuple[int, int, int]:
    """Return KiB: this process's RSS and PSS, and its descendants' PSS together."""
    own = _rollup(os.getpid())
    below = sum(_rollup(one).get("Pss", 0) for one in children_of(os.getpid()))
    return own.get("Rss", 0), own.get("Pss", 0), below


def _rollup(process: int) -> dict[str, int]:
    found: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]:
            name, _, rest = line.partition(":")
            found[name] = int(rest.split()[0])
    return found


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _sockets(processes: set[int]) -> set[str]:
    found = set()
    for process in processes:
        with contextlib.suppress(OSError):
            for entry in Path(f"/proc/{process}/fd").iterdir():
                target = _link(str(entry))
                if target.startswith("socket:["):
                    found.add(target[8:-1])
    return found


def _listening() -> set[str]:
    found = set()
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                parts = line.split()
                if parts[3] == "0A":
                    found.add(parts[9])
    return found
