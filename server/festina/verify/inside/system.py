"""System calls that Python has no name for, as the modules for cells need them.

Beside the plugin: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct

# The numbers of calls added since Linux 5.1 are the same for all processors.
OPEN_TREE, MOVE_MOUNT, PIDFD_OPEN, CLOSE_RANGE, MOUNT_SETATTR = 428, 429, 434, 436, 442
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 38, 47
# user, mount, process, IPC and host name namespaces, and the signal at the end
_NEW = 0x10000000 | 0x20000 | 0x20000000 | 0x8000000 | 0x4000000 | signal.SIGCHLD
_NETWORK = 0x40000000

libc = ctypes.PyDLL(None, use_errno=True)  # the lock of the interpreter is kept: no thread waits
libc.syscall.restype = ctypes.c_long
libc.mount.argtypes = [
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_ulong,
    ctypes.c_char_p,
]
libc.umount2.argtypes = [ctypes.c_char_p, ctypes.c_int]
_zero = ctypes.c_ulong(0)
_PR_SET_NAME, _PR_GET_NAME = 15, 16


def check(result: int, what: str) -> int:
    """Return the result of a system call.

    Raises:
        OSError: it failed.
    """
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result


def prctl(option: int, value: int) -> int:
    """See ``man 2 prctl``; the result is below 0 where it failed."""
    result: int = libc.prctl(option, ctypes.c_ulong(value), _zero, _zero, _zero)
    return result


def named(name: bytes) -> bytes:
    """Give this thread the name that ``ps`` and ``top`` show, at most 15 bytes; return the old."""
    old = ctypes.create_string_buffer(16)
    libc.prctl(_PR_GET_NAME, old, _zero, _zero, _zero)
    libc.prctl(_PR_SET_NAME, ctypes.c_char_p(name), _zero, _zero, _zero)
    return old.value


def clone(number: int, network: str) -> int:
    """Fork into fresh namespaces; ``number`` is that of the system call on this processor.

    Where ``network`` is ``local``, that of the parent is shared.

    Below 0 where it failed. In the child nothing has been told of it: not the C library, which
    takes the parent's thread id for its own, nor Python. So it must fork once more, before anybody
    else's code runs.
    """
    flags = _NEW if network == "local" else _NEW | _NETWORK
    result: int = libc.syscall(number, ctypes.c_ulong(flags), None, None, None, None)
    return result


def pidfd(process: int) -> int:
    """Return a descriptor that can be read from once a child has ended.

    Raises:
        OSError: the kernel is too old.
    """
    return check(libc.syscall(PIDFD_OPEN, process, 0), "pidfd_open")


def close_all_but(kept: set[int]) -> None:
    """Close every other descriptor of this process.

    Raises:
        OSError: the kernel is too old.
    """
    first = 0
    for descriptor in [*sorted(kept), 1 << 31]:
        if descriptor > first:
            bounds = (ctypes.c_uint(first), ctypes.c_uint(descriptor - 1))
            check(libc.syscall(CLOSE_RANGE, *bounds, ctypes.c_uint(0)), "close_range")
        first = descriptor + 1


def loopback() -> None:
    """Bring up the loopback interface: tests start servers on it.

    Raises:
        OSError: it is not possible.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        try:
            fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS
        except OSError as error:
            raise OSError(error.errno or errno.EIO, error.strerror, "loopback") from None
