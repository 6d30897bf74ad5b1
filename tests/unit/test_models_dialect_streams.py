"""Responses and Messages from bytes to the answer: however they are cut, whatever is in them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festina.models.anthropic_stream import AnthropicStream
from festina.models.base import Usage
from festina.models.responses_stream import ResponsesStream
from support.dialect_streams import FOLDER, GOOD, NAMES, STREAMS, expected, load, outcome
from support.fake_dialects import event


def test_every_transcript_has_an_outcome() -> None:
    found = [f"{name}/{path.stem}" for name in STREAMS for path in (FOLDER / name).glob("*.sse")]
    assert sorted(found) == NAMES


def test_every_cut() -> None:
    wrong: list[object] = []
    for name in NAMES:
        raw, wanted = load(name), expected(name)
        if outcome(name, [raw]) != wanted:
            wrong.append((name, "in one piece"))
        if outcome(name, [raw[i : i + 1] for i in range(len(raw))]) != wanted:
            wrong.append((name, "byte by byte"))
        cuts = range(1, len(raw), 1 if len(raw) < 2000 else 7)
        wrong += [(name, cut) for cut in cuts if outcome(name, [raw[:cut], raw[cut:]]) != wanted]
    assert not wrong


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_any_cuts(name: str, data: st.DataObject) -> None:
    raw = load(name)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=12)))
    pieces = [raw[i:j] for i, j in pairwise([0, *cuts, len(raw)])]
    assert outcome(name, pieces) == expected(name)


def test_a_cut_stream_is_never_a_good_shorter_answer() -> None:
    wrong = []
    for name in GOOD:
        raw, wanted = load(name), expected(name)[0]
        for end in range(len(raw)):
            text, problem = outcome(name, [raw[:end]])
            if problem is None and text != wanted:
                wrong.append((name, end))
    assert not wrong


def test_usage_counts_what_was_cached() -> None:
    responses = ResponsesStream()
    responses.feed(load("responses/openai"))
    assert responses.usage == Usage(prompt=1180, cached=1024, completion=42)
    anthropic = AnthropicStream()
    anthropic.feed(load("anthropic/anthropic"))
    # 156 plain, 256 written to the cache, 768 read from it
    assert anthropic.usage == Usage(prompt=1180, cached=768, completion=42)


def test_only_text_and_thinking_are_signs_of_life() -> None:
    anthropic = AnthropicStream()
    anthropic.feed(event("message_start", message={"usage": {}}) + event("ping") * 3)
    assert anthropic.alive == 0
    thought = {"type": "thinking_delta", "thinking": "hm"}
    anthropic.feed(event("content_block_delta", index=0, delta=thought))
    assert anthropic.alive == 1
    responses = ResponsesStream()
    responses.feed(event("response.in_progress", response={}) + b": ping\n\n")
    assert responses.alive == 0
    responses.feed(event("response.reasoning_text.delta", delta="hm"))
    assert responses.alive == 1


def test_a_stop_sequence_is_a_good_end_where_it_was_asked_for() -> None:
    stream = AnthropicStream(good=frozenset({"end_turn", "stop_sequence"}))
    stream.feed(load("anthropic/stop-sequence-nobody-asked-for"))
    stream.close()
    assert stream.problem is None


@pytest.mark.parametrize("stream", STREAMS.values())
def test_tags_of_the_code_itself_stay(stream: type[ResponsesStream]) -> None:
    made = stream(tags_are_code=True)
    text = "a = '<think>'\n"
    made.feed(event("message_start", message={}))
    made.feed(event("content_block_start", index=0, content_block={"type": "text", "text": ""}))
    made.feed(event("response.output_text.delta", delta="a"))
    made.feed(event("content_block_delta", index=0, delta={"type": "text_delta", "text": "a"}))
    sent = event("response.output_text.delta", delta=text)
    sent += event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
    assert made.feed(sent) == text
