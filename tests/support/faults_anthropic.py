"""What can go wrong in a stream of the Messages API, by name. See ``support.faults``."""

from __future__ import annotations

from typing import Any

from festina.models.base import Trouble
from support.fake_dialects import event
from support.fake_replies import DONE, Hold, Repeat, Reply, Reset, Step, data, document, stream
from support.fake_replies import chunk as chat_chunk
from support.fake_replies import status as refused
from support.faults import CHUNKED, FIRST, GZIP, HTML, NEXT, TEXT, Fault, odd

DIALECT = "anthropic"


def start(name: str = "msg_1") -> bytes:
    usage = {"input_tokens": 9, "output_tokens": 1}
    message = {"id": name, "type": "message", "role": "assistant", "content": [], "usage": usage}
    return event("message_start", message=message)


def block(index: int = 0, kind: str = "text", **fields: Any) -> bytes:
    return event("content_block_start", index=index, content_block={"type": kind, **fields})


def delta(text: str, index: int = 0) -> bytes:
    return event("content_block_delta", index=index, delta={"type": "text_delta", "text": text})


def stop(index: int = 0) -> bytes:
    return event("content_block_stop", index=index)


def reason(name: str | None = "end_turn") -> bytes:
    return event("message_delta", delta={"stop_reason": name}, usage={"output_tokens": 9})


def problem(kind: str, message: str = "boom") -> dict[str, Any]:
    """An error object in Anthropic's form."""
    return {"type": "error", "error": {"type": kind, "message": message}}


def error(kind: str, message: str = "boom") -> bytes:
    return event("error", error={"type": kind, "message": message})


def answer(text: str = TEXT, name: str | None = "end_turn", **fields: Any) -> dict[str, Any]:
    """A whole message, as it is fetched in one piece."""
    content = [{"type": "text", "text": text}]
    return {
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": name,
        **fields,
    }


def whole(text: str) -> Reply:
    return document(answer(text))


START, BLOCK, STOP, END = start(), block(text=""), stop(), event("message_stop")
X = delta(TEXT)
HALF, REST = delta(TEXT[:16]), delta(TEXT[16:])
PING = event("ping")
THINKING = block(0, "thinking", thinking="")
THOUGHT = event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "hm"})
BEGUN = (START, BLOCK)
GOOD = (STOP, reason(), END)


def _fault(name: str, trouble: Trouble, words: str, *steps: Step, **options: Any) -> Fault:
    """Steps after the usual start."""
    return _as(name, trouble, words, stream(*BEGUN, *steps), **options)


def _as(name: str, trouble: Trouble, words: str, reply: Reply, **options: Any) -> Fault:
    return Fault(name, reply, trouble, words, dialect=DIALECT, **options)


def _status(
    name: str, code: int, trouble: Trouble, words: str, *said: str, **headers: str
) -> Fault:
    """A status with an error object: its type, and what it says."""
    held = bool(headers)
    return _as(name, trouble, words, refused(code, problem(*said), **headers), held=held)


