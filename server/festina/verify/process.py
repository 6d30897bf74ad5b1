"""Running other programs: bounded output, a deadline, and nobody left behind.

Every command is started through the supervisor of `sandbox_child`, so that all of its descendants
die with it, with a cancelled or timed-out call, and with this process, however that one dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.util
import logging
import marshal
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from festina.verify import leave, process_plain, sandbox_filter
from festina.verify.limits import Limits as Limits
from festina.verify.process_io import Capture, memory_file, to_the_end, within
from festina.verify.process_io import LaunchError as LaunchError

_log = logging.getLogger(__name__)

_MAX_REPORT = 65536
_GRACE_SECONDS = 3.0
_GIVE_UP_SECONDS = 10.0
_DRAIN_SECONDS = 1.0
_SUPERVISOR = "festina.verify.sandbox_child"
_BOOT = "import marshal;c,p=marshal.load(open({fd},'rb'));n={{}};exec(c,n);n['main'](p)"


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended.

    ``returncode`` is negative for a signal, ``-9`` after a timeout. ``stdout`` and ``stderr`` keep
    the first and the last half of what is allowed when there was more (``truncated``). ``ended``
    says why the supervisor ended it.
    """

    returncode: int
    stdout: bytes
    stderr: bytes
    timed_out: bool
    seconds: float
    truncated: bool = False
    ended: str = ""


