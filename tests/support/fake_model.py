"""A model server for tests: real sockets, its own thread, scripted answers, any fault.

    with FakeModel("def f():\\n    return 1\\n") as fake:
        settings = ModelSettings(base_url=fake.base_url, model=fake.model)

An answer is a text (streamed at once), a ``Reply`` (see ``support.fake_replies``), or a function
that makes one of them from the request's JSON body. Answers are used up in order; the last one
goes on being given.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from support import fake_replies
from support.fake_replies import (
    Answer,
    HalfClose,
    Hold,
    Pause,
    Repeat,
    Reply,
    Reset,
    Step,
    Until,
)

DEADLINE = 20.0
"""Seconds after which a wait for something that must happen fails."""


@dataclass
class Head:
    """A request's first line and headers, names in lower case."""

    method: str
    target: str
    headers: dict[str, str]


@dataclass
class FakeModel:
    """A context manager; see the module. All counters are read while the server runs.

    ``requests``: JSON bodies of the completions asked for. ``heads``: of every request.
    ``disconnects``: responses that the client did not wait for. ``connections``: accepted ever.
    ``live``: connections open now. ``streams``: responses under way. ``written``: pieces of bodies
    sent ever, so of a paced answer the tokens.
    ``connect_status``: the answer to a proxy's CONNECT.
    """

    answers: tuple[Answer, ...]
    key: str | None = None
    models: tuple[Any, ...] = ("fake-coder",)
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    port: int = 0
    models_reply: Reply | None = None
    connect_status: int = 502
    requests: list[dict[str, Any]] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    disconnects: int = 0
    connections: int = 0
    live: int = 0
    streams: int = 0
    written: int = 0

    def __init__(self, *answers: Answer, **options: Any) -> None:
        self.answers = answers or ("pass\n",)
        self.requests, self.heads = [], []
        for name, value in options.items():
            assert name in type(self).__dataclass_fields__, name
            setattr(self, name, value)
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def origin(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"

    @property
    def model(self) -> str:
        first = self.models[0]
        return first["id"] if isinstance(first, dict) else first

    def script(self, *answers: Answer) -> None:
        """Give these answers from now on."""
        self.answers = answers
        self._numbers = itertools.count()

    def wait(self, condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
        """Block until something about the server is so."""
        with self._changed:
            assert self._changed.wait_for(condition, seconds), "it did not happen"

    async def until(self, condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
        """Wait until something about the server is so."""
        await asyncio.to_thread(self.wait, condition, seconds)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._main, name="fake-model", daemon=True)
        self._thread.start()
        assert self._ready.wait(DEADLINE)
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()

    def _main(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(
            self._accept, self.host, self.port, ssl=self.tls, limit=1 << 22, backlog=512
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._count(connections=1, live=1)
        try:
            await _Connection(self, reader, writer).serve()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
            self._count(live=-1)

    def _count(self, **changes: int) -> None:
        with self._changed:
            for name, change in changes.items():
                setattr(self, name, getattr(self, name) + change)
            self._changed.notify_all()

    def _reply_to(self, head: Head, body: bytes) -> Reply:
        with self._changed:
            self.heads.append(head)
            self._changed.notify_all()
        path = head.target.partition("?")[0]
        if head.method == "CONNECT":
            return fake_replies.status(self.connect_status)
        if self.key is not None and head.headers.get("authorization") != f"Bearer {self.key}":
            return fake_replies.status(401, _WRONG_KEY)
        if path.endswith("/models"):
            return self.models_reply or fake_replies.document(_listing(self.models))
        if not path.endswith("/chat/completions"):
            return fake_replies.status(404)
        request = json.loads(body)
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
        answer = self.answers[min(next(self._numbers), len(self.answers) - 1)]
        made = answer(request) if callable(answer) else answer
        return fake_replies.text(made) if isinstance(made, str) else made


_WRONG_KEY = {
    "error": {
        "message": "Incorrect API key provided.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_api_key",
    }
}


def _listing(models: tuple[Any, ...]) -> dict[str, Any]:
    rows = [row if isinstance(row, dict) else {"id": row, "object": "model"} for row in models]
    return {"object": "list", "data": rows}


_TLS_HANDSHAKE = b"\x16"


class _Connection:
    def __init__(
        self, fake: FakeModel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
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
            reply = self.fake._reply_to(head, body)
            self.ahead = asyncio.create_task(self._peek())
            answer = asyncio.create_task(self._send(reply))
            self.fake._count(streams=1)
            try:
                await asyncio.wait({self.ahead, answer}, return_when="FIRST_COMPLETED")
                if not answer.done():
                    answer.cancel()
                    self.fake._count(disconnects=1)
                    return
                self._settle(answer)
            finally:
                self.fake._count(streams=-1)
                answer.cancel()
            if reply.framing != "chunked":
                return

    def _settle(self, answer: asyncio.Task[None]) -> None:
        try:
            answer.result()
        except OSError:
            if not self.broken:
                self.fake._count(disconnects=1)
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
