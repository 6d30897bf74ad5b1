"""What can go wrong between us and a model, by name: what is sent, and what a person is told."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from festina.models.base import Trouble
from support.fake_replies import (
    DONE,
    HalfClose,
    Hold,
    Repeat,
    Reply,
    Reset,
    Step,
    chunk,
    data,
    document,
    events,
    status,
    stream,
)


@dataclass(frozen=True)
class Fault:
    """A server's answer, or one made from the request; ``words`` are in what a person is told.

    ``late`` is the deadline that ends it, if one does. ``held`` says that the server has named a
    time, before which it is not asked again. ``whole``: it befalls an answer in one piece.
    """

    name: str
    reply: Reply | Callable[[dict[str, Any]], Reply]
    trouble: Trouble
    words: str
    late: str = ""
    held: bool = False
    dialect: str = "chat"
    whole: bool = False


def refusal(message: str, code: str) -> dict[str, object]:
    """An error object in OpenAI's form."""
    return {"error": {"message": message, "type": "x", "code": code}}


HTML = b"<!DOCTYPE html><html>Welcome to the hotel's network</html>"
FIRST, NEXT = "first_content_seconds", "inter_token_seconds"
TEXT = "def one():\n    return 1\n"
"""The right answer: what comes of it in pieces must never be taken for all of it."""
X = data(chunk(TEXT))
HALF = data(chunk(TEXT[:16]))
STOP = data(chunk(None, "stop"))
GZIP = {"content-encoding": "gzip"}
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def _raw(*steps: Step) -> Reply:
    return stream(*steps, framing="raw")


STATUSES = [
    Fault("400", status(400), Trouble.BAD_REQUEST, "rejected the request (400"),
    Fault("401", status(401), Trouble.AUTH, "wants a key (401)"),
    Fault("402", status(402), Trouble.QUOTA, "no credit left"),
    Fault("403", status(403), Trouble.AUTH, "wants a key (403)"),
    Fault("404", status(404), Trouble.UNKNOWN_MODEL, "does not know the model 'fake-coder'"),
    Fault("405", status(405), Trouble.BAD_REQUEST, "base_url makes (405)"),
    Fault("406", status(406), Trouble.BAD_REQUEST, "rejected the request (406"),
    Fault("408", status(408), Trouble.SERVER, "failed (408"),
    Fault("409", status(409), Trouble.BAD_REQUEST, "rejected the request (409"),
    Fault("410", status(410), Trouble.BAD_REQUEST, "rejected the request (410"),
    Fault("413", status(413), Trouble.BAD_REQUEST, "Ask for less at once"),
    Fault("415", status(415), Trouble.BAD_REQUEST, "rejected the request (415"),
    Fault("418", status(418), Trouble.BAD_REQUEST, "rejected the request (418"),
    Fault("422", status(422), Trouble.BAD_REQUEST, "rejected the request (422"),
    Fault("424", status(424), Trouble.BAD_REQUEST, "rejected the request (424"),
    Fault("431", status(431), Trouble.BAD_REQUEST, "rejected the request (431"),
    Fault("451", status(451), Trouble.BAD_REQUEST, "rejected the request (451"),
    Fault("498", status(498), Trouble.BAD_REQUEST, "rejected the request (498"),
    Fault("500", status(500), Trouble.SERVER, "failed (500"),
    Fault("501", status(501), Trouble.SERVER, "failed (501"),
    Fault("502", status(502), Trouble.SERVER, "failed (502"),
    Fault("503", status(503), Trouble.SERVER, "failed (503"),
    Fault("504", status(504), Trouble.SERVER, "failed (504"),
    Fault("507", status(507), Trouble.SERVER, "failed (507"),
    Fault("520", status(520), Trouble.SERVER, "failed (520"),
    Fault("524", status(524), Trouble.SERVER, "failed (524"),
    Fault("529", status(529), Trouble.QUOTA, "overloaded"),
    Fault("301", status(301, None, location="https://x.test/"), Trouble.BAD_REQUEST, "redirects"),
    Fault("307", status(307, None, location="https://x.test/"), Trouble.BAD_REQUEST, "redirects"),
    Fault("204", stream(status=204, framing="close"), Trouble.TRUNCATED, "before it was complete"),
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
    Fault("html-404", document(HTML, 404, kind="text/html"), Trouble.BAD_REQUEST, "base_url"),
    Fault("html-500", document(HTML, 500, kind="text/html"), Trouble.SERVER, "failed (500"),
    Fault("html-502", document(HTML, 502, kind="text/html"), Trouble.SERVER, "failed (502"),
    Fault("list-400", document([refusal("no", "bad")], 400), Trouble.BAD_REQUEST, "(400 bad): no"),
    Fault("empty-500", document(b"", 500), Trouble.SERVER, "failed (500"),
    Fault("endless-500", stream(Repeat(b" " * 4096), status=500), Trouble.SERVER, "failed (500"),
]


