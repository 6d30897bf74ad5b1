"""Follows forks and started programs, so that what a test has done elsewhere is known, too.

A program is started with a few more variables and two more descriptors; a Python among them finds
our ``sitecustomize`` by these, says that it is there, and puts its environment in order again. What
does not say so, such as ``git`` or a shell, may have run or read anything. Python 3.8 or newer.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from festina.verify.inside.trail import Trail

CHILD = "FESTINA_TRAIL_CHILD"
_SHELLS = frozenset([b"sh", b"bash", b"dash", b"zsh", b"ksh", b"busybox", b"fish"])
_HARMLESS = frozenset([b"uname", b"ldconfig", b"lsb_release", b"hostname", b"stty", b"tput"])
"""Programs that platform, ctypes and the like ask: nothing of a workspace has a part in them."""
_TOOLS = frozenset([b"cat", b"less", b"more", b"head", b"tail", b"sed", b"sort", b"wc", b"tr"])
_TOOLS |= frozenset([b"true", b"false", b"echo", b"sleep", b"date"])
"""Programs that run nothing, and read no files but those that they are given."""


class Processes:
    """Patches the few functions through which Python starts programs."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail
        self.count = 0
        self.open, self.read, self.close, self.access = os.open, os.read, os.close, os.access
        self.inheritable = os.set_inheritable

    def watch(self) -> None:
        """Begin to follow."""
        trail = self.trail
        os.register_at_fork(
            before=trail.begin_life, after_in_parent=trail.end_life, after_in_child=trail.in_child
        )
        import _posixsubprocess
        import subprocess

        real = _posixsubprocess.fork_exec
        ours = self._fork_exec(real)
        _posixsubprocess.fork_exec = ours
        if hasattr(subprocess, "_fork_exec"):
            subprocess._fork_exec = ours
        # the other way would close our descriptors; what is started notices no difference
        vars(subprocess)["_USE_POSIX_SPAWN"] = False
        for name in ("execv", "execve", "posix_spawn", "posix_spawnp"):
            if hasattr(os, name):
                setattr(os, name, self._starting(name, getattr(os, name)))

    def _fork_exec(self, real: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(real)
        def fork_exec(
            args: Any, programs: Any, close: Any, fds: Any, cwd: Any, env: Any, *rest: Any
        ) -> int:
            with self._life() as ours:
                token, environ = self._announce(env)
                fds = tuple(sorted({*map(int, fds), *ours}))
                pairs = [name + b"=" + value for name, value in environ.items()]
                pid = real(args, programs, close, fds, cwd, pairs, *rest)
            self._started(token, pid, programs, cwd, args)
            return pid

        return fork_exec

    def _starting(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def start(path: Any, argv: Any, env: Any = None, **more: Any) -> Any:
            programs = [b"" if isinstance(path, int) else os.fsencode(path)]
            with self._life() as ours, self._inherited(ours):
                token, environ = self._announce(env)
                if name.startswith("exec"):
                    if self.access(path, os.X_OK):  # the PATH is searched by trying
                        self._started(token, self.trail.getpid(), programs, None, argv)
                        self.trail.flush()
                    return replace(path, argv, environ)
                pid = real(path, argv, environ, **more)
            self._started(token, pid, programs, None, argv)
            return pid

        replace = os.execve if name == "execv" else real
        return start

    @contextlib.contextmanager
    def _life(self) -> Iterator[list[int]]:
        """Begin the life of a process; give the descriptors that it has to inherit."""
        trail = self.trail
        trail.begin_life()
        try:
            yield [fd for fd in (trail.fd, trail.life[1]) if fd >= 0]
        finally:
            trail.end_life()

    @contextlib.contextmanager
    def _inherited(self, fds: list[int]) -> Iterator[None]:
        for fd in fds:
            self.inheritable(fd, True)
        try:
            yield
        finally:
            for fd in fds:
                self.inheritable(fd, False)

    def _announce(self, env: Any) -> tuple[str, dict[bytes, bytes]]:
        """Return a token, and an environment in which a Python finds us and sees it."""
        trail = self.trail
        self.count += 1
        token = f"{trail.name}.{self.count}"
        environ = _pairs(os.environb if env is None else env)
        path = environ.get(b"PYTHONPATH")
        setup = {
            **trail.setup,
            "context": trail.context,
            "token": token,
            "pythonpath": None if path is None else os.fsdecode(path),
            "life": trail.life[0],
            "line": trail.life[1],
        }
        folder = os.fsencode(trail.setup["child"])
        environ[b"PYTHONPATH"] = folder + (os.fsencode(os.pathsep) + path if path else b"")
        environ[CHILD.encode()] = trail.dumps(setup).encode("ascii")
        return token, environ

    def _started(
        self, token: str, pid: int, programs: Iterable[Any], cwd: Any, argv: Iterable[Any]
    ) -> None:
        trail = self.trail
        thread = threading.get_ident()
        trail.busy.add(thread)
        try:
            program = self._found(programs, cwd)
            name = os.path.basename(program)
            if name in _HARMLESS or not trail.is_ours():
                return
            if name in _SHELLS or self._is_script_of_shell(program):
                trail.lost(os.fsdecode(name))
            elif name in _TOOLS and trail.relative(os.fsdecode(program)) is None:
                self._given(argv, cwd)
            else:
                trail.line(f"spawn {trail.context} {pid} {token} {trail.dumps(os.fsdecode(name))}")
        finally:
            trail.busy.discard(thread)

    def _given(self, argv: Iterable[Any], cwd: Any) -> None:
        """Take down which files of the workspace a program is given to read."""
        trail = self.trail
        for argument in argv:
            path = trail.relative(os.path.join(os.fsdecode(cwd or b""), os.fsdecode(argument)))
            if path is not None:
                trail.line(f"read {trail.context} {trail.dumps(path)}")

    def _found(self, programs: Iterable[Any], cwd: Any) -> bytes:
        place = b"" if cwd is None else os.fsencode(cwd)
        tried = [os.path.join(place, os.fsencode(program)) for program in programs]
        return next((path for path in tried if self.access(path, os.X_OK)), tried[0])

    def _is_script_of_shell(self, path: bytes) -> bool:
        """Whether a shell interprets it, which can do more than to start a Python."""
        try:
            fd = self.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            head = self.read(fd, 4096)
        finally:
            self.close(fd)
        if not head.startswith(b"#!"):
            return False
        first, _, rest = head.partition(b"\n")
        words: Sequence[bytes] = first[2:].split()
        shell = any(os.path.basename(word) in _SHELLS for word in words[:2])
        # pip's scripts of environments with long paths: a shell that at once becomes Python
        return shell and not rest.startswith(b"'''exec'")


def _pairs(env: Any) -> dict[bytes, bytes]:
    if hasattr(env, "items"):
        return {os.fsencode(name): os.fsencode(value) for name, value in env.items()}
    found: dict[bytes, bytes] = {}
    for pair in env:
        name, _, value = os.fsencode(pair).partition(b"=")
        found.setdefault(name, value)
    return found


def begin(setup: dict[str, Any]) -> Trail:
    """Start the trail of this process, as ``setup`` says."""
    import importlib

    code, files = (importlib.import_module(f"festina_trail_{name}") for name in ("code", "files"))
    for fd in (setup["fd"], setup.get("line", -1)):
        if fd >= 0:
            os.set_inheritable(fd, False)
    trail: Trail = importlib.import_module("festina_trail").Trail(setup)
    Processes(trail).watch()
    code.watch(trail)
    files.watch(trail)
    return trail
