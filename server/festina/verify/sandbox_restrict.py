"""Takes rights away from the calling process with Landlock, for good.

Like `sandbox_child`, which executes it, this is never imported by the server and uses little of the
standard library.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
ALL_OF_FIRST, REFER = (1 << 13) - 1, 1 << 13
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
TCP = 3  # to bind and to connect
SCOPES = 3  # abstract sockets and signals

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result


def restrict(view: dict[str, Any]) -> None:
    """Leave this process and its children nothing but what the view lists."""
    version = view["version"]
    if view.get("scopes"):
        _restrict(_ruleset(struct.pack("QQQ", 0, 0, SCOPES), 24))
        return
    tcp = TCP if version >= 4 and view["network"] == "none" else 0
    files = ALL_OF_FIRST | REFER | TRUNCATE | (IOCTL_DEV if version >= 5 else 0)
    request = struct.pack("QQQ", files, tcp, SCOPES if version >= 6 else 0)
    ruleset = _ruleset(request, 24 if version >= 6 else 16 if version >= 4 else 8)
    for paths, rights in (
        (view["read"], EXECUTE | READ_FILE | READ_DIR),
        (view["list"], READ_DIR),
        (view["devices"], READ_FILE | WRITE_FILE),
        (view["write"], files & ~IOCTL_DEV),
    ):
        for path in paths:
            _rule(ruleset, path, rights)
    _restrict(ruleset)


def _ruleset(request: bytes, size: int) -> int:
    result = _libc.syscall(CREATE_RULESET, request, ctypes.c_size_t(size), 0)
    return _check(result, "landlock_create_ruleset")


def _restrict(ruleset: int) -> None:
    _check(_libc.syscall(RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def _rule(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # it is gone by now
    try:
        if not os.path.isdir(path):  # noqa: PTH112
            rights &= OF_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        _check(_libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0), f"landlock: {path}")
    finally:
        os.close(descriptor)
