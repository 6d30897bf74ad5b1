"""Faults of plain pygls and their cure: each test runs on both and says what each of them does.

When a test fails for ``plain``, pygls has changed: perhaps a cure is no longer needed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import Any

import pytest

from support import protocol_server
from support.wire import Message, Wire, frame, notification, request

URI = "file:///code/a.py"


def both(*, plain: Any, ours: Any) -> pytest.MarkDecorator:
    """Run a test on plain pygls and on our server; ``expected`` is what each is to show."""
    return pytest.mark.parametrize(
        ("kind", "expected"), [pytest.param("plain", plain), pytest.param("ours", ours)]
    )


@pytest.fixture
async def wire(kind: str) -> AsyncIterator[Wire]:
    wire = Wire(protocol_server.plain() if kind == "plain" else protocol_server.ours())
    yield wire
    await wire.close()


def popups(wire: Wire) -> int:
    return sum(message.get("method") == "window/showMessage" for message in wire.sent)


def codes(messages: list[Message]) -> list[int]:
    return [message["error"]["code"] for message in messages]


# -- requests are answered ------------------------------------------------------------------


@both(plain=[], ours=[-32602])
async def test_ill_formed_request_is_answered(wire: Wire, expected: list[int]) -> None:
    await wire.initialize()
    wire.send(request(1, "textDocument/codeAction", {"textDocument": {"uri": URI}}))
    await wire.flush()
    assert codes(wire.answers(1)) == expected


@both(plain=[], ours=["x"])
async def test_params_may_hold_objects_with_a_key_jsonrpc(wire: Wire, expected: list[str]) -> None:
    await wire.initialize()
    wire.send(request(1, "test/echo", {"deep": [{"jsonrpc": "x", "id": 1}]}))
    await wire.flush()
    assert [m["result"]["deep"][0]["jsonrpc"] for m in wire.answers(1)] == expected


@both(plain=[], ours=[-32600])
async def test_request_after_shutdown_is_refused(wire: Wire, expected: list[int]) -> None:
    await wire.initialize()
    await wire.call("shutdown")
    wire.send(request(1, "test/ping", {}))
    await wire.close()
    assert codes(wire.answers(1)) == expected


@both(plain=[], ours=["pong"])
async def test_custom_request_needs_no_params(wire: Wire, expected: list[str]) -> None:
    await wire.initialize()
    wire.send(request(1, "test/ping"))
    await wire.flush()
    assert [m["result"] for m in wire.answers(1)] == expected


@both(plain=["pong"], ours=[-32002])
async def test_request_before_initialize_is_refused(wire: Wire, expected: list[Any]) -> None:
    wire.send(request(1, "test/ping", {}))
    answer = await wire.response(1)
    assert [answer.get("result") or answer["error"]["code"]] == expected


@both(plain=["result"], ours=["error"])
async def test_second_initialize_is_refused(wire: Wire, expected: list[str]) -> None:
    await wire.initialize()
    answer = await wire.initialize()
    assert [key for key in ("result", "error") if key in answer] == expected


@both(plain=0, ours=1)
async def test_unknown_values_in_capabilities_do_not_keep_the_server_from_starting(
    wire: Wire, expected: int
) -> None:
    odd = {"textDocument": {"codeAction": {"tagSupport": {"valueSet": [1, 4711]}}}}
    params = {"processId": None, "rootUri": None, "capabilities": odd}
    wire.send(request("init", "initialize", params), request(1, "test/ping", {}))
    await wire.response(1)
    assert len([m for m in wire.answers("init") if "result" in m]) == expected


@both(plain=[], ours=[["fine"]])
async def test_another_servers_odd_diagnostic_does_not_cost_all_code_actions(
    wire: Wire, expected: list[Any]
) -> None:
    await wire.initialize()
    zero = {"line": 0, "character": 0}
    span = {"start": zero, "end": zero}
    diagnostics = [{"range": span, "message": "fine"}, {"range": span, "message": 3, "tags": [9]}]
    params = {
        "textDocument": {"uri": URI},
        "range": span,
        "context": {"diagnostics": diagnostics},
    }
    wire.send(request(1, "textDocument/codeAction", params))
    await wire.flush()
    assert [[a["title"] for a in m["result"]] for m in wire.answers(1)] == expected


# -- answers of the client ------------------------------------------------------------------


@both(plain=[], ours=[-32602])
async def test_ill_formed_answer_ends_the_wait_for_it(wire: Wire, expected: list[int]) -> None:
    await wire.initialize()
    wire.send(request(1, "test/ask", {}))
    asked = await wire.until(lambda m: m.get("method") == "workspace/configuration")
    wire.send({"jsonrpc": "2.0", "id": asked["id"], "result": 7})
    await wire.flush()
    assert codes(wire.answers(1)) == expected


@both(plain=1, ours=0)
async def test_late_answer_to_a_cancelled_request_is_ignored(wire: Wire, expected: int) -> None:
    await wire.initialize()
    wire.send(request(1, "test/ask", {}))
    asked = await wire.until(lambda m: m.get("method") == "workspace/configuration")
    await wire.call("test/changeMind", {})
    await wire.response(1)
    wire.send({"jsonrpc": "2.0", "id": asked["id"], "result": [None]})
    await wire.flush()
    assert popups(wire) == expected


@both(plain=0, ours=1)
async def test_client_hears_of_a_request_that_is_no_longer_of_interest(
    wire: Wire, expected: int
) -> None:
    await wire.initialize()
    wire.send(request(1, "test/ask", {}))
    asked = await wire.until(lambda m: m.get("method") == "workspace/configuration")
    await wire.call("test/changeMind", {})
    await wire.response(1)
    told = [m for m in wire.sent if m.get("method") == "$/cancelRequest"]
    assert len([m for m in told if m["params"]["id"] == asked["id"]]) == expected


# -- nothing leaks --------------------------------------------------------------------------


def futures() -> int:
    gc.collect()
    return sum(isinstance(thing, (Future, asyncio.Future)) for thing in gc.get_objects())


@both(plain=2, ours=0)
async def test_notifications_leave_nothing_behind(wire: Wire, expected: int) -> None:
    await wire.initialize()
    item = {"uri": URI, "languageId": "python", "version": 0, "text": ""}
    wire.send(notification("textDocument/didOpen", {"textDocument": item}))
    await wire.flush()
    before = futures()
    for version in range(200):
        document = {"uri": URI, "version": version}
        change = {"textDocument": document, "contentChanges": [{"text": "x"}]}
        wire.send(notification("textDocument/didChange", change))
    await wire.flush()
    await asyncio.sleep(0)
    # a notification: pygls keeps one for its own handler and one for the user's
    assert round((futures() - before) / 200) == expected


@both(plain=100, ours=0)
async def test_refused_requests_to_the_client_leave_nothing_behind(
    wire: Wire, expected: int
) -> None:
    await wire.initialize()
    for number in range(100):
        seen = len(wire.sent)
        wire.send(request(number, "test/ask", {}))
        await wire.until(lambda m, seen=seen: m in wire.sent[seen:] and "method" in m)
        asked = wire.sent[-1]
        error = {"code": -32601, "message": "no"}
        wire.send({"jsonrpc": "2.0", "id": asked["id"], "error": error})
        await wire.response(number)
    protocol = wire.server.protocol
    held = len(protocol._result_types) + len(getattr(protocol, "_outgoing", ()))
    # pygls takes a type away again when it answers a request of the same id
    assert held == pytest.approx(expected, abs=2)


# -- documents ------------------------------------------------------------------------------


def change(line: int, start: int, end: int, text: str) -> Message:
    span = {
        "start": {"line": line, "character": start},
        "end": {"line": line, "character": end},
    }
    return {"range": span, "text": text}


async def edited(wire: Wire, text: str, *changes: Message) -> list[str]:
    await wire.initialize()
    item = {"uri": URI, "languageId": "python", "version": 1, "text": text}
    wire.send(notification("textDocument/didOpen", {"textDocument": item}))
    document = {"uri": URI, "version": 2}
    params = {"textDocument": document, "contentChanges": list(changes)}
    wire.send(notification("textDocument/didChange", params))
    return (await wire.call("test/text", {}))["result"]


@both(plain="a\f\nX\u2028c\nd\n", ours="a\f\nb\u2028c\nX\n")
async def test_only_lsp_line_ends_separate_lines(wire: Wire, expected: str) -> None:
    assert await edited(wire, "a\f\nb\u2028c\nd\n", change(2, 0, 1, "X")) == [expected]


@both(plain="lasXt", ours="lastX")
async def test_column_past_the_end_is_the_end(wire: Wire, expected: str) -> None:
    assert await edited(wire, "last", change(0, 99, 99, "X")) == [expected]


@both(plain=1, ours=0)
async def test_change_of_a_document_that_is_not_open_is_ignored(wire: Wire, expected: int) -> None:
    await wire.initialize()
    document = {"uri": "file:///never/opened", "version": 2}
    params = {"textDocument": document, "contentChanges": [change(0, 0, 0, "x")]}
    wire.send(notification("textDocument/didChange", params))
    await wire.flush()
    assert popups(wire) == expected


# -- what reaches people and logs -----------------------------------------------------------


@both(plain=True, ours=False)
async def test_errors_carry_no_traceback_and_no_details(wire: Wire, expected: bool) -> None:
    await wire.initialize()
    answer = await wire.call("test/boom", {})
    assert answer["error"]["code"] == -32603
    assert ("data" in answer["error"]) is expected
    assert (protocol_server.SECRET in answer["error"]["message"]) is expected


@both(plain=1, ours=0)
async def test_failed_notification_opens_no_window(wire: Wire, expected: int) -> None:
    await wire.initialize()
    wire.send(notification("test/boomNote", {}))
    await wire.flush()
    assert popups(wire) == expected


@both(plain=True, ours=False)
async def test_logs_hold_no_payload(
    wire: Wire, expected: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await wire.initialize()
    await wire.call("test/say", {})
    await wire.call("test/boom", {})
    wire.send(notification("test/boomNote", {}))
    wire.send(request(1, "textDocument/codeAction", {"x": protocol_server.SECRET}))
    wire.send_bytes(frame('{"jsonrpc": "2.0", ' + protocol_server.SECRET))
    await wire.flush()
    told = "\n".join(caplog.handler.format(record) for record in caplog.records)
    assert (protocol_server.SECRET in told) is expected


# -- frames ---------------------------------------------------------------------------------

PING = frame(request("ping", "test/ping", {}))


async def survives(wire: Wire, garbage: bytes) -> tuple[int, list[int]]:
    """Send garbage and a ping; return how many pings came back, and codes of errors for nobody."""
    await wire.initialize()
    wire.send_bytes(garbage + PING)
    if wire.server.name == "plain":
        await wire.close()  # it may wait for bytes that do not come
    else:
        await wire.response("ping")
    return len(wire.answers("ping")), codes(wire.answers(None))


@both(plain=(0, []), ours=(1, [-32700]))
@pytest.mark.parametrize("length", [b"-7", b"12x", b"", b"99999999999", b"9" * 40])
async def test_reading_goes_on_after_a_bad_content_length(
    wire: Wire, expected: tuple[int, list[int]], length: bytes
) -> None:
    garbage = b"Content-Length: " + length + b"\r\n\r\n" + b'{"jsonrpc": "2.0"}'
    assert await survives(wire, garbage) == expected


@both(plain=(1, []), ours=(1, [-32700]))
@pytest.mark.parametrize("body", ["{", "\xff", '"\\ud800', "[" * 100_000, "nul"])
async def test_bad_json_is_answered(wire: Wire, expected: tuple[int, list[int]], body: str) -> None:
    assert await survives(wire, frame(body.encode("latin-1"))) == expected


@both(plain=0, ours=1)
async def test_header_names_are_case_insensitive(wire: Wire, expected: int) -> None:
    await wire.initialize()
    wire.send_bytes(PING.replace(b"Content-Length", b"content-length"))
    await wire.close()
    await asyncio.sleep(0)
    assert len(wire.answers("ping")) == expected
