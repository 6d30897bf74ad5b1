"""The loop of a fork server: it waits, forks isolated children and hands their ends out.

It holds no secret, parses no candidate and opens no file. The host's end of the control socket is
its life: when that closes, it ends.
"""

from __future__ import annotations

import array
import importlib
import json
import os
import select
import socket
import time
from typing import Any

_isolate = importlib.import_module("festina_isolate")
_system = importlib.import_module("festina_system")
_MOST_FAILURES = 3
_POLL_MS = 500
_BUSY_MS = 5
_BUSY_SECONDS = 0.3
"""How long the next child is put off while one works: it would take the processor from that one."""


class Server:
    """Answers ``{"id": n, "standby": bool}`` with ``{"cell": n}`` and three descriptors.

    Those are the host's ends of ``talk`` and ``fate`` (see :mod:`festina_isolate`) and of a pipe
    that is the child's standard output and error. ``{"failed": n, "why": words}`` where there is
    no child to be had. ``standby`` is how many children wait ahead of requests.
    """

    def __init__(self, control: int, plan: dict[str, Any], standby: int) -> None:
        self.control = control  # no socket object: it would warn of itself when nothing is served
        self.plan = plan
        self.standby = standby
        self.waiting: list[tuple[int, tuple[int, ...]]] = []
        self.children: set[int] = set()
        self.failures = 0
        self.requests = b""
        self.why = ""
        self.asked = 0.0
        self.waits = False  # in a child: it was made ahead of its question
        self.name = b""

    def say(self, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        """Send one message; ends this process where the host is gone."""
        data = json.dumps(message).encode("ascii") + b"\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        connection = socket.socket(fileno=self.control)
        connection.settimeout(None)  # a project can have changed the default
        try:
            sent = connection.sendmsg([data], rights)
            connection.sendall(data[sent:])
        except OSError:
            os._exit(0)
        finally:
            connection.detach()

    def refuse(self, why: str) -> None:
        """Say that this process cannot be a fork server, and end."""
        self.say({"unfit": why})
        os._exit(0)

    @property
    def descriptors(self) -> set[int]:
        """What is open for our own purposes."""
        return {self.control}

    def serve(self, ready: dict[str, Any]) -> Any:
        """Serve until the host closes its end; returns, with its cell, in forked children only."""
        known = _isolate.prepare(self.plan)
        if isinstance(known, str):
            self.refuse(f"no process can be isolated: {known}")
        self.name = _system.named(b"festina-warm")  # what works for a candidate has its own name
        self.say({"ready": ready})
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        while True:
            self._reap()
            lacking = len(self.waiting) < self.standby and self.failures < _MOST_FAILURES
            working = len(self.children) > len(self.waiting)
            if lacking and working and time.monotonic() < self.asked + _BUSY_SECONDS:
                if not poll.poll(_BUSY_MS):
                    continue
            elif lacking:
                cell, ends = self._fork()
                if cell is not None and cell.inside:
                    self.waits = True
                    return cell
                if cell is not None:
                    self.waiting.append((cell.pid, ends))
                if not poll.poll(0):
                    continue
            elif not poll.poll(_POLL_MS if self.children else None):
                continue
            cell = self._answer_all()
            if cell is not None:
                return cell

    def _answer_all(self) -> Any:
        """Answer what has been asked; returns the cell in a child, else None."""
        try:
            data = os.read(self.control, 1 << 16)
        except OSError:
            data = b""
        if not data:
            os._exit(0)
        *lines, self.requests = (self.requests + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            self.asked = time.monotonic()
            self._reap()
            if request["standby"] and self.waiting:
                ends = self.waiting.pop(0)[1]
            else:
                cell, ends = self._fork()
                if cell is None:
                    self.say({"failed": request["id"], "why": self.why})
                    continue
                if cell.inside:
                    return cell
            self.say({"cell": request["id"]}, ends)
            for fd in ends:
                os.close(fd)
        return None

    def _fork(self) -> tuple[Any, tuple[int, ...]]:
        """Make a child, and the host's ends of it; None, and ``why``, where that fails.

        In the child all that is ours alone is closed.
        """
        out, write = os.pipe()
        try:
            cell = _isolate.spawn(self.plan, (write,))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next request is answered
            self.failures += 1
            self.why = f"no process could be forked: {error}"
            os.close(out)
            os.close(write)
            return None, ()
        if cell.inside:
            self.waiting.clear()  # closed by now, like the control socket
            os.dup2(write, 1)
            os.dup2(write, 2)
        os.close(write)
        if cell.pid and not cell.inside:
            self.children.add(cell.pid)
        return cell, (cell.talk, cell.fate, out)

    def _reap(self) -> None:
        """Collect children that have ended; one that was waiting is no longer offered."""
        for pid in list(self.children):
            try:
                gone = os.waitpid(pid, os.WNOHANG)[0] == pid
            except ChildProcessError:
                gone = True
            if not gone:
                continue
            self.children.discard(pid)
            for dead in [entry for entry in self.waiting if entry[0] == pid]:
                self.waiting.remove(dead)
                self.failures += 1
                for fd in dead[1]:
                    os.close(fd)
