"""What code in the sandbox can reach: each attack is made for real, by root and by a plain user."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

import festina
from festina.verify import sandbox
from support import escape, levels

NOBODY = 65534
LEGS = [(level, user) for level in levels.ISOLATING for user in ("this user", "nobody")]


@functools.cache
def attacked(level: sandbox.Level, user: str) -> dict[str, Any]:
    if why := levels.missing(level):
        pytest.skip(f"{level}: {why}")
    script = Path(escape.__file__)
    if user == "this user":
        return _run([sys.executable, str(script), level], os.pathsep.join(sys.path))
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    ask = "import sys; sys.exit(sys.version_info < (3, 11))"
    if python is None or subprocess.run([python, "-c", ask], check=False).returncode:
        pytest.skip("no Python 3.11 that another user can start")
    import platformdirs

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        for source in (Path(festina.__file__).parent, Path(platformdirs.__file__).parent):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, Path(folder, source.name), ignore=ignore)
        copy = shutil.copy(script, folder)
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        who = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        return _run([*who, python, copy, level], folder)


def _run(command: list[str], path: str) -> dict[str, Any]:
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["seen"]["returncode"] == 0, result
    return result


@pytest.fixture(params=LEGS, ids=lambda leg: f"{leg[0]}-{leg[1]}".replace(" ", "-"))
def result(request: pytest.FixtureRequest) -> dict[str, Any]:
    return attacked(*request.param)


@pytest.fixture
def got(result: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = result["got"]
    return answers


@pytest.fixture
def seen(result: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = result["seen"]
    return answers


REFUSED = {
    "nothing private is readable": {
        "read_secret": {"ENOENT"},
        "read_tmp": {"ENOENT"},
        "leave_by_symlink": {"ENOENT"},
        "shared_memory": {"ENOENT"},
        "reuse_session_keyring": {"ENOKEY"},
        "kcore": {"ENOENT", "EACCES", "EPERM", 0},
        "supervisor_environment": {"EACCES"},
        "supervisor_memory": {"EACCES"},
        "supervisor_descriptors": {"EACCES"},
        "ptrace_supervisor": {"EPERM"},
    },
    "no way to a network or a service outside": {
        "tcp": {"ECONNREFUSED"},
        "abstract_socket": {"ECONNREFUSED"},
        "socket_0": {"ENOENT", "ECONNREFUSED"},
        "socket_1": {"ENOENT", "ECONNREFUSED"},
        "socket_2": {"ENOENT", "ECONNREFUSED", None},
        "socket_3": {"ENOENT", "ECONNREFUSED", None},
        "vsock": {"EAFNOSUPPORT"},
        "io_uring": {"ENOSYS"},
        "terminal": {"ENXIO"},
    },
    "nothing real is writable": {
        "write_root": {"EROFS", "EACCES"},
        "write_etc": {"EROFS", "EACCES"},
        "write_real_workspace": {"ENOENT"},
        "write_link": {"EROFS"},
        "unlink_link": {"EROFS"},
        "create_in_link": {"EROFS"},
        "rename_link": {"EBUSY"},
        "write_shown": {"EROFS"},
        "chmod_shown": {"EROFS"},
        "cgroup": {"EROFS", "EACCES", "ENOENT"},
        "sysctl_core_pattern": {"EROFS", "EACCES"},
        "sysctl_modprobe": {"EROFS", "EACCES", "ENOENT"},
        "sysctl_hostname": {"EROFS", "EACCES"},
        "sysctl_sysrq": {"EROFS", "EACCES", "ENOENT"},
        "sysrq_trigger": {"EROFS", "EACCES", "ENOENT"},
    },
    "no privilege is left or can be had": {
        "remount_root": {"EPERM"},
        "unmount_home": {"EPERM"},
        "unmount_tmp": {"EPERM"},
        "user_namespace": {"EPERM"},
        "fork_user_namespace": {"EPERM"},
        "mount_namespace": {"EPERM"},
        "chroot": {"EPERM"},
        "mknod": {"EPERM"},
        "setuid": {"EINVAL", "EPERM"},
        "locked_file": {"EACCES"},
        "kill_server": {"ESRCH"},
        "kill_supervisor": {"still alive"},
    },
    "resources are bounded": {
        "memory": {"MemoryError"},
        "big_file": {"EFBIG"},
        "fill_tmp": {"ENOSPC"},
        "fill_shm": {"ENOSPC"},
        "fill_run": {"ENOSPC"},
        "fill_home": {"ENOSPC"},
    },
}


@pytest.mark.parametrize("area", REFUSED)
def test_refused(area: str, got: dict[str, Any]) -> None:
    wrong = {
        name: got.get(name) for name, right in REFUSED[area].items() if got.get(name) not in right
    }
    assert wrong == {}


def test_a_project_has_what_it_needs(got: dict[str, Any], seen: dict[str, Any]) -> None:
    assert got["read_workspace"] == "shadow"
    assert got["write_workspace"] == seen["workspace"]
    assert got["read_link"] == "venv"
    assert got["read_shown"] == "tool"
    assert got["private_tmp"] == 1
    assert got["loopback_works"] == "OPEN"
    assert got["identity"] == seen["uid"]
    assert {"null", "urandom", "shm", "pts", "fd"} <= set(got["devices"])


def test_nothing_else_is_seen(got: dict[str, Any]) -> None:
    assert got["list_home"] == ["tool"]
    assert got["host_network"] == ["lo"]
    assert got["see_processes"] == [1, 2]
    assert got["message_of_host"] == []
    assert "PLANTED_SECRET" not in got["environment"]
    harmless = "core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"
    assert set(got["devices"]) <= set(harmless.split())


def test_only_the_passed_descriptor_arrives(got: dict[str, Any], seen: dict[str, Any]) -> None:
    assert got["descriptors"][:3] == [0, 1, 2]
    assert len(got["descriptors"]) == 4
    assert seen["received"] == "hello from inside"


def test_the_real_workspace_is_as_before(seen: dict[str, Any]) -> None:
    assert seen["real_files"] == [".venv", "module.py"]
    assert seen["marker"] == "venv"
    assert "written" in seen["shadow_files"]


def test_capabilities_are_gone(got: dict[str, Any]) -> None:
    privileges = dict(got["capabilities"])
    assert privileges.pop("NoNewPrivs") == "1"
    assert {int(value, 16) for value in privileges.values()} == {0}
    assert got["core_limit"] == [0, 0]


def test_daemons_die_with_the_run(seen: dict[str, Any]) -> None:
    assert seen["survivors"] == []


def test_processes_are_bounded_except_for_root(got: dict[str, Any]) -> None:
    if got["identity"][0] == 0:
        pytest.skip("the kernel does not hold root to a number of processes")
    assert got["fork_bomb"] == "bounded"
