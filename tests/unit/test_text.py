"""Positions and changes against a slow, obvious model of what the protocol says."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from festina.text import Encoding, NotText, Position, Range, Text, decode, encode

HALVES = "\ud83d\ude0b"
ALPHABET = "ab \t\r\n\f\x0b\x1c\x85\u2028\u2029é€😋\U00010000\ufeff\u0301" + HALVES


def joined(content: str) -> str:
    """Halves of a pair that stand side by side are one character, as JSON and editors have it."""
    return content.replace(HALVES, "😋")


CONTENT = st.text(st.sampled_from(ALPHABET), max_size=40).map(joined)
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
    """Code units by the table of the standard, one character after the other."""
    total = 0
    for char in text:
        code = ord(char)
        if encoding == "utf-8":
            total += 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)
        elif encoding == "utf-16":
            total += 1 + (code > 0xFFFF)
        else:
            total += 1
    return total


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


# up to and past the end of every line and of the text
PLACES = st.tuples(st.integers(0, 9), st.integers(0, 16))
CHANGES = st.lists(
    st.tuples(PLACES, PLACES, st.text(st.sampled_from(ALPHABET), max_size=8).map(joined)),
    min_size=40,
    max_size=40,
)


# a failure is not shrunk here, which would take minutes: the next test gives the short example
@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(CONTENT, CHANGES)
def test_ten_thousand_random_edits_agree_with_the_reference_in_every_encoding(content, changes):
    # 250 examples of 40 edits each: ten thousand edits, each of them in all three encodings
    for encoding in ENCODINGS:
        text, reference = Text(content), content
        for one, other, new in changes:
            start, end = sorted([one, other])
            text = text.replace(Range(Position(*start), Position(*end)), new, encoding)
            low, high = sorted(
                [slow_offset(reference, *start, encoding), slow_offset(reference, *end, encoding)]
            )
            reference = joined(reference[:low] + new + reference[high:])
            assert text.content == reference
            assert len(text.lines) == len([x for x, _ in slow_lines(reference)]) - (
                not reference or reference[-1] in "\r\n"
            )


@given(CONTENT, PLACES, PLACES, CONTENT, st.sampled_from(ENCODINGS))
def test_one_edit_agrees_with_the_reference(content, one, other, new, encoding):
    start, end = sorted([one, other])
    low, high = (slow_offset(content, *place, encoding) for place in (start, end))
    result = Text(content).replace(Range(Position(*start), Position(*end)), new, encoding)
    assert result.content == joined(content[:low] + new + content[max(low, high) :])


@given(CONTENT, CHANGES, st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_same_edits_give_the_same_text_in_every_encoding(content, changes, data):
    texts = dict.fromkeys(ENCODINGS, Text(content))
    for _, _, new in changes:
        length = len(texts[Encoding.UTF32].content)
        low, high = sorted((data.draw(st.integers(0, length)), data.draw(st.integers(0, length))))
        for encoding, text in texts.items():
            where = Range(text.position(low, encoding), text.position(high, encoding))
            texts[encoding] = text.replace(where, new, encoding)
        assert len(set(texts.values())) == 1


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


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_column_of_a_very_long_line_is_found(encoding):
    body = "é😋\ud83dx" * 50_000
    text = Text(f"{body}\nend")
    for index in (0, 1, 4_321, 123_457, len(body)):
        position = text.position(index, encoding)
        assert position == Position(0, units(body[:index], encoding))
        assert text.offset(position, encoding) == index
    assert text.offset(Position(0, 10**9), encoding) == len(body)


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
        ("# vim: set fileencoding=latin-1 :\nx = 'é'\n".encode(), "iso8859-1"),
        (b"caf\xe9", "byte 4"),
        ("x = 1\n".encode("utf-16"), "UTF-16"),
        ("x = 1\n".encode("utf-32"), "UTF-32"),
        (b"\xff\xfe\0\0", "UTF-32"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_a_reason(data, words):
    with pytest.raises(NotText, match=words):
        decode(data)


def test_a_lone_surrogate_has_a_digest_and_bytes():
    text = Text("\ud800")
    assert len(text.digest) == 64
    assert encode(text) == b"\xed\xa0\x80"


@pytest.mark.parametrize(
    "line",
    ["# -*- coding: utf-8 -*-", "# coding: utf-8-unix", "# coding=UTF_8", "# coding: style, tests"],
)
def test_a_declared_utf_8_or_no_encoding_at_all_is_read(line):
    assert decode(f"{line}\né\n".encode()).lines == (f"{line}\n", "é\n")


def test_plain_ascii_is_read_whatever_it_declares():
    assert decode(b"# coding: latin-1\n").content == "# coding: latin-1\n"


def test_a_change_that_splits_a_line_end_or_joins_one():
    text = Text("a\r\nb")
    # between the two halves of a line end there is no position: a client means its line's end
    split = text.replace(Range(Position(0, 9), Position(0, 9)), "\r", Encoding.UTF16)
    assert split.lines == ("a\r", "\r\n", "b")
    joins = Text("a\rb").replace(Range(Position(1, 0), Position(1, 0)), "\n", Encoding.UTF16)
    assert joins.lines == ("a\r\n", "b")


def test_halves_of_a_character_that_meet_become_the_character():
    half = Text("x\ud83d")
    end = Position(0, 9)
    whole = half.replace(Range(end, end), "\ude0by", Encoding.UTF16)
    assert whole == Text("x😋y")
    assert whole.position(2, Encoding.UTF16) == Position(0, 3)
    assert Text("").replace(None, "\ud83d\ude0b", Encoding.UTF8) == Text("😋")


def test_places_before_the_text_mean_its_start():
    text = Text("ab")
    assert text.offset(Position(-1, 5), Encoding.UTF16) == 0
    assert text.offset(Position(0, -5), Encoding.UTF16) == 0
    assert text.position(-3, Encoding.UTF16) == Position(0, 0)
    assert text.position(99, Encoding.UTF16) == Position(0, 2)


ANY_LINES = st.lists(
    st.sampled_from(["a", "é", "😋", "\n", "\r", "\r\n", "\f", "\u2028"]), max_size=12
)


@given(ANY_LINES.map("".join), ANY_LINES.map("".join), st.data())
def test_lines_that_were_kept_through_a_change_are_those_of_the_new_text(before, new, data):
    text = Text(before)
    positions = st.builds(Position, st.integers(0, 6), st.integers(0, 6))
    where = Range(data.draw(positions), data.draw(positions))
    changed = text.replace(where, new, Encoding.UTF16)
    assert changed.lines == Text(changed.content).lines
    assert changed.starts == Text(changed.content).starts
