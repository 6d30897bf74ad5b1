"""One headless Chromium in the sandbox, on a copy of the workspace that nobody else has.

What runs there is ``inside/browser.py``, by our own interpreter, and it is spoken to over a socket
pair: many questions at once, each with a number. It dies with us, as all that is started here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import marshal
import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from festina.gate_browser import Browser
from festina.verify import process, sandbox
from festina.verify.browser_find import Programs
from festina.verify.process_io import memory_file, to_the_end
from festina.verify.state import State
from festina.verify.toolchains import Tools
from festina.verify.workbench import Workbench

_MOST_BYTES = 64 << 20
_START_SECONDS = 60.0
_LATE_SECONDS = 15.0
"""How much longer than a page may take an answer is waited for."""
_MODULES = ("browser_serve", "browser_look", "browser")
_BOOT = (
    "import marshal, sys, types\n"
    "sys.path += {packages!r}\n"
    "with open({program}, 'rb') as file: modules = marshal.load(file)\n"
    "for name, code in modules:\n"
    "    sys.modules[name] = types.ModuleType(name)\n"
    "    exec(code, sys.modules[name].__dict__)\n"
    "sys.modules['festina_browser'].main({talk})"
)


class Gone(Exception):  # noqa: N818 - reads as the sentence it makes
    """The browser gives no answer, now or ever; ``str()`` says why."""


class Unready(Exception):  # noqa: N818
    """The program that is to serve the pages does not; ``str()`` says what is known of it."""


class Chromium:
    """A running browser for one state of a workspace; see :meth:`start`."""

    def __init__(self) -> None:
        self._why = ""
        self._count = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._held = contextlib.AsyncExitStack()
        self._work: asyncio.Task[process.Completed]
        self._reading: asyncio.Task[None]
        self._writer: asyncio.StreamWriter

    @classmethod
    async def start(
        cls,
        bench: Workbench,
        state: State,
        level: sandbox.Level,
        programs: Programs,
        browser: Browser,
        *,
        files: Mapping[str, str],
        tools: Tools | None = None,
    ) -> Chromium:
        """Start one on a copy with ``files`` in it, and wait until it can be asked.

        ``tools`` are for the program that serves the pages, where one does. Cancelling ends it.

        Raises:
            Gone: it could not be started.
            Unready: there is nothing that serves the pages.
            shadow.Changed: the workspace is no longer in that state.
            OSError: the workspace could not be copied.
        """
        shown = (*programs.read_only, *(tools.read_only if tools is not None else ()))
        environ = {} if tools is None else tools.environ
        needed = Tools(programs.chromium, tuple(dict.fromkeys(shown)), environ, builds=False)
        async with contextlib.AsyncExitStack() as held:
            stand = await held.enter_async_context(bench.stand(state, needed, level, files, {}))
            # what serves files needs no network, whatever the person allows tests and commands
            box = stand.box if tools is not None else replace(stand.box, network="none", sockets=())
            box = replace(box, waits=True)  # as Chromium does, for another one that may be started
            one = cls()
            await one._launch(box, level, programs, held)
            axe = await asyncio.to_thread(programs.axe.read_text, "utf-8")
            page, still = await asyncio.to_thread(_scripts)
            one._send(
                {
                    "chromium": str(programs.chromium),
                    "place": str(stand.place),
                    "folder": browser.folder,
                    "listens": level is not sandbox.Level.LANDLOCK,  # which leaves no sockets
                    "run": stand.filled(browser.run),
                    "ready_seconds": browser.ready_seconds,
                    "start_seconds": _START_SECONDS,
                    "scripts": {"axe": f"{axe}\n;0", "look": page, "still": still},
                }
            )
            await one._started(_START_SECONDS + browser.ready_seconds)
            one._held = held.pop_all()
        return one

    async def _launch(
        self,
        box: sandbox.Box,
        level: sandbox.Level,
        programs: Programs,
        held: contextlib.AsyncExitStack,
    ) -> None:
        codes = [
            (f"festina_{name}", process.code_of(f"festina.verify.inside.{name}"))
            for name in _MODULES
        ]
        program = memory_file("browser", marshal.dumps(codes))
        held.callback(os.close, program)
        ours, theirs = socket.socketpair()
        held.callback(theirs.close)
        held.callback(ours.close)
        boot = _BOOT.format(packages=[*programs.packages], program=program, talk=theirs.fileno())
        self._work = asyncio.create_task(
            sandbox.run(
                box,
                [process.interpreter(), "-I", "-S", "-c", boot],
                level=level,
                timeout=None,
                pass_fds=(program, theirs.fileno()),
            )
        )
        held.push_async_callback(self._stop)
        self._work.add_done_callback(lambda done: self._end(_why(done)))
        reader, self._writer = await asyncio.open_unix_connection(sock=ours, limit=_MOST_BYTES)
        self._answers[0] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(reader))

    async def _started(self, seconds: float) -> None:
        said = await self._answer(0, seconds)
        if "unready" in said:
            raise Unready(str(said["unready"]))
        if "broken" in said:
            raise Gone(f"it could not be started: {said['broken']}")

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return not self._why

    async def look(self, question: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Look at a page, for at most so many seconds; cancelling closes that page.

        Raises:
            Gone: it gave no answer.
        """
        self._count += 1
        number = self._count
        self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            self._send({**question, "id": number, "seconds": seconds})
            said = await self._answer(number, seconds + _LATE_SECONDS)
        except asyncio.CancelledError:
            if self.alive:
                self._send({"id": number, "end": True})
            raise
        if "seen" not in said:
            self._end(str(said.get("broken", "it has ended")))
            raise Gone(self._why)
        seen: dict[str, Any] = said["seen"]
        if seen["stuck"]:
            self._end("a page could not be closed")
        return seen

    async def _answer(self, number: int, seconds: float) -> dict[str, Any]:
        future = self._answers[number]
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            self._end("it did not answer in time")
            raise Gone(self._why) from None
        finally:
            self._answers.pop(number, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            async for line in reader:
                said: dict[str, Any] = json.loads(line)
                future = self._answers.get(int(said["id"]))
                if future is not None and not future.done():
                    future.set_result(said)
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._end(f"it cannot be understood: {error}")
        else:
            await asyncio.wait([self._work], timeout=1)  # how it ended says more than that it did
            self._end("it has ended")

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._why:
            raise Gone(self._why)
        self._writer.write(json.dumps(message).encode("ascii") + b"\n")

    # -- its end ----------------------------------------------------------------------------------

    def _end(self, why: str) -> None:
        """Take nothing more from it; whoever waits is told, and the process goes."""
        if self._why:
            return
        self._why = why or "it has ended"
        self._work.cancel()
        for future in self._answers.values():
            if not future.done():
                future.set_result({"broken": self._why})

    async def _stop(self) -> None:
        self._end("it was closed")
        await asyncio.wait([self._work])
        if hasattr(self, "_reading"):
            self._reading.cancel()
            await asyncio.wait([self._reading])
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def aclose(self) -> None:
        """End it, wait for that, and remove its copy. Safe to call again."""
        held, self._held = self._held, contextlib.AsyncExitStack()
        await to_the_end(held.aclose())


def _scripts() -> list[str]:
    folder = Path(__file__).parent
    return [(folder / name).read_text("utf-8") for name in ("page_look.js", "page_still.js")]


def _why(done: asyncio.Task[process.Completed]) -> str:
    if done.cancelled():
        return "it was ended"
    if (error := done.exception()) is not None:
        return str(error).rstrip(".")
    ended = done.result()
    said = ended.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    return " ".join([ended.ended or f"it ended with {ended.returncode}", *said])[:400]