ENDS = [
    _fault("no-message-stop", Trouble.TRUNCATED, "before it was complete", X, STOP, reason()),
    _fault("done-instead", Trouble.TRUNCATED, "before it was", X, STOP, reason(), DONE),
    _fault("no-reason", Trouble.TRUNCATED, "before it was complete", X, STOP, END),
    _fault("reason-null", Trouble.TRUNCATED, "before it was", X, STOP, reason(None), END),
    _fault("cut-in-block", Trouble.TRUNCATED, "before it was complete", HALF),
    _fault("cut-in-stop", Trouble.TRUNCATED, "before it was", X, STOP, reason(), END[:-9]),
    _fault("never-stopped", Trouble.TRUNCATED, "before it was", HALF, reason(), END),
    _fault("length", Trouble.TRUNCATED, "(thinking in extra_body)", X, STOP,
           reason("max_tokens"), END),
    _fault("window-full", Trouble.TRUNCATED, "token limit", X, STOP,
           reason("model_context_window_exceeded"), END),
    _fault("refusal", Trouble.FILTERED, "refusal", X, STOP, reason("refusal"), END),
    _fault("pause", Trouble.SERVER, "reason pause_turn", X, STOP, reason("pause_turn"), END),
    _fault("stop-sequence", Trouble.SERVER, "stop_sequence", X, STOP, reason("stop_sequence"), END),
    _fault("reason-odd", Trouble.SERVER, "reason unknown", X, STOP, reason("eos?"), END),
    _fault("tool", Trouble.FILTERED, "tool call", X, STOP, block(1, "tool_use", id="t"), stop(1),
           reason("tool_use"), END),
    _fault("tool-but-good-end", Trouble.FILTERED, "tool call", X, STOP, block(1, "tool_use"),
           stop(1), reason(), END),
    _fault("server-tool", Trouble.FILTERED, "tool call", X, STOP, block(1, "server_tool_use"),
           stop(1), reason(), END),
    _fault("overloaded", Trouble.QUOTA, "limits (overloaded_error)", HALF,
           error("overloaded_error")),
    _as("overloaded-first", Trouble.QUOTA, "limits", stream(error("overloaded_error"))),
    _fault("limit", Trouble.QUOTA, "limits", HALF, error("rate_limit_error")),
    _fault("error", Trouble.SERVER, "(api_error): boom", X, error("api_error")),
    _fault("error-then-end", Trouble.SERVER, "boom", X, error("api_error"), *GOOD),
    _fault("error-after-reason", Trouble.SERVER, "boom", X, STOP, reason(),
           error("api_error"), END),
    _fault("error-unnamed", Trouble.SERVER, "boom", X, data(problem("api_error")), *GOOD),
    _fault("error-too-long", Trouble.BAD_REQUEST, "larger context",
           error("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")),
    _fault("error-key", Trouble.AUTH, "wants a key", error("authentication_error")),
]  # fmt: skip

CONTENT = [
    _fault("late-text", Trouble.DAMAGED, "finished", HALF, STOP, reason(), REST, END),
    _fault("block-closed", Trouble.DAMAGED, "make up the whole", HALF, STOP, REST, reason(), END),
    _fault("other-index", Trouble.DAMAGED, "make up the whole", HALF, delta(TEXT[16:], 1), *GOOD),
    _as("no-block", Trouble.DAMAGED, "make up the whole", stream(START, X, reason(), END)),
    _as("in-a-thought", Trouble.DAMAGED, "make up the whole", stream(START, THINKING, X, *GOOD)),
    _as("no-start", Trouble.DAMAGED, "make up the whole", stream(BLOCK, X, *GOOD)),
    _fault("block-twice", Trouble.DAMAGED, "make up the whole", HALF, BLOCK, X, *GOOD),
    _fault("begun-anew", Trouble.DAMAGED, "make up the whole", HALF, *BEGUN, X, *GOOD),
    _fault("begun-anew-later", Trouble.DAMAGED, "make up the whole", HALF, STOP, start("msg_2"),
           BLOCK, X, *GOOD),
    _fault("end-too-early", Trouble.TRUNCATED, "before it was", X, STOP, END, reason()),
    _fault("end-before-the-text", Trouble.TRUNCATED, "before it was", END, X, STOP, reason()),
    _fault("misnamed", Trouble.DAMAGED, "not what it is named", X, STOP, reason(), END.replace(
        b"event: message_stop", b"event: message_delta")),
    _fault("misnamed-delta", Trouble.DAMAGED, "not what it is named", HALF, REST.replace(
        b"event: content_block_delta", b"event: content_block_stop"), *GOOD),
    _fault("not-json", Trouble.DAMAGED, "not valid JSON", X, X[:-5] + b"\n\n", *GOOD),
    _fault("not-an-object", Trouble.DAMAGED, "not valid JSON", X, b"data: [7]\n\n", *GOOD),
    _fault("latin-1", Trouble.DAMAGED, "not UTF-8", HALF,
           delta("\xe9").replace(b"\xc3", b""), *GOOD),
    _fault("think-open", Trouble.TRUNCATED, "reasoning", delta("<think>x"), *GOOD),
    _fault("think-leaked", Trouble.DAMAGED, "reasoning parser", delta("a</think>b"), *GOOD),
    _as("chat-events", Trouble.DAMAGED, "the dialect", stream(
        data(chat_chunk(TEXT)), data(chat_chunk(None, "stop")), DONE)),
    _as("chat-answer", Trouble.DAMAGED, "the dialect", document({"choices": []})),
    _as("flood-text", Trouble.DAMAGED, "more text", stream(*BEGUN, Repeat(delta("x" * 65536)))),
]  # fmt: skip

