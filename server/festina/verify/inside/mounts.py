"""The private view of the file system of one cell, made in its fresh namespaces.

Beside the plugin: standard library only, Python 3.8 or newer. :func:`survey` looks around once, in
the fork server; :func:`build` runs in every new cell, with every capability of the cell's user
namespace and none outside, so it only does what it was told to. No kernel shares with a cell what
it could write to: the whole view becomes read-only, and over that lie an overlay of the workspace
and private stand-ins of the writable places. Needs Linux 6.6 (overlays for everybody, with file
attributes on a temporary file system).
"""

from __future__ import annotations

import ctypes
import importlib
import os
import stat
import struct
from typing import Any, NamedTuple

RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
PROC_FLAGS = NOSUID | NODEV | NOEXEC
DETACH = 2
CLONE, CLOEXEC, RECURSIVE, EMPTY_PATH = 1, os.O_CLOEXEC, 0x8000, 0x1000
HERE = -100  # AT_FDCWD
MAX_COPIED = 1 << 20

_system: Any = importlib.import_module("festina_system")
libc = _system.libc
check = _system.check
_READ_ONLY = struct.pack("QQQQ", RDONLY, 0, PRIVATE, 0)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """See ``man 2 mount``.

    Raises:
        OSError: it is not possible.
    """
    result = libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        flags,
        data.encode() or None,
    )
    if result < 0:
        check(result, f"mount {kind} at {target}".replace("  ", " "))


class Step(NamedTuple):
    """One thing to do; parents come first.

    ``kind`` is ``fresh`` (an empty folder), ``overlay``, ``again`` (what was there, shown again),
    ``workspace``, or in a fresh folder ``folder``, ``link`` or ``file``.
    """

    kind: str
    path: str
    mode: int = 0o755
    data: bytes = b""


class Survey(NamedTuple):
    """What all cells of one fork server have in common."""

    steps: list[Step]
    again: list[str]
    read_only: list[str]
    hidden: list[str]


class UnfitError(Exception):
    """There is something in a private place that cells cannot be given."""


def survey(plan: dict[str, Any]) -> Survey:
    """Look at what the fork server sees, after all that it does itself to the file system.

    Raises:
        UnfitError: cells cannot see the same; the text says why.
        OSError: something cannot be looked at.
    """
    private = {path for path in plan["private"] if os.path.isdir(path)}
    private = {path for path in private if not path.startswith("/etc/")}
    places = list(dict.fromkeys(plan["workspace"]))
    covers = private | set(places)
    again: list[str] = []
    for point in sorted(_mount_points()):
        below = any(point.startswith(cover + "/") for cover in covers)
        carried = any(point.startswith(other + "/") for other in again)
        if below and not carried and point not in covers:
            again.append(point)
    points = {*again, *covers}
    steps = [Step("workspace", place) for place in places]
    steps += [Step("again", point, 0o755 if os.path.isdir(point) else 0) for point in again]
    for path in private:
        steps += _stand_in(path, points, 0)
    steps.sort(key=lambda step: step.path.count("/"))
    names = [f"/proc/{name}" for name in plan["proc_read_only"]]
    hidden = [f"/proc/{name}" for name in plan["proc_hidden"]]
    existing = ([name for name in some if os.path.exists(name)] for some in (names, hidden))
    return Survey(steps, again, *existing)


def _mount_points() -> set[str]:
    """Paths at which something is mounted, those left out that something else lies over."""
    found = set()
    with open("/proc/self/mountinfo", "rb") as table:
        lines = table.read().splitlines()
    for line in lines:
        fields = line.split(b" ")
        raw = fields[4]
        for escaped, byte in (
            (b"\\040", b" "),
            (b"\\011", b"\t"),
            (b"\\012", b"\n"),
            (b"\\134", b"\\"),
        ):
            raw = raw.replace(escaped, byte)
        path = os.fsdecode(raw)
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            with open(f"/proc/self/fdinfo/{descriptor}", "rb") as table:
                if b"mnt_id:\t%s\n" % fields[0] in table.read():
                    found.add(path)
        finally:
            os.close(descriptor)
    return found


def _stand_in(path: str, points: set[str], depth: int) -> list[Step]:
    """Say what to lay over a private place, so that what is in it stays in sight.

    No overlay can be made of a folder in which something is mounted.
    """
    mode = stat.S_IMODE(os.stat(path).st_mode)
    names = os.listdir(path)
    inner = {point for point in points if point.startswith(path + "/")}
    ways = {point[len(path) + 1 :].partition("/")[0] for point in inner}
    others = [name for name in names if name not in ways]
    if others and not ways:
        return [Step("overlay", path)]
    steps = [Step("folder" if depth else "fresh", path, mode)]
    for name in others:
        below = f"{path}/{name}"
        status = os.lstat(below)
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISLNK(status.st_mode):
            steps.append(Step("link", below, mode, os.fsencode(os.readlink(below))))
        elif stat.S_ISDIR(status.st_mode):
            steps += [Step("folder", below, mode), Step("overlay", below)]
        elif stat.S_ISREG(status.st_mode) and status.st_size <= MAX_COPIED:
            with open(below, "rb") as file:
                steps.append(Step("file", below, mode, file.read()))
        else:
            raise UnfitError(f"{below} cannot be given to each test run")
    for name in sorted(ways):
        if f"{path}/{name}" not in points:
            steps += _stand_in(f"{path}/{name}", points, depth + 1)
    return steps


