"""What a person can do on a machine where no sandbox works."""

from __future__ import annotations

import os
from pathlib import Path

_INSTALL = "Install bubblewrap (for instance `apt install bubblewrap` or `dnf install bubblewrap`)."
_APPARMOR = (
    "AppArmor keeps user namespaces from programs here. Allow them to bubblewrap alone: as root, write"
    " `abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined)"
    " { userns, }` to /etc/apparmor.d/bwrap and run `systemctl reload apparmor`."
)
_CONTAINER = (
    "This looks like a container. Start it with `--security-opt seccomp=unconfined --security-opt"
    " apparmor=unconfined --security-opt systempaths=unconfined`, or run Festina outside of it."
)
_COUNT = (
    "User namespaces are turned off here. Turn them on: `sysctl -w user.max_user_namespaces=10000`."
)
_CLONE = "User namespaces are turned off here. Turn them on: `sysctl -w kernel.unprivileged_userns_clone=1`."
_OTHERWISE = "Or agree once, for this workspace, to run its tests without a sandbox."


def remedy(bubblewrap_missing: bool, root: Path = Path("/")) -> str:
    """Sentences that name what stands in the way here, as far as the system files under root show."""
    advice = []
    if bubblewrap_missing:
        advice.append(_INSTALL)
    if _read(root, "proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        advice.append(_APPARMOR)
    if _read(root, "proc/sys/user/max_user_namespaces") == "0":
        advice.append(_COUNT)
    if _read(root, "proc/sys/kernel/unprivileged_userns_clone") == "0":
        advice.append(_CLONE)
    if (
        any((root / name).exists() for name in (".dockerenv", "run/.containerenv"))
        or "KUBERNETES_SERVICE_HOST" in os.environ
    ):
        advice.append(_CONTAINER)
    return " ".join([*advice, _OTHERWISE])


def _read(root: Path, name: str) -> str:
    try:
        return (root / name).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