def _moment(form: Callable[[datetime], str]) -> str:
    return form(datetime.now(UTC) + timedelta(seconds=612))


def _waits(name: str, **headers: str | Callable[[datetime], str]) -> Fault:
    """A 429 that asks for some ten minutes, more than anybody waits for, in one of many forms."""

    def reply(body: dict[str, Any]) -> Reply:
        given = {k: v if isinstance(v, str) else _moment(v) for k, v in headers.items()}
        return status(429, None, **given)

    return Fault(f"429-{name}", reply, Trouble.QUOTA, "in 10 minutes", held=True)


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


LIMITS = [
    Fault("429", status(429), Trouble.QUOTA, "in a minute"),
    Fault("429-now", status(429, None, retry_after="0"), Trouble.QUOTA, "in 0 s"),
    Fault("429-1ms", status(429, None, retry_after_ms="1"), Trouble.QUOTA, "in 0.001 s"),
    Fault(
        "429-past",
        status(429, None, retry_after="Fri, 31 Dec 1999 23:59:59 GMT"),
        Trouble.QUOTA,
        "in 0 s",
    ),
    Fault("429-odd", status(429, None, retry_after="soon"), Trouble.QUOTA, "in a minute"),
    Fault("429-never", status(429, None, x_should_retry="false"), Trouble.QUOTA, "in a minute"),
    Fault(
        "429-credit", status(429, refusal("broke", "insufficient_quota")), Trouble.QUOTA, "billing"
    ),
    _waits("seconds", retry_after="600"),
    _waits("float", retry_after="600.5"),
    _waits("milliseconds", retry_after_ms="600000"),
    _waits("date", retry_after=lambda at: format_datetime(at, usegmt=True)),
    _waits("duration", x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="10m1.5s"),
    _waits("tokens", x_ratelimit_remaining_tokens="0", x_ratelimit_reset_tokens="601s"),
    _waits(
        "cerebras",
        x_ratelimit_remaining_requests_day="0",
        x_ratelimit_reset_requests_day="603.2",
    ),
    _waits(
        "rfc-3339",
        anthropic_ratelimit_requests_remaining="0",
        anthropic_ratelimit_requests_reset=_iso,
    ),
    _waits(
        "epoch", x_ratelimit_remaining="0", x_ratelimit_reset=lambda at: f"{at.timestamp():.0f}"
    ),
    _waits(
        "epoch-ms",
        x_ratelimit_remaining="0",
        x_ratelimit_reset=lambda at: f"{1000 * at.timestamp():.0f}",
    ),
    Fault(
        "529-long",
        status(529, None, retry_after="600"),
        Trouble.QUOTA,
        "in 10 minutes",
        held=True,
    ),
]

