"""The way to the editor: what is sent, what is left out, and what silence means."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from lsprotocol import types as lsp

from festina.lsp import client as client_module
from festina.lsp import protocol
from festina.lsp.capabilities import Caps
from festina.lsp.client import Applied, Client
from support.wire import Message, Wire, notification

ALL = Caps(
    **{
        field.name: True
        for field in dataclasses.fields(Caps)
        if field.type == "bool"  # the annotations are strings
    }
)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire(protocol.create("client", "0"))
    await wire.initialize()
    wire.sent.clear()
    yield wire
    await wire.close()


@pytest.fixture
def client(wire: Wire) -> Client:
    return Client(wire.server.protocol, ALL)


@pytest.fixture
def poor(wire: Wire) -> Client:
    return Client(wire.server.protocol, Caps())


async def asked(wire: Wire, method: str) -> Message:
    return await wire.until(lambda m: m.get("method") == method)


def answer(wire: Wire, message: Message, result: Any) -> None:
    wire.send({"jsonrpc": "2.0", "id": message["id"], "result": result})


def refuse(wire: Wire, message: Message) -> None:
    error = {"code": -32601, "message": "no such thing"}
    wire.send({"jsonrpc": "2.0", "id": message["id"], "error": error})


def shown(wire: Wire) -> list[tuple[Any, ...]]:
    """Return kind, message and percentage of all progress so far."""
    values = [m["params"]["value"] for m in wire.sent if m["method"] == "$/progress"]
    return [(v["kind"], v.get("message"), v.get("percentage")) for v in values]


# -- progress -------------------------------------------------------------------------------


async def test_progress_is_shown_once_the_editor_agrees(wire: Wire, client: Client) -> None:
    progress = client.progress("working", message="a", on_cancel=lambda: None)
    progress.report("b", 10)
    create = await asked(wire, "window/workDoneProgress/create")
    assert shown(wire) == []
    answer(wire, create, None)
    begin = await asked(wire, "$/progress")
    assert begin["params"]["value"]["title"] == "working"
    assert begin["params"]["value"]["cancellable"] is True
    progress.report("c")
    progress.report(percentage=5)
    progress.report(percentage=250)
    progress.end("d")
    progress.end("e")
    progress.report("f")
    assert shown(wire) == [
        ("begin", "b", 10),
        ("report", "c", 10),
        ("report", "c", 10),
        ("report", "c", 100),
        ("end", "d", None),
    ]


async def test_cancel_button_works_once_and_leaves_nothing_behind(
    wire: Wire, client: Client
) -> None:
    pressed: list[str] = []
    first = client.progress("first", on_cancel=lambda: pressed.append("first"))
    second = client.progress("second", on_cancel=lambda: pressed.append("second"))
    create = await asked(wire, "window/workDoneProgress/create")
    press = notification("window/workDoneProgress/cancel", {"token": create["params"]["token"]})
    wire.send(press, press)
    second.end()
    first.end()
    assert pressed == ["first"]
    assert wire.server.protocol.cancel_callbacks == {}


async def test_progress_that_ended_before_the_editor_agreed_is_never_shown(
    wire: Wire, client: Client
) -> None:
    progress = client.progress("working")
    create = await asked(wire, "window/workDoneProgress/create")
    progress.end()
    answer(wire, create, None)
    await asyncio.gather(*client._tasks)
    assert shown(wire) == []


async def test_progress_that_the_editor_refuses_is_not_shown(wire: Wire, client: Client) -> None:
    progress = client.progress("working", on_cancel=lambda: None)
    refuse(wire, await asked(wire, "window/workDoneProgress/create"))
    await asyncio.gather(*client._tasks)
    progress.report("a")
    progress.end()
    assert shown(wire) == []
    assert wire.server.protocol.cancel_callbacks == {}


async def test_progress_without_support_sends_nothing(wire: Wire, poor: Client) -> None:
    progress = poor.progress("working", on_cancel=lambda: None)
    progress.report("a", 1)
    progress.end()
    assert wire.sent == []


# -- asking ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "expected"),
    [({"title": "yes"}, "yes"), ({"title": "other"}, None), (None, None), ({"no": 1}, None)],
)
async def test_ask(wire: Wire, client: Client, result: Any, expected: str | None) -> None:
    asking = asyncio.ensure_future(client.ask("sure?", ["yes", "no"]))
    message = await asked(wire, "window/showMessageRequest")
    assert [action["title"] for action in message["params"]["actions"]] == ["yes", "no"]
    answer(wire, message, result)
    assert await asking == expected


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ([{"a": {"b": [1]}}], {"a": {"b": [1]}}),
        ([None], None),
        ([], None),
        (None, None),
        (["text"], None),
        ({}, None),
    ],
)
async def test_configuration(wire: Wire, client: Client, result: Any, expected: Any) -> None:
    asking = asyncio.ensure_future(client.configuration("festina", "file:///w"))
    message = await asked(wire, "workspace/configuration")
    assert message["params"] == {"items": [{"section": "festina", "scopeUri": "file:///w"}]}
    answer(wire, message, result)
    assert await asking == expected


EDIT = lsp.WorkspaceEdit(changes={})


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"applied": True}, Applied(ok=True)),
        ({"applied": False, "failureReason": "stale"}, Applied(ok=False, reason="stale")),
        (None, Applied(ok=False, reason="the editor's answer is ill-formed")),
    ],
)
async def test_apply_edit(wire: Wire, client: Client, result: Any, expected: Applied) -> None:
    applying = asyncio.ensure_future(client.apply_edit(EDIT, "label"))
    message = await asked(wire, "workspace/applyEdit")
    assert message["params"] == {"label": "label", "edit": {"changes": {}}}
    answer(wire, message, result)
    assert await applying == expected


async def test_apply_edit_that_is_refused(wire: Wire, client: Client) -> None:
    applying = asyncio.ensure_future(client.apply_edit(EDIT, "label"))
    refuse(wire, await asked(wire, "workspace/applyEdit"))
    assert await applying == Applied(ok=False, reason="no such thing")


async def test_show_document(wire: Wire, client: Client) -> None:
    showing = asyncio.ensure_future(client.show_document("file:///a", take_focus=False))
    message = await asked(wire, "window/showDocument")
    assert message["params"] == {"uri": "file:///a", "takeFocus": False, "external": False}
    answer(wire, message, {"success": True})
    assert await showing is True


@pytest.mark.parametrize(
    ("result", "expected"), [({"key": "k"}, "k"), ({"key": ""}, None), ({}, None), (7, None)]
)
async def test_key(wire: Wire, client: Client, result: Any, expected: str | None) -> None:
    asking = asyncio.ensure_future(client.key("https://x"))
    message = await asked(wire, "festina/key")
    assert message["params"] == {"origin": "https://x"}
    answer(wire, message, result)
    assert await asking == expected


async def test_silence_is_a_no(wire: Wire, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "ANSWER_SECONDS", 0.01)
    assert await client.configuration("festina") is None
    assert await client.show_document("file:///a") is False
    told = [m for m in wire.sent if m["method"] == "$/cancelRequest"]
    assert len(told) == 2


async def test_poor_client_is_asked_nothing(wire: Wire, poor: Client) -> None:
    assert await poor.ask("sure?", ["yes"]) is None
    assert await poor.configuration("festina") is None
    assert await poor.show_document("file:///a") is False
    assert await poor.key("https://x") is None
    assert (await poor.apply_edit(EDIT, "label")).ok is False
    await poor.register_configuration("festina")
    poor.refresh_lenses()
    poor.notify_proposal({"proposal": "p1"})
    assert wire.sent == []


# -- telling --------------------------------------------------------------------------------


async def test_notifications(wire: Wire, client: Client, poor: Client) -> None:
    client.show_message("hello", lsp.MessageType.Warning)
    client.log("noted")
    client.notify_proposal({"proposal": "p1", "text": "x"})
    zero = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
    diagnostics = [lsp.Diagnostic(zero, "m")]
    client.publish_diagnostics("file:///a", diagnostics, 3)
    poor.publish_diagnostics("file:///a", [], 3)
    assert [(m["method"], m["params"]) for m in wire.sent] == [
        ("window/showMessage", {"type": 2, "message": "hello"}),
        ("window/logMessage", {"type": 4, "message": "noted"}),
        ("festina/proposal", {"proposal": "p1", "text": "x"}),
        (
            "textDocument/publishDiagnostics",
            {
                "uri": "file:///a",
                "version": 3,
                "diagnostics": [
                    {
                        "range": {
                            "start": {"line": 0, "character": 0},
                            "end": {"line": 0, "character": 0},
                        },
                        "message": "m",
                    }
                ],
            },
        ),
        ("textDocument/publishDiagnostics", {"uri": "file:///a", "diagnostics": []}),
    ]


async def test_message_without_params_has_none(wire: Wire, client: Client) -> None:
    client.notify("test/note", None)
    client.refresh_lenses()
    await asked(wire, "workspace/codeLens/refresh")
    assert [sorted(message) for message in wire.sent] == [
        ["jsonrpc", "method"],
        ["id", "jsonrpc", "method"],
    ]


async def test_registration_and_refresh(wire: Wire, client: Client) -> None:
    registering = asyncio.ensure_future(client.register_configuration("festina"))
    message = await asked(wire, "client/registerCapability")
    (registration,) = message["params"]["registrations"]
    assert registration["method"] == "workspace/didChangeConfiguration"
    assert registration["registerOptions"] == {"section": "festina"}
    refuse(wire, message)
    await registering
    client.refresh_lenses()
    answer(wire, await asked(wire, "workspace/codeLens/refresh"), None)
    await asyncio.gather(*client._tasks)


async def test_a_cancel_button_that_fails_is_survived(
    wire: Wire, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    client.progress("working", on_cancel=fails)
    created = await wire.until(lambda m: m.get("method") == "window/workDoneProgress/create")
    token = created["params"]["token"]
    wire.send(notification("window/workDoneProgress/cancel", {"token": token}))
    assert "ZeroDivisionError" in caplog.text


async def test_files_are_watched_where_that_is_offered(wire: Wire, client: Client) -> None:
    asking = asyncio.create_task(client.register_watched_files(["**/*.py"]))
    message = await wire.until(lambda m: m.get("method") == "client/registerCapability")
    (registration,) = message["params"]["registrations"]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    assert registration["registerOptions"] == {"watchers": [{"globPattern": "**/*.py"}]}
    wire.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
    await asking
