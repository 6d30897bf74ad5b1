"""The plumbing under `forkserver`: the control socket and a child's ends; nothing ever blocks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections import deque
from collections.abc import Callable
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


async def _receive(end: socket.socket) -> bytes:
    try:
        return await asyncio.get_running_loop().sock_recv(end, _CHUNK)
    except ConnectionError:
        return b""
