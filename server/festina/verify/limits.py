"""What one command may use, and what the kernel can be asked to see to."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may use.

    ``memory_mib`` bounds the private memory of each process (``RLIMIT_DATA``), ``cpu_seconds`` its
    processor time, ``file_mib`` the size of each file it writes, ``scratch_mib`` each private
    temporary file system of a sandbox, and ``processes`` its processes and threads together. A run
    that leaves ``disk_mib`` less on the disk, or half of what was free, is ended.
    """

    memory_mib: int = 4096
    processes: int = 1024
    file_mib: int = 4096
    scratch_mib: int = 1024
    cpu_seconds: int = 3600
    disk_mib: int = 8192

    def resources(self, *, private: bool) -> dict[str, int]:
        """Return what the kernel can hold each process to, by the names of its limits.

        ``private`` says that processes are counted from nothing, in a user namespace of their own;
        before Linux 5.14 they are not.
        """
        found = {
            "CORE": 0,
            "CPU": self.cpu_seconds,
            "DATA": self.memory_mib << 20,
            "FSIZE": self.file_mib << 20,
        }
        if not private or kernel() >= (5, 14):
            found |= {"NPROC": self.processes, "OTHERS": not private}
        return found


def kernel() -> tuple[int, ...]:
    """Return the first two numbers of the version of the kernel."""
    numbers = re.findall(r"\d+", os.uname().release)
    return tuple(int(number) for number in numbers[:2])
