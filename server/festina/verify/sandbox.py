"""Running a command in a sandbox: no network, nothing private to read, nothing real to write.

Two implementations give the same view: bubblewrap, and the namespaces of util-linux's ``unshare``
with our own `sandbox_child` inside. Inside both: the shadow at the workspace's path and private
``/tmp``, home and ``/run`` are writable, all else is read-only; processes, network and System V IPC
are private; no capability, and the same user id as outside. Where the kernel refuses namespaces,
`Level.LANDLOCK` runs a command in the copy where that lies, and takes from it what else it could
reach. `Level.NONE` has none of that, only the limits and the end of all processes with the run: it
is for people who have agreed to it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

from festina.verify import (
    leave,
    process,
    sandbox_advice,
    sandbox_bare,
    sandbox_cells,
    sandbox_command,
    sandbox_landlock,
    sandbox_trials,
    sandbox_view,
    sweep,
)
from festina.verify.process import Completed, LaunchError
from festina.verify.sandbox_advice import AGREE
from festina.verify.sandbox_environ import allow_environ as allow_environ
from festina.verify.sandbox_values import Box as Box
from festina.verify.sandbox_values import Level as Level
from festina.verify.sandbox_values import Probe as Probe
from festina.verify.sandbox_view import Operation

_log = logging.getLogger(__name__)


_TRIAL_SECONDS = 20.0
_LATE = "it did not answer in time"
_NO_LINUX = "Sandboxes need Linux, and on this system Festina was never run by its authors."


async def run(
    box: Box,
    argv: Sequence[str],
    *,
    level: Level,
    timeout: float | None,
    pass_fds: Sequence[int] = (),
    stdin: bytes | None = None,
    max_output: int = 1 << 20,
    cwd: Path | None = None,
) -> Completed:
    """Run a command in a box and wait until it and everything that it started is gone.

    ``timeout`` is in seconds; ``cwd`` is a path as seen inside, the workspace by default. The rest
    is as for `process.run`. At the levels ``in_a_copy`` the command runs in the shadow itself,
    where it lies, with an empty home of its own; a ``cwd`` in the workspace means the same place in
    the shadow.

    Raises:
        OSError: the command does not exist inside, or may not be executed.
        LaunchError: the sandbox could not be set up; the message says why.
    """
    if level.in_a_copy and box.nested:
        raise LaunchError("Nothing can be isolated once more without namespaces.")
    if level.in_a_copy:
        restricted = level is Level.LANDLOCK
        return await sandbox_bare.run(
            box, argv, timeout, pass_fds, stdin, max_output, cwd, restricted=restricted
        )
    for last in (False, True):
        wrapper, view = await prepare(box, level)
        plan = process.make_plan(
            argv,
            cwd=cwd or box.workspace,
            env=box.environ,
            pass_fds=pass_fds,
            limits=sandbox_cells.around(box.limits) if box.nested else box.limits,
            lock=True,
            private=True,
            nested=box.nested,
            restrict=sandbox_landlock.scopes() if box.network == "local" else None,
            bound=view is not None and bool(view["pid_max"]),
            view=view,
        )
        try:
            return await process.launch(
                wrapper, plan, stdin=stdin, timeout=timeout, max_output=max_output
            )
        except LaunchError:
            # A socket that was to be hidden can be gone by now; a second look settles that.
            if last:
                raise
    raise AssertionError("unreachable")


_probed: Probe | None = None
_probing: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def probe(*, fresh: bool = False) -> Probe:
    """Find the best level that works here, by trying each.

    Remembered once it is sure, and until asked for a ``fresh`` one: a busy moment decides nothing.
    Whoever asks while it is being found out waits for the answer.
    """
    global _probed
    known = _probed
    async with _probing.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        if _probed is None or fresh or (_probed is known and not _probed.sure):
            with leave.not_needed():  # it is for all, and runs nothing of a workspace
                _probed = await _probe()
        return _probed


async def attempt(level: Level) -> str:
    """Try one level for real; why it does not isolate here, or an empty string when it does."""
    async with sweep.scratch() as scratch:
        workspace, shadow = scratch / "workspace", scratch / "shadow"
        workspace.mkdir()
        shadow.mkdir()
        (workspace / "secret").write_text("not for everybody", encoding="ascii")
        (workspace / "secret").chmod(0o600)
        box = Box(workspace, shadow, environ={"PATH": os.defpath})
        restricted = level is Level.LANDLOCK
        trial = sandbox_trials.LANDLOCK if restricted else sandbox_trials.NAMESPACES
        command = [process.interpreter(), "-I", "-S", "-c", trial]
        try:
            done = await run(box, command, level=level, timeout=_TRIAL_SECONDS)
        except (LaunchError, OSError) as error:
            return str(error)
        if done.timed_out:
            return _LATE
        said = (done.stdout + done.stderr).decode(errors="replace").strip()
        if done.returncode or not (shadow / "written").exists():
            return said or "the workspace was not replaced"
        return ""


async def _probe() -> Probe:
    if sys.platform != "linux":
        remedy = "Run Festina in WSL 2 or a container."
        if sys.platform == "win32":  # descriptors cannot be passed on there
            return Probe(Level.NONE, f"{_NO_LINUX} Tests cannot be run at all.", remedy)
        return Probe(Level.NONE, _NO_LINUX, f"{remedy} {AGREE}")
    failures: dict[str, str] = {}
    for level, tool in ((Level.BUBBLEWRAP, "bwrap"), (Level.NAMESPACES, "unshare")):
        if sandbox_command.tool(tool) is None:
            failures[tool] = "not installed"
            continue
        why = await attempt(level)
        if not why:
            detail = (
                f"{level} works here: no network, private files masked, everything else read-only."
            )
            return Probe(level, " ".join([detail, *_listed(failures)]), sure=_sure(failures))
        failures[tool] = why
    remedy = sandbox_advice.remedy("not installed" in failures["bwrap"])
    why = sandbox_landlock.missing() or await attempt(Level.LANDLOCK)
    if not why:
        detail = (
            "landlock works here: no network, only the copy of the project can be written to, and"
            f" private files cannot be read. {sandbox_landlock.shortcomings()} Tests that"
            " need a local server, or to write to /tmp, fail in it."
        )
        detail = " ".join([detail, *_listed(failures)])
        return Probe(Level.LANDLOCK, detail, remedy, sure=_sure(failures))
    failures["landlock"] = why
    _log.warning("No sandbox works here: %s", "; ".join(_listed(failures)))
    detail = " ".join(["No sandbox works here.", *_listed(failures)])
    return Probe(Level.NONE, detail, f"{remedy} {AGREE}", sure=_sure(failures))


def _sure(failures: Mapping[str, str]) -> bool:
    return _LATE not in failures.values()


def _listed(failures: Mapping[str, str]) -> list[str]:
    return [f"{tool}: {why.rstrip('.')}." for tool, why in failures.items()]


async def prepare(box: Box, level: Level) -> tuple[list[str], dict[str, object] | None]:
    """What goes before the supervisor on the command line, and what it has to do of the view."""
    try:
        operations = await asyncio.to_thread(_operations, box)
    except ValueError as error:
        raise LaunchError(f"The sandbox could not be set up: {error}.") from error
    nested = sandbox_cells.SECOND_PROC if box.nested else ""
    bound = sandbox_cells.pid_max(box.limits)
    view: dict[str, object] = {
        "code": process.code_of("festina.verify.sandbox_mounts"),
        "nested": nested,
        "pid_max": bound * (sandbox_cells.AT_ONCE if nested else 1),
        "loopback": box.network == "none",
    }
    if level is Level.NAMESPACES:
        steps = sandbox_command.steps(operations, box.limits)
        view |= {
            "built": False,
            "operations": steps,
            "proc_read_only": sandbox_view.PROC_READ_ONLY,
            "proc_hidden": sandbox_view.PROC_HIDDEN,
            "setattr": True,
        }
        return sandbox_command.unshare(box.workspace, box.network), view
    options = await _bwrap_options()
    completed = os.getuid() == 0 and (box.nested or bound > 0)
    wrapper = sandbox_command.bubblewrap(
        box.workspace,
        operations,
        box.limits,
        options,
        nested=nested,
        completed=completed,
        network=box.network,
    )
    return wrapper, view | {"built": True} if completed else None


def cell_plan(box: Box, level: Level) -> dict[str, object]:
    """What ``inside/isolate.py`` needs, to isolate children of the command of a nested box.

    JSON can carry it. Looks at the file system; blocks for milliseconds.

    Raises:
        ValueError: there can be no cells at this level, or in this box.
    """
    if level not in (Level.BUBBLEWRAP, Level.NAMESPACES) or not box.nested:
        raise ValueError(f"no cells in a sandbox of the level {level}")
    plan = sandbox_cells.plan(_operations(box), box.workspace, box.limits)
    return plan | {"network": box.network}


def _operations(box: Box) -> tuple[Operation, ...]:
    sockets = box.sockets if box.network == "local" else ()
    found = sandbox_view.operations(
        box.workspace, box.shadow, box.visible, box.links, os.environ, sockets
    )
    if box.nested:
        base = Operation("bind", sandbox_cells.BASE, os.path.realpath(box.shadow))
        cell = Operation("dir", sandbox_cells.SCRATCH)
        found = (*found, base, cell)
    return found


_known_options: frozenset[str] | None = None


async def _bwrap_options() -> frozenset[str]:
    """The options that the installed bubblewrap lists: some came with 0.7 and 0.8."""
    global _known_options
    if _known_options is None:
        command = [sandbox_command.tool("bwrap") or "bwrap", "--help"]
        done = await process.run(command, cwd="/", env={}, timeout=_TRIAL_SECONDS)
        words = (done.stdout + done.stderr).decode(errors="replace").split()
        _known_options = frozenset(word for word in words if word.startswith("--"))
    return _known_options
