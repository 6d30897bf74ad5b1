"""Positions and changes against a slow, obvious model of what the protocol says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festina.text import Encoding, NotText, Position, Range, Text, decode, encode

ALPHABET = "ab \t\r\n\f\x0b\x1c\x85\u2028\u2029é€😋\U00010000\ufeff\u0301"
CONTENT = st.text(st.sampled_from(ALPHABET), max_size=40)
ENCODINGS = list(Encoding)


def slow_lines(content: str) -> list[tuple[str, int]]:
    """(body, offset) of each line by walking characters; the last one may be empty."""
    lines, body, start, at = [], "", 0, 0
    while at < len(content):
        char = content[at]
        if char in "\r\n":
            lines.append((body, start))
            at += 2 if content[at : at + 2] == "\r\n" else 1
            body, start = "", at
            continue
        body += char
        at += 1
    lines.append((body, start))
    return lines


def units(text: str, encoding: Encoding) -> int:
    name = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    return len(text.encode(name)) // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]


def slow_offset(content: str, line: int, character: int, encoding: Encoding) -> int:
    lines = slow_lines(content)
    if line >= len(lines):
        return len(content)
    body, start = lines[line]
    best = 0
    for index in range(len(body) + 1):
        if units(body[:index], encoding) <= character:
            best = index
    return start + best


def slow_position(content: str, offset: int, encoding: Encoding) -> tuple[int, int]:
    lines = slow_lines(content)
    number = max(n for n, (_, start) in enumerate(lines) if start <= offset)
    body, start = lines[number]
    return number, units(body[: min(offset - start, len(body))], encoding)


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 6), st.integers(0, 12), st.integers(0, 6), st.integers(0, 12), CONTENT
    ),
    min_size=40,
    max_size=40,
)


@settings(max_examples=85, deadline=None)
@given(CONTENT, CHANGES)
def test_ten_thousand_random_edits_agree_with_the_reference_in_every_encoding(content, changes):
    # 85 examples x 40 edits x 3 encodings: more than ten thousand edits in every run
    for encoding in ENCODINGS:
        text, reference = Text(content), content
        for line1, column1, line2, column2, new in changes:
            start, end = sorted([(line1, column1), (line2, column2)])
            text = text.replace(Range(Position(*start), Position(*end)), new, encoding)
            low, high = sorted(
                [slow_offset(reference, *start, encoding), slow_offset(reference, *end, encoding)]
            )
            reference = reference[:low] + new + reference[high:]
            assert text.content == reference


@given(CONTENT, st.integers(0, 45), st.sampled_from(ENCODINGS))
def test_positions_agree_with_the_reference_and_lead_back(content, offset, encoding):
    offset = min(offset, len(content))
    position = Text(content).position(offset, encoding)
    assert (position.line, position.character) == slow_position(content, offset, encoding)
    inside = 0 < offset < len(content) and content[offset - 1 : offset + 1] == "\r\n"
    back = Text(content).offset(position, encoding)
    assert back == (offset - 1 if inside else offset)


@given(CONTENT)
def test_lines_add_up_and_hold_one_line_end_each(content):
    lines = Text(content).lines
    assert "".join(lines) == content
    for line in lines:
        assert line
        body = line.rstrip("\r\n")
        assert "\r" not in body
        assert "\n" not in body
        assert line[len(body) :] in ("", "\r", "\n", "\r\n")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_column_past_the_end_loses_no_character(encoding):
    text = Text("first\nlast")
    assert text.offset(Position(1, 99), encoding) == len("first\nlast")
    assert text.offset(Position(0, 99), encoding) == 5
    assert text.offset(Position(9, 0), encoding) == 10


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_form_feed_is_no_line_end(encoding):
    text = Text("a\fb\nc\u2028d\ne")
    assert len(text.lines) == 3
    assert text.offset(Position(2, 0), encoding) == 8


def test_a_column_inside_a_surrogate_pair_means_its_start():
    text = Text("x😋y")
    assert text.offset(Position(0, 2), Encoding.UTF16) == 1
    assert text.offset(Position(0, 3), Encoding.UTF16) == 2
    assert text.offset(Position(0, 3), Encoding.UTF8) == 1
    assert text.offset(Position(0, 5), Encoding.UTF8) == 2


def test_a_whole_document_change_replaces_everything():
    assert Text("a\n").replace(None, "b", Encoding.UTF16) == Text("b")


def test_an_empty_text_has_no_lines_and_one_position():
    text = Text("")
    assert text.lines == ()
    assert text.position(0, Encoding.UTF16) == Position(0, 0)
    assert text.offset(Position(0, 0), Encoding.UTF16) == 0


def test_equality_is_by_content_and_repr_tells_nothing():
    assert Text("a\n") == Text("a\n")
    assert len({Text("a"), Text("a"), Text("b")}) == 2
    assert "secret" not in repr(Text("secret\n"))


@given(st.binary(max_size=30))
def test_what_decodes_encodes_to_the_same_bytes(data):
    try:
        text = decode(data)
    except NotText:
        return
    assert encode(text) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x7fELF\0\0", "binary"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "iso8859-1"),
        (b"caf\xe9", "UTF-8"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_a_reason(data, words):
    with pytest.raises(NotText, match=words):
        decode(data)


def test_a_lone_surrogate_has_a_digest_and_bytes():
    text = Text("\ud800")
    assert len(text.digest) == 64
    assert encode(text) == b"\xed\xa0\x80"
