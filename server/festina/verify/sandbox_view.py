"""What a command in the sandbox sees of the file system, as a list of mount operations.

The root is shown read-only. Over it lie, parents before children: empty temporary file systems
where people and services keep what is private (homes, ``/tmp``, ``/run``), the shadow at the
workspace's own path, and read-only what must be seen all the same (interpreters, a ``.venv``).
"""

from __future__ import annotations

import contextlib
import logging
import os
import pwd
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from festina.verify.sweep import scratch_root

_log = logging.getLogger(__name__)

_MASKS = ("/tmp", "/var/tmp", "/run", "/var/run", "/home", "/root", "/mnt/c", "/mnt/wslg")  # noqa: S108
_PRIVATE_IN_HOME = [".config", ".cache", ".ssh", ".gnupg", ".aws", ".kube", ".docker", ".mozilla"]
_PRIVATE_IN_HOME += [".local/share/keyrings", ".local/state", ".password-store"]
_MASK_VARIABLES = (
    "HOME",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "GNUPGHOME",
)
# A service account's home can be one of these, and nothing runs without them.
_SYSTEM = ("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "nix", "opt", "proc", "sbin")
_NEVER_MASKED = {"/", "/snap", "/sys", "/usr", "/var", *(f"/{name}" for name in _SYSTEM)}
_NEVER_MASKED_BELOW = ("/usr/", "/bin/", "/sbin/", "/lib/", "/proc/", "/sys/", "/dev/", "/etc/")
# User id 0 may read these by ownership even without a single capability.
_HIDDEN_FILES = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-")
_HIDDEN_DIRECTORIES = ("/etc/ssl/private", "/etc/ssh", "/etc/sudoers.d")
_MAX_SOCKETS = 200
_MOST_LINKS = 40  # as the kernel follows
PRIVATE_IN_SYSTEM = (*_HIDDEN_FILES, *_HIDDEN_DIRECTORIES)

PROC_READ_ONLY = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "pressure")
"""What of ``/proc`` user id 0 could write to by ownership, without a capability."""
PROC_HIDDEN = ("kcore", "keys", "kmsg", "timer_list")


class Operation(NamedTuple):
    """One step in building the view: ``tmpfs``, ``dir``, ``bind``, ``link`` or ``hide``.

    ``source`` is what is mounted at ``target``, or what a symbolic link there says.
    """

    kind: str
    target: str
    source: str = ""
    writable: bool = False


def operations(
    workspace: Path,
    shadow: Path,
    read_only: Iterable[Path],
    links: Iterable[Path],
    environ: Mapping[str, str],
    sockets: Iterable[Path] = (),
) -> tuple[Operation, ...]:
    """List the mounts that make up the view. Looks at the file system; blocks for microseconds.

    ``environ`` is the server's own environment, in which private places may be named. Read-only
    paths that would uncover a whole masked place are left out, and so are those in the workspace
    that the shadow has: what the shadow has comes from the shadow. Of the Unix sockets of this
    machine only ``sockets`` can be reached.

    Raises:
        ValueError: the workspace is the root directory, or the shadow is not a directory.
    """
    inside = _absolute(workspace)
    if os.path.realpath(inside) == "/":
        raise ValueError("the root directory cannot be a workspace in the sandbox")
    if not shadow.is_dir():
        raise ValueError(f"{shadow} is not a directory")
    private = private_places(environ)
    masks = [path for path in private if not _below(path, private)]
    places = {os.path.realpath(inside): os.path.realpath(shadow)}
    if inside not in places and _below(inside, masks):
        places[inside] = os.path.realpath(shadow)
    steps = [Operation("tmpfs", mask) for mask in masks]
    home = os.path.realpath(environ.get("HOME") or "/")
    if _below(home, masks):
        steps.append(Operation("dir", home))
    steps += [Operation("bind", place, source, True) for place, source in places.items()]
    for path in read_only:
        steps += _shown(_absolute(path), private, places)
    for link in links:
        steps += _linked(link, inside, places, private)
    shown = [step.target for step in steps if step.kind == "bind" and not step.writable]
    inner = {path for path in _private_in_home(environ) if _below(path, shown)}
    steps += [Operation("tmpfs", path) for path in sorted(inner)]
    steps = [step for step in steps if not _shown_already(step, steps)]
    named = {place for one in sockets for place in (_absolute(one), os.path.realpath(one))}
    for place in sorted(named):
        if os.path.exists(place) and stat.S_ISSOCK(os.stat(place).st_mode):  # noqa: PTH110, PTH116
            steps.append(Operation("bind", place, os.path.realpath(place)))
    covered = [*masks, *places, "/dev", "/proc"]
    steps += [
        Operation("hide", path)
        for path in sockets_of_others()
        if path not in named and not _below(path, covered, itself=True)
    ]
    if os.getuid() == 0:
        steps += [Operation("hide", path) for path in _HIDDEN_FILES if _is_plain(path)]
        steps += [Operation("tmpfs", path) for path in _HIDDEN_DIRECTORIES if _is_plain(path)]
    unique = dict.fromkeys(steps)
    return tuple(sorted(unique, key=lambda step: step.target.rstrip("/").count("/")))


def private_places(environ: Mapping[str, str]) -> list[str]:
    """List the existing directories to cover, as real paths; some can be below others."""
    named = [environ[name] for name in _MASK_VARIABLES if environ.get(name)]
    with contextlib.suppress(KeyError):  # a user id without a name, as containers have
        named.append(pwd.getpwuid(os.getuid()).pw_dir)
    real = {os.path.realpath(path) for path in (*_MASKS, *named, str(scratch_root()))}
    real = {
        path
        for path in real
        if path not in _NEVER_MASKED
        and not path.startswith(_NEVER_MASKED_BELOW)
        and os.path.isdir(path)  # noqa: PTH112
    }
    return sorted(real)


