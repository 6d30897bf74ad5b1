"""A fork server that only isolates: what it starts in its cells comes from the test.

`open_server` starts it in a nested sandbox; `Server.ask` has one cell run some Python.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import festina
from festina.verify import process, sandbox

# What stands in for the fork server. A line on the control connection asks for a cell, whose two
# connections are passed back; an order of a cell is JSON: files to lay, and code to run.
SERVER = r"""
import json, os, socket, sys
folder, control = sys.argv[1], int(sys.argv[2])
sys.path.insert(0, folder)
import festina_isolate
with open(folder + '/plan.json') as file: plan = json.load(file)
exec(plan.pop('first'))
control = socket.socket(fileno=control)
def inmate(cell):
    order = b''
    while data := os.read(cell.talk, 65536): order += data
    if not order: os._exit(0)
    order = json.loads(order)
    files = {p: None if t is None else t.encode() for p, t in order['files'].items()}
    cell.lay(files)
    cell.lock()
    code = order['code']
    def answer(value): os.write(cell.talk, json.dumps(value).encode() + b'\n')
    names = {'__name__': 'inmate', 'answer': answer}
    try:
        exec(code, names)
    except BaseException as error:
        answer({'error': repr(error)})
    os._exit(names.get('status', 0))
keepers = []
while control.recv(1):
    cell = festina_isolate.spawn(plan)
    if cell.inside:
        inmate(cell)
    socket.send_fds(control, [b'%d' % cell.pid], [cell.talk, cell.fate])
    os.close(cell.talk)
    os.close(cell.fate)
    while keepers:
        try: pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError: break
        if not pid: break
        keepers.remove(pid)
    if cell.pid: keepers.append(cell.pid)
"""


@dataclass(frozen=True)
class Said:
    """What a cell answered (JSON lines), and what its keeper said of its end."""

    answers: list[Any]
    fate: dict[str, Any]

    @property
    def answer(self) -> Any:
        assert len(self.answers) == 1, self
        return self.answers[0]


@dataclass
class Cell:
    """The host's ends of the connections to one cell."""

    talk: socket.socket
    fate: socket.socket

    def send(self, code: str, files: Mapping[str, str | None] | None = None) -> None:
        with contextlib.suppress(BrokenPipeError):  # where there is no cell, fate has the words
            self.talk.sendall(json.dumps({"code": code, "files": dict(files or {})}).encode())
            self.talk.shutdown(socket.SHUT_WR)

    async def line(self) -> Any:
        """The next answer; None at the end."""
        data = b""
        while not data.endswith(b"\n"):
            more = await asyncio.get_running_loop().sock_recv(self.talk, 1)
            if not more:
                return None
            data += more
        return json.loads(data)

    async def end(self) -> Said:
        """Wait for its own end."""
        answers = [json.loads(line) for line in (await self._all(self.talk)).splitlines()]
        fate = await self._all(self.fate)
        self.close()
        return Said(answers, json.loads(fate) if fate else {})

    async def _all(self, connection: socket.socket) -> bytes:
        data = b""
        with contextlib.suppress(ConnectionResetError):  # ended with the order unread
            while more := await asyncio.get_running_loop().sock_recv(connection, 1 << 16):
                data += more
        return data

    def close(self) -> None:
        self.talk.close()
        self.fate.close()


class EndedError(Exception):
    """The stand-in was ended, with all its cells, for the reason given."""


@dataclass
class Server:
    """The running stand-in."""

    control: socket.socket
    box: sandbox.Box
    run: asyncio.Task[process.Completed]
    cells: list[Cell] = field(default_factory=list)
    ended: str = ""

    async def spawn(self) -> Cell:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.control, b"+")
        self.control.setblocking(True)
        received = asyncio.ensure_future(asyncio.to_thread(socket.recv_fds, self.control, 16, 2))
        try:
            await asyncio.wait((received, self.run), return_when=asyncio.FIRST_COMPLETED)
            if not received.done():
                self.control.shutdown(socket.SHUT_RD)  # it waits for nobody
                await received
                self.ended = self.run.result().ended
                raise EndedError(self.ended)
        finally:
            self.control.setblocking(False)
        _, fds, _, _ = received.result()
        talk, fate = (socket.socket(fileno=fd) for fd in fds)
        talk.setblocking(False)
        fate.setblocking(False)
        self.cells.append(Cell(talk, fate))
        return self.cells[-1]

    async def ask(self, code: str, files: Mapping[str, str | None] | None = None) -> Said:
        cell = await self.spawn()
        with contextlib.closing(cell):
            cell.send(code, files)
            return await cell.end()


def make_box(base: Path, **changes: Any) -> sandbox.Box:
    """A box with a small project, ready for a fork server."""
    workspace, shadow, tools = base / "work" / "project", base / "shadow", base / "tools"
    for folder in (workspace, shadow):
        (folder / "pkg" / "deep").mkdir(parents=True)
        (folder / ".venv").mkdir()
        for name in ("pkg/a.py", "pkg/b.py", "pkg/deep/c.py", "data.txt"):
            (folder / name).write_text("old\n")
    (workspace / ".venv" / "marker").write_text("venv")
    tools.mkdir()
    environ = sandbox.allow_environ(os.environ)
    links = (Path(".venv"),)
    box = sandbox.Box(workspace, shadow, (tools,), links, environ, nested=True)
    return replace(box, **changes)


@contextlib.asynccontextmanager
async def open_server(
    box: sandbox.Box, level: sandbox.Level, *, first: str = "", **changes: object
) -> AsyncIterator[Server]:
    """Start one; ``first`` is Python to run before the first cell, ``changes`` go for the plan."""
    tools = box.read_only[0]
    for path in (Path(festina.__file__).parent / "verify" / "inside").glob("[a-z]*.py"):
        shutil.copyfile(path, tools / f"festina_{path.name}")
    plan = sandbox.cell_plan(box, level) | changes | {"first": first}
    (tools / "plan.json").write_text(json.dumps(plan))
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        argv = [process.interpreter(), "-I", "-S", "-c", SERVER, str(tools), str(theirs.fileno())]
        run = asyncio.create_task(
            sandbox.run(box, argv, level=level, timeout=None, pass_fds=(theirs.fileno(),))
        )
        try:
            server = Server(ours, box, run)
            yield server
        finally:
            ours.close()
            for cell in server.cells:
                cell.close()
            done = await run
            assert server.ended or (done.returncode, done.stderr) == (0, b"")
