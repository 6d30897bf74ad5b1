"""Which levels of the sandbox this machine can have."""

from __future__ import annotations

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
    command = RAW[level].split()
    if shutil.which(command[0]) is None:
        return f"{command[0]} is not installed"
    done = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    return f"{command[0]} does not work here: {done.stderr.strip()}" if done.returncode else ""
