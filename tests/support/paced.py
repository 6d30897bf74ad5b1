"""A model server for benchmarks: any number of streams, each at its pace, with as little work as
can be, so that what is measured is the client. One token is one event in one chunk.

With ``unlike``, no event has the bytes of the one before around its token, as with providers that
pad each event to another length.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import socket
import ssl
import time
from multiprocessing.connection import Connection
from typing import Any

import httpx2

from support.fake_replies import DONE, chunk, data, usage

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


def framed(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


class Paced(asyncio.Protocol):
    """One connection. ``tokens`` an answer, ``speed`` of them a second."""

    def __init__(self, token: str, tokens: int, speed: float, *, unlike: bool = False) -> None:
        event = chunk(token)
        self.events = [framed(data(event))]
        if unlike:
            self.events = [framed(data({**event, "padding": "x" * n})) for n in range(16)]
        self.end = b"".join(map(framed, (data(chunk(None, "stop")), data(usage(tokens)), DONE)))
        message = {"role": "assistant", "content": token * tokens}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {**usage(tokens), "object": "chat.completion", "choices": [choice]}
        self.whole = framed(json.dumps(body).encode())
        self.tokens, self.speed = tokens, speed
        self.received = b""
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.task is not None:
            self.task.cancel()

    def data_received(self, received: bytes) -> None:
        self.received += received
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(body) < length:
            return
        self.received = body[length:]
        streams = json.loads(body[:length]).get("stream")
        self.task = asyncio.create_task(self.stream() if streams else self.at_once())

    async def at_once(self) -> None:
        await asyncio.sleep(self.tokens / self.speed)
        self.transport.write(HEAD % b"application/json" + self.whole + LAST)

    async def stream(self) -> None:
        self.transport.write(HEAD % b"text/event-stream")
        began = time.monotonic()
        sent = 0
        while sent < self.tokens:
            due = min(self.tokens, int((time.monotonic() - began) * self.speed) + 1)
            for number in range(sent, due):  # each in a packet of its own
                self.transport.write(self.events[number % len(self.events)])
            sent = due
            await asyncio.sleep(max(0.0, began + sent / self.speed - time.monotonic()))
        self.transport.write(self.end + LAST)


def serve(
    pipe: Connection,
    token: str,
    tokens: int,
    speed: float,
    unlike: bool = False,
    certificate: str = "",
) -> None:
    """Hand over the port, then serve until the pipe closes; for a process of its own.

    ``certificate`` is a file with key and certificate, for TLS.
    """
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if certificate else None
    if tls is not None:
        tls.load_cert_chain(certificate)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Paced(token, tokens, speed, unlike=unlike),
            "127.0.0.1",
            0,
            backlog=256,
            ssl=tls,
        )
        pipe.send(server.sockets[0].getsockname()[1])
        stop = asyncio.Event()
        loop.add_reader(pipe.fileno(), stop.set)
        await stop.wait()

    asyncio.run(main())


def raw(port: int, streams: int) -> int:
    """Take as many answers from the sockets and look at nothing but their ends: the floor.

    Returns the number of bytes.
    """
    request = b'POST / HTTP/1.1\r\nContent-Length: 15\r\n\r\n{"stream":true}'
    taken = 0
    with selectors.DefaultSelector() as selector:
        for _ in range(streams):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(request)
            selector.register(connection, selectors.EVENT_READ, bytearray())
        while selector.get_map():
            for key, _ in selector.select():
                connection, tail = key.fileobj, key.data
                received = connection.recv(1 << 18)
                taken += len(received)
                tail += received[-len(LAST) :]
                del tail[: -len(LAST)]
                if not received or tail == LAST:
                    selector.unregister(connection)
                    connection.close()
    return taken


async def plainly(client: httpx2.AsyncClient, url: str) -> str:
    """An answer by the HTTP library's own events, and ``json`` for each: the way to beat."""
    pieces: list[str] = []
    async with client.sse(url, method="POST", json={"stream": True}) as source:
        async for event in source:
            if event.data == "[DONE]":
                break
            choices = json.loads(event.data)["choices"]
            if choices:
                pieces.append(choices[0]["delta"].get("content") or "")
    return "".join(pieces)
