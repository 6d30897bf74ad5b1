"""One connection of the fake model server: HTTP as it is on the wire, faults as scripted."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from dataclasses import dataclass
from typing import Protocol

from support.fake_replies import HalfClose, Hold, Note, Pause, Repeat, Reply, Reset, Step, Until


@dataclass
class Head:
    """A request's first line and headers, names in lower case."""

    method: str
    target: str
    headers: dict[str, str]


class Server(Protocol):
    """What a connection needs of its server."""

    written: int

    def reply_to(self, head: Head, body: bytes) -> Reply: ...

    def count(self, **changes: int) -> None: ...


_TLS_HANDSHAKE = b"\x16"


class Connection:
    def __init__(
        self, fake: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.fake = fake
        self.reader = reader
        self.writer = writer
        self.ahead: asyncio.Task[bytes] | None = None
        self.broken = False

    async def serve(self) -> None:
        while True:
            start = await (self.ahead or self._peek())
            if not start:
                return
            if start == _TLS_HANDSHAKE:
                self.writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                return
            self.ahead = None
            head, body = await self._read(start)
            reply = self.fake.reply_to(head, body)
            self.ahead = asyncio.create_task(self._peek())
            answer = asyncio.create_task(self._send(reply))
            answers = int(head.method == "POST")  # a look at what the server offers is no answer
            self.fake.count(streams=answers)
            try:
                await asyncio.wait({self.ahead, answer}, return_when="FIRST_COMPLETED")
                if not answer.done():
                    answer.cancel()
                    self.fake.count(disconnects=1)
                    return
                self._settle(answer)
            finally:
                self.fake.count(streams=-answers)
                answer.cancel()
            if reply.framing != "chunked":
                return

    def _settle(self, answer: asyncio.Task[None]) -> None:
        try:
            answer.result()
        except OSError:
            if not self.broken:
                self.fake.count(disconnects=1)
            raise

    async def _peek(self) -> bytes:
        """Wait for the client's next byte; nothing means that it has gone."""
        try:
            return await self.reader.read(1)
        except OSError:
            return b""

    async def _read(self, start: bytes) -> tuple[Head, bytes]:
        raw = start + await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").rstrip().split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        return Head(method, target, headers), await self.reader.readexactly(length)

    async def _send(self, reply: Reply) -> None:
        chunked = reply.framing == "chunked"
        await self._steps(reply.before, chunked=False)
        if reply.framing != "raw":
            lines = [f"HTTP/1.1 {reply.status} Whatever"]
            if reply.content_type:
                lines.append(f"Content-Type: {reply.content_type}")
            lines += [f"{name}: {value}" for name, value in reply.headers.items()]
            lines.append("Transfer-Encoding: chunked" if chunked else "Connection: close")
            self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        await self._steps(reply.steps, chunked=chunked)
        if chunked:
            self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        if not chunked:
            self.writer.close()

    async def _steps(self, steps: tuple[Step, ...], *, chunked: bool) -> None:
        due = time.monotonic()
        for step in steps:
            if isinstance(step, bytes):
                await self._write(step, chunked)
            elif isinstance(step, Pause):
                due += step.seconds
                await self._pause(due)
            elif isinstance(step, Repeat):
                while True:
                    await self._write(step.data, chunked)
                    await asyncio.sleep(step.seconds)
            elif isinstance(step, Hold):
                await self.writer.drain()
                await asyncio.Event().wait()
            elif isinstance(step, Until):
                await self.writer.drain()
                while not step.event.is_set():
                    await asyncio.sleep(0.01)
                due = time.monotonic()
            elif isinstance(step, Note):
                await self.writer.drain()
                step.call()
            elif isinstance(step, HalfClose):
                self.writer.write_eof()
                await asyncio.Event().wait()
            elif isinstance(step, Reset):
                await self.writer.drain()
                self._reset()

    async def _write(self, data: bytes, chunked: bool) -> None:
        if data:
            self.fake.written += 1
            self.writer.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
            await self.writer.drain()

    async def _pause(self, due: float) -> None:
        left = due - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)

    def _reset(self) -> None:
        self.broken = True
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        raise ConnectionResetError
