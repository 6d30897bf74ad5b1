"""The seccomp filter of a sandbox, as the bytes that the kernel takes."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from typing import NamedTuple

_MODES, _ATTRIBUTES = (53, 54, 452), (5, 6, 14, 15, 463, 466)
_COMMON = (194, 196, 190, 186, 180, 217, 218, 219)
GENERIC = (198, 220, 97, 277, 219, 199, 129, 261, 203, _MODES, _ATTRIBUTES, _COMMON)
CLONE3, IO_URING_SETUP = 435, 425
CLONE_NEWUSER = 0x10000000
SETFCAP = 31
EPERM, ENOSYS, ENOTSUP, EAFNOSUPPORT = 1, 38, 95, 97
SOCK_STREAM, SOCK_DGRAM, AF_UNIX, AF_NETLINK = 1, 2, 1, 16
NO_FAMILIES, INTERNET = (AF_NETLINK,), (2, 10, AF_NETLINK)
UNCONNECTED = (AF_UNIX, AF_NETLINK)
"""Unix sockets that can be waited at, and connect to nobody: a browser has one for itself."""
FAMILIES = (1, 2, 10, AF_NETLINK)  # with AF_UNIX, AF_INET, AF_INET6
_LOAD, _EQUAL, _AT_LEAST, _HAS, _AND, _GIVE = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000


class Machine(NamedTuple):
    """What differs between processors: the identity of the architecture, and call numbers.

    ``modes`` change modes and owners by path, ``attributes`` file attributes by path; ``common`` is
    what all of a user's processes have in common: System V IPC, message queues, keyrings.
    """

    arch: int
    socket: int
    clone: int
    unshare: int
    seccomp: int
    keyctl: int
    socketpair: int
    kill: int
    prlimit: int
    connect: int
    modes: tuple[int, ...]
    attributes: tuple[int, ...]
    common: tuple[int, ...]


# Those newer than 2011 share the numbers of the generic table.
MACHINES = {
    "x86_64": Machine(
        *(0xC000003E, 41, 56, 272, 317, 250, 53, 62, 302, 42),
        modes=(90, 268, 92, 94, 260, 452),
        attributes=(188, 189, 197, 198, 463, 466),
        common=(29, 30, 64, 68, 240, 248, 249, 250),
    ),
    "aarch64": Machine(0xC00000B7, *GENERIC),
    "riscv64": Machine(0xC00000F3, *GENERIC),
    "loongarch64": Machine(0xC0000102, *GENERIC),
}


def machine() -> Machine | None:
    """Return the numbers of this processor; None for one that is not listed."""
    return MACHINES.get(os.uname().machine)


def program(
    numbers: Machine, *, nested: bool = False, families: Sequence[int] | None = None
) -> bytes:
    """Write the filter (``man 2 seccomp``) that closes what namespaces leave open.

    Sockets of families that no network namespace holds back (vsock reaches the host of a virtual
    machine); user namespaces, in which there are capabilities again (a ``nested`` sandbox, which
    makes others, needs them); and the two system calls whose arguments a filter cannot see, for
    which every program has another way. Where all namespaces are shared (with Landlock), only
    sockets of the ``families`` that are given for that (where Unix sockets are among them, nothing
    connects, and there are none of datagrams, which need not), nothing that all of a user's
    processes have in common, no signal to all of them, no limits of others, and whatever changes
    modes and owners by path only says that it did: files of other folders have paths as well.
    """
    code = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, numbers.arch), (_GIVE, 0, 0, _ERROR | ENOSYS)]
    code += [(_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, 0x40000000), (_GIVE, 0, 0, _ERROR | ENOSYS)]
    for number in (CLONE3, IO_URING_SETUP):
        code += _when(number, [(_GIVE, 0, 0, _ERROR | ENOSYS)])
    for number in () if nested else (numbers.clone, numbers.unshare):
        code += _when(number, [_argument(0), *_if_has(CLONE_NEWUSER, EPERM)])
    if families is not None:
        for number in numbers.modes:
            code += _when(number, [(_GIVE, 0, 0, _ERROR)])
        for number in numbers.attributes:
            code += _when(number, [(_GIVE, 0, 0, _ERROR | ENOTSUP)])
        for number in numbers.common:
            code += _when(number, [(_GIVE, 0, 0, _ERROR | EPERM)])
        code += _when(numbers.kill, [_argument(0), *_if_equal(0xFFFFFFFF, EPERM)])
        others = [(_EQUAL, 1, 0, 0), (_GIVE, 0, 0, _ERROR | EPERM), (_GIVE, 0, 0, _ALLOW)]
        code += _when(numbers.prlimit, [_argument(0), *others])
        # of the pairs, those of datagrams can still reach others
        kind = [_argument(1), (_AND, 0, 0, 15), *_if_equal(SOCK_DGRAM, EAFNOSUPPORT)]
        code += _when(numbers.socketpair, kind)
        if AF_UNIX in families:
            code += _when(numbers.connect, [(_GIVE, 0, 0, _ERROR | EAFNOSUPPORT)])
            code += [(_EQUAL, 0, 8, numbers.socket), _argument(0), (_EQUAL, 0, 5, AF_UNIX)]
            code += [_argument(1), (_AND, 0, 0, 15), (_EQUAL, 0, 1, SOCK_STREAM)]
            code += [(_GIVE, 0, 0, _ALLOW), (_GIVE, 0, 0, _ERROR | EAFNOSUPPORT), (_LOAD, 0, 0, 0)]
    else:
        families = FAMILIES
    count = len(families)
    code += [(_EQUAL, 0, count + 3, numbers.socket), _argument(0)]
    code += [(_EQUAL, count - index, 0, family) for index, family in enumerate(families)]
    code += [(_GIVE, 0, 0, _ERROR | EAFNOSUPPORT), (_GIVE, 0, 0, _ALLOW), (_GIVE, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


Instruction = tuple[int, int, int, int]


def _argument(index: int) -> Instruction:
    return (_LOAD, 0, 0, 16 + 8 * index)


def _when(number: int, then: list[Instruction]) -> list[Instruction]:
    """For one system call; ``then`` decides, or ends with nothing to allow it."""
    if then[-1][0] != _GIVE:
        then = [*then, (_GIVE, 0, 0, _ALLOW)]
    return [(_EQUAL, 0, len(then), number), *then]


def _if_has(bits: int, error: int) -> list[Instruction]:
    return [(_HAS, 0, 1, bits), (_GIVE, 0, 0, _ERROR | error), (_GIVE, 0, 0, _ALLOW)]


def _if_equal(value: int, error: int) -> list[Instruction]:
    return [(_EQUAL, 0, 1, value), (_GIVE, 0, 0, _ERROR | error), (_GIVE, 0, 0, _ALLOW)]


def locks(
    *, nested: bool = False, families: Sequence[int] | None = None
) -> dict[str, int | bytes] | None:
    """What the last step of locking up needs to know; None for a processor that is not listed.

    In a ``nested`` sandbox user id 0 keeps one capability, ``CAP_SETFCAP``: without it, no kernel
    since 5.12 lets it have its own id in a namespace below. On the only real files that are
    writable there, it is no more than what their owner can do by setting the set-uid bit.
    """
    numbers = machine()
    if numbers is None:
        return None
    return {
        "filter": program(numbers, nested=nested, families=families),
        "seccomp": numbers.seccomp,
        "keyctl": numbers.keyctl,
        "clone": numbers.clone,
        "kept": 1 << SETFCAP if nested and os.getuid() == 0 else 0,
    }
