"""A model server for tests: real sockets, its own thread, scripted answers, any fault.

    with FakeModel("def f():\\n    return 1\\n") as fake:
        settings = ModelSettings(base_url=fake.base_url, model=fake.model)

It speaks all dialects, each at its own path, and refuses what the providers refuse. An answer is a
text (streamed at once), a ``Reply`` (see ``support.fake_replies``), or a function
that makes one of them from the request's JSON body. Answers are used up in order; the last one
goes on being given.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from support import fake_dialects, fake_replies
from support.fake_connection import Connection, Head
from support.fake_replies import Answer, Reply

DEADLINE = 20.0
"""Seconds after which a wait for something that must happen fails."""


@dataclass
class FakeModel:
    """A context manager; see the module. All counters are read while the server runs.

    ``requests``: JSON bodies of the completions asked for. ``heads``: of every request.
    ``disconnects``: responses that the client did not wait for. ``connections``: accepted ever.
    ``live``: connections open now. ``streams``: answers under way. ``written``: pieces of bodies
    sent ever, so of a paced answer the tokens.
    ``connect_status``: the answer to a proxy's CONNECT. ``props_reply``: what llama.cpp's server
    says of itself.
    """

    answers: tuple[Answer, ...]
    key: str | None = None
    models: tuple[Any, ...] = ("fake-coder",)
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    port: int = 0
    models_reply: Reply | None = None
    props_reply: Reply | None = None
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
        self.count(connections=1, live=1)
        try:
            await Connection(self, reader, writer).serve()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
            self.count(live=-1)

    def count(self, **changes: int) -> None:
        with self._changed:
            for name, change in changes.items():
                setattr(self, name, getattr(self, name) + change)
            self._changed.notify_all()

    def reply_to(self, head: Head, body: bytes) -> Reply:
        with self._changed:
            self.heads.append(head)
            self._changed.notify_all()
        path = head.target.partition("?")[0]
        if head.method == "CONNECT":
            return fake_replies.status(self.connect_status)
        dialect = fake_dialects.of(path)
        anthropic = "anthropic-version" in head.headers
        sent = head.headers.get("x-api-key" if anthropic else "authorization")
        if self.key is not None and sent != (self.key if anthropic else f"Bearer {self.key}"):
            return fake_replies.status(401, _WRONG_KEY)
        if path.endswith("/models"):
            listing = fake_dialects.anthropic_listing if anthropic else _listing
            return self.models_reply or fake_replies.document(listing(self.models))
        if path == "/props" and self.props_reply is not None:
            return self.props_reply
        if dialect is None:
            return fake_replies.status(404)
        request = json.loads(body)
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
        if wrong := dialect.mistake(head.headers, request):
            return fake_replies.status(400, wrong)
        answer = self.answers[min(next(self._numbers), len(self.answers) - 1)]
        made = answer(request) if callable(answer) else answer
        return dialect.text(made) if isinstance(made, str) else made


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