def _private_in_home(environ: Mapping[str, str]) -> list[str]:
    """Directories of the home that stay covered although one above them is shown again."""
    home = environ.get("HOME") or "/nonexistent"
    paths = (f"{home}/{name}" for name in _PRIVATE_IN_HOME)
    return [os.path.realpath(path) for path in paths if os.path.isdir(path)]  # noqa: PTH112


def _shown(path: str, private: list[str], places: Mapping[str, str]) -> list[Operation]:
    """Show a path again, read-only, where a mask or the shadow has covered it."""
    steps = []
    real = os.path.realpath(path)
    if not os.path.exists(real):  # noqa: PTH110
        return []
    names = [path, real]
    if not os.path.isdir(real):  # noqa: PTH112
        # an interpreter looks for its library beside what links lead to, so they stay links
        steps += [
            Operation("link", link, says)
            for link, says in _links(path)
            if _below(link, private) and not any(_below(link, [one], itself=True) for one in places)
        ]
        if any(_below(path, [step.target], itself=True) for step in steps):
            names = [real]
    for place in dict.fromkeys(names):
        if any(_below(one, [place], itself=True) for one in private) and place not in places:
            _log.warning("%s is not shown in the sandbox: it would show private files.", place)
            continue
        within = next((one for one in places if _below(place, [one], itself=True)), None)
        if within is not None:
            relative = os.path.relpath(place, within)
            root = places[within]
            # nothing is mounted through a link: a relative one leads elsewhere from the shadow
            if not _passes_link(root, relative) and not os.path.lexists(f"{root}/{relative}"):
                steps.append(Operation("bind", place, real))
        elif _below(place, private):
            steps.append(Operation("bind", place, real))
    return steps


def _links(path: str) -> list[tuple[str, str]]:
    """List the symbolic links that are followed on the way along a path, and what each says.

    ``.venv/bin/python`` may lead to ``~/.local/bin/python3.13``, that one into
    ``cpython-3.13/bin``, and this folder may be a link to ``cpython-3.13.5``.
    """
    found: list[tuple[str, str]] = []
    way, current = path.split("/"), "/"
    while way and len(found) < _MOST_LINKS:
        part = way.pop(0)
        step = os.path.normpath(os.path.join(current, part))  # noqa: PTH118
        if not os.path.islink(step):  # noqa: PTH114
            current = step
            continue
        says = os.readlink(step)  # noqa: PTH115
        found.append((step, says))
        current = "/" if says.startswith("/") else current
        way = [*says.split("/"), *way]
    return found


def _shown_already(step: Operation, steps: list[Operation]) -> bool:
    """Whether another read-only mount, of a directory above, shows the same thing there."""
    if step.kind == "link":
        shown = [each.target for each in steps if each.kind == "bind" and not each.writable]
        return _below(step.target, shown, itself=True)
    if step.kind != "bind" or step.writable:
        return False
    return any(
        other.kind == "bind"
        and not other.writable
        and _below(step.target, [other.target])
        and os.path.realpath(other.source + step.target[len(other.target) :]) == step.source
        for other in steps
    )


def _linked(
    link: Path, workspace: str, places: Mapping[str, str], private: list[str]
) -> list[Operation]:
    """Show a path of the real workspace, read-only, at the same place over the shadow.

    Where the shadow has a symbolic link in its place, what that points at is shown instead.
    """
    real_root = os.path.realpath(workspace)
    path = os.path.join(workspace, link)  # noqa: PTH118
    relative = os.path.relpath(path, real_root if _below(path, [real_root]) else workspace)
    source = os.path.realpath(path)
    if relative.startswith("..") or relative == "." or not os.path.exists(source):  # noqa: PTH110
        return []
    shadow = places[real_root]
    if _passes_link(shadow, relative):
        return _shown(source, private, places)
    steps = [Operation("bind", f"{place}/{relative}", source) for place in places]
    if source != path:  # paths recorded in a virtual environment may be the resolved ones
        steps += _shown(source, private, places)
    return steps


def _passes_link(root: str, relative: str) -> bool:
    current = root
    for part in relative.split("/"):
        current += "/" + part
        if os.path.islink(current):  # noqa: PTH114
            return True
    return False


def sockets_of_others() -> list[str]:
    """List the Unix sockets with a path that programs outside listen on.

    A read-only file system does not keep anyone from connecting to a socket on it.
    """
    found = set()
    try:
        with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as table:  # noqa: PTH123
            for line in table:
                fields = line.rstrip("\n").split(maxsplit=7)
                if len(fields) == 8 and fields[7].startswith("/"):
                    found.add(fields[7])
    except OSError:
        return []
    existing = []
    for path in sorted(found):
        try:
            if stat.S_ISSOCK(os.lstat(path).st_mode):
                existing.append(os.path.realpath(path))
        except (OSError, ValueError):
            continue
    return existing[:_MAX_SOCKETS]


def _is_plain(path: str) -> bool:
    try:
        return not stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return False


def _absolute(path: Path) -> str:
    return os.path.normpath(os.path.abspath(path))  # noqa: PTH100


def _below(path: str, parents: Iterable[str], *, itself: bool = False) -> bool:
    return any(
        (itself and path == parent) or path.startswith(parent.rstrip("/") + "/")
        for parent in parents
    )
