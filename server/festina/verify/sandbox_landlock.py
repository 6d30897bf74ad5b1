"""What a run may reach where no namespaces can be had, but the kernel has Landlock.

Landlock (``man 7 landlock``) takes rights away from a process for good: everything that is not
listed is out of reach. Nothing is put in another's place, so the run sees the copy where it lies.
What Landlock leaves open is closed by the filter of system calls (`sandbox_filter`), which has no
eye for paths: no sockets but pairs (and for a browser one to wait at, which connects to nobody),
and changes of modes and owners by path have no effect.
"""

from __future__ import annotations

import ctypes
import functools
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from festina.verify import process, sandbox_filter, sandbox_view

LEAST = 3
"""The first version that holds back truncating files: Linux 6.2."""
_SCOPES = 6
_CREATE_RULESET = 444
_SYSTEM = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "opt", "nix", "etc", "proc"]
_SYSTEM += ["sys"]
_DEVICES = ("null", "zero", "full", "random", "urandom")


@functools.cache
def version() -> int:
    """Return which version of Landlock this kernel has; 0 where there is none, or none is on."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)))


def missing() -> str:
    """Why this level cannot be had here at all; empty where it is worth a try."""
    if sandbox_filter.machine() is None:
        return "the system calls of this processor are not known"
    if version() == 0:
        return "the kernel has none, or it is not turned on"
    return "" if version() >= LEAST else "it needs Linux 6.2"


def shortcomings() -> str:
    """Say what this level does not hold back on this kernel, as sentences."""
    open_ways = [
        "Code in it can see the command lines of your processes and change the times of your files."
    ]
    if version() < _SCOPES:
        open_ways.append("Before Linux 6.12 it can also send signals to your processes.")
    return " ".join(open_ways)


def scopes() -> dict[str, object] | None:
    """What keeps a run that shares the network from abstract sockets; None before Linux 6.12."""
    if version() < _SCOPES:
        return None
    return {
        "scopes": True,
        "version": version(),
        "code": process.code_of("festina.verify.sandbox_restrict"),
    }


def rules(
    writable: Iterable[Path], readable: Iterable[Path], environ: Mapping[str, str]
) -> dict[str, object]:
    """List what a run may reach. Looks at the file system; blocks for milliseconds.

    ``environ`` is the server's own environment, in which private places may be named.
    """
    private = [*sandbox_view.private_places(environ), *sandbox_view.PRIVATE_IN_SYSTEM]
    read: list[str] = []
    listed: list[str] = []
    for path in (*(Path("/", name) for name in _SYSTEM), *readable):
        _allow(os.path.realpath(path), private, read, listed, own=path in readable)
    return {
        "version": version(),
        "read": list(dict.fromkeys(read)),
        "list": list(dict.fromkeys(listed)),
        "write": [os.path.realpath(path) for path in writable],
        "devices": [f"/dev/{name}" for name in _DEVICES],
    }


def _allow(path: str, private: list[str], read: list[str], listed: list[str], *, own: bool) -> None:
    """Allow a path, or of a folder with private places in it all the rest."""
    within = any(path == place or path.startswith(place + "/") for place in private)
    if within and not own:
        return
    if not any(place.startswith(path + "/") or place == path for place in private):
        read.append(path)
        return
    try:
        found = list(os.scandir(path))
    except OSError:
        return
    if path in private:  # an interpreter's folder that is the home itself: not all of that
        return
    listed.append(path)
    for item in found:
        if stat.S_ISLNK(item.stat(follow_symlinks=False).st_mode):
            continue  # where it leads decides
        _allow(item.path, private, read, listed, own=own)
