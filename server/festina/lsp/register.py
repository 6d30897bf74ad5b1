"""Which LSP method goes to which function: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina.lsp import messages
from festina.lsp.features import (
    answering,
    code_action,
    code_lens,
    commands,
    previewing,
    step_lens,
    sync,
)
from festina.lsp.protocol import FestinaServer as Server

if TYPE_CHECKING:
    from festina.lsp.app import App


def register(app: App) -> None:
    """Wire every method. The functions take the App and the parameters; nothing is global."""
    feature = app.server.feature

    @feature(lsp.INITIALIZE)
    def initialize(ls: Server, params: lsp.InitializeParams) -> None:
        app.initialize(params)

    @feature(lsp.INITIALIZED)
    async def initialized(ls: Server, _: lsp.InitializedParams) -> None:
        await app.initialized()

    @feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(ls: Server, _: lsp.DidChangeConfigurationParams) -> None:
        app.reload()

    @feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_folders(ls: Server, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        app.change_folders(params.event)

    @feature(messages.TRUST)
    def trust(ls: Server, params: Any) -> None:
        if isinstance(params, Mapping) and isinstance(params.get("trusted"), bool):
            app.change_trust(trusted=params["trusted"])

    @feature(messages.CANDIDATE)
    def candidate(ls: Server, params: Any) -> dict[str, Any] | None:
        return previewing.candidate(app, params)

    _register_documents(app)
    _register_actions(app)


def _register_documents(app: App) -> None:
    feature = app.server.feature

    @feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
        sync.did_open(app, params)

    @feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
        sync.did_change(app, params)

    @feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def did_save(ls: Server, params: lsp.DidSaveTextDocumentParams) -> None:
        sync.did_save(app, params)

    @feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_files(ls: Server, params: lsp.DidChangeWatchedFilesParams) -> None:
        sync.files_changed(app, [change.uri for change in params.changes])

    @feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
        sync.did_close(app, params)


def _register_actions(app: App) -> None:
    feature = app.server.feature

    @feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(
            code_action_kinds=[messages.REWRITE, messages.QUICKFIX], resolve_provider=True
        ),
    )
    async def code_actions(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return await code_action.actions(app, params)

    @feature(lsp.CODE_ACTION_RESOLVE)
    async def resolve(ls: Server, action: lsp.CodeAction) -> lsp.CodeAction:
        return await code_action.resolve(app, action)

    @feature(lsp.TEXT_DOCUMENT_CODE_LENS, lsp.CodeLensOptions(resolve_provider=False))
    def lenses(ls: Server, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        uri = params.text_document.uri
        return [*code_lens.lenses(app, uri), *step_lens.lenses(app, uri)]

    @feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hover(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
        return await answering.hover(app, params)

    for name in messages.COMMANDS:
        _register_command(app, name)


def _register_command(app: App, name: str) -> None:
    @app.server.command(name)
    async def run(ls: Server, argument: dict[str, Any]) -> dict[str, Any]:
        return await commands.run(app, name, argument)
