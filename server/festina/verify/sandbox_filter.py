"""The seccomp filter of a sandbox, as the bytes that the kernel takes."""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

GENERIC = (198, 220, 97, 277, 219)
CLONE3, IO_URING_SETUP = 435, 425
CLONE_NEWUSER = 0x10000000
SETFCAP = 31
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK


class Machine(NamedTuple):
    """What differs between processors: the identity of the architecture, and call numbers."""

    arch: int
    socket: int
    clone: int
    unshare: int
    seccomp: int
    keyctl: int


# Those newer than 2011 share the numbers of the generic table.
MACHINES = {
    "x86_64": Machine(0xC000003E, 41, 56, 272, 317, 250),
    "aarch64": Machine(0xC00000B7, *GENERIC),
    "riscv64": Machine(0xC00000F3, *GENERIC),
    "loongarch64": Machine(0xC0000102, *GENERIC),
}


def machine() -> Machine | None:
    """Return the numbers of this processor; None for one that is not listed."""
    return MACHINES.get(os.uname().machine)


def program(numbers: Machine, *, nested: bool = False) -> bytes:
    """Write the filter (``man 2 seccomp``) that closes what namespaces leave open.

    Sockets of families that no network namespace holds back (vsock reaches the host of a virtual
    machine); user namespaces, in which there are capabilities again (a ``nested`` sandbox, which
    makes others, needs them); and the two system calls whose arguments a filter cannot see, for
    which every program has another way.
    """
    load, equal, at_least, has, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, error = 0x7FFF0000, 0x00050000
    code = [(load, 0, 0, 4), (equal, 1, 0, numbers.arch), (give, 0, 0, error | ENOSYS)]
    code += [(load, 0, 0, 0), (at_least, 0, 1, 0x40000000), (give, 0, 0, error | ENOSYS)]
    for number in (CLONE3, IO_URING_SETUP):
        code += [(equal, 0, 1, number), (give, 0, 0, error | ENOSYS)]
    for number in () if nested else (numbers.clone, numbers.unshare):
        code += [(equal, 0, 4, number), (load, 0, 0, 16), (has, 0, 1, CLONE_NEWUSER)]
        code += [(give, 0, 0, error | EPERM), (give, 0, 0, allow)]
    count = len(FAMILIES)
    code += [(equal, 0, count + 3, numbers.socket), (load, 0, 0, 16)]
    code += [(equal, count - index, 0, family) for index, family in enumerate(FAMILIES)]
    code += [(give, 0, 0, error | EAFNOSUPPORT), (give, 0, 0, allow), (give, 0, 0, allow)]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def locks(*, nested: bool = False) -> dict[str, int | bytes] | None:
    """What the last step of locking up needs to know; None for a processor that is not listed.

    In a ``nested`` sandbox user id 0 keeps one capability, ``CAP_SETFCAP``: without it, no kernel
    since 5.12 lets it have its own id in a namespace below. On the only real files that are
    writable there, it is no more than what their owner can do by setting the set-uid bit.
    """
    numbers = machine()
    if numbers is None:
        return None
    return {
        "filter": program(numbers, nested=nested),
        "seccomp": numbers.seccomp,
        "keyctl": numbers.keyctl,
        "clone": numbers.clone,
        "kept": 1 << SETFCAP if nested and os.getuid() == 0 else 0,
    }
