"""The protocol side of ``support.editor``: a pytest-lsp client that remembers what it is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest_lsp
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage
from pytest_lsp.client import register_lsp_features

from support.applying import apply_edit

if TYPE_CHECKING:
    from cattrs import Converter

    from support.editor import Editor


def _converter() -> Converter:
    """Return a converter that leaves custom messages as plain JSON data."""
    converter = get_converter()
    for kind, fields in (
        (JsonRPCNotification, ("method", "jsonrpc", "params")),
        (JsonRPCRequestMessage, ("id", "method", "jsonrpc", "params")),
        (JsonRPCResponseMessage, ("id", "jsonrpc", "result")),
    ):
        converter.register_structure_hook(
            kind,
            lambda value, cls, fields=fields: cls(**{name: value.get(name) for name in fields}),
        )
    # lsprotocol takes an action that carries a command for that command
    converter.register_structure_hook(
        lsp.Command | lsp.CodeAction,
        lambda value, _: converter.structure(
            value, lsp.Command if isinstance(value.get("command"), str) else lsp.CodeAction
        ),
    )
    return converter


class EditorClient(pytest_lsp.LanguageClient):
    """Holds everything that the server sent."""

    editor: Editor

    def __init__(self, configuration: dict[str, Any]) -> None:
        super().__init__(converter_factory=_converter, configuration=configuration)
        self.proposals: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.models: list[dict[str, Any]] = []
        self.published: list[lsp.PublishDiagnosticsParams] = []
        self.asked: list[lsp.ShowMessageRequestParams] = []
        self.registrations: list[lsp.Registration] = []
        self.keys: dict[str, str] = {}
        """Keys that the editor's secret store holds, by origin."""
        self.lens_refreshes = 0
        self.record: list[str] | None = None
        """Everything that comes from now on, as text, where a test asks for it with a list."""
        self._moved = asyncio.Event()
        self._said: list[bytes] = []
        self._listener: asyncio.Task[None] | None = None
        register_lsp_features(self)
        _register(self)
        _register_edits(self)

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The server's process."""
        assert self._server is not None
        return self._server

    async def start_io(self, cmd: str, *args: Any, **kwargs: Any) -> None:
        """Start the server, and keep what it says on standard error."""
        await super().start_io(cmd, *args, **kwargs)
        if self._stderr_forwarder is not None:
            self._stderr_forwarder.cancel()
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Stop listening."""
        self._stderr_forwarder = None
        if self._listener is not None:
            await self._listener
        await super().stop()

    async def _listen(self) -> None:
        assert self.process.stderr
        while line := await self.process.stderr.readline():
            self._said.append(line)
        self._stir()

    async def server_exit(self, server: asyncio.subprocess.Process) -> None:
        """Wake those who wait for a server that has gone."""
        await super().server_exit(server)
        self._stir()

    def stderr(self) -> str:
        """Return what the server has said on standard error."""
        return b"".join(self._said).decode(errors="replace")

    async def last_words(self) -> str:
        """Wait until the server has ended, and return all that it has said on standard error."""
        if self._listener is not None:
            await self._listener
        return self.stderr()

    async def something(self) -> None:
        """Wait until the server has sent something, or has gone."""
        self._moved.clear()
        await self._moved.wait()

    def _stir(self) -> None:
        # when the handlers of this message have run, those who wait look again
        asyncio.get_running_loop().call_soon(self._moved.set)


def _register(client: EditorClient) -> None:
    protocol = client.protocol
    handle = protocol.handle_message

    def handle_message(message: Any) -> None:
        if client.record is not None:
            client.record.append(repr(message))
        handle(message)
        client._stir()

    protocol.handle_message = handle_message

    @client.feature("festina/proposal")
    def proposal(params: dict[str, Any]) -> None:
        client.proposals.append(params)

    @client.feature("festina/answer")
    def answer(params: dict[str, Any]) -> None:
        client.answers.append(params)

    @client.feature("festina/model")
    def model(params: dict[str, Any]) -> None:
        client.models.append(params)

    @client.feature("festina/key")
    def key(params: dict[str, Any]) -> dict[str, Any]:
        return {"key": client.keys.get(params["origin"])}

    @client.feature(lsp.WINDOW_SHOW_MESSAGE_REQUEST)
    def show_message_request(params: lsp.ShowMessageRequestParams) -> lsp.MessageActionItem | None:
        client.asked.append(params)
        title = client.editor.answer(params)
        return next((item for item in params.actions or () if item.title == title), None)

    @client.feature(lsp.WORKSPACE_CODE_LENS_REFRESH)
    def refresh(_: None) -> None:
        client.lens_refreshes += 1

    @client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
    def register(params: lsp.RegistrationParams) -> None:
        client.registrations += params.registrations

    features = protocol.fm.features
    published = features.pop(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)

    @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def publish(params: lsp.PublishDiagnosticsParams) -> None:
        client.published.append(params)
        published(params)


def _register_edits(client: EditorClient) -> None:
    @client.feature(lsp.WORKSPACE_APPLY_EDIT)
    async def workspace_apply_edit(
        params: lsp.ApplyWorkspaceEditParams,
    ) -> lsp.ApplyWorkspaceEditResult:
        editor = client.editor
        assert editor.preset.can("workspace.applyEdit"), "this editor takes no edits"
        editor.edits.append(params)
        if not await editor.confirm(params):
            return lsp.ApplyWorkspaceEditResult(applied=False, failure_reason="not confirmed")
        applied, changes = apply_edit(editor.preset, editor.buffers, params.edit)

        def notify() -> None:
            for change in changes:
                client.text_document_did_change(change)

        if editor.preset.answers_first:
            asyncio.get_running_loop().call_soon(notify)
        else:
            notify()
        reason = None if applied else "document has changed"
        return lsp.ApplyWorkspaceEditResult(applied=applied, failure_reason=reason)
