"""One ``ruff server``, kept warm: it says in milliseconds what a run of ruff says.

It speaks the Language Server Protocol over a socket pair, of which only what is needed is spoken
here, and reads its configuration once, at its start: whoever keeps one ends it when that changes.
It is started like every other program, so it dies with us.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from festina.findings import Finding
from festina.verify import lint, process
from festina.verify.ends import difference
from festina.verify.lint import Ruff
from festina.verify.process_io import to_the_end

_START_SECONDS = 10.0
_ANSWER_SECONDS = 10.0
_MOST_BYTES = 64 << 20
_AT_ONCE = 16
"""Texts that are under way at once: more would only wait in the server, and count as late."""

_MOST_OPEN = 4
"""Files whose last text the server keeps."""
_INCREMENTAL = 2
"""What a server that takes parts of texts says of itself (LSP 3.17, TextDocumentSyncKind)."""


class Gone(Exception):  # noqa: N818 - reads as the sentence it makes
    """The server gives no answer, now or ever; ``str()`` says why."""


class RuffServer:
    """A running server for one binary, workspace and choice of rules; see :meth:`start`."""

    def __init__(
        self, ruff: Ruff, talk: socket.socket, work: asyncio.Task[process.Completed]
    ) -> None:
        self.started_ns = time.time_ns()
        self._ruff = ruff
        self._talk = talk
        self._work = work
        self._reading: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._open: dict[str, str] = {}
        self._incremental = False
        self._why = ""

    @classmethod
    async def start(cls, ruff: Ruff, rules: Sequence[str] = ()) -> RuffServer:
        """Start one that checks by ``rules``, or by what is configured.

        Raises:
            Gone: it could not be started, or is no server that this module can use.
        """
        ours, theirs = socket.socketpair()
        command = [str(ruff.binary), "server"]
        work = asyncio.create_task(
            process.run(
                command, cwd=ruff.root, env=ruff.environ, timeout=None, talk=theirs.fileno()
            )
        )
        server = cls(ruff, theirs, work)
        work.add_done_callback(lambda done: server._end(_why(done)))
        try:
            reader, server._writer = await asyncio.open_unix_connection(sock=ours)
            server._reading = asyncio.create_task(server._read(reader))
            await server._greet(rules)
        except (OSError, TimeoutError) as error:
            await to_the_end(server.aclose())
            raise Gone(str(error) or "it did not answer in time") from error
        except BaseException:
            await to_the_end(server.aclose())
            raise
        return server

    async def _greet(self, rules: Sequence[str]) -> None:
        root = self._ruff.root.as_uri()
        settings: dict[str, object] = {}
        if rules:
            settings = {"configurationPreference": "editorFirst", "lint": {"select": list(rules)}}
        answer = await self._ask(
            "initialize",
            {
                "processId": None,
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": self._ruff.root.name}],
                "capabilities": {
                    "general": {"positionEncodings": ["utf-32"]},
                    "textDocument": {"diagnostic": {}},
                },
                "initializationOptions": {"settings": settings},
            },
            _START_SECONDS,
        )
        able = answer.get("capabilities", {}) if isinstance(answer, dict) else {}
        if able.get("positionEncoding") != "utf-32" or not able.get("diagnosticProvider"):
            raise Gone("this version's server cannot be asked for findings")
        sync = able.get("textDocumentSync")
        self._incremental = isinstance(sync, dict) and sync.get("change") == _INCREMENTAL
        self._send({"method": "initialized", "params": {}})

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return not self._why

    async def findings(self, path: str, text: str) -> list[Finding]:
        """Return what it finds in a text at ``path`` (relative to the workspace).

        Raises:
            Gone: it gave no answer, or one that cannot be read. It is not to be asked again.
        """
        async with self._slots:
            try:
                # as one piece: texts of several candidates for the same path are under way
                document = self._show(path, text)
                asked = self._asked("textDocument/diagnostic", {"textDocument": document})
                answer = await self._answer(asked, _ANSWER_SECONDS)
                return lint.in_order(
                    lint.finding_of(path, _as_run(item)) for item in answer["items"]
                )
            except (TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
                self._end(str(error) or "it did not answer in time")
                raise Gone(self._why) from error

    def _show(self, path: str, text: str) -> dict[str, object]:
        """Have a text open at a path, and return its document.

        Candidates for a path differ little: of the later ones only what differs is sent.
        """
        document: dict[str, object] = {"uri": (self._ruff.root / path).as_uri()}
        last, self._open[path] = self._open.pop(path, None), text
        if last is not None and last != text:
            if self._incremental and (change := _change(last, text)) is not None:
                self._tell("didChange", {**document, "version": next(self._numbers)}, [change])
                return document
            self._tell("didClose", document)
            last = None
        if last is None:
            version = next(self._numbers)
            item = {**document, "languageId": "python", "version": version, "text": text}
            self._tell("didOpen", item)
        for other in [*self._open][:-_MOST_OPEN]:
            del self._open[other]
            self._tell("didClose", {"uri": (self._ruff.root / other).as_uri()})
        return document

    def _tell(self, what: str, document: Mapping[str, object], changes: object = None) -> None:
        params: dict[str, object] = {"textDocument": document}
        if changes is not None:
            params["contentChanges"] = changes
        self._send({"method": f"textDocument/{what}", "params": params})

    # -- the protocol -----------------------------------------------------------------------------

    async def _ask(self, method: str, params: Mapping[str, object], seconds: float) -> Any:
        return await self._answer(self._asked(method, params), seconds)

    def _asked(self, method: str, params: Mapping[str, object]) -> int:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        return number

    async def _answer(self, number: int, seconds: float) -> Any:
        asked = self._waiting[number]
        try:
            async with asyncio.timeout(seconds):
                if self._writer is not None:
                    await self._writer.drain()
                return await asked
        finally:
            del self._waiting[number]
            if asked.done() and not asked.cancelled():
                asked.exception()  # so that nobody misses it, where the sending failed

    def _send(self, message: Mapping[str, object]) -> None:
        if self._why or self._writer is None:
            raise Gone(self._why or "it is not running")
        body = json.dumps({"jsonrpc": "2.0", **message}).encode("ascii")
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").lower()
                length = int(head.partition("content-length:")[2].split("\r\n")[0])
                if not 0 <= length <= _MOST_BYTES:
                    raise ValueError("an answer of impossible length")
                self._take(json.loads(await reader.readexactly(length)))
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            self._end(str(error))

    def _take(self, message: Mapping[str, Any]) -> None:
        if "method" in message:
            if "id" in message:  # what it would like to know or to have registered
                self._send({"id": message["id"], "result": None})
            return
        waiting = self._waiting.get(message.get("id", 0))
        if waiting is None or waiting.done():
            return  # whoever asked has been cancelled
        if "result" in message:
            waiting.set_result(message["result"])
        else:
            waiting.set_exception(ValueError(str(message.get("error"))))

    # -- its end ----------------------------------------------------------------------------------

    def _end(self, why: str) -> None:
        """Take nothing more from it; whoever waits is told, and the process goes."""
        if self._why:
            return
        self._why = why
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError(why))
        self._work.cancel()

    async def aclose(self) -> None:
        """End it, and wait for that."""
        self._end("it was closed")
        tasks = [task for task in (self._work, self._reading) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        self._talk.close()


def _why(done: asyncio.Task[process.Completed]) -> str:
    if done.cancelled():
        return "it was ended"
    error = done.exception()
    return str(error) if error is not None else f"it ended with {done.result().returncode}"


def _as_run(item: Mapping[str, Any]) -> dict[str, object]:
    """Write one diagnostic as a run of ruff writes it: without the advice below the message."""
    start, end = item["range"]["start"], item["range"]["end"]
    return {
        "code": item.get("code"),
        "message": item["message"].partition("\n\n")[0],
        "location": {"row": start["line"] + 1, "column": start["character"] + 1},
        "end_location": {"row": end["line"] + 1, "column": end["character"] + 1},
    }


def _change(old: str, new: str) -> dict[str, object] | None:
    """Return what turns one text into another, in whole lines; None where that is not so simple."""
    if "\r" in old or "\r" in new:
        return None
    try:
        start, old_end, new_end = difference(old, new)
    except ValueError:
        return None
    first = old.count("\n", 0, start)
    last = first + old.count("\n", start, old_end)
    if old_end > start and old[old_end - 1] != "\n":
        return None
    place = {
        "start": {"line": first, "character": 0},
        "end": {"line": last, "character": 0},
    }
    return {"range": place, "text": new[start:new_end]}