def interpreter() -> str:
    """The interpreter that runs the supervisor: our own, without a virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


async def run(
    argv: Sequence[str],
    *,
    cwd: Path | str,
    env: Mapping[str, str],
    stdin: bytes | None = None,
    timeout: float | None,
    pass_fds: Sequence[int] = (),
    limits: Limits | None = None,
    max_output: int = 1 << 20,
    talk: int | None = None,
) -> Completed:
    """Run a command, with no sandbox, and wait until it and all of its descendants are gone.

    ``timeout`` is in seconds, ``max_output`` in bytes for each of the two streams. The descriptors
    of ``pass_fds`` keep their numbers; ``talk`` is a socket that is the command's standard input
    and output. A cancelled call kills and reaps before it returns.

    Raises:
        OSError: there is no such command or directory, or it may not be executed.
        LaunchError: the supervisor could not do its work.
    """
    plan = make_plan(argv, cwd=cwd, env=env, pass_fds=pass_fds, limits=limits)
    return await launch((), plan, stdin=stdin, timeout=timeout, max_output=max_output, talk=talk)


def make_plan(
    argv: Sequence[str],
    *,
    cwd: Path | str,
    env: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    limits: Limits | None = None,
    lock: bool = False,
    private: bool = False,
    nested: bool = False,
    restrict: Mapping[str, object] | None = None,
    families: Sequence[int] | None = None,
    bound: bool = False,
    view: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """What the supervisor needs to know, in values that `marshal` can carry.

    ``lock`` takes every privilege away; ``nested`` leaves user namespaces possible all the same.
    ``restrict`` is for `sandbox_restrict`, ``families`` for the filter of a run that shares all
    namespaces. The processes of user id 0 are watched where they are
    not ``bound``: no limit does it.
    ``private`` says that there is a user namespace around it, in which processes are counted from
    nothing; before Linux 5.14 they are not, and cannot be seen.
    """
    watched = limits is not None and os.getuid() == 0 and not bound
    return {
        "argv": [os.fspath(part) for part in argv],
        "cwd": os.fspath(cwd),
        "env": dict(env),
        "pass_fds": list(pass_fds),
        "limits": limits.resources(private=private) if limits is not None else None,
        "lock": lock,
        "locks": sandbox_filter.locks(nested=nested, families=families),
        "restrict": dict(restrict) if restrict is not None else None,
        "view": dict(view) if view is not None else None,
        "most": limits.processes if limits is not None and watched else 0,
        "disk": (os.fspath(cwd), limits.disk_mib << 20) if limits is not None else None,
    }


async def launch(
    wrapper: Sequence[str],
    plan: dict[str, Any],
    *,
    stdin: bytes | None = None,
    timeout: float | None,
    max_output: int = 1 << 20,
    talk: int | None = None,
) -> Completed:
    """Run the supervisor with a plan, behind ``wrapper`` (such as a ``bwrap`` command line).

    Raises:
        OSError: the command of the plan could not be executed.
        LaunchError: the wrapper or the supervisor failed before the command was started.
    """
    if not hasattr(os, "memfd_create"):
        return await _plain(plan, stdin=stdin, timeout=timeout, max_output=max_output)
    started = time.perf_counter()
    expired = False
    with leave.running(lambda: _Run(wrapper, plan, stdin, max_output, talk), _Run.kill) as run:
        try:
            async with asyncio.timeout(timeout) as deadline:
                await run.ended.wait()
        except TimeoutError:
            expired = deadline.expired()
            if not expired:
                raise
        finally:
            await to_the_end(run.finish())
    return run.result(expired, time.perf_counter() - started)


async def _plain(plan: dict[str, Any], **options: Any) -> Completed:
    run = functools.partial(process_plain.launch, plan, **options)
    try:
        with leave.running(lambda: asyncio.create_task(run()), asyncio.Task.cancel) as work:
            status, out, err, seconds = await work
    except ValueError as error:
        raise LaunchError(f"This system cannot run it: {error}.") from error
    return Completed(
        returncode=-signal.SIGKILL if status is None else status,
        stdout=out.data(),
        stderr=err.data(),
        timed_out=status is None,
        seconds=seconds,
        truncated=out.truncated or err.truncated,
    )


@functools.cache
def code_of(name: str) -> CodeType:
    """A compiled module of ours. So its path need not exist in a sandbox, nor be believed there."""
    spec = importlib.util.find_spec(name)
    code = spec.loader.get_code(name) if spec and spec.loader else None  # type: ignore[attr-defined]
    assert isinstance(code, CodeType)
    return code


class _Run:
    """One supervisor process, from its start until it is reaped and its pipes are empty."""

    def __init__(
        self,
        wrapper: Sequence[str],
        plan: dict[str, Any],
        stdin: bytes | None,
        max_output: int,
        talk: int | None,
    ) -> None:
        self.ended = asyncio.Event()
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:

            def pipe() -> tuple[int, int]:
                read, write = os.pipe()
                return read, write

            life_read, self._life = pipe()
            theirs.callback(os.close, life_read)
            ours.callback(self._let_go)
            streams: list[tuple[int, int]] = []
            for _ in range(3):
                read, write = pipe()
                ours.callback(os.close, read)
                theirs.callback(os.close, write)
                streams.append((read, write))
            (report, report_write), (out, out_write), (err, err_write) = streams
            plan = {**plan, "life": life_read, "report": report_write}
            program = memory_file("plan", marshal.dumps((code_of(_SUPERVISOR), plan)))
            theirs.callback(os.close, program)
            source: int = subprocess.DEVNULL if talk is None else talk
            if stdin is not None:
                source = memory_file("stdin", stdin)
                theirs.callback(os.close, source)
            boot = _BOOT.format(fd=program)
            try:
                self._process = subprocess.Popen(
                    [*wrapper, interpreter(), "-I", "-S", "-c", boot],
                    stdin=source,
                    stdout=out_write if talk is None else talk,
                    stderr=err_write,
                    env=_bare_environment(),
                    cwd="/",
                    pass_fds=(life_read, report_write, program, *plan["pass_fds"]),
                    start_new_session=True,
                )
            except OSError as error:
                message = f"{error.filename} cannot be run: {error.strerror}."
                raise LaunchError(message) from error
            ours.pop_all()
        self._report = Capture(report, _MAX_REPORT)
        self._out = Capture(out, max_output)
        self._err = Capture(err, max_output)
        self._loop = asyncio.get_running_loop()
        self._watched: int | None = None
        self._waiter: asyncio.Future[int] | None = None
        try:
            self._watched = os.pidfd_open(self._process.pid)
            self._loop.add_reader(self._watched, self._gone)
        except OSError:  # before Linux 5.3
            self._waiter = asyncio.ensure_future(asyncio.to_thread(self._process.wait))
            self._waiter.add_done_callback(lambda _: self._gone())

    def _let_go(self) -> None:
        """Close the life pipe: the supervisor kills everything and ends."""
        if self._life >= 0:
            os.close(self._life)
            self._life = -1

    def _gone(self) -> None:
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            os.close(self._watched)
            self._watched = None
        self._process.wait()
        self.ended.set()

    def kill(self) -> None:
        """Have everything killed. Safe to call again."""
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                # A stopped supervisor could not notice that it is to end.
                self._process.send_signal(signal.SIGCONT)
        self._let_go()

    async def finish(self) -> None:
        """Kill what still runs, reap it, read what is left in the pipes, close everything."""
        self.kill()
        if not await within(_GRACE_SECONDS, self.ended):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            if not await within(_GIVE_UP_SECONDS, self.ended):
                _log.error("Process %d cannot be killed; it was left alone.", self._process.pid)
        for capture in (self._report, self._out, self._err):
            await within(_DRAIN_SECONDS, capture.ended)
            capture.close()

    def result(self, expired: bool, seconds: float) -> Completed:
        code: int | None = None
        started = False
        ended = ""
        for line in os.fsdecode(self._report.data()).split("\n"):
            word, _, rest = line.partition(" ")
            number, _, name = rest.partition(" ")
            if word == "exec":
                raise OSError(int(number), os.strerror(int(number)), name)
            if word == "setup":
                reason = os.strerror(int(number))
                raise LaunchError(f"The sandbox could not be set up: {name}: {reason}.")
            started = started or word == "start"
            ended = line.partition(" ")[2] if word == "ended" else ended
            code = int(number) if word == "exit" else code
        if not started and not expired:
            said = self._err.data().decode(errors="replace").strip() or "it ended without a word"
            raise LaunchError(f"The command could not be started: {said[-400:]}.")
        return Completed(
            returncode=-signal.SIGKILL if code is None or expired else code,
            stdout=self._out.data(),
            stderr=self._err.data(),
            timed_out=expired,
            seconds=seconds,
            truncated=self._out.truncated or self._err.truncated,
            ended=ended,
        )


def _bare_environment() -> dict[str, str]:
    """For the supervisor itself: only what an unusually built interpreter needs to start."""
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