BODIES = [
    Fault("html-200", document(HTML, kind="text/html"), Trouble.DAMAGED, "web page"),
    Fault("html-in-stream", stream(HTML), Trouble.DAMAGED, "web page"),
    Fault("json-error-200", document(refusal("boom", "bad")), Trouble.SERVER, "(bad): boom"),
    Fault("json-other-200", document({"hello": 1}), Trouble.DAMAGED, "not a model's answer"),
    Fault("json-cut", document(b'{"choices": [{"message": {"con'), Trouble.DAMAGED, "not a model"),
    Fault("plain-text", document(b"OK", kind="text/plain"), Trouble.DAMAGED, "not a model's"),
    Fault("other-events", events({"hello": 1}, {"type": "x"}), Trouble.DAMAGED, "the dialect"),
    Fault("other-answer", stream(X, data({**chunk("x"), "id": "chatcmpl-1"}),
          data({**chunk(TEXT), "id": "chatcmpl-2"}), STOP, DONE), Trouble.DAMAGED, "make up"),
    Fault("ollama-error", document({"error": "ran out of memory"}), Trouble.SERVER, "ran out of"),
    Fault("empty", stream(), Trouble.TRUNCATED, "before it was complete"),
    Fault("done-only", stream(DONE), Trouble.TRUNCATED, "before it was complete"),
    Fault("done-no-finish", stream(X, DONE), Trouble.TRUNCATED, "before it was complete"),
    Fault("eof-no-finish", stream(X), Trouble.TRUNCATED, "before it was complete"),
    Fault("eof-in-event", stream(X, X[:9]), Trouble.TRUNCATED, "before it was complete"),
    Fault("eof-in-finish", stream(X, STOP[:-9]), Trouble.TRUNCATED, "before it was complete"),
    Fault("finish-null", events(chunk(TEXT), chunk("")), Trouble.TRUNCATED, "before it was"),
    Fault("error-done", events(chunk(TEXT), refusal("boom", "b")), Trouble.SERVER, "boom"),
    Fault("error-event", stream(X, b"event: error\n" + data({"x": 1})), Trouble.SERVER, "an error"),
    Fault(
        "error-429",
        events(chunk(TEXT), {"error": {"message": "slow down", "code": 429}}),
        Trouble.QUOTA,
        "rate limit",
    ),
    Fault(
        "error-503",
        events(chunk(TEXT), {"error": {"message": "no worker", "code": "503"}}),
        Trouble.SERVER,
        "failed (503",
    ),
    Fault(
        "error-overloaded",
        events({"error": {"type": "overloaded_error", "message": "Overloaded"}}),
        Trouble.QUOTA,
        "limits",
    ),
    Fault("finish-error", events(chunk(TEXT), chunk("", "error")), Trouble.SERVER, "reason error"),
    Fault("finish-odd", events(chunk(TEXT), chunk("", "eos?")), Trouble.SERVER, "reason unknown"),
    Fault("length", events(chunk(TEXT), chunk("", "length")), Trouble.TRUNCATED, "token limit"),
    Fault("max-tokens", events(chunk(TEXT, "max_tokens")), Trouble.TRUNCATED, "token limit"),
    Fault(
        "filter", events(chunk(TEXT), chunk("", "content_filter")), Trouble.FILTERED, "withheld"
    ),
    Fault("tools", events(chunk(None, "tool_calls")), Trouble.FILTERED, "tool call"),
    Fault("function", events(chunk(TEXT, "function_call")), Trouble.FILTERED, "tool call"),
    Fault("refusal", events(chunk(None, "stop", refusal="No")), Trouble.FILTERED, "refusal"),
    Fault("late-text", events(chunk(TEXT, "stop"), chunk("y")), Trouble.DAMAGED, "finished"),
    Fault("reordered", events(chunk(TEXT[:9], "stop"), chunk(TEXT[9:])), Trouble.DAMAGED, "finis"),
    Fault("twice", stream(X, STOP, X, STOP, DONE), Trouble.DAMAGED, "finished"),
    Fault("not-json", stream(X, b"data: x\n\n", STOP, DONE), Trouble.DAMAGED, "not valid JSON"),
    Fault("not-an-object", stream(X, b"data: 7\n\n", STOP), Trouble.DAMAGED, "not valid JSON"),
    Fault("glued", stream(X[:-2], b"data: {}\n\n", STOP), Trouble.DAMAGED, "not valid JSON"),
    Fault("latin-1", stream(X, b"data: \xe9\n\n", STOP), Trouble.DAMAGED, "not UTF-8"),
    Fault("utf-16", stream("".join(map(bytes.decode, (X, STOP))).encode("utf-16")),
          Trouble.DAMAGED, "not a model's answer"),
    Fault("think-open", events(chunk("<think>x", "stop")), Trouble.TRUNCATED, "reasoning"),
    Fault("think-leaked", events(chunk("a</think>b", "stop")), Trouble.DAMAGED, "reasoning parser"),
    Fault("flood-line", stream(Repeat(b"x" * 65536)), Trouble.DAMAGED, "too large"),
    Fault("flood-comments", stream(Repeat((b":" + b"x" * 998 + b"\n\n") * 64)),
          Trouble.DAMAGED, "too large"),
    Fault("flood-json", stream(b"{", Repeat(b" " * 65536)), Trouble.DAMAGED, "too large"),
    Fault("flood-text", stream(Repeat(data(chunk("x" * 65536)))), Trouble.DAMAGED, "more text"),
    Fault("not-asked-for", stream(X, STOP, DONE, headers={"content-encoding": "br"}),
          Trouble.DAMAGED, "compression"),
    Fault("not-gzip", stream(X, STOP, DONE, headers=GZIP), Trouble.DAMAGED, "compression"),
]  # fmt: skip

