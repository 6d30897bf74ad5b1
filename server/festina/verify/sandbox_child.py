"""The small supervisor that stands between the server and a command that it runs.

It is never imported by the server: `process.launch` hands its code and a plan to a bare
interpreter (``python -I -S``), alone, inside bubblewrap, or as the first process of fresh
namespaces. It has the private view of the file system built (in namespaces only, by
`sandbox_mounts`), gives up every privilege, starts the command, passes its exit status on, and sees
to it that nothing outlives the run. The server holds the other end of the ``life`` pipe: whatever
ends the server, ``kill -9`` included, ends the run.

Standard library only, and few modules of it: each import costs every run a millisecond or more.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import struct
import time
from typing import Any

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 36, 38, 47
SIGINT, SIGKILL, SIGPIPE, SIGSTOP, SIGXFSZ = 2, 9, 13, 19, 25
NICENESS = 2
GLANCE_MS, EAGER_MS = 100, 20

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def _prctl(option: int, value: int, *, required: bool = True) -> None:
    zero = ctypes.c_ulong(0)
    result = _libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero)
    if required:
        _check(result, f"prctl {option}")


# --- privileges and limits -----------------------------------------------------------------------


def lock(locks: dict[str, Any] | None) -> None:
    """Give up every capability, the way to regain one, and the user's kernel keyrings.

    ``locks`` is what `sandbox_filter` knows about this processor, if anything.
    """
    _prctl(PR_CAP_AMBIENT, 4, required=False)  # clear all
    kept = locks["kept"] if locks is not None else 0
    for capability in range(64):
        if not kept >> capability & 1:
            _prctl(PR_CAPBSET_DROP, capability, required=False)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)(kept, kept)), "capset")
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    if locks is not None:
        _libc.syscall(locks["keyctl"], 1, None)  # KEYCTL_JOIN_SESSION_KEYRING: a new, empty one
        code = locks["filter"]
        buffer = ctypes.create_string_buffer(code, len(code))
        program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
        # SECCOMP_SET_MODE_FILTER with SPEC_ALLOW: no slower memory accesses on older kernels
        _libc.syscall(locks["seccomp"], 1, ctypes.c_ulong(4), program)


def _tasks_of_user() -> int:
    """How many threads this user runs already: they count where user ids are not private."""
    user, found = os.getuid(), 0
    for name in os.listdir("/proc") if user else ():  # noqa: PTH208 - root has no such limit
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == user:  # noqa: PTH116
                    found += len(os.listdir(f"/proc/{name}/task"))  # noqa: PTH208
            except OSError:
                continue
    return found


def limit(limits: dict[str, int]) -> None:
    """Set resource limits, never above those in force; be the first to go when memory ends."""
    for name, value in limits.items():
        if name == "OTHERS":
            continue
        which = getattr(resource, f"RLIMIT_{name}")
        if name == "NPROC" and limits["OTHERS"]:
            value += _tasks_of_user()
        hard = resource.getrlimit(which)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))
    try:
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as score:  # noqa: PTH123
            score.write(b"1000")
    except OSError:
        pass  # no /proc, or a kernel that keeps it from us: only a preference


def _give_way() -> None:
    """Let the server, and the editor, have a processor first: a person waits for those."""
    try:
        os.nice(NICENESS)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    except (AttributeError, OSError):
        pass  # not on this system, or somebody forbids it: only a preference


# --- the run -------------------------------------------------------------------------------------


def _become(plan: dict[str, Any], supervisor: int) -> None:
    """In the forked child: turn into the command. Only returns by an exception."""
    _prctl(PR_SET_DUMPABLE, 1)
    _prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != supervisor:  # it died before the signal was asked for
        os._exit(1)
    os.setsid()  # a `kill 0` of the command must not reach the supervisor
    for number in (SIGPIPE, SIGXFSZ):  # Python ignores these, and ignoring is inherited
        _libc.signal(number, ctypes.c_void_p(0))
    os.umask(plan["umask"])
    os.chdir(plan["cwd"])
    if plan["limits"] is not None:
        limit(plan["limits"])
    if plan["restrict"] is not None:  # here, so that the supervisor is out of reach
        modules: dict[str, Any] = {}
        exec(plan["restrict"]["code"], modules)  # noqa: S102 - our own module
        modules["restrict"](plan["restrict"])
    try:
        os.execvpe(plan["argv"][0], plan["argv"], plan["env"])  # noqa: S606
    except OSError as error:  # which names the last place on PATH that was looked at
        raise OSError(error.errno, error.strerror, plan["argv"][0]) from None


def _descendants() -> list[int]:
    """Process ids of all that descend from this process, as far as one look can tell."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                    parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
    found: list[int] = []
    frontier = {os.getpid()}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier}
        found += frontier
    return found


