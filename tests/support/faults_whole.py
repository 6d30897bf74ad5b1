"""What can go wrong with an answer that is fetched in one piece. See ``support.faults``."""

from __future__ import annotations

import gzip
import json
from typing import Any

from festina.models.base import Trouble
from support import faults_anthropic, faults_responses
from support.fake_replies import Hold, Repeat, Reply, Reset, document, status, stream
from support.faults import GZIP, HTML, TEXT, Fault, refusal

BOMB = gzip.compress(b'{"x": "' + b" " * (96 << 20), compresslevel=9)
"""Some 90 kB that unpack to 96 MB."""


def _choice(finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": TEXT, **message}
    return {"choices": [{"index": 0, "message": said, "finish_reason": finish}], "usage": None}


def _fault(dialect: str, name: str, trouble: Trouble, words: str, body: object) -> Fault:
    reply = body if isinstance(body, Reply) else document(body)
    return Fault(name, reply, trouble, words, dialect=dialect, whole=True)


def _raw(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _of(dialect: str, good: dict[str, Any]) -> list[Fault]:
    """What does not depend on the dialect, made of a good answer of it."""
    raw = _raw(good)
    rows: list[tuple[str, Trouble, str, object]] = [
        ("html", Trouble.DAMAGED, "web page", document(HTML, kind="text/html")),
        ("cut", Trouble.DAMAGED, "not a model's answer", raw[:-9]),
        ("nothing", Trouble.TRUNCATED, "before it was complete", b""),
        ("other", Trouble.DAMAGED, "not a model's answer", {"hello": 1}),
        ("list", Trouble.DAMAGED, "not a model's answer", [good]),
        ("twice", Trouble.DAMAGED, "not a model's answer", raw + b"\n" + raw),
        ("latin-1", Trouble.DAMAGED, "not UTF-8", raw.replace(b"return 1", b"return '\xe9'")),
        ("utf-16", Trouble.DAMAGED, "not a model's answer", raw.decode().encode("utf-16")),
        ("plain", Trouble.DAMAGED, "not a model's answer", b"upstream connect error"),
        ("flood", Trouble.DAMAGED, "it is too large", stream(b"{", Repeat(b" " * 65536))),
        ("gzip-bomb", Trouble.DAMAGED, "it is too large", document(BOMB, headers=GZIP)),
        ("not-gzip", Trouble.DAMAGED, "compression", document(raw, headers=GZIP)),
        ("reset", Trouble.NETWORK, "broke", stream(raw[:50], Reset())),
        ("529", Trouble.QUOTA, "overloaded", status(529)),
    ]
    return [_fault(dialect, *row) for row in rows]


def _late(dialect: str, name: str, *steps: Any) -> Fault:
    reply = stream(*steps, content_type="application/json")
    late = "total_seconds"
    return Fault(name, reply, Trouble.TIMEOUT, "for one answer", late, dialect=dialect, whole=True)


def _chat() -> list[Fault]:
    rows: list[tuple[str, Trouble, str, object]] = [
        ("no-choices", Trouble.DAMAGED, "not a model's answer", {"object": "chat.completion"}),
        ("choices-empty", Trouble.TRUNCATED, "before it was complete", {"choices": []}),
        ("choices-null", Trouble.DAMAGED, "not a model's answer", {"choices": None}),
        ("no-reason", Trouble.TRUNCATED, "before it was complete", _choice(None)),
        ("length", Trouble.TRUNCATED, "(reasoning_effort in extra_body)", _choice("length")),
        ("filter", Trouble.FILTERED, "withheld", _choice("content_filter")),
        ("refusal", Trouble.FILTERED, "withheld", _choice(content=None, refusal="No.")),
        ("tools", Trouble.FILTERED, "tool call", _choice(tool_calls=[{"id": "1"}])),
        ("reason-odd", Trouble.SERVER, "reason unknown", _choice("eos?")),
        ("think-open", Trouble.TRUNCATED, "reasoning", _choice(content="<think>x")),
        ("error-200", Trouble.SERVER, "(bad): boom", refusal("boom", "bad")),
        ("error-limit", Trouble.QUOTA, "limits", refusal("slow down", "rate_limit_exceeded")),
        ("error-text", Trouble.SERVER, "out of memory", {"error": "out of memory"}),
    ]
    return [_fault("chat", *row) for row in rows]


def _responses() -> list[Fault]:
    answer = faults_responses.answer

    def incomplete(reason: str) -> dict[str, Any]:
        return answer(TEXT, "incomplete", incomplete_details={"reason": reason})

    called = [*answer()["output"], {"type": "function_call", "id": "c"}]
    failed = answer(TEXT, "failed", error={"code": "server_error", "message": "boom"})
    rows: list[tuple[str, Trouble, str, object]] = [
        ("no-output", Trouble.DAMAGED, "not a model's answer", {"object": "response"}),
        ("no-status", Trouble.TRUNCATED, "before it was complete", {"output": []}),
        ("length", Trouble.TRUNCATED, "(reasoning in extra_body)", incomplete("max_output_tokens")),
        ("filter", Trouble.FILTERED, "withheld", incomplete("content_filter")),
        ("refusal", Trouble.FILTERED, "withheld", answer(output=[faults_responses.REFUSED])),
        ("tools", Trouble.FILTERED, "tool call", answer(output=called)),
        ("in-progress", Trouble.SERVER, "reason in_progress", answer(TEXT, "in_progress")),
        ("failed", Trouble.SERVER, "(server_error): boom", failed),
        ("error-200", Trouble.SERVER, "(bad): boom", refusal("boom", "bad")),
    ]
    return [_fault("responses", *row) for row in rows]


def _anthropic() -> list[Fault]:
    answer, problem = faults_anthropic.answer, faults_anthropic.problem
    called = [*answer()["content"], {"type": "tool_use", "id": "t"}]
    rows: list[tuple[str, Trouble, str, object]] = [
        ("no-content", Trouble.DAMAGED, "not a model's answer", {"type": "message"}),
        ("no-reason", Trouble.TRUNCATED, "before it was complete", answer(TEXT, None)),
        ("length", Trouble.TRUNCATED, "(thinking in extra_body)", answer(TEXT, "max_tokens")),
        ("refusal", Trouble.FILTERED, "withheld", answer(TEXT, "refusal")),
        ("tools", Trouble.FILTERED, "tool call", answer(content=called)),
        ("pause", Trouble.SERVER, "reason pause_turn", answer(TEXT, "pause_turn")),
        ("error-200", Trouble.SERVER, "(api_error): boom", problem("api_error")),
        ("overloaded-200", Trouble.QUOTA, "limits", problem("overloaded_error")),
    ]
    return [_fault("anthropic", *row) for row in rows]


FAULTS = [
    *_of("chat", _choice()),
    *_of("responses", faults_responses.answer()),
    *_of("anthropic", faults_anthropic.answer()),
    *_chat(),
    *_responses(),
    *_anthropic(),
    _late("chat", "silent", Hold()),
    _late("chat", "stalled", _raw(_choice())[:50], Hold()),
    _late("responses", "stalled", _raw(faults_responses.answer())[:50], Hold()),
    _late("anthropic", "drip", b"{", Repeat(b" ", 0.01)),
]