WIRE = [
    Fault("reset-first", _raw(Reset()), Trouble.NETWORK, "broke"),
    Fault("reset-later", stream(HALF, Reset()), Trouble.NETWORK, "broke"),
    Fault("reset-after-all", stream(X, Reset()), Trouble.NETWORK, "broke"),
    Fault("closed-first", _raw(), Trouble.NETWORK, "broke"),
    Fault("half-close-first", _raw(HalfClose()), Trouble.NETWORK, "broke"),
    Fault("half-close-head", _raw(b"HTTP/1.1 200 OK", HalfClose()), Trouble.NETWORK, "broke"),
    Fault("half-close-later", stream(X, HalfClose()), Trouble.NETWORK, "broke"),
    Fault("bad-chunking", _raw(CHUNKED + b"zz\r\n"), Trouble.NETWORK, "broke"),
    Fault("short-chunk", _raw(CHUNKED + b"ff\r\n" + X[:20]), Trouble.NETWORK, "broke"),
    Fault(
        "short-body",
        _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + X),
        Trouble.NETWORK,
        "broke",
    ),
    Fault("not-http", _raw(b"SSH-2.0-x\r\n"), Trouble.NETWORK, "broke"),
    Fault("huge-header", _raw(
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * (1 << 18)), Trouble.NETWORK, "broke"),
    Fault("no-header-end", _raw(b"HTTP/1.1 200 OK\r\n", Hold()), Trouble.TIMEOUT, "sent", FIRST),
    Fault("silent", stream(Hold()), Trouble.TIMEOUT, "sent nothing", FIRST),
    Fault("nothing-at-all", _raw(Hold()), Trouble.TIMEOUT, "sent nothing", FIRST),
    Fault("comments", stream(Repeat(b":\n\n", 0.01)), Trouble.TIMEOUT, "sent nothing", FIRST),
    Fault("pings", stream(Repeat(b"event: ping\ndata: {}\n\n", 0.01)),
          Trouble.TIMEOUT, "sent nothing", FIRST),
    Fault("roles", stream(Repeat(data(chunk("", role="assistant")), 0.01)),
          Trouble.TIMEOUT, "sent nothing", FIRST),
    Fault("stalled", stream(X, Hold()), Trouble.TIMEOUT, "stopped in the middle", NEXT),
    Fault("stalled-in-event", stream(X, X[:30], Hold()), Trouble.TIMEOUT, "stopped", NEXT),
    Fault("drip", stream(X, Repeat(b":\n", 0.01)), Trouble.TIMEOUT, "stopped in the middle", NEXT),
    Fault("slow-refusal", stream(Hold(), status=503), Trouble.TIMEOUT, "sent nothing", FIRST),
    Fault("endless", stream(Repeat(data(chunk("x")), 0.02)),
          Trouble.TIMEOUT, "for one answer", "total_seconds"),
]  # fmt: skip

FAULTS = [*STATUSES, *LIMITS, *BODIES, *WIRE]


def odd(name: str, *steps: Step, dialect: str = "chat", **options: Any) -> Fault:
    """Something odd that a server may do, and that does the answer no harm."""
    return Fault(name, stream(*steps, **options), Trouble.DAMAGED, "", dialect=dialect)


ODD = [
    odd("no-usage", X, STOP, DONE),
    odd("no-done", X, STOP),
    odd("odd-usage", X, STOP, data({"choices": [], "usage": {"prompt_tokens": "many"}}), DONE),
    odd("comments", b": hello\n\n", X, b":\n\n", STOP, b": bye\n\n", DONE),
    odd("stop-twice", X, STOP, STOP, DONE, DONE),
    odd("unknown", data({"object": "x"}), X, b"event: y\ndata: {}\n\n", STOP, DONE),
    odd("new-fields", X.replace(b'"delta"', b'"new": [1], "delta"'), STOP, DONE),
    odd("ids", X.replace(b"chatcmpl-1", b"a"), STOP.replace(b"chatcmpl-1", b"b"), DONE),
    odd("gzip", gzip.compress(X + STOP + DONE), headers=GZIP),
    odd("bom", b"\xef\xbb\xbf" + X + STOP),
]
