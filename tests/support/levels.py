"""Which levels of the sandbox this machine can have."""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess

from festina.verify.sandbox import Level

ISOLATING = (Level.BUBBLEWRAP, Level.NAMESPACES)
RAW = {
    Level.BUBBLEWRAP: "bwrap --unshare-all --unshare-user --ro-bind / / --proc /proc --dev /dev",
    Level.NAMESPACES: "unshare --user --map-current-user --keep-caps --mount --pid --fork --net"
    " --ipc --uts --cgroup --mount-proc",
}


@functools.cache
def missing(level: Level) -> str:
    """Why a level cannot be tested here; empty when it can.

    Asks the tools themselves, without our code: where they work and we do not, tests must fail.
    """
    if level is Level.NONE:
        return ""
    if level is Level.LANDLOCK:
        libc = ctypes.CDLL(None)
        version = libc.syscall(444, None, ctypes.c_size_t(0), 1)
        return "" if version >= 3 else "the kernel has no Landlock that is new enough"
    command = RAW[level].split()
    if shutil.which(command[0]) is None:
        return f"{command[0]} is not installed"
    done = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    return f"{command[0]} does not work here: {done.stderr.strip()}" if done.returncode else ""
