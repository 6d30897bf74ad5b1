"""Where an edit differs from what was there, line by line."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.text import Text
from festina.verify.ends import shared_end, shared_start
from festina.verify.watch import hunks

lines = st.lists(st.sampled_from(["a\n", "b\n", "a\r\n", "\r", "\n", "ab", "b"]), max_size=8)
texts = lines.map("".join)


def slowly(old: str, new: str) -> tuple[tuple[int, int, int, int], ...]:
    """Return what :func:`hunks` says, from all lines of both texts."""
    before, after = Text(old).lines, Text(new).lines
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old_lines, new_lines = before[head : len(before) - tail], after[head : len(after) - tail]
    matcher = difflib.SequenceMatcher(None, old_lines, new_lines, autojunk=False)
    return tuple(
        (head + i1, head + i2, head + j1, head + j2)
        for kind, i1, i2, j1, j2 in matcher.get_opcodes()
        if kind != "equal"
    )


@given(texts, texts)
def test_hunks_are_those_of_all_lines(old: str, new: str) -> None:
    assert hunks(old, new) == slowly(old, new)


@given(texts, texts, texts, texts)
def test_hunks_of_an_edit_in_the_middle_are_those_of_all_lines(
    start: str, end: str, old: str, new: str
) -> None:
    assert hunks(start + old + end, start + new + end) == slowly(
        start + old + end, start + new + end
    )


@given(texts, texts)
def test_what_two_texts_share_cannot_be_longer(old: str, new: str) -> None:
    most = min(len(old), len(new))
    start = shared_start(old, new)
    assert old[:start] == new[:start]
    assert start == most or old[start] != new[start]
    end = shared_end(old, new, most - start)
    assert old[len(old) - end :] == new[len(new) - end :]
    assert end == most - start or old[-1 - end] != new[-1 - end]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", ((1, 2, 1, 2),)),
        ("a\r\nb\r\n", "a\r\nb\n", ((1, 2, 1, 2),)),
        ("a\nb", "a\nb\n", ((1, 2, 1, 2),)),
        ("a\n", "a\n", ()),
        ("x\rb\nc\n", "x\rb\nd\n", ((2, 3, 2, 3),)),
    ],
)
def test_hunks_of(old: str, new: str, expected: tuple[tuple[int, ...], ...]) -> None:
    assert hunks(old, new) == expected
