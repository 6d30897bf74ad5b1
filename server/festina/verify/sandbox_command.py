"""The command lines that put a view of the file system into place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from festina.verify import sandbox_view
from festina.verify.process import Limits
from festina.verify.sandbox_view import Operation

_SYSTEM_PATH = "/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin"


def tool(name: str, workspace: Path | None = None) -> str | None:
    """Where a program that makes sandboxes is; never one that the workspace brings along."""
    own = os.environ.get("PATH", "").split(os.pathsep)
    path = os.pathsep.join([_SYSTEM_PATH, *(entry for entry in own if entry.startswith("/"))])
    found = shutil.which(name, path=path)
    if found is None or workspace is None:
        return found
    within = Path(os.path.realpath(found)).is_relative_to(os.path.realpath(workspace))
    return None if within else found


def unshare(workspace: Path, network: str = "none") -> list[str]:
    """The command line of util-linux 2.36 and later that makes the namespaces.

    The user id stays the same; the capabilities in the new user namespace are kept until the view
    is built. ``unshare`` itself stays outside and waits until the process namespace is empty.
    """
    command = tool("unshare", workspace) or "unshare"
    flags = "--user --map-current-user --keep-caps --mount --pid --fork --kill-child --ipc"
    private = ["--net"] if network == "none" else []
    return [command, *flags.split(), "--uts", "--cgroup", *private, "--"]


def steps(operations: Sequence[Operation], limits: Limits) -> list[tuple[str | int | bool, ...]]:
    """The operations as `sandbox_child` takes them."""
    size = limits.scratch_mib << 20
    result: list[tuple[str | int | bool, ...]] = [("tmpfs", "/dev/shm", size)]  # noqa: S108
    for step in operations:
        if step.kind == "tmpfs":
            result.append(("tmpfs", step.target, size))
        elif step.kind == "bind":
            result.append(("bind", step.target, step.source, step.writable))
        elif step.kind == "link":
            result.append(("link", step.target, step.source))
        else:
            result.append((step.kind, step.target))
    return result


def bubblewrap(
    workspace: Path,
    operations: Sequence[Operation],
    limits: Limits,
    options: frozenset[str],
    *,
    nested: str = "",
    completed: bool = False,
    network: str = "none",
) -> list[str]:
    """The operations as bubblewrap takes them; ``options`` are those that its version knows.

    ``nested`` is where a nested sandbox finds its second ``/proc``: nothing must lie over that one,
    and bubblewrap leaves it so, but for user id 0. Then it is to be ``completed`` by the supervisor
    (see `sandbox_mounts`), with the capabilities that bubblewrap leaves to user id 0.
    """
    arguments = [tool("bwrap", workspace) or "bwrap", "--unshare-all", "--unshare-user"]
    arguments += ["--share-net"] if network == "local" else []
    arguments += ["--die-with-parent", "--new-session", "--as-pid-1"]
    if "--disable-userns" in options and not nested and not completed:
        arguments.append("--disable-userns")
    arguments += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    # Bubblewrap leaves these writable to user id 0, and core_pattern runs programs on the host.
    for name in sandbox_view.PROC_READ_ONLY:
        arguments += ["--ro-bind-try", f"/proc/{name}", f"/proc/{name}"]
    for name in sandbox_view.PROC_HIDDEN:
        if Path("/proc", name).exists():
            arguments += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    if nested and not completed:
        arguments += ["--proc", f"{nested}/proc", "--tmpfs", nested, "--remount-ro", nested]
    size = ["--size", str(limits.scratch_mib << 20)] if "--size" in options else []
    arguments += [*size, "--tmpfs", "/dev/shm"]  # noqa: S108
    for step in operations:
        if step.kind == "tmpfs":
            arguments += [*size, "--tmpfs", step.target]
        elif step.kind == "dir":
            arguments += ["--dir", step.target]
        elif step.kind == "link":
            arguments += ["--symlink", step.source, step.target]
        elif step.kind == "hide":
            arguments += ["--ro-bind", "/dev/null", step.target]
        else:
            arguments += ["--bind" if step.writable else "--ro-bind", step.source, step.target]
    return [*arguments, "--chdir", "/", "--"]
