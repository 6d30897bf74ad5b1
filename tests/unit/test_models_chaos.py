"""Every fault a server or network can show: never a good answer, always a sentence that helps.

Each fault is also cancelled and shut down in the middle; then nothing may stay behind.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from festina.models.base import ModelError, Request, Trouble
from festina.models.http import Http
from festina.models.runner import Runner
from support.asking import REQUEST, ask, failure, model_at
from support.fake_model import FakeModel
from support.fake_replies import (
    DONE,
    HalfClose,
    Hold,
    Repeat,
    Reply,
    Reset,
    body_of,
    chunk,
    data,
    document,
    events,
    status,
    stream,
)


@dataclass(frozen=True)
class Fault:
    name: str
    reply: Reply
    trouble: Trouble
    words: str


def refusal(message: str, code: str) -> dict[str, object]:
    return {"error": {"message": message, "type": "x", "code": code}}


HTML = b"<!DOCTYPE html><html>Welcome to the hotel's network</html>"
X = data(chunk("x"))
STOP = data(chunk(None, "stop"))
GZIP = {"content-encoding": "gzip"}

FAULTS = [
    Fault("400", status(400), Trouble.BAD_REQUEST, "rejected the request (400"),
    Fault("401", status(401), Trouble.AUTH, "wants a key (401)"),
    Fault("402", status(402), Trouble.QUOTA, "no credit left"),
    Fault("403", status(403), Trouble.AUTH, "wants a key (403)"),
    Fault("404", status(404), Trouble.UNKNOWN_MODEL, "does not know the model 'fake-coder'"),
    Fault("408", status(408), Trouble.SERVER, "failed (408"),
    Fault("409", status(409), Trouble.BAD_REQUEST, "rejected the request (409"),
    Fault("413", status(413), Trouble.BAD_REQUEST, "Select fewer lines"),
    Fault("422", status(422), Trouble.BAD_REQUEST, "rejected the request (422"),
    Fault("429", status(429), Trouble.QUOTA, "in a minute"),
    Fault("429-seconds", status(429, None, retry_after="0"), Trouble.QUOTA, "in 0 s"),
    Fault("429-ms", status(429, None, retry_after_ms="1"), Trouble.QUOTA, "in 0.001 s"),
    Fault(
        "429-date",
        status(429, None, retry_after="Fri, 31 Dec 1999 23:59:59 GMT"),
        Trouble.QUOTA,
        "in 0 s",
    ),
    Fault("429-long", status(429, None, retry_after="600"), Trouble.QUOTA, "in 10 minutes"),
    Fault(
        "429-credit", status(429, refusal("broke", "insufficient_quota")), Trouble.QUOTA, "billing"
    ),
    Fault("500", status(500), Trouble.SERVER, "failed (500"),
    Fault("502", status(502), Trouble.SERVER, "failed (502"),
    Fault("503", status(503), Trouble.SERVER, "failed (503"),
    Fault("504", status(504), Trouble.SERVER, "failed (504"),
    Fault("529", status(529), Trouble.QUOTA, "overloaded"),
    Fault("301", status(301, None, location="https://x.test/"), Trouble.BAD_REQUEST, "redirects"),
    Fault(
        "model-gone",
        status(400, refusal("decommissioned", "model_decommissioned")),
        Trouble.UNKNOWN_MODEL,
        "festina doctor",
    ),
    Fault(
        "too-long",
        status(400, refusal("maximum context length is 8192", "context_length_exceeded")),
        Trouble.BAD_REQUEST,
        "larger context",
    ),
    Fault("html-502", document(HTML, 502, kind="text/html"), Trouble.SERVER, "failed (502)"),
    Fault("html-200", document(HTML, kind="text/html"), Trouble.DAMAGED, "web page"),
    Fault("json-error-200", document(refusal("boom", "bad")), Trouble.SERVER, "(bad): boom"),
    Fault("json-other-200", document({"hello": 1}), Trouble.DAMAGED, "not a chat completion"),
    Fault("ollama-error", document({"error": "ran out of memory"}), Trouble.SERVER, "ran out of"),
    Fault("empty", stream(), Trouble.TRUNCATED, "before it was complete"),
    Fault("done-only", stream(DONE), Trouble.TRUNCATED, "before it was complete"),
    Fault("done-no-finish", stream(X, DONE), Trouble.TRUNCATED, "before it was complete"),
    Fault("eof-no-finish", stream(X), Trouble.TRUNCATED, "before it was complete"),
    Fault("eof-in-event", stream(X, X[:9]), Trouble.TRUNCATED, "before it was complete"),
    Fault("error-done", events(chunk("x"), refusal("boom", "b")), Trouble.SERVER, "boom"),
    Fault(
        "error-429",
        events(chunk("x"), {"error": {"message": "slow down", "code": 429}}),
        Trouble.QUOTA,
        "rate limit",
    ),
    Fault(
        "error-overloaded",
        events({"error": {"type": "overloaded_error", "message": "Overloaded"}}),
        Trouble.QUOTA,
        "limits",
    ),
    Fault("finish-error", events(chunk("x"), chunk("", "error")), Trouble.SERVER, "reason error"),
    Fault("length", events(chunk("x"), chunk("", "length")), Trouble.TRUNCATED, "token limit"),
    Fault(
        "filter", events(chunk("x"), chunk("", "content_filter")), Trouble.FILTERED, "withheld"
    ),
    Fault("tools", events(chunk(None, "tool_calls")), Trouble.FILTERED, "tool call"),
    Fault("refusal", events(chunk(None, "stop", refusal="No")), Trouble.FILTERED, "refusal"),
    Fault("late-text", events(chunk("x", "stop"), chunk("y")), Trouble.DAMAGED, "finished"),
    Fault("not-json", stream(X, b"data: x\n\n", STOP, DONE), Trouble.DAMAGED, "not valid JSON"),
    Fault("latin-1", stream(X, b"data: \xe9\n\n", STOP), Trouble.DAMAGED, "not UTF-8"),
    Fault("think-open", events(chunk("<think>x", "stop")), Trouble.TRUNCATED, "reasoning"),
    Fault("think-leaked", events(chunk("a</think>b", "stop")), Trouble.DAMAGED, "reasoning parser"),
    Fault("flood-line", stream(Repeat(b"x" * 65536)), Trouble.DAMAGED, "too large"),
    Fault("flood-comments", stream(Repeat(b": xxxxxxx\n\n" * 20000)), Trouble.DAMAGED, "too large"),
    Fault("flood-json", stream(b"{", Repeat(b" " * 65536)), Trouble.DAMAGED, "too large"),
    Fault("not-gzip", stream(X, STOP, DONE, headers=GZIP), Trouble.DAMAGED, "compression"),
    Fault("reset-first", stream(Reset(), framing="raw"), Trouble.NETWORK, "broke"),
    Fault("reset-later", stream(X, Reset()), Trouble.NETWORK, "broke"),
    Fault("half-close-first", stream(HalfClose(), framing="raw"), Trouble.NETWORK, "broke"),
    Fault("half-close-later", stream(X, HalfClose()), Trouble.NETWORK, "broke"),
    Fault("bad-chunking", stream(X, before=(b"HTTP/1.1 200 OK\r\n\
Transfer-Encoding: chunked\r\n\r\nzz\r\n",), framing="raw"), Trouble.NETWORK, "broke"),
    Fault("not-http", stream(b"SSH-2.0-x\r\n", framing="raw"), Trouble.NETWORK, "broke"),
    Fault("silent", stream(Hold()), Trouble.TIMEOUT, "sent nothing"),
    Fault("comments", stream(Repeat(b":\n\n", 0.01)), Trouble.TIMEOUT, "sent nothing"),
    Fault("stalled", stream(X, Hold()), Trouble.TIMEOUT, "stopped in the middle"),
    Fault("drip", stream(X, Repeat(b":\n", 0.01)), Trouble.TIMEOUT, "stopped in the middle"),
]  # fmt: skip
by_name = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
LONG = {"first_content_seconds": 60.0, "inter_token_seconds": 60.0}
SHORT = {
    "sent nothing": {**LONG, "first_content_seconds": 0.3},
    "stopped in the middle": {**LONG, "inter_token_seconds": 0.3},
}


@by_name
async def test_said_in_words(fault: Fault) -> None:
    with FakeModel(fault.reply) as fake:
        model = model_at(fake, **SHORT.get(fault.words, LONG))
        error = await failure(model)
        assert error.trouble is fault.trouble
        assert fault.words in str(error)
        fake.script("ok\n")
        if fault.name == "429-long":  # it said when, so nothing is sent before
            assert fault.words in str(await failure(model))
            assert len(fake.requests) == 1
        else:
            assert (await ask(model))[0] == "ok\n"
        await model.aclose()
        await fake.until(lambda: fake.live == 0)


@by_name
async def test_cancelled_in_the_middle(fault: Fault) -> None:
    with FakeModel(fault.reply) as fake:
        model = model_at(fake, **LONG)
        task = asyncio.create_task(ask(model))
        await fake.until(lambda: bool(fake.requests))
        task.cancel()
        result = (await asyncio.gather(task, return_exceptions=True))[0]
        assert isinstance(result, asyncio.CancelledError | ModelError)
        await fake.until(lambda: fake.streams == 0)
        fake.script("ok\n")
        if fault.name != "429-long":  # which may have been heard before
            assert (await ask(model))[0] == "ok\n"
        await model.aclose()
        await fake.until(lambda: fake.live == 0)


@by_name
async def test_shut_down_in_the_middle(fault: Fault) -> None:
    with FakeModel(fault.reply) as fake:
        runner = Runner()
        task = asyncio.create_task(runner.complete(model_at(fake, **LONG), REQUEST))
        await fake.until(lambda: bool(fake.requests))
        await runner.aclose()
        with pytest.raises(ModelError):
            await task
        await fake.until(lambda: fake.live == 0)


async def test_a_stall_at_every_byte_ends_in_a_deadline() -> None:
    pieces = [{"choices": [{"delta": {"content": "x"}}]}, {"choices": [{"finish_reason": "stop"}]}]
    raw = body_of(events(*pieces))

    def stall(body: dict[str, Any]) -> Reply:
        return stream(raw[: body["seed"]], Hold())

    with FakeModel(stall) as fake:
        http = Http(connections=len(raw))
        model = model_at(fake, http=http, first_content_seconds=1.5, inter_token_seconds=1.5)
        requests = [Request(REQUEST.messages, 9, seed=end) for end in range(len(raw))]
        errors = await asyncio.gather(*(failure(model, request) for request in requests))
        assert {error.trouble for error in errors} == {Trouble.TIMEOUT}
        assert len(fake.requests) == len(raw)
        await fake.until(lambda: fake.streams == 0)
        await model.aclose()
