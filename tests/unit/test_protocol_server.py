"""How our server handles messages: order, cancellation, commands, and what it refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcContentModified

from festina.lsp import protocol
from support import protocol_server
from support.wire import Wire, frame, notification, request


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire(protocol_server.ours())
    yield wire
    await wire.close()


# -- cancellation ---------------------------------------------------------------------------


async def test_cancelled_request_is_answered_as_such(wire: Wire) -> None:
    await wire.initialize()
    wire.send(request(1, "test/slow"))
    await wire.flush()
    assert (await wire.call("test/started"))["result"] == [1]
    wire.send(notification("$/cancelRequest", {"id": 1}))
    assert (await wire.response(1))["error"]["code"] == -32800


async def test_request_cancelled_before_it_began_never_begins(wire: Wire) -> None:
    await wire.initialize()
    wire.send(request("a", "test/slow"), notification("$/cancelRequest", {"id": "a"}))
    assert (await wire.response("a"))["error"]["code"] == -32800
    assert (await wire.call("test/started"))["result"] == []


@pytest.mark.parametrize("params", [{"id": 7}, {"id": None}, {}, None, {"id": {}}, [1], 1])
async def test_cancelling_nothing_is_harmless(wire: Wire, params: Any) -> None:
    await wire.initialize()
    wire.send(notification("$/cancelRequest", params))
    await wire.flush()
    assert wire.answers(None) == []


async def test_shutdown_cannot_be_cancelled_and_cancels_the_rest(wire: Wire) -> None:
    await wire.initialize()
    wire.send(request(1, "test/slow"))
    await wire.flush()
    wire.send(request(2, "shutdown"), notification("$/cancelRequest", {"id": 2}))
    assert (await wire.response(2))["result"] is None
    assert (await wire.response(1))["error"]["code"] == -32800


async def test_id_of_a_request_under_way_cannot_be_used_again(wire: Wire) -> None:
    await wire.initialize()
    wire.send(request(1, "test/slow"), request(1, "test/ping"))
    assert (await wire.response(1))["error"]["code"] == -32600
    wire.send(request(2, "test/ping"))
    await wire.response(2)
    wire.send(request(2, "test/ping"))
    await wire.flush()
    assert [m["result"] for m in wire.answers(2)] == ["pong", "pong"]


# -- order ----------------------------------------------------------------------------------


async def test_handlers_see_the_state_that_their_message_meant() -> None:
    server = protocol.create("order", "0")
    state = {"version": 0}
    seen: list[tuple[int, int]] = []

    @server.feature("test/change")
    def change(ls: Any, params: Any) -> None:
        state["version"] = params["version"]

    @server.feature("test/read")
    async def read(ls: Any, params: Any) -> None:
        before = state["version"]
        await asyncio.sleep(0)
        seen.append((params["meant"], before))

    wire = Wire(server)
    await wire.initialize()
    for version in range(1, 20):
        wire.send(notification("test/change", {"version": version}))
        wire.send(request(version, "test/read", {"meant": version}))
    await wire.response(19)
    await wire.close()
    assert seen == [(version, version) for version in range(1, 20)]


# -- commands -------------------------------------------------------------------------------


@pytest.fixture
async def commands() -> AsyncIterator[Wire]:
    server = protocol.create("commands", "0")

    @server.command("test.echo")
    async def echo(ls: protocol.FestinaServer, argument: dict[str, Any]) -> Any:
        return {"ls": ls is server, "argument": argument}

    @server.command("test.stale")
    async def stale(ls: protocol.FestinaServer, argument: dict[str, Any]) -> Any:
        raise JsonRpcContentModified("the document has changed")

    @server.command("test.nan")
    def nan(ls: protocol.FestinaServer, argument: dict[str, Any]) -> Any:
        return float("nan")

    wire = Wire(server)
    await wire.initialize()
    yield wire
    await wire.close()


@pytest.mark.parametrize("arguments", [[{"uri": "x", "deep": [{"a": None}]}], [{}], [], None])
async def test_command_takes_one_plain_object(commands: Wire, arguments: Any) -> None:
    params = {"command": "test.echo"} | ({} if arguments is None else {"arguments": arguments})
    answer = await commands.call("workspace/executeCommand", params)
    wanted = arguments[0] if arguments else {}
    assert answer["result"] == {"ls": True, "argument": wanted}


@pytest.mark.parametrize(
    "params",
    [
        {"command": "test.echo", "arguments": ["text"]},
        {"command": "test.echo", "arguments": [{}, {}]},
        {"command": "test.nobody", "arguments": [{}]},
        {"arguments": [{}]},
    ],
)
async def test_command_that_makes_no_sense_is_refused(commands: Wire, params: Any) -> None:
    answer = await commands.call("workspace/executeCommand", params)
    assert answer["error"]["code"] == -32602


async def test_handler_chooses_its_error(commands: Wire) -> None:
    answer = await commands.call("workspace/executeCommand", {"command": "test.stale"})
    assert answer["error"] == {"code": -32801, "message": "the document has changed"}


async def test_result_that_is_no_json_is_an_error(commands: Wire) -> None:
    answer = await commands.call("workspace/executeCommand", {"command": "test.nan"})
    assert answer["error"]["code"] == -32603


# -- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "number", "code"),
    [
        (request(1, "test/nobody"), 1, -32601),
        (request(1, "$/nobody"), 1, -32601),
        (request(1, "textDocument/didOpen", {}), 1, -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "test/ping"}, 1, -32600),
        ({"id": 1, "method": "test/ping"}, 1, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": 5}, 1, -32600),
        ({"jsonrpc": "2.0", "id": None, "method": "test/ping"}, None, -32600),
        ({"jsonrpc": "2.0", "id": True, "method": "test/ping"}, None, -32600),
        ({"jsonrpc": "2.0", "id": {}, "method": "test/ping"}, None, -32600),
        ({"jsonrpc": "2.0", "id": 1}, None, -32600),
        ([request(1, "test/ping")], None, -32600),
        (7, None, -32600),
        (None, None, -32700),
    ],
)
async def test_refused_request(wire: Wire, message: Any, number: Any, code: int) -> None:
    await wire.initialize()
    wire.send_bytes(frame(message))
    assert (await wire.response(number))["error"]["code"] == code
    await wire.flush()


@pytest.mark.parametrize(
    "message",
    [
        notification("$/nobody", {"a": 1}),
        notification("test/nobody"),
        notification("textDocument/didOpen", {"textDocument": 5}),
        notification("textDocument/codeAction", {}),
        notification("shutdown"),
        notification("window/workDoneProgress/cancel", {"token": "unknown"}),
        notification("window/workDoneProgress/cancel"),
        {"jsonrpc": "1.0", "method": "test/ping"},
        {"jsonrpc": "2.0", "method": None},
        {"jsonrpc": "2.0", "id": 4711, "result": None},
        {"jsonrpc": "2.0", "id": None, "error": {"code": -1, "message": "?"}},
        {"jsonrpc": "2.0", "id": [], "error": None},
    ],
)
async def test_ignored_message(wire: Wire, message: Any) -> None:
    await wire.initialize()
    seen = len(wire.sent)
    wire.send(message)
    await wire.flush()
    assert len(wire.sent) == seen + 1  # the answer of flush alone


SCALAR = st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text(max_size=3)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
METHOD = st.sampled_from(
    [
        "initialize",
        "initialized",
        "textDocument/didOpen",
        "textDocument/didChange",
        "textDocument/codeAction",
        "workspace/executeCommand",
        "window/workDoneProgress/cancel",
        "$/cancelRequest",
        "$/setTrace",
        "test/echo",
    ]
)
MESSAGE = VALUE | st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | VALUE,
        "id": st.integers(0, 2) | VALUE,
        "method": METHOD | VALUE,
        "params": VALUE,
        "result": VALUE,
        "error": VALUE,
    },
)


@given(st.lists(MESSAGE, max_size=6))
def test_server_survives_any_message_and_answers_the_next(messages: list[Any]) -> None:
    async def session() -> None:
        wire = Wire(protocol_server.ours())
        await wire.initialize()
        for message in messages:
            wire.send_bytes(frame(message))
        await wire.flush()
        await wire.close()

    asyncio.run(session())


async def test_notifications_before_initialize_and_after_shutdown_are_dropped() -> None:
    server = protocol.create("phases", "0")
    seen: list[str] = []

    @server.feature("test/note")
    def note(ls: Any, params: str) -> None:
        seen.append(params)

    wire = Wire(server)
    wire.send(notification("test/note", "early"))
    await wire.initialize()
    wire.send(notification("test/note", "in time"))
    await wire.call("shutdown")
    wire.send(notification("test/note", "late"))
    await wire.close()
    assert seen == ["in time"]


async def test_initialize_that_fails_can_be_tried_again() -> None:
    server = protocol.create("again", "0")
    failures = [ValueError("once")]

    @server.feature(lsp.INITIALIZE)
    async def initialize(ls: Any, params: Any) -> None:
        if failures:
            raise failures.pop()

    wire = Wire(server)
    assert (await wire.initialize())["error"]["code"] == -32603
    assert "result" in await wire.initialize()
    await wire.close()


def test_handlers_in_threads_are_refused() -> None:
    with pytest.raises(TypeError, match="to_thread"):
        protocol.create("threads", "0").thread()


# -- shutdown hooks -------------------------------------------------------------------------


async def test_hooks_run_once_last_one_first_whatever_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = protocol.create("hooks", "0")
    ran: list[str] = []

    async def first() -> None:
        ran.append("first")

    async def broken() -> None:
        ran.append("broken")
        raise ValueError(protocol_server.SECRET)

    server.on_shutdown(first)
    server.on_shutdown(broken)
    wire = Wire(server)
    await wire.initialize()
    await wire.call("shutdown")
    assert ran == ["broken", "first"]
    await server.run_shutdown_hooks()
    assert ran == ["broken", "first"]
    assert "ValueError" in caplog.text
    assert protocol_server.SECRET not in caplog.text
    await wire.close()


async def test_hanging_hook_does_not_hold_up_shutdown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(protocol, "HOOK_SECONDS", 0.01)
    server = protocol.create("hooks", "0")

    async def hang() -> None:
        await asyncio.Event().wait()

    server.on_shutdown(hang)
    wire = Wire(server)
    await wire.initialize()
    assert (await wire.call("shutdown"))["result"] is None
    assert "more than 0.01 seconds" in caplog.text
    await wire.close()


# -- encodings on the wire ------------------------------------------------------------------


@pytest.mark.parametrize("text", ["x😋y", "\u2028", "\ud83d alone", "ä\x00\x7f"])
async def test_any_text_survives_the_wire(wire: Wire, text: str) -> None:
    await wire.initialize()
    assert (await wire.call("test/echo", {"text": text}))["result"] == {"text": text}


def test_pygls_is_quiet_once_a_server_is_made() -> None:
    logging.getLogger("pygls").setLevel(logging.NOTSET)
    protocol.create("quiet", "0")
    assert logging.getLogger("pygls").level >= logging.WARNING
