"""The plumbing under `forkserver`: the control socket and a child's ends; nothing ever blocks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from festina.verify.process_io import Capture

_CHUNK = 1 << 16
_MAX_FDS = 64
_MAX_OUTPUT = 1 << 17
_RETRY_SECONDS = 0.005
ENDS = 3
"""Descriptors of one child: ``talk``, ``fate`` and its output."""


class Control:
    """The host's end of a fork server's control socket: lines of JSON, some with descriptors.

    ``on_message`` gets each message, and the ends of a child where it has some; ``on_end`` is
    called once when the other side is gone.
    """

    def __init__(
        self,
        connection: socket.socket,
        on_message: Callable[[dict[str, Any], list[int]], None],
        on_end: Callable[[], None],
    ) -> None:
        self._socket: socket.socket | None = connection
        self._on_message, self._on_end = on_message, on_end
        self._rest = bytearray()
        self._fds: deque[int] = deque()
        self._loop = asyncio.get_running_loop()
        connection.setblocking(False)
        self._loop.add_reader(connection, self._read)

    async def send(self, message: dict[str, Any]) -> None:
        """Send a small message, whole.

        Raises:
            OSError: the other side is gone.
        """
        data = json.dumps(message).encode("ascii") + b"\n"
        while self._socket is not None:
            try:
                self._socket.send(data)  # a stream of local sockets takes so little whole or not
            except BlockingIOError:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return
        raise ConnectionError("closed")

    def close(self) -> None:
        """Let go. Safe to call again."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        while self._fds:
            os.close(self._fds.popleft())

    def _read(self) -> None:
        assert self._socket is not None
        try:
            data, fds, _, _ = socket.recv_fds(self._socket, _CHUNK, _MAX_FDS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, fds = b"", []
        self._fds.extend(fds)
        if not data:
            self.close()
            self._on_end()
            return
        self._rest += data
        if b"\n" not in data:
            return
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            message = json.loads(line)
            # the kernel hands descriptors over no later than the first byte of their message
            count = ENDS if "cell" in message else 0
            self._on_message(message, [self._fds.popleft() for _ in range(count)])


@dataclass
class Ends:
    """The host's ends of one child."""

    talk: socket.socket
    fate: socket.socket
    output: Capture
    over: bool = False

    @classmethod
    def of(cls, fds: list[int]) -> Ends:
        """Take the descriptors over."""
        talk, fate = (socket.socket(fileno=fd) for fd in fds[:2])
        for end in (talk, fate):
            end.setblocking(False)
        return cls(talk, fate, Capture(fds[2], _MAX_OUTPUT))

    @property
    def gone(self) -> bool:
        """Whether it is said already what became of the child."""
        try:
            self.fate.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True
        return True

    async def ask(self, question: bytes) -> None:
        """Send the question, and say that this was all."""
        with contextlib.suppress(ConnectionError):  # it is gone: its fate says why
            await asyncio.get_running_loop().sock_sendall(self.talk, question)
            self.talk.shutdown(socket.SHUT_WR)

    async def answers(self) -> bytes:
        """Return what the child wrote next; empty at the end."""
        return await _receive(self.talk)

    async def end(self) -> dict[str, Any]:
        """Wait for what became of the child; empty where nobody is left to say so.

        What is said is said when nothing of the child is left, so there is nothing to wait for.
        """
        said = bytearray()
        while not said.endswith(b"\n") and (part := await _receive(self.fate)):
            said += part
        try:
            found = json.loads(said)
        except ValueError:
            return {}
        self.over = isinstance(found, dict)
        return found if self.over else {}

    async def finish(self, seconds: float) -> None:
        """End the child if it still runs, wait for that, but not for long, and close everything."""
        try:
            if self.over:
                return
            with contextlib.suppress(OSError, TimeoutError):
                self.fate.shutdown(socket.SHUT_WR)
                async with asyncio.timeout(seconds):
                    while await _receive(self.fate):
                        continue
        finally:
            self.close()

    def close(self) -> None:
        """Close everything, which ends the child if it still runs. Safe to call again."""
        self.talk.close()
        self.fate.close()
        self.output.close()


class AtHand:
    """Children that are asked for ahead of their questions: ``get`` asks for one that waits."""

    def __init__(self, get: Callable[[], Coroutine[Any, Any, Ends]]) -> None:
        self._get = get
        self._coming: list[asyncio.Task[Ends]] = []
        self._released = False

    def expect(self, count: int) -> None:
        """Have so many at hand, or on their way."""
        while not self._released and len(self._coming) < count:
            self._coming.append(asyncio.create_task(self._get()))
            self._coming[-1].add_done_callback(self._came)

    def take(self) -> asyncio.Task[Ends] | None:
        """Give one away that has not ended yet; None where there is none."""
        while self._coming:
            task = self._coming.pop(0)
            if not task.done():
                return task
            if not _failed(task):
                if not task.result().gone:
                    return task
                task.result().close()
        return None

    def release(self) -> None:
        """Let go of all, for good. Safe to call again."""
        self._released = True
        for task in [*self._coming]:
            if task.done():
                self._came(task)
            else:
                task.cancel()

    def _came(self, task: asyncio.Task[Ends]) -> None:
        failed = _failed(task)
        if task in self._coming and (failed or self._released):
            self._coming.remove(task)
            if not failed:
                task.result().close()


def _failed(task: asyncio.Task[Ends]) -> bool:
    return task.cancelled() or task.exception() is not None


async def line_from(connection: socket.socket) -> bytes:
    """Return the first line that comes; the other end has to stay open until then."""
    connection.setblocking(False)
    data = bytearray()
    while not data.endswith(b"\n"):
        data += await asyncio.get_running_loop().sock_recv(connection, _CHUNK)
    return bytes(data)


async def _receive(end: socket.socket) -> bytes:
    try:
        return await asyncio.get_running_loop().sock_recv(end, _CHUNK)
    except ConnectionError:
        return b""
