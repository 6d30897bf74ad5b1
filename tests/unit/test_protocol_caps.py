"""What is made of the capabilities that real editors declare."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter

from festina.lsp import lenient, protocol
from festina.lsp.capabilities import Caps, resolve
from festina.text import Encoding
from support.presets import (
    EMACS,
    HELIX,
    MINIMAL,
    NEOVIM_10,
    NEOVIM_11,
    VSCODE,
    VSCODE_PLUGIN,
    Preset,
)
from support.wire import Wire

CONVERTER = get_converter()


def caps_of(sent: dict[str, Any]) -> Caps:
    return resolve(lenient.initialize_params(CONVERTER, sent))


def test_client_that_declares_nothing_can_nothing() -> None:
    assert caps_of({"capabilities": {}}) == Caps()


@pytest.mark.parametrize(
    ("version", "wait"), [("0.10.4", False), ("0.11.4", True), ("0.12.4", False)]
)
def test_neovim_is_spared_what_makes_it_wait_for_a_key(version: str, wait: bool) -> None:
    edit = {"documentChanges": True, "changeAnnotationSupport": {"groupsOnLabel": False}}
    sent = {"capabilities": {"workspace": {"workspaceEdit": edit}}}
    assert caps_of(sent).change_annotations
    caps = caps_of({**sent, "clientInfo": {"name": "Neovim", "version": version}})
    assert not caps.change_annotations
    assert caps.messages_wait is wait


TRUE = {
    VSCODE.name: {
        "apply_edit",
        "change_annotations",
        "code_lens_refresh",
        "configuration",
        "disabled_support",
        "document_changes",
        "dynamic_configuration",
        "dynamic_watched_files",
        "hover_markdown",
        "is_preferred",
        "related_information",
        "resolve_edit",
        "show_document",
        "show_message_request",
        "work_done_progress",
    },
    NEOVIM_10.name: {
        "progress_messages",
        "apply_edit",
        "configuration",
        "document_changes",
        "hover_markdown",
        "is_preferred",
        "related_information",
        "resolve_edit",
        "show_document",
        "show_message_request",
        "work_done_progress",
    },
    EMACS.name: {
        "apply_edit",
        "configuration",
        "document_changes",
        "dynamic_watched_files",
        "hover_markdown",
        "is_preferred",
        "show_message_request",
        "work_done_progress",
    },
    HELIX.name: {
        "apply_edit",
        "configuration",
        "diagnostic_version",
        "disabled_support",
        "document_changes",
        "dynamic_configuration",
        "dynamic_watched_files",
        "hover_markdown",
        "is_preferred",
        "resolve_edit",
        "show_document",
        "show_message_request",
        "work_done_progress",
    },
    MINIMAL.name: {"related_information"},
}
TRUE[VSCODE_PLUGIN.name] = TRUE[VSCODE.name] | {"plugin", "proposals"}
TRUE[NEOVIM_11.name] = TRUE[NEOVIM_10.name] | {"messages_wait"}


@pytest.mark.parametrize(
    ("preset", "encoding"),
    [
        (VSCODE, Encoding.UTF16),
        (VSCODE_PLUGIN, Encoding.UTF16),
        (NEOVIM_10, Encoding.UTF16),
        (NEOVIM_11, Encoding.UTF8),
        (EMACS, Encoding.UTF32),
        (HELIX, Encoding.UTF8),
        (MINIMAL, Encoding.UTF16),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_editor(preset: Preset, encoding: Encoding) -> None:
    caps = caps_of(preset.load())
    declared = {field for field, value in dataclasses.asdict(caps).items() if value is True}
    assert declared == TRUE[preset.name]
    assert caps.encoding == encoding


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-7", "utf-32", "utf-8"], "utf-32"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-7"], "utf-16"),
    ],
)
async def test_position_encoding_is_the_clients_first_that_we_speak(
    offered: list[str] | None, chosen: str
) -> None:
    wire = Wire(protocol.create("encoding", "0"))
    general = {} if offered is None else {"general": {"positionEncodings": offered}}
    answer = await wire.initialize(general)
    assert answer["result"]["capabilities"]["positionEncoding"] == chosen
    assert wire.server.caps.encoding == chosen
    await wire.close()


@pytest.mark.parametrize(
    ("experimental", "plugin", "proposals"),
    [
        ({"festina": {"proposals": True}}, True, True),
        ({"festina": {"proposals": "yes"}}, True, False),
        ({"festina": {}}, True, False),
        ({"festina": True}, False, False),
        ({"other": 1}, False, False),
        ([1], False, False),
        (None, False, False),
    ],
)
def test_plugin(experimental: Any, plugin: bool, proposals: bool) -> None:
    caps = caps_of({"capabilities": {"experimental": experimental}})
    assert (caps.plugin, caps.proposals) == (plugin, proposals)


def test_resolve_needs_data_support() -> None:
    action: dict[str, Any] = {"resolveSupport": {"properties": ["edit"]}}
    sent = {"capabilities": {"textDocument": {"codeAction": action}}}
    assert caps_of(sent).resolve_edit is False
    action["dataSupport"] = True
    assert caps_of(sent).resolve_edit is True
    action["resolveSupport"]["properties"] = ["command"]
    assert caps_of(sent).resolve_edit is False


# -- leniency -------------------------------------------------------------------------------


def test_only_what_cannot_be_read_is_left_out() -> None:
    sent = copy.deepcopy(VSCODE_PLUGIN.load())
    action = sent["capabilities"]["textDocument"]["codeAction"]
    action["tagSupport"]["valueSet"] = [4711, 1]
    sent["capabilities"]["textDocument"]["codeLens"] = 7
    sent["capabilities"]["window"] = 7
    sent["clientInfo"] = {"version": 3}
    sent["processId"] = "none"
    sent["workspaceFolders"] = [{"uri": "file:///w", "name": "w"}, {"uri": 5}]
    params = lenient.initialize_params(CONVERTER, sent)
    declared = {f for f, value in dataclasses.asdict(resolve(params)).items() if value is True}
    lost = {"code_lens", "show_document", "show_message_request", "work_done_progress"}
    assert declared == TRUE[VSCODE_PLUGIN.name] - lost
    assert params.process_id is None
    assert [folder.uri for folder in params.workspace_folders] == ["file:///w"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.data())
def test_any_damage_to_a_capability_is_survived(data: st.DataObject) -> None:
    sent = copy.deepcopy(HELIX.load())
    for _ in range(data.draw(st.integers(1, 3))):
        value: Any = sent["capabilities"]
        while True:
            key = data.draw(st.sampled_from(sorted(value)))
            if not isinstance(value[key], dict) or not value[key] or data.draw(st.booleans()):
                value[key] = data.draw(JSON)
                break
            value = value[key]
    assert isinstance(lenient.initialize_params(CONVERTER, sent), lsp.InitializeParams)
