"""From bytes to the answer: what the transcripts of test_sse_splits do not say."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.models.answer_stream import Kind
from festina.models.base import Usage
from festina.models.chat_stream import ChatStream
from festina.models.reasoning import ReasoningFilter, mentions_tags
from festina.models.sse import SseReader
from support.fake_replies import body_of, chunk, data, events, text, usage
from support.streams import GOOD, OUTCOMES, load


def stream_of(raw: bytes, **options: bool) -> tuple[str, ChatStream]:
    stream = ChatStream(**options)
    return stream.feed(raw) + stream.close(), stream


def test_usage_is_what_the_provider_counted() -> None:
    assert stream_of(body_of(text("x" * 12)))[1].usage == Usage(100, 0, 3)
    raw = body_of(events(chunk("x", "stop"), usage(5, prompt=9, cached=7)))
    assert stream_of(raw)[1].usage == Usage(9, 7, 5)


@pytest.mark.parametrize(
    "odd",
    [
        *(None, {}, [], "3", {"prompt_tokens": "3"}, {"prompt_tokens": True}),
        *({"prompt_tokens": -1, "completion_tokens": -1}, {"completion_tokens": 10**400}),
    ],
)
def test_odd_usage_is_no_usage(odd: object) -> None:
    raw = body_of(events({**chunk("x", "stop"), "usage": odd}))
    assert stream_of(raw)[1].usage == Usage()


def test_only_text_and_reasoning_are_signs_of_life() -> None:
    stream = ChatStream()
    stream.feed(b": ping\n\n" + data(chunk("", role="assistant")) + data({"choices": []}))
    assert stream.alive == 0
    stream.feed(data(chunk(None, reasoning="hm")))
    assert stream.alive == 1
    stream.feed(data(chunk("x")))
    assert stream.alive == 2
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    assert stream.feed(data(chunk([thought]))) == ""  # Mistral's
    assert stream.alive == 3


@pytest.mark.parametrize("others", [("<", "x = 1\n"), ("</think>", "x = 1\n", "y = 2\n"), ("<",)])
def test_text_of_another_answer_is_seen_also_where_it_is_held_back(others: tuple[str, ...]) -> None:
    mine = [{**chunk(each), "id": "a"} for each in ("one", " two")]
    foreign = [{**chunk(each), "id": "b"} for each in others]
    last = [{**chunk(" three"), "id": "a"}, {**chunk(None, "stop"), "id": "a"}]
    stream = stream_of(b"".join(map(data, [*mine, *foreign, *last])))[1]
    assert stream.problem is not None
    assert stream.problem.kind is Kind.MISMATCH
    foreign_alone = stream_of(b"".join(map(data, [*mine, *foreign, last[1]])))[1]
    assert foreign_alone.problem is not None
    assert foreign_alone.problem.kind is Kind.MISMATCH


@pytest.mark.parametrize("reason", ["stop", "eos"])
def test_an_answer_that_came_to_its_own_end_is_whole(reason: str) -> None:
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
    text, stream = stream_of(data(chunk("x = 1\n")) + data(end))
    assert (text, stream.problem) == ("x = 1\n", None)


def test_reading_stops_at_the_end_mark() -> None:
    stream = ChatStream()
    stream.feed(body_of(events(chunk("x", "stop"))))
    assert stream.over
    assert stream.feed(data(chunk("y"))) == ""
    stream.close()
    assert stream.problem is None


def test_damage_is_told() -> None:
    stream = ChatStream(SseReader(max_event=50))
    stream.feed(b"data: " + b"x" * 60)
    assert stream.over
    assert stream.problem is not None
    assert stream.problem.kind is Kind.BYTES


@pytest.mark.parametrize("raw", [b"data: " + b"[" * 200_000 + b"\n\n", b"[" * 200_000])
def test_deep_nesting_is_no_crash(raw: bytes) -> None:
    assert stream_of(raw)[1].problem is not None


def test_tags_of_the_code_itself_stay_where_the_prompt_has_them() -> None:
    assert mentions_tags(["a", "strip('<think>')"])
    assert not mentions_tags(["a", "think"])
    raw = body_of(events(chunk("<think>hm</think>a = '<think>'\n</think>"), chunk("", "stop")))
    answer, stream = stream_of(raw, tags_are_code=True)
    assert answer == "a = '<think>'\n</think>"
    assert stream.problem is None


def test_a_cut_stream_is_never_a_good_shorter_answer() -> None:
    wrong = []
    for name in GOOD:
        raw = load(name)
        for end in range(len(raw)):
            answer, stream = stream_of(raw[:end])
            if stream.problem is None and answer != OUTCOMES[name]["text"]:
                wrong.append((name, end))
    assert not wrong


bits = st.sampled_from(
    [
        "<think>",
        "</think>",
        "<thinking>",
        "</thinking>",
        "<",
        "th",
        "a",
        "\n",
        " ",
        "</",
        ">",
        "b<c",
    ]
)


@given(st.lists(bits, max_size=12).map("".join), st.lists(st.integers(0, 60), max_size=6))
def test_no_cut_lets_reasoning_through(whole: str, cuts: list[int]) -> None:
    def run(pieces: list[str]) -> tuple[str, bool, bool]:
        filtered = ReasoningFilter(everywhere=True)
        answer = "".join(filtered.feed(piece) for piece in pieces) + filtered.close()
        return answer, filtered.open, filtered.leaked

    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    result = run([whole[i:j] for i, j in pairwise(edges)])
    assert result == run([whole]) == run(list(whole))
    assert result[0].strip() == without_blocks(whole).strip()


def without_blocks(whole: str) -> str:
    """The same by other means, for a text that is there as a whole."""
    kept, inside = "", False
    for part in re.split(r"(</?think(?:ing)?>)", whole):
        if part in {"<think>", "<thinking>"}:
            inside = True
        elif part in {"</think>", "</thinking>"}:
            inside = False
        elif not inside:
            kept += part
    return kept
