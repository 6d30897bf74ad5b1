"""Reading many events at once comes to the same as reading each by itself."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festina.models import answer_stream, sse
from festina.models.answer_stream import AnswerStream, Kind
from festina.models.anthropic_stream import AnthropicStream
from festina.models.chat_stream import ChatStream
from festina.models.sse import SseReader
from support.fake_dialects import event
from support.fake_replies import DONE, chunk, data, usage


def chat(text: str, **fields: Any) -> dict[str, Any]:
    return {**chunk(text), **fields}


def message(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return event("content_block_delta", index=0, delta=delta)


BEGUN = event("message_start", message={"id": "m"}) + event(
    "content_block_start", index=0, content_block={"type": "text", "text": ""}
)


class Counted(ChatStream):
    """Knows how many events were read by themselves."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.singly = 0

    def _part(self, value: dict[str, Any]) -> str:
        self.singly += 1
        return super()._part(value)


class EachByItself(ChatStream):
    def _only_text(self, value: object) -> str:
        return ""


class EachMessageByItself(AnthropicStream):
    def _only_text(self, value: object) -> str:
        return ""


def read(stream: AnswerStream, pieces: list[bytes]) -> tuple[object, ...]:
    """All that can be seen of a stream; the text also after each piece."""
    texts = [stream.feed(piece) for piece in pieces]
    texts.append(stream.close())
    return texts, stream.problem, stream.usage, stream.over, stream.alive


TEXTS = [
    "abcd",
    " ",
    "content",
    "role",
    "chatcmpl-1",
    "another text",
    "\n",
    'a "b" \\ c\t/',
    "ä€\u2028\x7f",
    "😀",
    "<",
    "/think>",
    "<think>",
    "x</think>\n",
    "",
    "}}]}",
    "data: ",
]
STRANGE = [
    b": ping\n\n",
    b"\n",
    b"data\n\n",
    b"event: error\ndata: {}\n\n",
    b"event: x\n",
    b"id: 7\n",
    data(chunk(None)),
    data(chunk("", role="assistant")),
    data(chunk("said", tool_calls=[{"id": "x"}])),
    data(chunk("said", refusal="no")),
    data(chunk("said", "stop")),
    data(chunk(None, "stop")),
    data(chunk(None, "length")),
    data(chunk(None, reasoning="hm")),
    data(chat("said", usage=None)),
    data(chat("said", id="other")),
    data(chat("said", id="other")) * 2,
    data(chat("said", id=None)) * 2,
    data(chat("said", usage={"completion_tokens": 4})),
    data(chat("said", error={"message": "no"})),
    data(chat("said", detail=None)),
    data(chat("said", x_groq={"usage": {"completion_tokens": 5}})),
    data({"choices": [*chunk("a")["choices"], *chunk("b")["choices"]]}),
    data({"choices": [{"index": 1, "delta": {"content": "other"}}]}),
    data({"choices": [{"message": {"content": "said"}}]}),
    data({"error": {"message": "no"}}),
    data(chunk("crlf"), end=b"\r\n\r\n"),
    data(chunk("no blank line"), end=b"\n"),
    data(chunk("@")).replace(b"@", b"\xff"),
    data(chunk("@")).replace(b"@", b"\xe2\x82"),
    data(chunk("@")).replace(b"@", b"\xac"),
    data(chunk("@")).replace(b"@", b"\\ud83d"),
    data(chunk("@")).replace(b"@", b"\\ude00"),
    data(chunk("@")).replace(b"@", b"\\uD83D\\uDE00"),
    data(chunk("@")).replace(b"@", b"\\u00e4\\u000a\\/"),
    data(chunk("@")).replace(b"@", b"\\x"),
    data(chunk("@")).replace(b"@", b"\x01"),
    data(chunk("@")).replace(b"@", b'"'),
    data(chunk("@")).replace(b"@", b"\n"),
    message("@"),
    event("ping"),
    event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3}),
    event("message_stop"),
    event("content_block_stop", index=0),
    BEGUN,
    message("said").replace(b"event: content", b"event: message"),
    message("said").replace(b'"index": 0', b'"index": 1'),
    data(usage(9)),
    DONE,
]

alike = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=8)
odd = st.sampled_from(STRANGE)


