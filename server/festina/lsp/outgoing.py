"""The sending half of a connection: responses, notifications, and requests to the client."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from cattrs import Converter, transform_error
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol

if TYPE_CHECKING:
    from festina.lsp.protocol import FestinaServer

logger = logging.getLogger(__name__)

MessageId = int | str

INTERNAL_ERROR = -32603


class Outgoing(LanguageServerProtocol):
    """Sends messages, and brings answers to those who wait for them."""

    _server: FestinaServer

    def __init__(self, server: FestinaServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self._write: Callable[[bytes], None] = _nowhere
        self._outgoing: dict[MessageId, tuple[Future[Any], type[Any] | None]] = {}
        self._numbers = itertools.count(1)

    def connect(self, write: Callable[[bytes], None]) -> None:
        """Send message bodies to ``write`` from now on. It must not block."""
        self._write = write

    def give_up(self) -> None:
        """Nothing more will be answered: cancel all that is waited for."""
        waiting, self._outgoing = self._outgoing, {}
        for future, _ in waiting.values():
            future.cancel()

    def _receive_response(self, message: dict[str, Any]) -> None:
        msg_id = message.get("id")
        waiting = self._outgoing.pop(msg_id, None) if isinstance(msg_id, (int, str)) else None
        if waiting is None:
            logger.debug("received a response that nobody waits for")
            return
        future, response_type = waiting  # not cancelled: then it would not be waited for
        try:
            future.set_result(self._response_value(message, response_type))
        except JsonRpcException as error:
            future.set_exception(error)

    def _response_value(self, message: dict[str, Any], response_type: type[Any] | None) -> Any:
        if (refusal := message.get("error")) is not None:
            code, text = field(refusal, "code"), field(refusal, "message")
            raise JsonRpcException(str(text), code if isinstance(code, int) else INTERNAL_ERROR)
        if response_type is None:
            return message.get("result")
        try:
            return self._converter.structure(message, response_type).result
        except Exception as error:  # noqa: BLE001 - whatever a client sent, somebody waits for it
            logger.debug("ill-formed response: %s", transform_error(error))
            raise JsonRpcInvalidParams("the editor's answer is ill-formed") from None

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification; ``params`` is an lsprotocol value or plain JSON data."""
        message = {"jsonrpc": self.VERSION, "method": method}
        self._send_data(message if params is None else {**message, "params": params})

    def send_request(
        self,
        method: str,
        params: Any = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: MessageId | None = None,
    ) -> Future[Any]:
        """Send a request. Cancelling the future tells the client so; a late answer is ignored."""
        number = next(self._numbers) if msg_id is None else msg_id
        types = lsp.METHOD_TO_TYPES.get(method)
        future: Future[Any] = Future()
        self._outgoing[number] = future, types[1] if types else None

        def done(ended: Future[Any]) -> None:
            if ended.cancelled():
                if self._outgoing.pop(number, None) is not None:
                    self.notify(lsp.CANCEL_REQUEST, {"id": number})
            elif callback is not None and ended.exception() is None:
                callback(ended.result())

        future.add_done_callback(done)
        request = {"jsonrpc": self.VERSION, "id": number, "method": method}
        self._send_data(request if params is None else {**request, "params": params})
        return future

    def _send_data(self, data: Any) -> None:
        try:
            body = self._encode(data)
        except Exception as error:  # noqa: BLE001 - whatever a caller put into a message
            log_failure(str(data.get("method")), error)
        else:
            self._write(body)

    def _send_error(
        self, msg_id: MessageId | None, code: int, message: str, data: Any = None
    ) -> None:
        error = {"code": code, "message": message}
        if data is not None:
            error["data"] = data
        self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "error": error})

    def _encode(self, data: Any) -> bytes:
        plain = self._converter.unstructure(data)
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError:  # half a surrogate pair, which JSON can escape and UTF-8 cannot
            return json.dumps(plain, allow_nan=False, separators=(",", ":")).encode("ascii")


def field(value: Any, name: str) -> Any:
    """Return a scalar field of untyped JSON, or None."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, (int, str)) else None


def log_failure(method: str, error: Exception) -> None:
    """Log that ``method`` failed; the traceback may quote source text and is for debugging only."""
    logger.error("%s failed: %s", method, type(error).__name__)
    logger.debug("%s failed", method, exc_info=error)


def _nowhere(_: bytes) -> None:
    """Drop what is sent while there is no connection."""
