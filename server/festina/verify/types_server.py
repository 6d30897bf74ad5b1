"""One mypy daemon, kept warm: it says in milliseconds what a run of mypy says in seconds.

It is mypy's own server (``inside/mypy_daemon.py``), run by the project's interpreter in the
sandbox, on a copy of the workspace that nobody else has, and spoken to over a socket pair. It has
no place in the file system and dies with us, as all that is started here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from festina.verify import process, sandbox
from festina.verify.interpreter import Environment
from festina.verify.process_io import memory_file, to_the_end
from festina.verify.state import State
from festina.verify.toolchains import Tools
from festina.verify.workbench import Workbench

_MOST_BYTES = 64 << 20
_BOOT = (
    # what `python -m mypy` has first is the workspace, and mypy leaves that out; nothing is ever
    # imported from this one
    "import sys; sys.path[:1] = ['/nonexistent'] if sys.path[:1] == [''] else sys.path[:1]\n"
    "names = {{'__name__': 'festina_mypy_daemon'}}\n"
    "with open({program}, 'rb') as file: exec(file.read(), names)\n"
    "names['main']({talk})"
)


class Gone(Exception):  # noqa: N818 - reads as the sentence it makes
    """The daemon gives no answer, now or ever; ``str()`` says why."""


class Unfit(Gone):
    """No daemon for this project gives one: there is no use in starting another."""


class MypyServer:
    """A running daemon for one state of a workspace and one command line; see :meth:`start`."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._why = ""
        self._held = contextlib.AsyncExitStack()
        self._work: asyncio.Task[process.Completed]
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    @classmethod
    async def start(
        cls,
        bench: Workbench,
        state: State,
        tools: Tools,
        level: sandbox.Level,
        arguments: Sequence[str],
    ) -> MypyServer:
        """Start one that is to say what a run of mypy with ``arguments`` says.

        Cancelling ends it.

        Raises:
            Gone: it could not be started.
            shadow.Changed: the workspace is no longer in that state.
            OSError: the workspace could not be copied.
        """
        async with contextlib.AsyncExitStack() as held:
            stand = await held.enter_async_context(bench.stand(state, tools, level, {}, {}))
            server = cls(stand.place)
            await server._launch(stand.box, state, level, held)
            server._send(stand.filled(arguments))
            server._held = held.pop_all()
        return server

    async def _launch(
        self, box: sandbox.Box, state: State, level: sandbox.Level, held: contextlib.AsyncExitStack
    ) -> None:
        assert isinstance(state.python, Environment)
        source = Path(__file__).parent / "inside" / "mypy_daemon.py"
        program = memory_file("mypy", await asyncio.to_thread(source.read_bytes))
        held.callback(os.close, program)
        ours, theirs = socket.socketpair()
        held.callback(theirs.close)
        held.callback(ours.close)
        boot = _BOOT.format(program=program, talk=theirs.fileno())
        self._work = asyncio.create_task(
            sandbox.run(
                box,
                [str(state.python.python), "-c", boot],
                level=level,
                timeout=None,
                pass_fds=(program, theirs.fileno()),
            )
        )
        held.push_async_callback(self._stop)
        self._work.add_done_callback(lambda done: self._end(_why(done)))
        self._reader, self._writer = await asyncio.open_unix_connection(
            sock=ours, limit=_MOST_BYTES
        )

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return not self._why

    async def output(self, texts: Mapping[str, str], seconds: float) -> str | None:
        """Return what it prints with these texts over its copy, and no others.

        None where a run would break off. Ask for one thing at a time; a call that is cancelled
        ends it, since nobody would know then what it has before it.

        Raises:
            Gone: it gave no answer within so many ``seconds``, or is not to be asked.
        """
        try:
            async with asyncio.timeout(seconds):
                self._send(texts)
                await self._writer.drain()
                line = await self._line()
            said: dict[str, Any] = json.loads(line)
            if "unfit" in said:
                raise Unfit(str(said["unfit"]))
            return str(said["out"]) if said["whole"] else None
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            late = isinstance(error, TimeoutError)
            self._end("it did not answer in time" if late else str(error))
            raise Gone(self._why) from error
        except BaseException as error:
            self._end(str(error) or "a question was given up")
            raise

    async def _line(self) -> bytes:
        reading = asyncio.create_task(self._reader.readline())
        try:
            await asyncio.wait([reading, self._work], return_when=asyncio.FIRST_COMPLETED)
            if not reading.done() or not reading.result().endswith(b"\n"):
                raise EOFError(self._why or "it has ended")
            return reading.result()
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    def _send(self, message: object) -> None:
        if self._why:
            raise Gone(self._why)
        self._writer.write(json.dumps(message).encode("ascii") + b"\n")

    # -- its end ----------------------------------------------------------------------------------

    def _end(self, why: str) -> None:
        """Take nothing more from it; whoever waits is told, and the process goes."""
        if not self._why:
            self._why = why or "it has ended"
            self._work.cancel()

    async def _stop(self) -> None:
        self._end("it was closed")
        await asyncio.wait([self._work])
        if hasattr(self, "_writer"):
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def aclose(self) -> None:
        """End it, wait for that, and remove its copy. Safe to call again."""
        held, self._held = self._held, contextlib.AsyncExitStack()
        await to_the_end(held.aclose())


def _why(done: asyncio.Task[process.Completed]) -> str:
    if done.cancelled():
        return "it was ended"
    if (error := done.exception()) is not None:
        return str(error)
    said = done.result().stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    return " ".join([f"it ended with {done.result().returncode}", *said])
