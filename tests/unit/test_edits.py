import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festina.edits import (
    LineEdit,
    Region,
    apply,
    enclosing,
    hunks,
    name_of,
    rewrite,
    snap,
    subset,
    unified,
)
from festina.text import Encoding, Position, Range, Text

LINE = st.sampled_from(["a", "b", "c", "", "    x"])
END = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def texts(draw, max_lines=8):
    parts = [draw(LINE) + draw(END) for _ in range(draw(st.integers(0, max_lines)))]
    content = "".join(parts)
    if draw(st.booleans()):
        content += draw(st.sampled_from(["a", "b"]))
    return Text(content)


@st.composite
def regions(draw, text):
    start = draw(st.integers(0, len(text.lines)))
    return Region(start, draw(st.integers(start, len(text.lines))))


def test_edits_are_minimal_and_line_granular():
    text = Text("one\ntwo\nthree\nfour\n")
    edits = rewrite(text, Region(0, 4), "one\n2\nthree\nfour\nfive\n")
    assert edits == (LineEdit(1, 2, "2\n"), LineEdit(4, 4, "five\n"))


def test_an_insertion_behind_a_last_line_without_a_line_end_takes_that_line_along():
    text = Text("a\r\nb")
    edits = rewrite(text, Region(2, 2), "c")
    assert apply(text, edits).content == "a\r\nb\r\nc"


def test_a_rewrite_never_glues_its_last_line_to_the_next():
    text = Text("a\r\nb\r\n")
    assert apply(text, rewrite(text, Region(0, 1), "x")).content == "x\r\nb\r\n"


def test_hunks_are_numbered_and_a_subset_can_be_taken():
    text = Text("a\nb\nc\n")
    edits = rewrite(text, Region(0, 3), "A\nb\nC\n")
    assert [hunk.id for hunk in hunks(edits)] == [0, 1]
    assert apply(text, subset(edits, [1])).content == "a\nb\nC\n"


# -- regions --------------------------------------------------------------------------------


def at(line1, column1, line2, column2):
    return Range(Position(line1, column1), Position(line2, column2))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (at(0, 1, 0, 2), Region(0, 1)),
        (at(0, 0, 1, 0), Region(0, 1)),
        (at(0, 3, 2, 1), Region(0, 3)),
        (at(2, 1, 0, 3), Region(0, 3)),
        (at(1, 0, 1, 0), Region(1, 1)),
        (at(0, 0, 99, 0), Region(0, 3)),
        (at(98, 0, 99, 5), Region(3, 3)),
    ],
)
def test_a_range_is_widened_to_whole_lines(chosen, expected):
    assert snap(Text("aaa\nbbb\nccc\n"), chosen, Encoding.UTF16) == expected


SOURCE = """import os


@decorator
class Thing:
    x = 1

    @property
    def name(self):
        def inner():
            return 1

        return inner()


def last(a,
         b):
    return a
"""


@pytest.mark.parametrize(
    ("line", "name", "start", "end"),
    [
        (3, "Thing", 3, 13),
        (5, "Thing", 3, 13),
        (7, "name", 7, 13),
        (9, "inner", 9, 11),
        (11, "name", 7, 13),
        (16, "last", 15, 18),
    ],
)
def test_the_enclosing_definition_has_its_decorators(line, name, start, end):
    assert enclosing(Text(SOURCE), line) == (Region(start, end), name)


@pytest.mark.parametrize("line", [0, 1, 13])
def test_outside_every_definition_there_is_none(line):
    assert enclosing(Text(SOURCE), line) is None


def test_a_file_that_does_not_parse_is_judged_by_indentation():
    broken = SOURCE + "\n)(\n"
    assert enclosing(Text(broken), 8) == (Region(7, 13), "name")
    assert enclosing(Text("x = (\n"), 0) is None


def test_a_form_feed_does_not_shift_definitions():
    assert enclosing(Text("x = 1\n\f\ndef f():\n    pass\n"), 3) == (Region(2, 4), "f")


# -- diffs ----------------------------------------------------------------------------------


def test_a_diff_reads_as_usual():
    old = Text("".join(f"{n}\n" for n in range(20)))
    new = Text(old.content.replace("10\n", "ten\n"))
    assert unified(old, new, "a.txt", context=1) == (
        "--- a/a.txt\n+++ b/a.txt\n@@ -10,3 +10,3 @@\n 9\n-10\n+ten\n 11\n"
    )


@settings(deadline=None)
@given(texts(), texts())
def test_a_diff_can_be_replayed(old, new):
    diff = unified(old, new, "f", context=99)
    if old == new:
        assert diff == ""
        return
    body = [line for line in diff.split("\n")[3:-1] if not line.startswith("\\")]
    plain = [line.rstrip("\r\n") for line in old.lines]
    assert [line[1:] for line in body if line[0] in " -"] == plain
    assert [line[1:] for line in body if line[0] in " +"] == [x.rstrip("\r\n") for x in new.lines]


@pytest.mark.parametrize(
    ("region", "name"),
    [
        (Region(3, 13), "Thing"),
        (Region(7, 13), "name"),
        (Region(15, 18), "last"),
        (Region(5, 6), ""),
        (Region(0, 0), ""),
    ],
)
def test_a_region_is_called_after_the_definition_that_it_begins_with(region, name):
    assert name_of(Text(SOURCE), region) == name
