"""The attacks of `escape` for tests: made once for each level and user, and what is right."""

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
from festina.verify import limits, sandbox
from support import escape, levels

NOBODY = 65534


@functools.cache
def attacked(level: sandbox.Level, user: str, where: str) -> dict[str, Any]:
    if why := levels.missing(level):
        pytest.skip(f"{level}: {why}")
    if where == "cell" and limits.kernel() < (6, 6):
        pytest.skip("cells need Linux 6.6")
    script = Path(escape.__file__)
    if user == "this user":
        return _run([sys.executable, str(script), level, where], os.pathsep.join(sys.path))
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    ask = "import sys; sys.exit(sys.version_info < (3, 11))"
    if python is None or subprocess.run([python, "-c", ask], check=False).returncode:
        pytest.skip("no Python 3.11 that another user can start")
    import platformdirs

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        modules = (festina.__file__, platformdirs.__file__, escape.__file__)
        for source in (Path(module).parent for module in modules):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, Path(folder, source.name), ignore=ignore)
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        who = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        copy = str(Path(folder, "support", script.name))
        return _run([*who, python, copy, level, where], folder)


def _run(command: list[str], path: str) -> dict[str, Any]:
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["seen"]["returncode"] == 0, result
    return result


REFUSED = {
    "nothing private is readable": {
        "read_secret": {"ENOENT"},
        "read_tmp": {"ENOENT"},
        "leave_by_symlink": {"ENOENT"},
        "shared_memory": {"ENOENT"},
        "reuse_session_keyring": {"ENOKEY"},
        "kcore": {"ENOENT", "EACCES", "EPERM", 0},
        "proc_kmsg": {"ENOENT", "EACCES", "EPERM", ""},
        "proc_keys": {"ENOENT", "EACCES", "EPERM", ""},
        "proc_timer_list": {"ENOENT", "EACCES", "EPERM", ""},
        "first_fd": {"EACCES"},
        "first_fdinfo": {"EACCES"},
        "first_map_files": {"EACCES", "EPERM"},
        "first_root": {"EACCES"},
        "first_cwd": {"EACCES"},
        "first_exe": {"EACCES"},
        "first_namespace_mnt": {"EACCES"},
        "first_namespace_user": {"EACCES"},
        "first_namespace_net": {"EACCES"},
        "first_namespace_pid": {"EACCES"},
        "process_vm_readv": {"EPERM"},
        "process_vm_writev": {"EPERM"},
        "take_descriptor": {"EPERM"},
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
        "sysctl_pid_max": {"EROFS", "EACCES"},
        "write_hidden": {"EROFS", "ENOENT"},
    },
    "no privilege is left or can be had": {
        "remount_root": {"EPERM"},
        "unmount_home": {"EPERM"},
        "unmount_tmp": {"EPERM"},
        "user_namespace": {"EPERM"},
        "fork_user_namespace": {"EPERM"},
        "every_namespace": {"EPERM"},
        "clone3": {"ENOSYS"},
        "new_mount": {"EPERM"},
        "bind_mount": {"EPERM"},
        "remount_proc": {"EPERM"},
        "unmount_proc": {"EPERM"},
        "unmount_workspace": {"EPERM"},
        "unmount_link": {"EPERM"},
        "copy_mount": {"EBADF"},
        "mount_attributes": {"EPERM"},
        "open_by_handle": {"EPERM", "EINVAL"},
        "file_capability": {"EPERM"},
        "mount_namespace": {"EPERM"},
        "chroot": {"EPERM"},
        "mknod": {"EPERM"},
        "setuid": {"EINVAL", "EPERM"},
        "locked_file": {"EACCES"},
        "kill_server": {"ESRCH"},
        "kill_supervisor": {"still alive"},
        "kill_all": {"ESRCH", "still here"},
        "stop_first": {True, "EPERM"},
        "lower_limits": {"ValueError"},
    },
    "resources are bounded": {
        "memory": {"MemoryError"},
        "big_file": {"EFBIG"},
        "fill_tmp": {"ENOSPC"},
        "fill_shm": {"ENOSPC"},
        "fill_run": {"ENOSPC"},
        "fill_home": {"ENOSPC"},
        "fork_bomb": {"bounded"},
        "thread_bomb": {"bounded"},
    },
}
