"""What a person can do on a machine where no sandbox works."""

from __future__ import annotations

import os
from pathlib import Path

_INSTALL = "Install bubblewrap, for instance with `apt install bubblewrap`."
_APPARMOR = (
    "AppArmor keeps user namespaces from programs here. Allow them to bubblewrap alone: as root,"
    " write `abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap"
    " flags=(unconfined) { userns, }` to /etc/apparmor.d/bwrap and run `systemctl reload apparmor`."
)
_OFF = "User namespaces are turned off here. Turn them on, as root: `sysctl -w {}`."
_CONTAINER = (
    "This looks like a container. Start it with `--security-opt seccomp=unconfined --security-opt"
    " apparmor=unconfined --security-opt systempaths=unconfined`, or run Festina outside of it."
)
AGREE = "Or agree once, for this workspace, to run its tests without a sandbox."


def remedy(bubblewrap_missing: bool, root: Path = Path("/")) -> str:
    """Say what stands in the way of namespaces, as far as system files under ``root`` show it."""
    advice = []
    if bubblewrap_missing:
        advice.append(_INSTALL)
    if _read(root, "proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        advice.append(_APPARMOR)
    if _read(root, "proc/sys/user/max_user_namespaces") == "0":
        advice.append(_OFF.format("user.max_user_namespaces=10000"))
    if _read(root, "proc/sys/kernel/unprivileged_userns_clone") == "0":
        advice.append(_OFF.format("kernel.unprivileged_userns_clone=1"))
    marks = (".dockerenv", "run/.containerenv")
    if any((root / mark).exists() for mark in marks) or "KUBERNETES_SERVICE_HOST" in os.environ:
        advice.append(_CONTAINER)
    return " ".join(advice)


def _read(root: Path, name: str) -> str:
    try:
        return (root / name).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
