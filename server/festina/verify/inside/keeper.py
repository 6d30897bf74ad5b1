"""The first process of a cell's namespaces, once its inmate runs: it waits, clears up and tells.

Beside the plugin: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import select
import signal
from typing import Any

_system: Any = importlib.import_module("festina_system")
changes: Any = importlib.import_module("festina_changes")

GLANCE_MS = 50
"""How often processes are counted where the kernel does not bind them."""
PATIENCE_MS = 1000
"""How often orphans are collected all the same."""


def say(descriptor: int, record: dict[str, Any]) -> None:
    """Send one line of JSON to the host, unless it has let go."""
    data = json.dumps(record).encode("ascii") + b"\n"
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(descriptor, data) :]


def watch(known: Any, inmate: int, fate: int, reports: int, view: Any) -> None:
    """Wait for the inmate's end, or the host's word; clear up; say what happened. Never returns."""
    poll = select.poll()
    for descriptor in (_system.pidfd(inmate), fate, reports):
        poll.register(descriptor, select.POLLIN)
    told = b""
    ended = ""
    status = None
    while status is None:
        ready = [
            descriptor for descriptor, _ in poll.poll(GLANCE_MS if known.most else PATIENCE_MS)
        ]
        if fate in ready:
            _clear()
            os._exit(0)
        if reports in ready:
            data = os.read(reports, 1 << 16)
            told += data
            if not data:
                poll.unregister(reports)
        if known.most and _tasks() > known.most:
            ended = f"it had more than {known.most} processes and threads"
            os.kill(-1, signal.SIGKILL)
        status = _reap(inmate)
    _clear()
    while True:
        data = os.read(reports, 1 << 16)
        told += data
        if not data:
            break
    before = json.loads(told) if told else {}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    record: dict[str, Any] = {
        "status": status,
        "cpu": used.ru_utime + used.ru_stime,
        "rss_kib": used.ru_maxrss,
    }
    if isinstance(before.get("setup"), str):
        record = before
    else:
        record["touched"] = changes.touched(view.upper, view.lower, before)
    if ended:
        record["ended"] = ended
    say(fate, record)
    os._exit(0)


def _reap(inmate: int) -> int | None:
    """Collect the dead; the inmate's exit code, or minus its signal, once it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == inmate:
            signalled = os.WIFSIGNALED(status)
            found = -os.WTERMSIG(status) if signalled else os.WEXITSTATUS(status)


def _clear() -> None:
    """Kill and collect whatever is left in the namespace."""
    while True:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _tasks() -> int:
    """How many threads there are in the namespace."""
    found = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found += os.stat(f"/proc/{name}/task").st_nlink - 2
            except OSError:
                continue
    return found
