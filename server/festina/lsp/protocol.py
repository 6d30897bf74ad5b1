"""The language server protocol, hardened: pygls with its message handling replaced.

How to use it::

    server = create("festina", "1.0")           # no globals: as many as you like per process

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)             # sync or async, first parameter `ls`
    def did_open(ls: FestinaServer, params: lsp.DidOpenTextDocumentParams) -> None: ...

    @server.command("festina.propose")                      # exactly one JSON object, as a dict
    async def propose(ls: FestinaServer, argument: dict[str, Any]) -> dict[str, Any]: ...

    @server.feature("festina/trust")                        # custom messages: plain JSON data
    def trust(ls: FestinaServer, params: Any) -> None: ...

    server.on_shutdown(session.close)                       # async; kills children; runs once
    sys.exit(run_stdio(server))

- From the ``initialize`` handler on, ``server.caps`` and ``server.client`` are there. Features that
  depend on them are registered in that handler; capabilities are computed after it.
- Every message is handled in a task of its own, and the tasks take their first step in the order of
  the messages. So what a handler reads before its first ``await`` is the state that the client
  meant; what must stay in order (document synchronisation) has no ``await`` at all.
- There is no pygls workspace: documents live in ``festina.documents``.
- An exception of a handler becomes an error response without details (``-32603``); a
  ``pygls.exceptions.JsonRpcException`` is sent as it is. The loop must not be blocked:
  ``server.thread()`` is refused, use ``asyncio.to_thread`` or processes.
- Anything printed goes to stderr: standard output belongs to the protocol alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from lsprotocol import types as lsp
from lsprotocol.converters import get_converter
from pygls.lsp.server import LanguageServer

from festina import waking
from festina.lsp.capabilities import Caps
from festina.lsp.client import Client
from festina.lsp.dispatch import FestinaProtocol, Phase
from festina.lsp.parent import Watch, watch_client, watch_parent
from festina.lsp.transport import Inbox, Outbox

logger = logging.getLogger(__name__)

__all__ = ["FestinaProtocol", "FestinaServer", "create", "run_stdio"]

HOOK_SECONDS = 5.0
"""How long the shutdown hooks may take together."""
EXIT_SECONDS = 8.0
"""How long the process may live on once the session has ended, whatever hangs."""
FLUSH_SECONDS = 1.0

Hook = Callable[[], Awaitable[None]]


class FestinaServer(LanguageServer):
    """One language server for one client. Made by ``create``, run by ``run_stdio``."""

    protocol: FestinaProtocol

    def __init__(self, name: str, version: str) -> None:
        super().__init__(
            name,
            version,
            lsp.TextDocumentSyncKind.Incremental,
            protocol_cls=FestinaProtocol,
            converter_factory=get_converter,
        )
        self.caps = Caps()
        """What the client can do; real from ``initialize`` on."""
        self.client = Client(self.protocol, self.caps)
        """The way to the client; real from ``initialize`` on."""
        self._hooks: list[Hook] = []
        self._hooks_run: asyncio.Task[None] | None = None
        self._watches: list[Watch] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event = asyncio.Event()
        self._on_end: Callable[[], None] | None = None

    def on_shutdown(self, hook: Hook) -> None:
        """Call ``hook`` once when the session ends in whatever way: stop work, kill children.

        Hooks run one after the other on the event loop, the last one registered first, and have
        ``HOOK_SECONDS`` together.
        """
        self._hooks.append(hook)

    def thread(self) -> NoReturn:
        """Refused: a pygls thread handler cannot be cancelled.

        Raises:
            TypeError: always.
        """
        raise TypeError("handlers do not run in threads; use asyncio.to_thread or a process")

    def report_server_error(self, error: Exception, source: object) -> None:
        """Log an error of pygls' machinery, instead of a pop-up window for the person."""
        logger.error("%s: %s", getattr(source, "__name__", source), type(error).__name__)

    # -- running ----------------------------------------------------------------------------

    async def serve(self, source: int, sink: int, on_end: Callable[[], None] | None = None) -> int:
        """Serve one client over two descriptors, which are owned and closed.

        Args:
            source: descriptor to read from.
            sink: descriptor to write to.
            on_end: called once, from any thread, when the session is to end.

        Returns:
            The exit code that LSP prescribes: 0 after ``shutdown``, else 1.
        """
        self._loop = asyncio.get_running_loop()
        self._on_end = on_end
        outbox = Outbox(sink, self.end)
        inbox: Inbox

        def handle(frame: Any) -> None:
            inbox.handled()
            self.protocol.receive(frame)

        def received(frame: Any) -> None:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(handle, frame)

        inbox = Inbox(source, received, lambda: self.end("the editor is gone"))
        self.protocol.connect(outbox.write)
        outbox.start()
        inbox.start()
        try:
            await self._ended.wait()
        finally:
            await self.run_shutdown_hooks()
            await self.protocol.finish()
            for watch in self._watches:
                watch.stop()
            await asyncio.to_thread(outbox.close, FLUSH_SECONDS)
        return 0 if self.protocol.phase is Phase.SHUTDOWN else 1

    def end(self, reason: str) -> None:
        """End the session. May be called from any thread, and more than once."""
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended already
                self._loop.call_soon_threadsafe(self._set_ended, reason)

    def _set_ended(self, reason: str) -> None:
        if not self._ended.is_set():
            logger.info("the session ends: %s", reason)
            self._ended.set()

    async def run_shutdown_hooks(self) -> None:
        """Run the hooks of ``on_shutdown``; whoever comes second waits for the first."""
        if self._hooks_run is None:
            self._hooks_run = asyncio.create_task(self._run_hooks())
        await asyncio.shield(self._hooks_run)

    async def _run_hooks(self) -> None:
        try:
            async with asyncio.timeout(HOOK_SECONDS):
                for hook in reversed(self._hooks):
                    try:
                        await hook()
                    except Exception as error:  # noqa: BLE001 - the others must run as well
                        logger.error("a shutdown hook failed: %s", type(error).__name__)
        except TimeoutError:
            logger.error("the shutdown hooks took more than %g seconds", HOOK_SECONDS)

    # -- watching the editor ----------------------------------------------------------------

    def watch_parent(self) -> None:
        """End the session when our parent process dies."""
        self._watch(watch_parent(lambda: self.end("our parent process died")))

    def watch_client(self, process_id: int | None) -> None:
        """End the session when the process that ``initialize`` named dies."""
        self._watch(watch_client(process_id, lambda: self.end("the editor's process died")))

    def _watch(self, watch: Watch | None) -> None:
        if watch is not None:
            self._watches.append(watch)


