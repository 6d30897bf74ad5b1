"""What a cell's second process does before the code under test has it: it locks up, and lays files.

Beside the plugin: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import importlib
import json
import os
import resource
import stat
import struct
import time
from typing import Any

_system: Any = importlib.import_module("festina_system")
mounts: Any = importlib.import_module("festina_mounts")
changes: Any = importlib.import_module("festina_changes")

LAST_CAPABILITY = 63


class Prepared:
    """A plan, and what is the same for all cells: how to lock up, and what is in sight."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.root: str = plan["workspace"][0]
        self.found = mounts.survey(plan)
        self.resources = [(getattr(resource, f"RLIMIT_{n}"), v) for n, v in plan["limits"].items()]
        self.locks: dict[str, Any] = plan["locks"]
        if not self.locks:
            raise OSError(0, "this kind of processor is not known", os.uname().machine)
        code = base64.b64decode(self.locks["filter"])
        self._code = ctypes.create_string_buffer(code, len(code))
        self.filter = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(self._code))
        self.clone: int = self.locks["clone"]
        # where the kernel does not bind the processes of user id 0, the keeper watches
        self.most = 0 if os.getuid() or plan["pid_max"] else plan["processes"]
        self.user, self.group = os.geteuid(), os.getegid()


class Cell:
    """One cell, as the fork server or its inmate sees it.

    In the fork server ``pid`` is the keeper's (0 where there is none) and ``talk`` and ``fate`` are
    the host's ends, to be passed on and closed. In the inmate ``talk`` is its own end.
    """

    def __init__(self, inside: bool, pid: int, talk: int, fate: int) -> None:
        self.inside = inside
        self.pid = pid
        self.talk = talk
        self.fate = fate
        self.known: Any = None
        self._upper = self._report = -1

    # --- in the inmate, until it is locked up

    def admit(self, known: Prepared, upper: int, report: int) -> None:
        """Take over what only the inmate has."""
        self.known, self._upper, self._report = known, upper, report

    def fail(self, why: str) -> None:
        """End the cell before anything ran in it, with a word to the host. Does not return."""
        os.write(self._report, json.dumps({"setup": why[:1000]}).encode("ascii"))
        os._exit(1)

    def lay(self, files: dict[str, bytes | None]) -> None:
        """Put files into the workspace; None removes one. Modes stay as they are.

        Python takes a cached ``.pyc`` for current when size and second of the source are equal, so
        the new file's second differs from the old one's. Ends the cell where it is not possible.
        """
        try:
            for path, content in files.items():
                _lay(f"{self.known.root}/{path}", content)
        except OSError as error:
            self.fail(f"{error.filename or 'a file'} could not be laid: {error.strerror}")

    def lock(self) -> None:
        """Say that all is laid: from now on the cell belongs to the code that is tested.

        What the files look like is told to the keeper, and the way to it and to the upper folder of
        the overlay is closed.
        """
        try:
            report = json.dumps(changes.marks(self._upper)).encode("ascii")
        except OSError as error:
            self.fail(f"what was laid could not be looked at: {error.strerror}")
        else:
            while report:
                report = report[os.write(self._report, report) :]
            os.close(self._report)
            os.close(self._upper)

    def shut(self) -> None:
        """Give up what is left of power, for good: limits, capabilities, system calls.

        Raises:
            OSError: it is not possible.
        """
        known = self.known
        for which, value in known.resources:
            hard = resource.getrlimit(which)[1]
            bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(which, (bound, bound))
        _system.prctl(_system.PR_CAP_AMBIENT, 4)  # clear all
        for capability in range(LAST_CAPABILITY + 1):
            if _system.prctl(_system.PR_CAPBSET_DROP, capability) < 0:
                break  # the kernel has no more
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        _system.check(_system.libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
        _system.check(_system.prctl(_system.PR_SET_NO_NEW_PRIVS, 1), "no_new_privs")
        _system.libc.syscall(known.locks["keyctl"], 1, None)  # join a new, empty session keyring
        # SECCOMP_SET_MODE_FILTER with SPEC_ALLOW
        result = _system.libc.syscall(known.locks["seccomp"], 1, ctypes.c_ulong(4), known.filter)
        _system.check(result, "seccomp")


def _lay(target: str, content: bytes | None) -> None:
    if content is None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(target)
        return
    moment = int(time.time())
    mode = None
    try:
        status = os.lstat(target)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(target), exist_ok=True)
    else:
        mode = stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None
        if int(status.st_mtime) == moment:
            moment -= 2
        os.unlink(target)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        if mode is not None:
            os.fchmod(descriptor, mode)
        os.utime(descriptor, (moment, moment))
    finally:
        os.close(descriptor)
