"""What ``inside/isolate.py`` is told: how children of a nested sandbox's command are isolated."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from festina.verify import sandbox_filter, sandbox_view
from festina.verify.limits import Limits, kernel
from festina.verify.sandbox_values import Level
from festina.verify.sandbox_view import Operation

_HIDDEN = "/dev/.festina"
BASE = f"{_HIDDEN}/base"
"""Where a nested sandbox has the shadow once more, read-only and with nothing mounted over it."""
SCRATCH = f"{_HIDDEN}/cell"
"""An empty folder in which a cell makes what it mounts."""
SECOND_PROC = f"{_HIDDEN}/proc"

AT_ONCE = 8
"""Cells that can each use up what they may have, before the one that starts them feels it."""
_RESERVED = 300  # process ids that are not given out a second time
_INODES_PER_MIB = 256
_LOOK_SECONDS = 2.0
_NEEDED = (6, 6)  # overlays for everybody that keep file attributes in memory


def slow(level: Level) -> str:
    """Say why each run must start anew at this level, as a sentence; empty where it need not."""
    if level is Level.LANDLOCK:
        return "Each run starts its own pytest, since children of a started one need namespaces."
    if not level.in_a_copy and kernel() < _NEEDED:
        return "Each run starts its own pytest, since children of a started one need Linux 6.6."
    return ""


def pid_max(limits: Limits) -> int:
    """The highest process id that a sandbox of user id 0 may have; 0 where none can be set.

    Before Linux 6.14 there is one setting for the whole machine, which must not be touched.
    """
    if os.getuid() != 0 or kernel() < (6, 14) or sandbox_filter.machine() is None:
        return 0
    return _RESERVED + max(limits.processes, 2)


def around(limits: Limits) -> Limits:
    """Return the limits of a nested sandbox: those of a cell must fit into it many times."""
    return dataclasses.replace(
        limits, processes=limits.processes * AT_ONCE, cpu_seconds=limits.cpu_seconds * 1000
    )


def plan(operations: Iterable[Operation], workspace: Path, limits: Limits) -> dict[str, object]:
    """Put the plan together; ``operations`` are those of the nested sandbox around the cells."""
    steps = list(operations)
    places = [step.target for step in steps if step.kind == "bind" and step.writable]
    resources = limits.resources(private=True)
    resources.pop("OTHERS", None)
    locks = sandbox_filter.locks() or {}
    private = [step.target for step in steps if step.kind == "tmpfs"]
    return {
        "workspace": sorted(places, key=lambda place: place != os.path.realpath(workspace)),
        "hidden": _HIDDEN,
        "base": BASE,
        "scratch": SCRATCH,
        "private": ["/dev/shm", *private],  # noqa: S108
        "limits": resources,
        "size": limits.scratch_mib << 20,
        "inodes": limits.scratch_mib * _INODES_PER_MIB,
        "processes": limits.processes,
        "pid_max": pid_max(limits),
        "proc_read_only": list(sandbox_view.PROC_READ_ONLY),
        "proc_hidden": list(sandbox_view.PROC_HIDDEN),
        "locks": {
            name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
            for name, value in locks.items()
        },
    }


class Exposure:
    """Notices sockets that appear after a nested sandbox was made, where it does not cover them.

    Those that were there are hidden one by one, and nothing can be hidden later; a read-only file
    system keeps nobody from connecting to a socket on it.
    """

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self._covered = [*plan["workspace"], *plan["private"], "/dev", "/proc"]
        self._known = frozenset(sandbox_view.sockets_of_others())
        self._next = 0.0

    async def found(self) -> str:
        """Return the path of one such socket; empty where none was found, or lately looked for."""
        now = time.monotonic()
        if now < self._next:
            return ""
        self._next = now + _LOOK_SECONDS
        return await asyncio.to_thread(self._look)

    def _look(self) -> str:
        for path in sandbox_view.sockets_of_others():
            covered = any(path.startswith(place.rstrip("/") + "/") for place in self._covered)
            if path not in self._known and not covered:
                return path
        return ""
