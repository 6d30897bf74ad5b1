"""What can go wrong in a stream of the Responses API, by name. See ``support.faults``."""

from __future__ import annotations

from typing import Any

from festina.models.base import Trouble
from support.fake_dialects import event
from support.fake_replies import DONE, Hold, Repeat, Reply, Reset, Step, data, document, stream
from support.fake_replies import chunk as chat_chunk
from support.fake_replies import status as refused
from support.faults import CHUNKED, FIRST, GZIP, HTML, NEXT, TEXT, Fault, odd, refusal

DIALECT = "responses"
_AT = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
_BEGUN = {"id": "resp_1", "object": "response", "status": "in_progress", "error": None}
_ITEM = {"id": "msg_1", "type": "message", "role": "assistant"}


def delta(text: str) -> bytes:
    return event("response.output_text.delta", **_AT, delta=text)


def told(text: str) -> bytes:
    """The text of a part, as it is told at its end."""
    return event("response.output_text.done", **_AT, text=text)


def answer(text: str = TEXT, status: str = "completed", **fields: Any) -> dict[str, Any]:
    """A whole response, as it is told at the end or fetched in one piece."""
    message = {**_ITEM, "content": [{"type": "output_text", "text": text}]}
    return {**_BEGUN, "status": status, "output": [message], "usage": None, **fields}


def whole(text: str) -> Reply:
    return document(answer(text))


def end(text: str = TEXT, status: str = "completed", **fields: Any) -> bytes:
    return event(f"response.{status}", response=answer(text, status, **fields))


def failed(code: str, message: str = "boom") -> bytes:
    return end(status="failed", error={"code": code, "message": message})


def incomplete(reason: str) -> bytes:
    return end(status="incomplete", incomplete_details={"reason": reason})


def call(kind: str) -> bytes:
    return event("response.output_item.added", output_index=1, item={"type": kind, "id": "c"})


START = event("response.created", response={**_BEGUN, "output": []})
ITEM = event("response.output_item.added", output_index=0, item={**_ITEM, "content": []})
PART = event("response.content_part.added", **_AT, part={"type": "output_text", "text": ""})
BEGUN = (START, ITEM, PART)
X, END = delta(TEXT), end()
HALF, REST = delta(TEXT[:16]), delta(TEXT[16:])
ALIVE = event("response.in_progress", response=_BEGUN)
THOUGHT = event("response.reasoning_summary_text.delta", item_id="rs_1", delta="hm")
ERROR = event("error", code="server_error", message="boom", param=None)
REFUSED = {**_ITEM, "content": [{"type": "refusal", "refusal": "No."}]}


def _fault(name: str, trouble: Trouble, words: str, *steps: Step, **options: Any) -> Fault:
    """Steps after the usual start."""
    return _as(name, trouble, words, stream(*BEGUN, *steps), **options)


def _as(name: str, trouble: Trouble, words: str, reply: Reply, **options: Any) -> Fault:
    return Fault(name, reply, trouble, words, dialect=DIALECT, **options)


ENDS = [
    _fault("no-completed", Trouble.TRUNCATED, "before it was complete", X, told(TEXT)),
    _fault("done-instead", Trouble.TRUNCATED, "before it was complete", X, told(TEXT), DONE),
    _fault("cut-in-completed", Trouble.TRUNCATED, "before it was complete", X, END[:-9]),
    _fault("completed-empty", Trouble.TRUNCATED, "before it", X, event("response.completed")),
    _fault("length", Trouble.TRUNCATED, "(reasoning in extra_body)", X,
           incomplete("max_output_tokens")),
    _fault("filter", Trouble.FILTERED, "withheld", X, incomplete("content_filter")),
    _fault("incomplete-odd", Trouble.SERVER, "reason steered", X, incomplete("steered")),
    _fault("incomplete-bare", Trouble.SERVER, "reason incomplete", X, end(status="incomplete")),
    _fault("completed-but-incomplete", Trouble.TRUNCATED, "token limit", X, event(
        "response.completed",
        response=answer(TEXT, "incomplete", incomplete_details={"reason": "max_output_tokens"}))),
    _fault("cancelled", Trouble.SERVER, "reason cancelled", X, event(
        "response.completed", response=answer(TEXT, "cancelled"))),
    _fault("failed", Trouble.SERVER, "(server_error): boom", X, failed("server_error")),
    _fault("failed-bare", Trouble.SERVER, "reason failed", X, end(status="failed")),
    _fault("failed-limit", Trouble.QUOTA, "limits", X, failed("rate_limit_exceeded")),
    _fault("failed-credit", Trouble.QUOTA, "no credit left", X, failed("insufficient_quota")),
    _fault("failed-too-long", Trouble.BAD_REQUEST, "larger context",
           failed("context_length_exceeded")),
    _fault("failed-key", Trouble.AUTH, "wants a key", failed("invalid_api_key")),
    _fault("error", Trouble.SERVER, "(server_error): boom", X, ERROR),
    _fault("error-first", Trouble.SERVER, "(server_error): boom", ERROR),
    _fault("error-then-end", Trouble.SERVER, "boom", X, ERROR, told(TEXT), END),
    _fault("error-nested", Trouble.SERVER, "boom", X,
           event("error", error={"message": "boom"}), END),
    _fault("error-untyped", Trouble.SERVER, "boom", X, data(refusal("boom", "b")), END, DONE),
    _fault("error-overloaded", Trouble.QUOTA, "limits", event("error", code="overloaded_error")),
    _fault("refusal", Trouble.FILTERED, "refusal",
           event("response.refusal.delta", **_AT, delta="No"), end("")),
    _fault("refusal-in-end", Trouble.FILTERED, "refusal", end("", output=[REFUSED])),
    _fault("function-call", Trouble.FILTERED, "tool call", call("function_call"), X, END),
    _fault("search-call", Trouble.FILTERED, "tool call", X, call("web_search_call"), END),
]  # fmt: skip

