"""An editor for benchmarks that does next to nothing, and notes when each message came.

Times are of ``time.perf_counter``, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.editor import environment
from support.presets import Preset

SECONDS = 120.0


class TimedEditor:
    """One editor with one server. ``heard``: the times of messages, and the messages."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._moved = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @staticmethod
    @asynccontextmanager
    async def start(
        preset: Preset, root: Path, home: Path, command: Sequence[str], config: Path
    ) -> AsyncIterator[TimedEditor]:
        """Start a server for a trusted workspace; shut it down at the end."""
        environ = {**environment(home), "FESTINA_CONFIG": str(config)}
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environ,
            cwd=home,
            limit=1 << 24,
        )
        editor = TimedEditor(process)
        try:
            params = {
                **preset.load(),
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
                "initializationOptions": {"trusted": True},
            }
            await editor.ask("initialize", params)
            editor.tell("initialized", {})
            yield editor
            await editor.ask("shutdown", None)
            editor.tell("exit", None)
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            editor._reader.cancel()

    def open(self, path: Path) -> str:
        """Open a file, and return its URI."""
        item = {"uri": path.as_uri(), "languageId": "python", "version": 1}
        self.tell("textDocument/didOpen", {"textDocument": {**item, "text": path.read_text()}})
        return path.as_uri()

    async def command(self, name: str, argument: dict[str, Any]) -> Any:
        """Run one of the server's commands."""
        return await self.ask(
            "workspace/executeCommand", {"command": name, "arguments": [argument]}
        )

    async def ask(self, method: str, params: Any) -> Any:
        """Send a request and return its result."""
        number = len(self._waiting) + 1
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        async with asyncio.timeout(SECONDS):
            return await future

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    async def first(
        self, wanted: Callable[[dict[str, Any]], bool], since: int
    ) -> tuple[float, dict[str, Any]]:
        """Return when the first message of a kind came, of those from number ``since`` on."""
        async with asyncio.timeout(SECONDS):
            while True:
                self._moved.clear()
                for when, message in self.heard[since:]:
                    if wanted(message):
                        return when, message
                    since += 1
                await self._moved.wait()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def _read(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        with contextlib.suppress(asyncio.IncompleteReadError):
            while header := await stdout.readuntil(b"\r\n\r\n"):
                body = await stdout.readexactly(int(header.split(b":")[1].split(b"\r\n")[0]))
                self._take(time.perf_counter(), json.loads(body))

    def _take(self, when: float, message: dict[str, Any]) -> None:
        if "method" not in message:
            self._waiting[message["id"]].set_result(message.get("result"))
            return
        if "id" in message:  # progress displays, registrations, refreshed lenses, settings
            items = [{}] if message["method"] == "workspace/configuration" else None
            self._send({"id": message["id"], "result": items})
        self.heard.append((when, message))
        self._moved.set()
