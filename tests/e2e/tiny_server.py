"""A server that does nothing but what the test harness needs to be tested itself."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from festina.documents import Change, Document, Documents
from festina.lsp import convert, protocol
from festina.text import Text

Server = protocol.FestinaServer


def create() -> Server:  # noqa: C901 - a list of small handlers
    server = protocol.create("tiny", "0")
    documents = Documents()

    def document(uri: str) -> Document:
        found = documents.get(uri)
        assert found is not None
        return found

    def edit_of(uri: str, version: int | None = None) -> lsp.WorkspaceEdit:
        """Replace the first line and append one."""
        here = document(uri)
        edits = [
            lsp.TextEdit(convert.line_range(here.text, 0, 1, server.caps.encoding), "first\n"),
            lsp.TextEdit(convert.line_range(here.text, 99, 99, server.caps.encoding), "last\n"),
        ]
        at = here.version if version is None else version
        annotation = convert.Annotation("tiny", "nothing was checked")
        return convert.workspace_edit(
            [convert.DocumentEdits(uri, at, edits)], server.caps, annotation
        )

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        path = convert.to_path(item.uri)
        documents.open(Document(item.uri, path, item.language_id, item.version, Text(item.text)))
        zero = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        ls.client.publish_diagnostics(item.uri, [lsp.Diagnostic(zero, "opened")], item.version)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
        changes = [
            Change(convert.from_range(change.range), change.text)
            if isinstance(change, lsp.TextDocumentContentChangePartial)
            else Change(None, change.text)
            for change in params.content_changes
        ]
        item = params.text_document
        documents.change(item.uri, item.version, changes, ls.caps.encoding)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
        documents.close(params.text_document.uri)

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(
            code_action_kinds=[lsp.CodeActionKind.RefactorRewrite], resolve_provider=True
        ),
    )
    def code_action(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        kind = lsp.CodeActionKind.RefactorRewrite
        ready = lsp.CodeAction(title="edit", kind=kind, data={"uri": uri})
        if not ls.caps.resolve_edit:
            ready = lsp.CodeAction(title="edit", kind=kind, edit=edit_of(uri))
        if not ls.caps.disabled_support:
            return [ready]
        reason = lsp.CodeActionDisabled(reason="not yet")
        return [ready, lsp.CodeAction(title="not yet", kind=kind, disabled=reason)]

    @server.feature(lsp.CODE_ACTION_RESOLVE)
    def resolve(ls: Server, action: lsp.CodeAction) -> lsp.CodeAction:
        action.edit = edit_of(action.data["uri"])
        return action

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    def lenses(ls: Server, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        zero = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        command = lsp.Command(title="text", command="tiny.text", arguments=[{}])
        return [lsp.CodeLens(range=zero, command=command)]

    @server.command("tiny.text")
    def text(ls: Server, argument: dict[str, Any]) -> dict[str, Any]:
        return {item.uri: [item.version, item.text.content] for item in documents}

    @server.command("tiny.apply")
    async def apply(ls: Server, argument: dict[str, Any]) -> list[Any]:
        edit = edit_of(argument["uri"], argument.get("version"))
        answer = await ls.client.apply_edit(edit, "tiny")
        return [answer.ok, answer.reason]

    @server.command("tiny.ask")
    async def ask(ls: Server, argument: dict[str, Any]) -> str | None:
        return await ls.client.ask("which?", ["this", "that"])

    @server.command("tiny.talk")
    async def talk(ls: Server, argument: dict[str, Any]) -> Any:
        ls.client.show_message("hello")
        ls.client.notify_proposal({"proposal": "p1", "state": "ready", "text": argument["text"]})
        ls.client.refresh_lenses()
        await ls.client.register_configuration("festina")
        key = await ls.client.key("https://example.org")
        return [await ls.client.configuration("festina"), key]

    @server.command("tiny.work")
    async def work(ls: Server, argument: dict[str, Any]) -> str:
        """Work until cancelled; at once where nobody could cancel."""
        cancelled = asyncio.Event()
        progress = ls.client.progress("working", message="m", on_cancel=cancelled.set)
        progress.report(percentage=50)
        if ls.caps.work_done_progress:
            await cancelled.wait()
        progress.end("done")
        return "cancelled"

    @server.command("tiny.write")
    def write(ls: Server, argument: dict[str, Any]) -> None:
        Path(argument["path"]).write_text("written by the server")

    @server.command("tiny.environment")
    def environment(ls: Server, argument: dict[str, Any]) -> dict[str, str]:
        return dict(os.environ)

    return server


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    sys.exit(protocol.run_stdio(create()))
