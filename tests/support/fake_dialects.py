"""Responses and Messages as the fake model server speaks them, in the documented shapes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from support import fake_replies
from support.fake_replies import Pause, Reply, Step, tokens


def event(kind: str, **fields: Any) -> bytes:
    """One event, named in both places."""
    value = json.dumps({"type": kind, **fields}, ensure_ascii=False)
    return f"event: {kind}\ndata: {value}\n\n".encode()


def paced(pieces: list[bytes], speed: float | None) -> list[Step]:
    steps: list[Step] = []
    for piece in pieces:
        steps += [Pause(1 / speed), piece] if speed else [piece]
    return steps


def responses_text(
    content: str, *, speed: float | None = None, status: str = "completed", cached: int = 64
) -> Reply:
    """A good answer of the Responses API: reasoning first, then a message."""
    pieces = tokens(content)
    part = {"type": "output_text", "text": content, "annotations": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    thought = {"id": "rs_1", "type": "reasoning", "summary": []}
    where = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
    begun = {"id": "resp_1", "object": "response", "status": "in_progress", "error": None}
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": len(pieces),
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 100 + len(pieces),
    }
    whole = {
        **begun,
        "status": status,
        "output": [thought, {**message, "content": [part]}],
        "usage": usage,
    }
    start = [
        event("response.created", response={**begun, "output": [], "usage": None}),
        event("response.output_item.added", output_index=0, item=thought),
        event("response.reasoning_summary_text.delta", item_id="rs_1", delta="Let me think."),
        event("response.output_item.done", output_index=0, item=thought),
        event("response.output_item.added", output_index=1, item={**message, "content": []}),
        event("response.content_part.added", **where, part={**part, "text": ""}),
    ]
    text = [event("response.output_text.delta", **where, delta=piece) for piece in pieces]
    end = [
        event("response.output_text.done", **where, text=content),
        event("response.output_item.done", output_index=1, item={**message, "content": [part]}),
        event(f"response.{status}", response=whole),
    ]
    return Reply((*start, *paced(text, speed), *end))


def anthropic_text(
    content: str, *, speed: float | None = None, stop_reason: str = "end_turn"
) -> Reply:
    """A good answer of the Messages API: a thought first, then the text, pings between."""
    pieces = tokens(content)
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
    before = {"input_tokens": 20, "cache_creation_input_tokens": 16, "cache_read_input_tokens": 64}
    start = [
        event("message_start", message={**message, "usage": {**before, "output_tokens": 1}}),
        event("ping"),
        event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""}),
        event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "So."}),
        event(
            "content_block_delta", index=0, delta={"type": "signature_delta", "signature": "EqQB"}
        ),
        event("content_block_stop", index=0),
        event("content_block_start", index=1, content_block={"type": "text", "text": ""}),
    ]
    text = [
        event("content_block_delta", index=1, delta={"type": "text_delta", "text": piece})
        for piece in pieces
    ]
    end = [
        event("content_block_stop", index=1),
        event(
            "message_delta",
            delta={"stop_reason": stop_reason, "stop_sequence": None},
            usage={"output_tokens": len(pieces)},
        ),
        event("message_stop"),
    ]
    return Reply((*start, *paced(text, speed), *end))


def anthropic_listing(models: tuple[Any, ...]) -> dict[str, Any]:
    """What ``GET /v1/models`` answers to a client of the Messages API."""
    rows = [
        row
        if isinstance(row, dict)
        else {"type": "model", "id": row, "display_name": row, "created_at": "2026-10-21T00:00:00Z"}
        for row in models
    ]
    ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
    return {"data": rows, "has_more": False, **ends}


def _chat_mistake(headers: Mapping[str, str], body: dict[str, Any]) -> object:
    return None


def _responses_mistake(headers: Mapping[str, str], body: dict[str, Any]) -> object:
    unknown = [name for name in ("messages", "max_tokens", "seed", "stop", "n") if name in body]
    if unknown:
        message = f"Unknown parameter: '{unknown[0]}'."
        return {"error": {"message": message, "code": "unknown_parameter", "param": unknown[0]}}
    return None


def _anthropic_mistake(headers: Mapping[str, str], body: dict[str, Any]) -> object:
    said = ""
    if "anthropic-version" not in headers:
        said = "anthropic-version: header is required"
    elif "max_tokens" not in body:
        said = "max_tokens: Field required"
    elif any(message["role"] not in ("user", "assistant") for message in body["messages"]):
        said = "messages.0.role: Input should be 'user' or 'assistant'"
    elif not 0 <= body.get("temperature", 0) <= 1:
        said = "temperature: range: 0..1"
    elif unknown := {"seed", "stop", "stream_options", "n"} & body.keys():
        said = f"{min(unknown)}: Extra inputs are not permitted"
    elif json.dumps(body).count('"cache_control"') > 4:
        said = "A maximum of 4 blocks with cache_control may be provided."
    if not said:
        return None
    return {"type": "error", "error": {"type": "invalid_request_error", "message": said}}


@dataclass(frozen=True)
class Dialect:
    """How a text is streamed, and what the provider finds wrong with a request (None: nothing)."""

    text: Callable[..., Reply]
    mistake: Callable[[Mapping[str, str], dict[str, Any]], object]


DIALECTS = {
    "chat": Dialect(fake_replies.text, _chat_mistake),
    "responses": Dialect(responses_text, _responses_mistake),
    "anthropic": Dialect(anthropic_text, _anthropic_mistake),
}
_PATHS = {"/chat/completions": "chat", "/responses": "responses", "/messages": "anthropic"}


def of(path: str) -> Dialect | None:
    """The dialect that is spoken at a path."""
    return next((DIALECTS[name] for end, name in _PATHS.items() if path.endswith(end)), None)
