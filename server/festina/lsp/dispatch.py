"""Message handling that replaces pygls': each request is answered, nothing leaks or is logged."""

from __future__ import annotations

import asyncio
import enum
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from cattrs import Converter, transform_error
from lsprotocol import types as lsp
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcServerNotInitialized,
)

from festina.lsp import lenient
from festina.lsp.capabilities import resolve
from festina.lsp.client import Client
from festina.lsp.outgoing import INTERNAL_ERROR, MessageId, Outgoing, field, log_failure
from festina.lsp.transport import Garbled

if TYPE_CHECKING:
    from festina.lsp.protocol import FestinaServer

logger = logging.getLogger(__name__)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
REQUEST_CANCELLED = -32800


class Phase(enum.Enum):
    """Where the session is in the life that LSP prescribes."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    SHUTDOWN = "shutdown"


class FestinaProtocol(Outgoing):
    """One connection; ``festina.lsp.protocol`` says how it behaves.

    pygls keeps the registry of features and computes the capabilities. The rest, from bytes to
    handlers and back, is done here.
    """

    def __init__(self, server: FestinaServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.cancel_callbacks: dict[lsp.ProgressToken, Callable[[], None]] = {}
        """What to do when the person cancels a progress display, by its token."""
        self.phase = Phase.NEW
        self._tasks: set[asyncio.Task[None]] = set()
        self._incoming: dict[MessageId, asyncio.Task[None]] = {}
        self._own: dict[str, Callable[[Any], Awaitable[Any]]] = {
            lsp.INITIALIZE: self._initialize,
            lsp.SHUTDOWN: self._shut_down,
            lsp.WORKSPACE_EXECUTE_COMMAND: self._execute_command,
        }

    def _register_builtin_features(self) -> None:
        """Register none: pygls' own would keep a second, wrong copy of every document."""

    # -- receiving --------------------------------------------------------------------------

    def receive(self, frame: bytes | Garbled) -> None:
        """Take one message body. Never raises; the event loop must be running."""
        try:
            message = None if isinstance(frame, Garbled) else json.loads(frame.decode("utf-8"))
        except (ValueError, RecursionError):
            message = None
        if message is None:
            logger.warning("received something that is no JSON-RPC message")
            self._send_error(None, PARSE_ERROR, "not a JSON-RPC message")
        elif not isinstance(message, dict):
            self._send_error(None, INVALID_REQUEST, "a message must be one JSON object")
        elif "method" in message:
            self._receive_call(message)
        elif "result" in message or "error" in message:
            self._receive_response(message)
        else:
            self._send_error(None, INVALID_REQUEST, "neither a request nor a response")

    def _receive_call(self, message: dict[str, Any]) -> None:
        method, params = message["method"], message.get("params")
        valid = isinstance(method, str) and message.get("jsonrpc") == self.VERSION
        if "id" not in message:
            if valid:
                self._receive_notification(method, params)
            return
        msg_id = message["id"]
        if not isinstance(msg_id, (int, str)) or isinstance(msg_id, bool):
            self._send_error(None, INVALID_REQUEST, "the id must be a number or a string")
        elif not valid:
            self._send_error(msg_id, INVALID_REQUEST, "not a JSON-RPC 2.0 request")
        elif msg_id in self._incoming:
            self._send_error(msg_id, INVALID_REQUEST, "a request of that id is being handled")
        else:
            task = self._start(self._answer(msg_id, method, params))
            if method not in {lsp.INITIALIZE, lsp.SHUTDOWN}:  # not to be cancelled
                self._incoming[msg_id] = task
                task.add_done_callback(lambda done: self._ended(msg_id, done))

    def _receive_notification(self, method: str, params: Any) -> None:
        if method == lsp.EXIT:
            self._server.end("the editor said exit")
        elif method == lsp.CANCEL_REQUEST:
            if task := self._incoming.get(field(params, "id")):
                task.cancel()
        elif method == lsp.WINDOW_WORK_DONE_PROGRESS_CANCEL:
            if callback := self.cancel_callbacks.pop(field(params, "token"), None):
                try:
                    callback()
                except Exception as error:  # noqa: BLE001 - one bad button must not end the reading
                    log_failure(method, error)
        else:
            self._start(self._take(method, params))

    # -- handling ---------------------------------------------------------------------------

    def _start(self, work: Any) -> asyncio.Task[None]:
        """Run ``work`` as a task. Tasks take their first step in the order of their creation."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _answer(self, msg_id: MessageId, method: str, params: Any) -> None:
        self._ctx_msg_id.set(msg_id)
        try:
            self._check_phase(method)
            result = await self._call(method, params)
            body = self._encode({"jsonrpc": self.VERSION, "id": msg_id, "result": result})
        except JsonRpcException as error:
            logger.debug("%s: %d %s", method, error.code, error.message)
            self._send_error(msg_id, error.code, error.message, error.data)
        except Exception as error:  # noqa: BLE001 - every request is answered
            log_failure(method, error)
            self._send_error(msg_id, INTERNAL_ERROR, f"{method} failed: see the server's log")
        else:
            self._write(body)
        self._incoming.pop(msg_id, None)  # once answered, the id is free

    def _ended(self, msg_id: MessageId, task: asyncio.Task[None]) -> None:
        if task.cancelled():  # perhaps before its first step, so that it could not answer itself
            del self._incoming[msg_id]
            self._send_error(msg_id, REQUEST_CANCELLED, "request cancelled")

    async def _take(self, method: str, params: Any) -> None:
        if self.phase is not Phase.RUNNING:
            return
        try:
            await self._call(method, params, request=False)
        except JsonRpcMethodNotFound:
            logger.debug("ignored notification %s", method)
        except JsonRpcException as error:
            logger.warning("refused notification %s: %s", method, error.message)
        except Exception as error:  # noqa: BLE001 - one bad notification must not end the session
            log_failure(method, error)

    def _check_phase(self, method: str) -> None:
        if self.phase is Phase.SHUTDOWN:
            raise JsonRpcInvalidRequest("the server is shutting down")
        if method == lsp.INITIALIZE:
            if self.phase is not Phase.NEW:
                raise JsonRpcInvalidRequest("the server has been initialized already")
        elif self.phase is not Phase.RUNNING:
            raise JsonRpcServerNotInitialized("initialize comes first")

    async def _call(self, method: str, params: Any, *, request: bool = True) -> Any:
        types = lsp.METHOD_TO_TYPES.get(method)
        if types is not None and (types[1] is not None) is not request:
            kind = "a request" if types[1] is not None else "a notification"
            raise JsonRpcInvalidRequest(f"{method} is {kind}")
        handler = self._own.get(method) or self.fm.features.get(method)
        if handler is None:
            raise JsonRpcMethodNotFound.of(method)
        if types is not None:
            params = self._structure(method, params, types[2])
        return await _run(handler, params)

    def _structure(self, method: str, params: Any, params_type: Any) -> Any:
        if params_type is None:
            return None
        converter, raw = self._converter, {} if params is None else params
        try:
            if method == lsp.INITIALIZE:
                return lenient.initialize_params(converter, raw)
            try:
                return converter.structure(raw, params_type)
            except Exception:
                if method != lsp.TEXT_DOCUMENT_CODE_ACTION:
                    raise
                return lenient.code_action_params(converter, raw)
        except Exception as error:  # noqa: BLE001 - cattrs raises all sorts of things
            reasons = "; ".join(transform_error(error)[:3])
            raise JsonRpcInvalidParams(f"{method}: {reasons}") from None

    # -- what every server does -------------------------------------------------------------

    async def _initialize(self, params: lsp.InitializeParams) -> lsp.InitializeResult:
        self.phase = Phase.STARTING
        server = self._server
        try:
            self.client_capabilities = params.capabilities
            server.caps = resolve(params)
            server.client = Client(self, server.caps)
            server.process_id = params.process_id
            server.watch_client(params.process_id)
            if (handler := self.fm.features.get(lsp.INITIALIZE)) is not None:
                await _run(handler, params)
            self.server_capabilities = ServerCapabilitiesBuilder(
                params.capabilities,
                set(self.fm.features),
                self.fm.feature_options,
                list(self.fm.commands),
                lsp.TextDocumentSyncKind.Incremental,
                None,
                lsp.PositionEncodingKind(str(server.caps.encoding)),
            ).build()  # type: ignore[no-untyped-call]
        except BaseException:
            self.phase = Phase.NEW
            raise
        self.phase = Phase.RUNNING
        return lsp.InitializeResult(
            capabilities=self.server_capabilities, server_info=self.server_info
        )

    async def _shut_down(self, _: None) -> None:
        self.phase = Phase.SHUTDOWN
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        if (handler := self.fm.features.get(lsp.SHUTDOWN)) is not None:
            await _run(handler, None)
        await self._server.run_shutdown_hooks()

    async def _execute_command(self, params: lsp.ExecuteCommandParams) -> Any:
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command}")
        arguments = params.arguments or ({},)
        if len(arguments) != 1 or not isinstance(arguments[0], Mapping):
            raise JsonRpcInvalidParams(f"{params.command} takes one object")
        return await _run(handler, arguments[0])

    async def finish(self) -> None:
        """Cancel all handlers, answer their requests, and give up what is waited for."""
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        self.give_up()


async def _run(handler: Callable[..., Any], params: Any) -> Any:
    result = handler(params)
    return await result if inspect.isawaitable(result) else result
