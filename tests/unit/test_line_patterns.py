"""How a line reads in a place that a skill is meant for."""

import pytest

from festina import line_patterns
from festina.line_patterns import amiss, reads, split


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("return value", "    return value\n"),
        ("return value", "\treturn   value  # as it is\n"),
        ("print(...)", "print( 'a', b )"),
        ("for ... in range(len(...)):", "    for i in range( len(items) ) :\n"),
        ("if x == 1", "if x==1:"),
        ("if x==1", "if x == 1:"),
        ("... is None", "return value is None"),
        ("get...(", "    x = get_all(1)"),
        ("a...a", "a b a"),
        ("[...spread]", "[...spread]"),
        ("straße(...)", "straße(1)"),
    ],
)
def test_it_reads_like_that(pattern, line):
    assert reads([pattern], line)
    assert reads(["nothing like it", pattern], line)
    assert line_patterns.may_read(["nothing like it", pattern], f"x\n{line}\ny")


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("return value", "return values"),
        ("return value", "returnvalue"),
        ("returnvalue", "return value"),
        ("print(...)", "pprint(1)"),
        ("print(...)", "print(1"),
        ("a...a", "a b"),
        ("b...a", "a b"),
        ("for ... in range(len(...)):", "for i in range(3):  # len()"),
        ("x.*y", "x.abcy"),
    ],
)
def test_it_does_not(pattern, line):
    assert not reads([pattern], line)


def test_a_text_without_its_words_is_not_looked_through():
    assert not line_patterns.may_read(["for ... in range(len(...))"], "for x in items:\n")
    assert line_patterns.may_read(["for ... in range(len(...))"], "len(1) range(2)\nfor in\n")


def test_no_line_holds_anybody_up():
    line = "a" * 500_000
    pattern = "a...a...a...a...a...a...a...ab"
    assert not reads([pattern], line)  # an expression that backtracks would never come back
    assert not reads(["tail"], " " * line_patterns.LINE_CHARS + "tail")


def test_patterns_stand_a_line_each():
    assert split("  a  b\n\nprint(...)\na b\n") == ("a b", "print(...)")


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        (("...",), "says too little"),
        (("x ... )",), "says too little"),
        (("x" * 201,), "longer than 200"),
        (("abc",) * 11, "11 patterns"),
    ],
)
def test_what_is_not_looked_for(patterns, words):
    assert words in amiss(patterns)
    assert amiss(("abc", "print(...)")) == ""
