"""Talking to a language server in this process, byte by byte, without threads or processes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import threading
from collections.abc import Callable
from typing import Any

from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer

from festina.lsp.protocol import FestinaServer
from festina.lsp.transport import Frames

Message = dict[str, Any]

INITIALIZE: Message = {
    "jsonrpc": "2.0",
    "id": "init",
    "method": "initialize",
    "params": {"processId": None, "rootUri": None, "capabilities": {}},
}


def frame(message: Any) -> bytes:
    """Return the bytes of one message; bytes and text are taken as the body."""
    body = message if isinstance(message, (bytes, str)) else json.dumps(message)
    data = body.encode() if isinstance(body, str) else body
    return b"Content-Length: %d\r\n\r\n%b" % (len(data), data)


def request(number: int | str, method: str, params: Any = None) -> Message:
    message = {"jsonrpc": "2.0", "id": number, "method": method}
    return message if params is None else {**message, "params": params}


def notification(method: str, params: Any = None) -> Message:
    message = {"jsonrpc": "2.0", "method": method}
    return message if params is None else {**message, "params": params}


class Wire:
    """One session with a server, plain pygls or ours. What it sends is decoded into ``sent``."""

    def __init__(self, server: LanguageServer) -> None:
        self.server = server
        self.sent: list[Message] = []
        self._frames = Frames()
        self._arrived = asyncio.Event()
        self._numbers = itertools.count()
        self._take: Callable[[bytes], None]
        self._run: asyncio.Task[None] | None = None
        if isinstance(server, FestinaServer):
            server.protocol.connect(self._collect)
            self._inbound = Frames()
            self._take = self._take_ours
        else:
            self._reader = asyncio.StreamReader()
            server.protocol.set_writer(self)
            self._take = self._reader.feed_data
            self._run = asyncio.create_task(
                run_async(
                    threading.Event(),
                    self._reader,
                    server.protocol,
                    logging.getLogger("plain"),
                    server.report_server_error,
                )
            )

    def send(self, *messages: Message) -> None:
        self.send_bytes(b"".join(frame(message) for message in messages))

    def send_bytes(self, data: bytes) -> None:
        self._take(data)

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """Wait for a message from the server; each is found by its content, not its order."""
        async with asyncio.timeout(5):
            while True:
                for message in self.sent:
                    if wanted(message):
                        return message
                self._arrived.clear()
                await self._arrived.wait()

    async def response(self, number: int | str | None) -> Message:
        return await self.until(lambda m: "method" not in m and m.get("id") == number)

    async def call(self, method: str, params: Any = None, number: int | str = "call") -> Message:
        self.sent[:] = [m for m in self.sent if m.get("id") != number]
        self.send(request(number, method, params))
        return await self.response(number)

    async def initialize(self, capabilities: Message | None = None) -> Message:
        params = {**INITIALIZE["params"], "capabilities": capabilities or {}}
        answer = await self.call("initialize", params, "init")
        self.send(notification("initialized", {}))
        return answer

    async def flush(self) -> None:
        """Wait until the server has handled everything sent so far.

        Works on the principle that messages are taken in their order: when the last one has been
        answered, the earlier ones will not be.
        """
        number = f"flush {next(self._numbers)}"
        answer = await self.call("test/ping", {}, number)
        assert answer["result"] == "pong"

    def answers(self, number: int | str | None) -> list[Message]:
        return [m for m in self.sent if "method" not in m and m.get("id", "none") == number]

    async def close(self) -> None:
        if self._run is not None:
            self._reader.feed_eof()
            with contextlib.suppress(asyncio.IncompleteReadError):  # it waited for ever
                await asyncio.wait_for(self._run, 20)
            self._run = None
        elif isinstance(self.server, FestinaServer):
            await asyncio.sleep(0)
            await self.server.protocol.finish()

    # what pygls calls a writer
    def write(self, data: bytes) -> None:
        for body in self._frames.feed(data):
            assert isinstance(body, bytes)
            self._collect(body)

    def _collect(self, body: bytes) -> None:
        self.sent.append(json.loads(body))
        self._arrived.set()

    def _take_ours(self, data: bytes) -> None:
        for body in self._inbound.feed(data):
            self.server.protocol.receive(body)