def _kill_descendants() -> None:
    """Kill and reap until there is nobody left; orphans come to us because we are a subreaper."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        for process in _descendants():
            try:
                os.kill(process, SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.001)


def _reap(command: int) -> int | None:
    """Collect every dead child; the wait status of the command once it is among them."""
    result = None
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return result
        if process == 0:
            return result
        if process == command:
            result = status


class _Guard:
    """Looks, now and then, for what no limit of the kernel stops."""

    def __init__(self, plan: dict[str, Any], first: bool) -> None:
        self.first = first
        self.most: int = plan["most"]
        self.place: str
        self.disk: int
        self.place, self.disk = plan["disk"] or ("/", 0)
        self.threads = _threads_of_all()
        self.free = 0
        self.free = self._free()
        self.disk = min(self.disk, self.free // 2)

    def why(self) -> str:
        """What is wrong; empty where nothing is."""
        if self.most and _threads_of_all() - self.threads > self.most // 2:
            names = _descendants()
            if sum(map(_threads, names)) > self.most:
                return f"it had more than {self.most} processes and threads"
        if self.disk and self.free - self._free() > self.disk:
            return f"{self.disk >> 20} MiB of disk were used up while it ran"
        return ""

    def stop(self) -> None:
        """End everybody at once, faster than they can multiply."""
        if self.first:
            os.kill(-1, SIGKILL)
            return
        stopped: set[int] = set()
        while found := set(_descendants()) - stopped:
            stopped |= found
            for process in found:
                try:
                    os.kill(process, SIGSTOP)
                except ProcessLookupError:
                    continue

    def _free(self) -> int:
        try:
            status = os.statvfs(self.place)
        except OSError:
            return self.free
        return status.f_bavail * status.f_frsize


def _threads_of_all() -> int:
    """How many threads there are on this machine: costs next to nothing to ask."""
    try:
        with open("/proc/loadavg", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[3].partition(b"/")[2])
    except OSError:
        return 0


def _threads(process: int) -> int:
    try:
        return os.stat(f"/proc/{process}/task").st_nlink - 2  # noqa: PTH116
    except OSError:
        return 0


def _watch(command: int, life: int, guard: _Guard, report: int) -> int | None:
    """Wait for the command, or for the server to let go of the life pipe (then None)."""
    poll = select.poll()
    poll.register(life, select.POLLIN | select.POLLHUP)
    try:
        watched = os.pidfd_open(command)
        poll.register(watched, select.POLLIN)
        interval = EAGER_MS if guard.most else GLANCE_MS
    except OSError:  # before Linux 5.3
        interval = EAGER_MS
    while True:
        ready = [fd for fd, _ in poll.poll(interval)]
        status = _reap(command)
        if status is not None or life in ready:
            return status
        if not ready and (why := guard.why()):
            os.write(report, f"ended {why}\n".encode())
            guard.stop()
            return None


def main(plan: dict[str, Any]) -> None:
    """Carry out one plan; see `process.launch` for what is in it. Does not return."""
    life, report = plan["life"], plan["report"]
    _libc.signal(SIGINT, ctypes.c_void_p(0))  # without a handler, the first process cannot be hit
    _give_way()
    try:
        os.set_inheritable(life, False)
        os.set_inheritable(report, False)
        first = os.getpid() == 1  # of a process namespace, which the kernel clears when we end
        umask = plan["umask"] = os.umask(0o077)
        os.umask(umask)
        if plan["view"] is not None:
            modules: dict[str, Any] = {}
            exec(plan["view"]["code"], modules)  # noqa: S102 - our own module, out of sight inside
            modules["build_view"](plan["view"])
        if plan["lock"]:
            lock(plan["locks"])
        _prctl(PR_SET_PDEATHSIG, SIGKILL) if first else _prctl(PR_SET_CHILD_SUBREAPER, 1)
        _prctl(PR_SET_DUMPABLE, 0)  # the command must not reach our descriptors through /proc
        guard = _Guard(plan, first)
    except OSError as error:
        os.write(report, os.fsencode(f"setup {error.errno} {error.filename}\n"))
        os._exit(1)
    supervisor = os.getpid()
    os.write(report, b"start\n")
    command = os.fork()
    if command == 0:
        try:
            _become(plan, supervisor)
        except OSError as error:
            os.write(report, os.fsencode(f"exec {error.errno} {error.filename}\n"))
        except BaseException as error:
            os.write(report, f"exec 0 {type(error).__name__}\n".encode())
            raise
        finally:
            os._exit(127)
    nothing = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    for descriptor in plan["pass_fds"]:
        os.close(descriptor)  # so that a reader sees the end as soon as the command is gone
    status = _watch(command, life, guard, report)
    if not first:
        _kill_descendants()
    if status is not None:
        os.write(report, f"exit {os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)
