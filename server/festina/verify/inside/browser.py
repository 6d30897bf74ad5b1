"""A headless Chromium in the sandbox, kept warm: looks at pages, as many at once as it is asked.

Each look has a server on a port of its own, so an origin of its own, and a context of its own: what
one page stores, no other one sees. In a sandbox without any sockets nothing listens: what a page
asks for is answered from here, before the browser turns to a network. Where a program of the
workspace serves the pages, that program runs here too, and then there is one look and no other.
`browser_server` starts this; Playwright and the standard library are used.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import socket
from typing import Any

looking = importlib.import_module("festina_browser_look")  # both are laid beside this one
serving = importlib.import_module("festina_browser_serve")

ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # nothing but the pages: the sandbox has no network, and this says so without a moment's wait
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
    "--no-proxy-server",
)
_MOST_BYTES = 64 << 20
_LONGEST = 40
"""Of a folder for temporary files: Chromium puts a socket below it, whose path has 107 bytes."""


class Driver:
    """Answers questions until the other side is gone."""

    def __init__(self, writer: asyncio.StreamWriter, first: dict[str, Any]) -> None:
        self._writer = writer
        self._first = first
        self._looks: dict[int, asyncio.Task[None]] = {}
        self._browser: Any = None
        self._program: Any = None

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Start the browser, and what else is to be started, then look at what is asked for."""
        from playwright.async_api import async_playwright

        async with async_playwright() as playwright:
            try:
                starting = asyncio.ensure_future(self._launch(playwright))
                if self._first["run"]:
                    self._program = serving.Program(self._first["run"], self._first["place"])
                    await self._program.ready(self._first["ready_seconds"])
                self._browser = await starting
            except serving.Unready as error:
                self._say({"id": 0, "unready": str(error)})
                return
            except Exception as error:  # noqa: BLE001 - whatever Playwright makes of it
                self._say({"id": 0, "broken": _words(error)})
                return
            self._say({"id": 0, "version": self._browser.version})
            async for line in reader:
                self._take(json.loads(line))

    async def _launch(self, playwright: Any) -> Any:
        return await playwright.chromium.launch(
            executable_path=self._first["chromium"],
            headless=True,
            args=[*ARGUMENTS],
            chromium_sandbox=False,  # ours is around it, and there are no further namespaces in it
            timeout=self._first["start_seconds"] * 1000,
            env={**os.environ, **_temporary()},
        )

    def _take(self, question: dict[str, Any]) -> None:
        number = int(question["id"])
        if question.get("end"):
            if (task := self._looks.get(number)) is not None:
                task.cancel()
            return
        task = asyncio.ensure_future(self._look(number, question))
        self._looks[number] = task
        task.add_done_callback(lambda _: self._looks.pop(number, None))

    async def _look(self, number: int, question: dict[str, Any]) -> None:
        program = self._program
        folder = None
        if program is None:
            folder = serving.Folder(
                self._first["place"],
                self._first["folder"],
                question["texts"],
                listens=self._first["listens"],
            )
        try:
            site = program or folder
            assert site is not None
            seen = await looking.look(self._browser, site, question, self._first["scripts"])
            seen["files"] = sorted(folder.asked) if folder is not None else []
            self._say({"id": number, "seen": seen})
        except Exception as error:  # noqa: BLE001 - the browser itself is gone, most likely
            self._say({"id": number, "broken": _words(error)})
        finally:
            if folder is not None:
                folder.close()

    def _say(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode("ascii") + b"\n")


def _temporary() -> dict[str, str]:
    """Name the folder for temporary files in a few bytes where it is written in many.

    It is the one in which we are, see :func:`main`, and so is what is started here.
    """
    is_long = len(os.environ.get("TMPDIR", "")) > _LONGEST
    return {"TMPDIR": "/proc/self/cwd"} if is_long else {}


def _words(error: Exception) -> str:
    """Say what went wrong, in a line: Playwright draws boxes, and lists what it called."""
    lines = [line.strip(" \t║╔╗╚╝═-") for line in str(error).splitlines()]
    said = [line for line in lines if line]
    own = [line.partition("[err] ")[2] for line in said if "[err] " in line]  # the browser's
    first = said[0].removeprefix("BrowserType.launch: ") if said else type(error).__name__
    return ": ".join([first, *own[:1]])[:400]


async def _serve(talk: socket.socket) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=talk, limit=_MOST_BYTES)
    first = json.loads(await reader.readline())
    driver = Driver(writer, first)
    with contextlib.suppress(ConnectionError):
        await driver.serve(reader)
        await writer.drain()


def main(fd: int) -> None:
    """Serve the other end of a socket. All that was started ends with the sandbox."""
    talk = socket.socket(fileno=fd)
    talk.set_inheritable(False)
    os.environ.setdefault("HOME", "/nonexistent")
    if _temporary():
        os.chdir(os.environ["TMPDIR"])
    asyncio.run(_serve(talk))
