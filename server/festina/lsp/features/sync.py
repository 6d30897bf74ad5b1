"""Documents: open, change, save, close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina.documents import Change, Document
from festina.lsp import convert
from festina.text import Text
from festina.verify_file import NAME

if TYPE_CHECKING:
    from festina.lsp.app import App

CONFIGURATION_FILES = ("pyproject.toml", "festina.toml", NAME)
WATCHED = ("**/*.py", "**/*.toml", "**/*.ini", "**/*.cfg", f"**/{NAME}")
"""Files that verdicts and settings rest on, and that somebody else may change: git, a formatter."""


def did_open(app: App, params: lsp.DidOpenTextDocumentParams) -> None:
    """Take a document under our care."""
    item = params.text_document
    document = Document(
        uri=item.uri,
        path=convert.to_path(item.uri),
        language=item.language_id,
        version=item.version,
        text=Text(item.text),
    )
    before = app.session.documents.get(item.uri)
    app.session.documents.open(document)
    app.adopt(document)
    app.saving.opened(document)
    app.skill_running.shelf.opened(document)
    app.planning.changed(document)
    if before is not None:  # opened again without being closed: a change like any other
        app.accepted.moved(item.uri, (before.text, document.text))
        app.lifecycle.document_changed(before.text, document)
        app.asking.moved(item.uri, (before.text, document.text))
    app.journaling.opened(document)
    app.checked.look(document)


def did_change(app: App, params: lsp.DidChangeTextDocumentParams) -> None:
    """Apply the changes, and keep the proposals in step."""
    uri, version = params.text_document.uri, params.text_document.version
    before = app.session.documents.get(uri)
    if before is None:
        return
    between = []
    after = before
    for change in params.content_changes:  # one at a time, which is what they rebase best by
        between.append(after.text)
        after = _changed(app, uri, version, [_change(change)])
    if not between:
        after = _changed(app, uri, version, [])
    texts = (before.text, *between[1:], after.text)
    app.accepted.moved(uri, texts)  # first: what this change applies is where it is then
    app.lifecycle.document_changed(before.text, after, between[1:])
    app.asking.moved(uri, texts)
    app.journaling.moved(after)
    app.checked.look(after)
    app.planning.changed(after)


def _changed(app: App, uri: str, version: int, changes: list[Change]) -> Document:
    document = app.session.documents.change(uri, version, changes, app.caps.encoding)
    assert document is not None
    return document


def did_save(app: App, params: lsp.DidSaveTextDocumentParams) -> None:
    """Another file on disk: verdicts that rested on it, and settings, are looked at again."""
    uri = params.text_document.uri
    files_changed(app, [uri])
    app.journaling.left_alone(uri)
    if (document := app.session.documents.get(uri)) is not None:
        app.saving.saved(document)
        app.progress_log.saved(document)
        app.planning.saved(document)


def files_changed(app: App, uris: Sequence[str]) -> None:
    """Files changed on disk: what rests on them is looked at again."""
    app.saving.changed_elsewhere(uris)
    app.lifecycle.workspace_changed(uris[0] if len(uris) == 1 else "")
    if any(uri.rsplit("/", 1)[-1] in CONFIGURATION_FILES for uri in uris):
        app.reload()


def did_close(app: App, params: lsp.DidCloseTextDocumentParams) -> None:
    """End the document's proposals and clear what was shown in it."""
    uri = params.text_document.uri
    app.accepting.closed(uri)
    app.accepted.closed(uri)
    app.skill_running.shelf.closing(uri)  # first: what was not decided is not to be lost
    app.lifecycle.document_closed(uri)
    app.journaling.left_alone(uri)
    app.checked.closed(uri)
    app.asking.closed(uri)
    app.planning.seen.closed(uri)
    if (document := app.session.documents.close(uri)) is not None:
        app.saving.closed(document)
        app.progress_log.closed(document)
    app.board.now(uri)


def _change(change: lsp.TextDocumentContentChangeEvent) -> Change:
    if isinstance(change, lsp.TextDocumentContentChangePartial):
        return Change(convert.from_range(change.range), change.text)
    return Change(None, change.text)