CONTENT = [
    _fault("lost", Trouble.DAMAGED, "make up the whole", HALF, END),
    _fault("lost-untold", Trouble.DAMAGED, "make up the whole", HALF, told(TEXT), end(output=[])),
    _fault("doubled", Trouble.DAMAGED, "make up the whole", HALF, HALF, REST, END),
    _fault("swapped", Trouble.DAMAGED, "make up the whole", REST, HALF, END),
    _fault("twice", Trouble.DAMAGED, "make up the whole", X, told(TEXT), *BEGUN, X,
           told(TEXT), END),
    _fault("begun-anew", Trouble.DAMAGED, "make up the whole", HALF, START, X, end(output=[])),
    _fault("other-text-in-end", Trouble.DAMAGED, "make up the whole", X, end("def one(): ...\n")),
    _fault("end-too-early", Trouble.DAMAGED, "make up the whole", HALF, END, REST),
    _fault("misnamed", Trouble.DAMAGED, "not what it is named", X, END.replace(
        b"event: response.completed", b"event: response.in_progress")),
    _fault("misnamed-delta", Trouble.DAMAGED, "not what it is named", HALF, REST.replace(
        b"event: response.output_text.delta", b"event: response.refusal.delta"), END),
    _fault("not-json", Trouble.DAMAGED, "not valid JSON", X, X[:-5] + b"\n\n", END),
    _fault("not-an-object", Trouble.DAMAGED, "not valid JSON", X, b"data: 7\n\n", END),
    _fault("latin-1", Trouble.DAMAGED, "not UTF-8", HALF, delta("\xe9").replace(b"\xc3", b""), END),
    _fault("half-a-pair", Trouble.DAMAGED, "not UTF-8",
           X.replace(b"def", rb"\ud83dX"), end("X")),
    _fault("think-open", Trouble.TRUNCATED, "reasoning", delta("<think>x"), end("<think>x")),
    _fault("think-leaked", Trouble.DAMAGED, "reasoning parser", delta("a</think>b"),
           end("a</think>b")),
    _as("chat-events", Trouble.DAMAGED, "the dialect", stream(
        data(chat_chunk(TEXT)), data(chat_chunk(None, "stop")), DONE)),
    _as("chat-answer", Trouble.DAMAGED, "the dialect", document({"choices": []})),
    _as("flood-text", Trouble.DAMAGED, "more text", stream(START, Repeat(delta("x" * 65536)))),
]  # fmt: skip

WAITS = [
    _as("pings", Trouble.TIMEOUT, "sent nothing", stream(START, Repeat(ALIVE, 0.01)), late=FIRST),
    _as("comments", Trouble.TIMEOUT, "sent nothing", stream(Repeat(b":\n\n", 0.01)), late=FIRST),
    _as("silent", Trouble.TIMEOUT, "sent nothing", stream(Hold()), late=FIRST),
    _fault("stalled", Trouble.TIMEOUT, "stopped in the middle", HALF, Hold(), late=NEXT),
    _fault("stalled-at-the-end", Trouble.TIMEOUT, "stopped", X, told(TEXT), Hold(), late=NEXT),
    _fault("endless-thought", Trouble.TIMEOUT, "for one answer", Repeat(THOUGHT, 0.02),
           late="total_seconds"),
]  # fmt: skip

TRANSPORT = [
    _as("401", Trouble.AUTH, "wants a key (401)", refused(401)),
    _as("429", Trouble.QUOTA, "in a minute", refused(429)),
    _as("500", Trouble.SERVER, "failed (500", refused(500, refusal("boom", "server_error"))),
    _as("too-long", Trouble.BAD_REQUEST, "larger context",
        refused(400, refusal("too many tokens", "context_length_exceeded"))),
    _as("html-200", Trouble.DAMAGED, "web page", document(HTML, kind="text/html")),
    _as("reset", Trouble.NETWORK, "broke", stream(*BEGUN, HALF, Reset())),
    _as("bad-chunking", Trouble.NETWORK, "broke", stream(CHUNKED + b"zz\r\n", framing="raw")),
    _as("not-gzip", Trouble.DAMAGED, "compression", stream(*BEGUN, X, END, headers=GZIP)),
]  # fmt: skip

FAULTS = [*ENDS, *CONTENT, *WAITS, *TRANSPORT]


def _odd(name: str, *steps: Step) -> Fault:
    return odd(name, *steps, dialect=DIALECT)


ODD = [
    _odd("bare", X, END),
    _odd("only-the-end", START, END),
    _odd("pings", START, ALIVE, ITEM, ALIVE, X, ALIVE, END),
    _odd("comments", b": hello\n\n", *BEGUN, b":\n\n", X, b": bye\n\n", END),
    _odd("unknown", *BEGUN, event("response.steer.added", x=1), X, event("x"), data({}), END),
    _odd("unnamed", *(step.partition(b"\n")[2] for step in (*BEGUN, X, told(TEXT), END))),
    _odd("no-output-in-end", *BEGUN, HALF, REST, told(TEXT), end(output=[])),
    _odd("odd-usage", *BEGUN, X, end(usage={"input_tokens": "many"})),
    _odd("done-after", *BEGUN, X, END, DONE),
    _odd("started-twice", START, START, ITEM, X, END),
]