def cut(raw: bytes, draw: st.DataObject) -> list[bytes]:
    cuts = sorted(draw.draw(st.sets(st.integers(0, len(raw)), max_size=4)))
    return [raw[i:j] for i, j in pairwise([0, *cuts, len(raw)])]


@settings(max_examples=700, deadline=None)
@given(st.lists(st.tuples(alike, st.lists(odd, max_size=1)), max_size=6), st.booleans(), st.data())
def test_a_chat_comes_to_the_same(
    groups: list[tuple[list[str], list[bytes]]], escapes: bool, draw: st.DataObject
) -> None:
    parts: list[bytes] = []
    for texts, strange in groups:
        for text in texts:
            body = json.dumps(chunk(text), ensure_ascii=escapes).encode()
            parts.append(b"data: %b\n\n" % body)
        parts += strange
    pieces = cut(b"".join(parts), draw)
    assert read(ChatStream(), pieces) == read(EachByItself(), pieces)
    options = {"tags_are_code": True}
    assert read(ChatStream(**options), pieces) == read(EachByItself(**options), pieces)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(alike, st.lists(odd, max_size=1)), max_size=5), st.data())
def test_messages_come_to_the_same(
    groups: list[tuple[list[str], list[bytes]]], draw: st.DataObject
) -> None:
    parts = [BEGUN]
    for texts, strange in groups:
        parts += [message(text) for text in texts] + strange
    pieces = cut(b"".join(parts), draw)
    assert read(AnthropicStream(), pieces) == read(EachMessageByItself(), pieces)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_limits_are_passed_at_the_same_byte(draw: st.DataObject) -> None:
    raw = b"".join(data(chunk("x" * n)) for n in range(1, 40))
    pieces = cut(raw, draw)
    limits = {
        "max_event": draw.draw(st.integers(150, 260)),
        "max_total": draw.draw(st.integers(1, len(raw) + 1)),
    }
    ours = ChatStream(SseReader(**limits))
    assert read(ours, pieces) == read(EachByItself(SseReader(**limits)), pieces)


def test_events_that_are_alike_are_read_at_once() -> None:
    for stray in ({}, {"usage": None}, {"system_fingerprint": "x"}):
        stream = Counted()
        texts = ["ab", "cd", "\n", '"', "ä", "<", *["abcd"] * 1000]
        raw = b"".join(data(chat(text, **stray)) for text in texts)
        assert stream.feed(raw) == "".join(texts)
        assert stream.singly < 5
        assert stream.alive == len(texts)


def test_messages_that_are_alike_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = AnthropicStream()
    reader = stream._reader
    assert stream.feed(BEGUN + message("abcd") * 3) == "abcd" * 3
    monkeypatch.setattr(reader, "feed", lambda _: pytest.fail("it was read by itself"))
    assert stream.feed(message("abcd") * 1000 + message("\n")) == "abcd" * 1000 + "\n"


def test_a_server_whose_events_are_never_alike_is_not_asked_again() -> None:
    stream = Counted()
    for number in range(200):
        assert stream.feed(data(chat("x", obfuscation="y" * (number % 13)))) == "x"
    assert stream.singly == stream.alive == 200
    assert stream._misses == answer_stream.MOST_MISSES


def test_text_before_an_error_in_the_same_read_is_kept() -> None:
    stream = ChatStream()
    raw = data(chunk("abcd")) * 50 + data({"error": {"message": "no"}}) + data(chunk("more"))
    assert stream.feed(raw) == "abcd" * 50
    assert stream.problem is not None
    assert stream.problem.kind is Kind.ERROR


def test_text_after_the_finish_is_a_problem() -> None:
    stream = ChatStream()
    raw = data(chunk("abcd")) * 5
    assert stream.feed(raw + data(chunk(None, "stop")) + raw) == "abcd" * 5
    assert stream.problem is not None
    assert stream.problem.kind is Kind.AFTER_FINISH


def test_a_character_that_two_events_share_is_damage() -> None:
    stream = ChatStream()
    halves = [data(chunk("@")).replace(b"@", half) for half in (b"\xe2\x82", b"\xac")]
    assert stream.feed(data(chunk("abcd")) * 5 + b"".join(halves)) == "abcd" * 5
    assert stream.problem is not None
    assert stream.problem.detail == sse.Damage.UTF8