WAITS = [
    _as("pings", Trouble.TIMEOUT, "sent nothing", stream(START, Repeat(PING, 0.01)), late=FIRST),
    _as("comments", Trouble.TIMEOUT, "sent nothing", stream(Repeat(b":\n\n", 0.01)), late=FIRST),
    _as("silent", Trouble.TIMEOUT, "sent nothing", stream(Hold()), late=FIRST),
    _fault("stalled", Trouble.TIMEOUT, "stopped in the middle", HALF, Hold(), late=NEXT),
    _fault("pings-later", Trouble.TIMEOUT, "stopped", HALF, Repeat(PING, 0.01), late=NEXT),
    _fault("stalled-at-the-end", Trouble.TIMEOUT, "stopped", X, STOP, reason(), Hold(), late=NEXT),
    _as("endless-thought", Trouble.TIMEOUT, "for one answer",
        stream(START, THINKING, Repeat(THOUGHT, 0.02)), late="total_seconds"),
]  # fmt: skip

STATUSES = [
    _status("400", 400, Trouble.BAD_REQUEST, "(400 invalid_request_error)",
            "invalid_request_error"),
    _status("401", 401, Trouble.AUTH, "wants a key (401)", "authentication_error"),
    _status("402", 402, Trouble.QUOTA, "no credit left", "billing_error"),
    _status("credit", 400, Trouble.QUOTA, "no credit left", "invalid_request_error",
            "Your credit balance is too low to access the API."),
    _status("403", 403, Trouble.AUTH, "wants a key (403)", "permission_error"),
    _status("404", 404, Trouble.UNKNOWN_MODEL, "does not know the model", "not_found_error",
            "model: fake-coder"),
    _status("413", 413, Trouble.BAD_REQUEST, "Ask for less at once", "request_too_large"),
    _status("too-long", 400, Trouble.BAD_REQUEST, "larger context", "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum"),
    _status("429", 429, Trouble.QUOTA, "in a minute", "rate_limit_error"),
    _status("429-long", 429, Trouble.QUOTA, "in 10 minutes", "rate_limit_error", retry_after="600"),
    _status("500", 500, Trouble.SERVER, "failed (500 api_error): boom", "api_error"),
    _status("529", 529, Trouble.QUOTA, "it is overloaded (529", "overloaded_error"),
    _status("529-long", 529, Trouble.QUOTA, "in 10 minutes", "overloaded_error", retry_after="600"),
    _as("error-200", Trouble.QUOTA, "limits", document(problem("overloaded_error"))),
]  # fmt: skip

TRANSPORT = [
    _as("html-200", Trouble.DAMAGED, "web page", document(HTML, kind="text/html")),
    _as("reset", Trouble.NETWORK, "broke", stream(*BEGUN, HALF, Reset())),
    _as("bad-chunking", Trouble.NETWORK, "broke", stream(CHUNKED + b"zz\r\n", framing="raw")),
    _as("not-gzip", Trouble.DAMAGED, "compression", stream(*BEGUN, X, *GOOD, headers=GZIP)),
]  # fmt: skip

FAULTS = [*ENDS, *CONTENT, *WAITS, *STATUSES, *TRANSPORT]


def _odd(name: str, *steps: Step) -> Fault:
    return odd(name, *steps, dialect=DIALECT)


ODD = [
    _odd("pings", PING, START, PING, BLOCK, PING, X, PING, STOP, PING, reason(), PING, END),
    _odd("comments", b": hello\n\n", *BEGUN, b":\n\n", X, b": bye\n\n", *GOOD),
    _odd("unknown", *BEGUN, event("message_hint", x=1), X, event("x"), data({}), *GOOD),
    _odd("unnamed", *(step.partition(b"\n")[2] for step in (*BEGUN, X, *GOOD))),
    _odd("no-usage", event("message_start", message={"id": "m"}), BLOCK, X, STOP,
         event("message_delta", delta={"stop_reason": "end_turn"}), END),
    _odd("reason-twice", *BEGUN, X, STOP, reason(), reason(), END),
    _odd("started-twice", START, START, BLOCK, X, *GOOD),
    _odd("two-blocks", *BEGUN, HALF, STOP, block(1, text=""), delta(TEXT[16:], 1), stop(1),
         reason(), END),
    _odd("same-index-again", *BEGUN, HALF, STOP, BLOCK, REST, *GOOD),
    _odd("done-after", *BEGUN, X, *GOOD, DONE),
]  # fmt: skip
