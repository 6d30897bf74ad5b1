"""What the connected editor can do: resolved once from ``initialize``, then only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lsprotocol import types as lsp

from festina.text import Encoding

PREFERRED_ENCODING = Encoding.UTF16
"""What LSP 3.17 prescribes where a client declares nothing that we speak."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Client capabilities as flat booleans. Features ask these, never the nested originals.

    The defaults describe the poorest client there is.
    """

    encoding: Encoding = PREFERRED_ENCODING
    disabled_support: bool = False
    """``CodeAction.disabled`` is honoured; others would offer such an action as applicable."""
    is_preferred: bool = False
    resolve_edit: bool = False
    """``codeAction/resolve`` may deliver the edit, and ``data`` is handed back."""
    apply_edit: bool = False
    document_changes: bool = False
    change_annotations: bool = False
    code_lens_refresh: bool = False
    work_done_progress: bool = False
    progress_messages: bool = False
    """Whether each report of a progress is written down as a message."""
    messages_wait: bool = False
    """Whether each message stops the person until they press a key."""
    show_message_request: bool = False
    show_document: bool = False
    configuration: bool = False
    dynamic_configuration: bool = False
    """``workspace/didChangeConfiguration`` may, and must, be registered dynamically."""
    dynamic_watched_files: bool = False
    related_information: bool = False
    diagnostic_version: bool = False
    hover_markdown: bool = False
    plugin: bool = False
    """The client declares ``experimental.festina``: it has a Festina plugin."""
    proposals: bool = False
    """The plugin takes ``festina/proposal`` notifications."""
    status: bool = False
    """The plugin takes ``festina/status`` notifications."""
    answers: bool = False
    """The plugin takes ``festina/answer`` notifications, and shows them."""
    model: bool = False
    """The plugin takes ``festina/model`` notifications."""


def resolve(params: lsp.InitializeParams) -> Caps:
    """Flatten what a client declares, with what is known of clients that declare too little."""
    caps = params.capabilities
    text = caps.text_document or lsp.TextDocumentClientCapabilities()
    workspace = caps.workspace or lsp.WorkspaceClientCapabilities()
    window = caps.window or lsp.WindowClientCapabilities()
    action = text.code_action or lsp.CodeActionClientCapabilities()
    edit = workspace.workspace_edit or lsp.WorkspaceEditClientCapabilities()
    published = text.publish_diagnostics or lsp.PublishDiagnosticsClientCapabilities()
    lens = workspace.code_lens
    hover = text.hover or lsp.HoverClientCapabilities()
    plugin = _plugin(caps.experimental)
    name = params.client_info.name if params.client_info else ""
    version = (params.client_info.version or "") if params.client_info else ""
    known = name.lower()
    return Caps(
        encoding=_encoding(caps.general),
        disabled_support=bool(action.disabled_support),
        is_preferred=bool(action.is_preferred_support),
        resolve_edit=bool(action.data_support) and _resolves(action, "edit"),
        apply_edit=bool(workspace.apply_edit),
        # Neovim applies documentChanges, version check included, without declaring it.
        document_changes=bool(edit.document_changes) or known.startswith("neovim"),
        # Neovim 0.12 lists them after it has applied an edit, in a message that waits for a key.
        change_annotations=edit.change_annotation_support is not None
        and not known.startswith("neovim"),
        code_lens_refresh=bool(lens and lens.refresh_support),
        work_done_progress=bool(window.work_done_progress),
        # Neovim 0.12 does; older ones leave it to the person's own script.
        progress_messages=known.startswith("neovim"),
        # Neovim 0.11 adds a line end to each message, and so waits for a key.
        messages_wait=known.startswith("neovim") and version.startswith("0.11"),
        # Eglot answers showMessageRequest without declaring it.
        show_message_request=window.show_message is not None or known.startswith("emacs"),
        show_document=bool(window.show_document and window.show_document.support),
        configuration=bool(workspace.configuration),
        dynamic_configuration=_dynamic(workspace.did_change_configuration),
        dynamic_watched_files=_dynamic(workspace.did_change_watched_files),
        related_information=bool(published.related_information),
        diagnostic_version=bool(published.version_support),
        hover_markdown=lsp.MarkupKind.Markdown in (hover.content_format or ()),
        plugin=plugin is not None,
        proposals=bool(plugin and plugin.get("proposals") is True),
        status=bool(plugin and plugin.get("status") is True),
        answers=bool(plugin and plugin.get("answers") is True),
        model=bool(plugin and plugin.get("model") is True),
    )


def _encoding(general: lsp.GeneralClientCapabilities | None) -> Encoding:
    offered = (general.position_encodings if general else None) or ()
    for encoding in offered:
        try:
            return Encoding(str(getattr(encoding, "value", encoding)))
        except ValueError:
            continue
    return PREFERRED_ENCODING


def _resolves(action: lsp.CodeActionClientCapabilities, what: str) -> bool:
    support = action.resolve_support
    return support is not None and what in support.properties


def _dynamic(support: Any) -> bool:
    return bool(support and support.dynamic_registration)


def _plugin(experimental: object) -> Mapping[str, Any] | None:
    """Return the client's ``experimental.festina`` object, or None."""
    if not isinstance(experimental, Mapping):
        return None
    plugin = experimental.get("festina")
    return plugin if isinstance(plugin, Mapping) else None