class View(NamedTuple):
    """Descriptors of what a cell changes and of what was there, which no path leads to."""

    upper: int
    lower: int


def build(plan: dict[str, Any], found: Survey) -> View:
    """Build the view, in a process that is the first of its namespaces.

    Raises:
        OSError: the kernel does not allow it, or not yet.
    """
    scratch = plan["scratch"]
    umask = os.umask(0)
    _restrict("/", RECURSIVE)
    # what is covered later is held on to now
    trees = {path: _tree(path, RECURSIVE) for path in found.again}
    lowers = {step.path: _hold(step.path) for step in found.steps if step.kind == "overlay"}
    lower = os.open(plan["base"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    options = f"mode=0755,size={plan['size']},nr_inodes={plan['inodes']}"
    mount("tmpfs", scratch, "tmpfs", NOSUID | NODEV, options)
    try:
        os.setxattr(scratch, "user.festina", b"")
    except OSError as error:
        raise OSError(error.errno, "it needs Linux 6.6", "file attributes") from None
    empty = f"{scratch}/empty"
    os.mkdir(empty, 0o755)
    upper = -1
    first = ""
    for number, step in enumerate(found.steps):
        if step.kind == "workspace" and first:  # another path to it
            _point(step.path, folder=True)
            mount(first, step.path, "", BIND | REC)
        elif step.kind == "workspace":
            first = step.path
            _point(first, folder=True)
            _overlay(scratch, number, plan["base"], first)
            upper = os.open(f"{scratch}/u{number}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        else:
            _apply(step, number, scratch, {**trees, **lowers})
    _proc(plan, found)
    mount("devpts", "/dev/pts", "devpts", NOSUID | NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    cover = _tree(empty, 0)
    _restrict("", EMPTY_PATH, cover)
    check(libc.umount2(os.fsencode(scratch), DETACH), "umount")
    _show(cover, plan["hidden"])
    os.umask(umask)
    return View(upper, lower)


def _hold(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _apply(step: Step, number: int, scratch: str, held: dict[str, int]) -> None:
    if step.kind == "fresh":
        folder = f"{scratch}/{number}"
        os.mkdir(folder, step.mode)
        _point(step.path, folder=True)
        mount(folder, step.path, "", BIND)
    elif step.kind == "overlay":
        _overlay(scratch, number, f"/proc/self/fd/{held[step.path]}", step.path)
    elif step.kind == "again":
        _point(step.path, folder=bool(step.mode))
        _show(held[step.path], step.path)
    elif step.kind == "folder":
        os.mkdir(step.path, step.mode)
    elif step.kind == "link":
        os.symlink(step.data, os.fsencode(step.path))
    else:
        descriptor = os.open(step.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, step.mode)
        os.write(descriptor, step.data)
        os.close(descriptor)


def _overlay(scratch: str, number: int, lower: str, target: str) -> None:
    upper, work = f"{scratch}/u{number}", f"{scratch}/w{number}"
    mode = stat.S_IMODE(os.stat(lower).st_mode)
    os.mkdir(upper, mode)
    os.mkdir(work, 0o700)
    options = f"lowerdir={lower},upperdir={upper},workdir={work},userxattr"
    mount("overlay", target, "overlay", NOSUID | NODEV, options)


def _point(path: str, *, folder: bool) -> None:
    """Make a mount point where a fresh folder has covered it."""
    if os.path.lexists(path):
        return
    if folder:
        os.makedirs(path, 0o755)
        return
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))


def _tree(path: str, flags: int) -> int:
    """Return a descriptor of a copy of the mount at ``path``, mounted nowhere."""
    result = libc.syscall(_system.OPEN_TREE, HERE, os.fsencode(path), CLONE | CLOEXEC | flags)
    check(result, f"open_tree {path}")
    return int(result)


def _show(tree: int, target: str) -> None:
    result = libc.syscall(
        _system.MOVE_MOUNT, tree, b"", HERE, os.fsencode(target), 4
    )  # F_EMPTY_PATH
    check(result, f"move_mount {target}")
    os.close(tree)


def _restrict(path: str, flags: int, at: int = HERE) -> None:
    size = ctypes.c_size_t(len(_READ_ONLY))
    result = libc.syscall(_system.MOUNT_SETATTR, at, os.fsencode(path), flags, _READ_ONLY, size)
    check(result, f"mount_setattr {path}")


def _proc(plan: dict[str, Any], found: Survey) -> None:
    mount("proc", "/proc", "proc", PROC_FLAGS)
    if plan["pid_max"]:  # what binds user id 0, which no limit of processes does
        setting = os.open("/proc/sys/kernel/pid_max", os.O_WRONLY | os.O_CLOEXEC)
        os.write(setting, b"%d" % plan["pid_max"])
        os.close(setting)
    for path in found.read_only:
        mount(path, path, "", BIND | REC)
        mount("none", path, "", REMOUNT | BIND | RDONLY | PROC_FLAGS)
    for path in found.hidden:
        mount("/dev/null", path, "", BIND)
