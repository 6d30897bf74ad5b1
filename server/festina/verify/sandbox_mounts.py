"""Builds the private view of the file system, from within fresh namespaces.

Like `sandbox_child`, which executes it, this is never imported by the server and uses little of the
standard library. It runs with every capability of the new user namespace and none outside.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from typing import Any

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC = 4096, 16384
PROC_FLAGS = MS_NOSUID | MS_NODEV | MS_NOEXEC
MNT_DETACH = 2
MOUNT_SETATTR = 442
# The number of pivot_root; every architecture added since 2011 has the generic one.
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "loongarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def _pivot_root(new: bytes, old: bytes) -> None:
    number = PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), f"pivot_root, {os.uname().machine}")
    _check(_libc.syscall(number, new, old), "pivot_root")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    _check(result, f"mount {target}")


def _restrict(target: str, *, writable: bool, setattr_call: bool = True) -> None:
    """Take set-uid, devices and, unless ``writable``, writing away from a mount and those below."""
    attributes = MS_NOSUID | MS_NODEV | (0 if writable else MS_RDONLY)
    if setattr_call:  # Linux 5.12; the attribute bits of these three equal the mount flags
        request = struct.pack("QQQQ", attributes, 0, 0, 0)
        result = _libc.syscall(
            MOUNT_SETATTR, -100, os.fsencode(target), 0x8000, request, ctypes.c_size_t(32)
        )
        if result == 0:
            return
        if ctypes.get_errno() != errno.ENOSYS:
            _check(result, f"mount_setattr {target}")
    with open("/old/proc/self/mountinfo", "rb") as table:  # noqa: PTH123
        points = [line.split(b" ")[4] for line in table]
    for raw in points:
        for escaped, byte in (
            (b"\\040", b" "),
            (b"\\011", b"\t"),
            (b"\\012", b"\n"),
            (b"\\134", b"\\"),
        ):
            raw = raw.replace(escaped, byte)
        point = os.fsdecode(raw)
        if point == target or point.startswith(target + "/"):
            _remount(point, attributes)


def _remount(point: str, attributes: int) -> None:
    """Add flags to one mount. Those it has are locked in a user namespace and must be repeated."""
    try:
        has = os.statvfs(point).f_flag
    except OSError:  # covered by another mount, or not ours to look at: then nobody inside can
        return
    kept = has & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for seen, flag in ((os.ST_NOATIME, 1 << 10), (os.ST_NODIRATIME, 1 << 11), (4096, 1 << 21)):
        kept |= flag if has & seen else 0
    _mount("none", point, None, MS_REMOUNT | MS_BIND | kept | attributes)


def _point(path: str, *, directory: bool) -> str:
    """Make the mount point ``/new`` + ``path`` where it is missing; never through a link."""
    parts = [part for part in path.split("/") if part]
    current = "/new"
    for index, part in enumerate(parts):
        current += "/" + part
        try:
            mode = os.lstat(current).st_mode
        except FileNotFoundError:
            if directory or index < len(parts) - 1:
                os.mkdir(current, 0o755)  # noqa: PTH102
            else:
                os.close(os.open(current, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
        else:
            if stat.S_ISLNK(mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    return current


def _devices() -> None:
    _mount("tmpfs", "/new/dev", "tmpfs", MS_NOSUID, "mode=0755,size=1m")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        target = _point(f"/dev/{name}", directory=False)
        _mount(f"/old/dev/{name}", target, None, MS_BIND)
    for name, source in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{source}", f"/new/dev/{name}")  # noqa: PTH211
    os.symlink("pts/ptmx", "/new/dev/ptmx")  # noqa: PTH211
    flags = MS_NOSUID | MS_NOEXEC
    options = "newinstance,ptmxmode=0666,mode=620"
    _mount("devpts", _point("/dev/pts", directory=True), "devpts", flags, options)


def _processes(view: dict[str, Any]) -> None:
    _mount("proc", "/new/proc", "proc", PROC_FLAGS)
    with open("/new/proc/self/uid_map", "rb") as table:  # noqa: PTH123
        ours = table.read().split()[2] == b"1"
    if ours:  # a namespace of its own
        _bounds("/new/proc", view)
    # User id 0 may write here by ownership alone, and core_pattern runs programs on the host.
    for name in view["proc_read_only"]:
        target = f"/new/proc/{name}"
        if os.path.exists(target):  # noqa: PTH110
            _mount(target, target, None, MS_BIND | MS_REC)
            _mount("none", target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | PROC_FLAGS)
    for name in view["proc_hidden"]:
        if os.path.exists(f"/new/proc/{name}"):  # noqa: PTH110
            _mount("/old/dev/null", f"/new/proc/{name}", None, MS_BIND)


def _bounds(proc: str, view: dict[str, Any]) -> None:
    """Set what a fresh ``/proc`` alone can set for the namespaces that it belongs to."""
    if not view["nested"]:  # no user namespaces inside, so no capabilities ever again
        try:
            _write(f"{proc}/sys/user/max_user_namespaces", 0)
        except PermissionError:
            if not view["built"]:
                raise  # where bubblewrap leaves too little for it, the filter of system calls does
    if view["pid_max"]:  # what binds user id 0, which no limit of processes does
        _write(f"{proc}/sys/kernel/pid_max", view["pid_max"])


def _write(path: str, value: int) -> None:
    with open(path, "wb", buffering=0) as setting:  # noqa: PTH123
        setting.write(b"%d" % value)


def _second_processes(place: str) -> None:
    """Mount another ``/proc`` out of everybody's reach.

    A kernel lets nobody mount a ``/proc`` in a namespace below this one unless there is one here
    that nothing lies over.
    """
    inner = place + "/proc"
    os.makedirs(inner, 0o755, exist_ok=True)  # noqa: PTH103
    _mount("proc", inner, "proc", PROC_FLAGS)
    _mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, "mode=0755,size=4k")


def _apply(operation: tuple[Any, ...], setattr_call: bool) -> None:
    kind, target = operation[0], operation[1]
    if kind == "tmpfs":
        options = f"mode=0755,size={operation[2]}"
        point = _point(target, directory=True)
        _mount("tmpfs", point, "tmpfs", MS_NOSUID | MS_NODEV, options)
    elif kind == "dir":
        _point(target, directory=True)
    elif kind == "link":
        folder = _point(os.path.dirname(target), directory=True)  # noqa: PTH120
        os.symlink(operation[2], os.path.join(folder, os.path.basename(target)))  # noqa: PTH118, PTH119, PTH211
    elif kind == "hide":
        if os.path.lexists(f"/new{target}"):
            _mount("/old/dev/null", f"/new{target}", None, MS_BIND)
    else:
        source, writable = "/old" + operation[2], operation[3]
        point = _point(target, directory=os.path.isdir(source))  # noqa: PTH112
        _mount(source, point, None, MS_BIND | MS_REC)
        _restrict(point, writable=writable, setattr_call=setattr_call)


def build_view(view: dict[str, Any]) -> None:
    """Replace the root by a read-only copy of itself with the operations of the view applied."""
    os.umask(0)
    if view["built"]:
        _complete(view)
        return
    setattr_call = view["setattr"]
    _mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")  # noqa: S108
    os.chdir("/tmp")  # noqa: S108
    os.mkdir("old")  # noqa: PTH102
    os.mkdir("new")  # noqa: PTH102
    _pivot_root(b".", b"old")
    os.chdir("/")
    _mount("/old", "/new", None, MS_BIND | MS_REC)
    _restrict("/new", writable=False, setattr_call=setattr_call)
    _processes(view)
    _devices()
    if view["nested"]:
        _second_processes("/new" + view["nested"])
    for operation in view["operations"]:
        _apply(operation, setattr_call)
    os.chdir("/new")
    _pivot_root(b".", b".")
    _check(_libc.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")
    if view["loopback"]:
        _loopback()


def _complete(view: dict[str, Any]) -> None:
    """Do in bubblewrap's view what it cannot: for user id 0 it leaves us the capabilities to."""
    _mount("proc", "/proc", "proc", PROC_FLAGS)
    try:
        _bounds("/proc", view)
    finally:
        _check(_libc.umount2(b"/proc", MNT_DETACH), "umount of /proc")
    if view["nested"]:
        _second_processes(view["nested"])


def _loopback() -> None:
    """Bring the loopback interface of the private network up: tests start servers on it."""
    descriptor = _libc.socket(2, 2, 0)  # AF_INET, SOCK_DGRAM
    _check(descriptor, "socket")
    request = struct.pack("16sH14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
    _check(_libc.ioctl(descriptor, ctypes.c_ulong(0x8914), request), "loopback")  # SIOCSIFFLAGS
    os.close(descriptor)
