"""Isolated children of the fork server: cells.

Beside the plugin: standard library only, Python 3.8 or newer. Each cell is two processes. The
*keeper* is the first of fresh namespaces (user, mount, process, network, IPC, host name): it builds
the view, starts the *inmate*, waits for its end or for the host to let go of the ``fate``
connection, clears the namespaces and says what happened. The inmate is the second: it locks itself
up, takes orders over the ``talk`` connection and lays files; from then on it is nobody's friend.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

_system: Any = importlib.import_module("festina_system")
_mounts: Any = importlib.import_module("festina_mounts")
_inmate: Any = importlib.import_module("festina_inmate")
_keeper: Any = importlib.import_module("festina_keeper")

_ALL = signal.valid_signals()

_prepared: dict[int, tuple[dict[str, Any], Any]] = {}


def prepare(plan: dict[str, Any]) -> Any:
    """Find out what all cells have in common; a text where there can be none.

    Called by the first :func:`spawn` of a plan. Nothing that the fork server changes in the file
    system after that is sure to be seen in a cell.
    """
    if id(plan) not in _prepared:
        try:
            known: Any = _inmate.Prepared(plan)
        except (OSError, _mounts.UnfitError) as error:
            known = _words(error)
        _prepared[id(plan)] = plan, known  # the plan stays alive, and so its id its own
    return _prepared[id(plan)][1]


def spawn(plan: dict[str, Any], keep: Sequence[int] = ()) -> Any:
    """Fork a cell. Returns twice: in the fork server at once, and in the inmate when it is ready.

    ``keep`` are descriptors that the inmate keeps, beside ``talk``; 0, 1 and 2 are ``/dev/null``
    there, all others are closed. Where no cell can be had, one line on ``fate`` says why:
    ``{"setup": "..."}``.

    Raises:
        OSError: this process has too many open files.
    """
    known = prepare(plan)
    talk, inner_talk = _pair()
    fate, inner_fate = _pair()
    cell = _inmate.Cell(False, 0, talk, fate)
    if isinstance(known, str):
        _keeper.say(inner_fate, {"setup": known})
    else:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)
        pid = _system.clone(known.clone, plan["network"])
        if pid == 0:
            return _keep(known, inner_talk, inner_fate, keep, mask)
        if pid < 0:
            code = ctypes.get_errno()
            _keeper.say(inner_fate, {"setup": f"namespaces cannot be made: {os.strerror(code)}"})
        cell.pid = max(pid, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.close(inner_talk)
    os.close(inner_fate)
    return cell


def _pair() -> tuple[int, int]:
    one, other = socket.socketpair()
    return one.detach(), other.detach()


def _words(error: BaseException) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'isolation'}: {error.strerror or error}"
    if isinstance(error, _mounts.UnfitError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _keep(known: Any, talk: int, fate: int, keep: Sequence[int], mask: Any) -> Any:
    """Be the keeper. Only the inmate returns from here."""
    collects = gc.isenabled()
    try:
        gc.disable()  # nothing of the project runs in here, finalizers included
        _map(known)
        _system.check(
            _system.prctl(_system.PR_SET_PDEATHSIG, signal.SIGKILL),
            "the signal at the parent's end",
        )
        # whoever is in the cell must not reach our memory and descriptors through /proc
        _system.check(_system.prctl(_system.PR_SET_DUMPABLE, 0), "not dumpable")
        os.setsid()
        place = os.getcwd()
        view = _mounts.build(known.plan, known.found)
        if known.plan["network"] != "local":
            _system.loopback()
        nothing = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        reports, report = os.pipe()
        _system.close_all_but({0, 1, 2, talk, fate, reports, report, *view, *keep})
        inmate = os.fork()
        if inmate != 0:
            sys.settrace(None)
            sys.setprofile(None)
            for descriptor in (talk, report, *keep):
                os.close(descriptor)
            _keeper.watch(known, inmate, fate, reports, view)
    except BaseException as error:  # noqa: BLE001 - it must not go on as a second fork server
        _keeper.say(fate, {"setup": _words(error)})
        os._exit(1)
    cell = _inmate.Cell(True, os.getpid(), talk, -1)
    cell.admit(known, view.upper, report)
    try:
        for descriptor in (fate, reports, view.lower):
            os.close(descriptor)
        _system.check(_system.prctl(_system.PR_SET_DUMPABLE, 1), "dumpable")
        os.setsid()
        os.chdir(place)
        cell.shut()
    except BaseException as error:  # noqa: BLE001
        cell.fail(_words(error))
    if collects:
        gc.enable()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return cell


def _map(known: Any) -> None:
    """Keep user and group as they are: tests see the same, and files belong to the same."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{known.user} {known.user} 1"),
        ("gid_map", f"{known.group} {known.group} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        os.write(descriptor, text.encode("ascii"))
        os.close(descriptor)
