"""The event stream reader, rule by rule (HTML standard, 9.2.6) and where it is stricter."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.models.sse import Damage, Event, SseReader


def read(*chunks: bytes, **limits: int) -> tuple[list[Event], SseReader]:
    reader = SseReader(**limits)
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return events + reader.close(), reader


def data(*chunks: bytes) -> list[str]:
    return [event.data for event in read(*chunks)[0]]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"data: a\n\n", ["a"]),
        (b"data:a\n\ndata:  b\n\n", ["a", " b"]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["a", "b", "c"]),
        (b"data: a\n\r\ndata: b\r\n\n", ["a", "b"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data\ndata\n\n", ["\n"]),
        (b"data:\n\n", [""]),
        (b": comment\n\n:\n\ndata: a\n\n", ["a"]),
        (b"data: a\n: comment\ndata: b\n\n", ["a\nb"]),
        (b"id: 1\nretry: 5\n\nid: 2\ndata: a\n\n", ["a"]),
        (b"dataset: a\n data: b\nDATA: c\n\n", []),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"]),
        (b"\n\n\ndata: a\n\n\n\n", ["a"]),
        ("data: \u2028\u2029\x85\x0b\x0c\x1c\n\n".encode(), ["\u2028\u2029\x85\x0b\x0c\x1c"]),
        (b"data: a", ["a"]),
        (b"data: a\n", ["a"]),
        (b"data: a\r", ["a"]),
        (b"data: a\n\ndata: b", ["a", "b"]),
        (b"", []),
        (b"\xef\xbb", []),
    ],
)
def test_events(raw: bytes, expected: list[str]) -> None:
    assert data(raw) == expected
    assert data(*(raw[i : i + 1] for i in range(len(raw)))) == expected


def test_type_belongs_to_one_event() -> None:
    events, _ = read(b"event: error\ndata: a\n\ndata: b\n\nevent: lost\n\ndata: c\n\n")
    assert events == [Event("a", "error"), Event("b", ""), Event("c", "")]


def test_an_event_comes_as_soon_as_its_blank_line_does() -> None:
    reader = SseReader()
    assert reader.feed(b"data: a\r\n") == []
    assert reader.feed(b"\r") == [Event("a", "")]
    assert reader.feed(b"\ndata: b\n") == []
    assert reader.feed(b"\n") == [Event("b", "")]


@pytest.mark.parametrize("raw", [b'{"error": 1}', b" \r\n[1]", b"\xef\xbb\xbf<html>", b"{"])
def test_a_body_that_is_no_stream_is_kept(raw: bytes) -> None:
    for chunks in ([raw], [raw[i : i + 1] for i in range(len(raw))]):
        events, reader = read(*chunks)
        assert events == []
        assert reader.body == raw.removeprefix(b"\xef\xbb\xbf")


def test_bytes_that_are_not_utf8_spoil_only_what_follows() -> None:
    events, reader = read(b"data: ok\n\ndata: \xff\n\ndata: late\n\n")
    assert [event.data for event in events] == ["ok"]
    assert reader.damage is Damage.UTF8


def test_bytes_that_are_not_utf8_in_a_comment_do_no_harm() -> None:
    events, reader = read(b": \xff\n\ndata: ok\n\n")
    assert [event.data for event in events] == ["ok"]
    assert reader.damage is None


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_event_has_a_largest_size(size: int) -> None:
    raw = b"data: ok\n\ndata: " + b"x" * 95 + b"\n\n"
    events, reader = read(*(raw[i : i + size] for i in range(0, len(raw), size)), max_event=100)
    assert [event.data for event in events] == ["ok"]
    assert reader.damage is Damage.EVENT_SIZE


def test_many_lines_and_an_endless_one_count_as_one_event() -> None:
    assert read(b"data: 12345\n" * 10, max_event=100)[1].damage is Damage.EVENT_SIZE
    assert read(b"x" * 101, max_event=100)[1].damage is Damage.EVENT_SIZE
    assert read(b"data: 12345\n\n" * 100, max_event=100)[1].damage is None
    assert read(b"{" + b"x" * 100, max_event=100)[1].damage is Damage.TOTAL_SIZE


@pytest.mark.parametrize(
    ("line", "damaged"),
    [
        (b'dbta: {"x": 1}', True),
        (b'ext": "b"}]}', True),
        (b'\xef\xbb\xbfdata: {"x": 1}', True),
        (b'error: {"code": 500}', False),  # so llama.cpp tells of errors, and then once more
        (b"a proxy's words", False),
        (b': {"x": 1}', False),
    ],
)
def test_json_outside_of_events_is_damage(line: bytes, damaged: bool) -> None:
    events, reader = read(b"data: a\n\n" + line + b"\n\ndata: b\n\n")
    assert reader.damage is (Damage.LINE if damaged else None)
    assert [event.data for event in events] == ["a"] + ["b"] * (not damaged)


def test_a_stream_has_a_largest_size() -> None:
    for size in (1, 5, 1000):
        raw = b"data: a\n\n" * 20
        chunks = [raw[i : i + size] for i in range(0, len(raw), size)]
        events, reader = read(*chunks, max_total=93)
        assert len(events) == 10
        assert reader.damage is Damage.TOTAL_SIZE


line_text = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)
line_ends = st.sampled_from(["\n", "\r\n", "\r"])


@given(
    st.lists(
        st.tuples(st.lists(line_text, min_size=1, max_size=3), st.lists(line_text, max_size=2)),
        max_size=5,
    ),
    line_ends,
    st.booleans(),
    st.lists(st.integers(0, 200), max_size=8),
)
def test_what_was_written_is_read(
    written: list[tuple[list[str], list[str]]], end: str, bom: bool, cuts: list[int]
) -> None:
    raw = b"\xef\xbb\xbf" if bom else b""
    for lines, comments in written:
        raw += "".join(f": {comment}{end}" for comment in comments).encode()
        raw += "".join(f"data: {line}{end}" for line in lines).encode() + end.encode()
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    chunks = [raw[i:j] for i, j in pairwise(edges)]
    assert data(*chunks) == ["\n".join(lines) for lines, _ in written]
