"""How each editor applies a ``WorkspaceEdit``, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from support.buffer import Buffer
from support.presets import Preset, Stale

Changes = list[lsp.DidChangeTextDocumentParams]


def apply_edit(
    preset: Preset, buffers: Mapping[str, Buffer], edit: lsp.WorkspaceEdit
) -> tuple[bool, Changes]:
    """Apply an edit to open buffers, one undo step each.

    Returns:
        What the editor says (applied or not), and what it is going to notify the server of.

    Raises:
        JsonRpcException: the editor answers with an error.
        AssertionError: the edit holds something that the editor did not declare to understand.
    """
    documents = _documents(preset, buffers, edit)
    stale = [
        buffer
        for buffer, version, _ in documents
        if version is not None and _is_stale(preset, buffer, version)
    ]
    if stale and preset.stale is Stale.ERROR:
        raise JsonRpcException("Invalid edits: the document has another version", -32603)
    if stale and preset.stale is Stale.REFUSE:
        return False, []
    changes = []
    for buffer, _, edits in documents:
        if buffer not in stale:
            events = buffer.edit(edits, preset.encoding, change_per_edit=preset.change_per_edit)
            changes.append(did_change(buffer, events))
    return True, changes


def did_change(
    buffer: Buffer, events: Sequence[lsp.TextDocumentContentChangeEvent]
) -> lsp.DidChangeTextDocumentParams:
    """Return the notification of changes that led to the buffer's version."""
    identifier = lsp.VersionedTextDocumentIdentifier(uri=buffer.uri, version=buffer.version)
    return lsp.DidChangeTextDocumentParams(identifier, list(events))


def _documents(
    preset: Preset, buffers: Mapping[str, Buffer], edit: lsp.WorkspaceEdit
) -> list[tuple[Buffer, int | None, list[lsp.TextEdit]]]:
    if edit.document_changes is None:
        return [(buffers[uri], None, list(edits)) for uri, edits in (edit.changes or {}).items()]
    neovim = preset.name.startswith("neovim")  # applies what it does not declare
    assert neovim or preset.can("workspace.workspaceEdit.documentChanges")
    found = []
    for change in edit.document_changes:
        assert isinstance(change, lsp.TextDocumentEdit)
        for one in change.edits:
            if isinstance(one, lsp.AnnotatedTextEdit):
                assert preset.can("workspace.workspaceEdit.changeAnnotationSupport")
                assert one.annotation_id in (edit.change_annotations or {})
        identifier = change.text_document
        found.append((buffers[identifier.uri], identifier.version, list(change.edits)))
    return found


def _is_stale(preset: Preset, buffer: Buffer, version: int) -> bool:
    if preset.stale is Stale.SKIP:
        return version < buffer.version  # Neovim applies edits for later versions
    return version != buffer.version