def create(name: str, version: str) -> FestinaServer:
    """Return a new server without features."""
    # pygls logs every message it sends at INFO: source text.
    logging.getLogger("pygls").setLevel(logging.WARNING)
    return FestinaServer(name, version)


def run_stdio(server: FestinaServer) -> int:
    """Serve the client on standard input and output until it goes.

    From here on, standard input is empty and standard output is standard error for everybody else
    in this process and for its children. The session ends with ``exit``, at the end of input, when
    the parent or the editor's process dies, when the client does not read, and on a signal. The
    process is ended the hard way if it has not exited ``EXIT_SECONDS`` later.

    Returns:
        The exit code: 0 after ``shutdown``, 128 + n after signal n, else 1.
    """
    signals: list[int] = []

    async def main() -> int:
        def stop(number: int) -> None:
            signals.append(number)
            server.end(f"signal {number}")

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop, number)
        source, sink = _take_stdio()
        server.watch_parent()
        return await server.serve(source, sink, on_end=lambda: _exit_soon(server))

    with asyncio.Runner(loop_factory=waking.new_loop) as runner:
        code = runner.run(main())
    return 128 + signals[0] if signals else code


def _take_stdio() -> tuple[int, int]:
    """Keep standard input and output to ourselves; return their descriptors."""
    source, sink = os.dup(0), os.dup(1)  # not inherited by children
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return source, sink


def _exit_soon(server: FestinaServer) -> None:
    """End the process whatever happens: a blocked loop, or a thread that nobody can stop."""
    timer = threading.Timer(
        EXIT_SECONDS, lambda: os._exit(0 if server.protocol.phase is Phase.SHUTDOWN else 1)
    )
    timer.daemon = True
    timer.start()
