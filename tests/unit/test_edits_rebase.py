"""Where a region is after a change, against every explanation that the change can have."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festina.edits import LineEdit, Region, apply, find_again, rebase, rewrite
from festina.text import Text

LINE = st.sampled_from(["a\n", "b\n", "c\r\n", "\n"])
LINES = st.lists(LINE, max_size=7)


def explanations(old: tuple[str, ...], new: tuple[str, ...]) -> list[tuple[int, int, int]]:
    """Every shortest way to get from old to new by replacing one stretch of lines.

    (first line, end in old, end in new), by trying them all.
    """
    ways = [
        (first, end_old, end_new)
        for first in range(min(len(old), len(new)) + 1)
        for end_old in range(first, len(old) + 1)
        for end_new in range(first, len(new) + 1)
        if old[:first] == new[:first] and old[end_old:] == new[end_new:]
    ]
    size = min((end_old - first) + (end_new - first) for first, end_old, end_new in ways)
    return [way for way in ways if way[1] - way[0] + way[2] - way[0] == size]


def places(way: tuple[int, int, int], region: Region) -> set[Region | None]:
    """Where the region may be after a change: None when the change touched it."""
    first, end_old, end_new = way
    found: set[Region | None] = set()
    if region.end <= first:
        found.add(region)
    if region.start >= end_old:
        moved = end_new - end_old
        found.add(Region(region.start + moved, region.end + moved))
    return found or {None}


def oracle(old: Text, new: Text, region: Region) -> Region | None:
    """The place on which all explanations agree; None where they do not."""
    if old == new:
        return region
    found = set().union(*(places(way, region) for way in explanations(old.lines, new.lines)))
    return found.pop() if len(found) == 1 else None


def check(old: Text, new: Text) -> None:
    for start, end in itertools.combinations_with_replacement(range(len(old.lines) + 1), 2):
        region = Region(start, end)
        assert rebase(old, new, region) == oracle(old, new, region), region


def test_every_small_change_of_two_kinds_of_lines_agrees_with_the_oracle():
    words = ["".join(word) for n in range(6) for word in itertools.product("ab", repeat=n)]
    texts = [Text("".join(f"{char}\n" for char in word)) for word in words]
    for old, new in itertools.product(texts, texts):
        check(old, new)


@settings(deadline=None, max_examples=200)
@given(LINES, st.data())
def test_a_change_of_one_stretch_agrees_with_the_oracle(lines, data):
    old = Text("".join(lines) + data.draw(st.sampled_from(["", "a"])))
    at = data.draw(st.integers(0, len(old.lines)))
    until = data.draw(st.integers(at, len(old.lines)))
    check(old, apply(old, [LineEdit(at, until, "".join(data.draw(LINES)))]))


@settings(deadline=None, max_examples=200)
@given(st.lists(LINE, max_size=7), st.lists(LINE, max_size=3), st.data())
def test_a_region_never_moves_onto_other_lines(lines, new_lines, data):
    """Lines with an identity: what is found are the very lines, or the change can be read so."""
    old = Text("".join(lines))
    count = len(old.lines)
    at = data.draw(st.integers(0, count))
    until = data.draw(st.integers(at, count))
    start = data.draw(st.integers(0, count))
    region = Region(start, data.draw(st.integers(start, count)))
    identities = [*range(at), *[-1] * len(new_lines), *range(until, count)]
    new = Text("".join([*lines[:at], *new_lines, *lines[until:]]))
    moved = rebase(old, new, region)
    if moved is None or moved.start == moved.end:
        return
    assert new.lines_text(moved.start, moved.end) == old.lines_text(region.start, region.end)
    longer = max(until - at, len(new_lines))
    minimal = explanations(old.lines, new.lines)[0]
    if (until - at, len(new_lines)) == (minimal[1] - minimal[0], minimal[2] - minimal[0]):
        # the change said nothing superfluous, so identity is certain
        assert identities[moved.start : moved.end] == list(range(region.start, region.end))
    else:
        assert longer  # lines were replaced by equal ones: nobody can tell


def test_lines_above_move_a_region_and_lines_below_do_not():
    text = Text("a\nb\nc\nd\n")
    assert rebase(text, Text("x\ny\na\nb\nc\nd\n"), Region(1, 3)) == Region(3, 5)
    assert rebase(text, Text("b\nc\nd\n"), Region(1, 3)) == Region(0, 2)
    assert rebase(text, Text("a\nb\nc\nd\ne\n"), Region(1, 3)) == Region(1, 3)


def test_a_blank_line_more_beside_a_region_does_not_touch_it():
    text = Text("a\n\n\nb\n\n\nc\n")
    assert rebase(text, Text("a\n\n\n\nb\n\n\nc\n"), Region(3, 4)) == Region(4, 5)
    assert rebase(text, Text("a\n\n\nb\n\n\n\nc\n"), Region(3, 4)) == Region(3, 4)


@pytest.mark.parametrize(
    "new",
    [
        "a\nX\nc\nd\n",
        "a\nb\nnew\nc\nd\n",
        "a\nd\n",
        "",
        "a\nbc\nd\n",
        "a\nb\r\nc\nd\n",  # a line end alone
        "a\nb\n\nc\nd\n",
    ],
)
def test_a_touched_region_has_no_new_place(new):
    assert rebase(Text("a\nb\nc\nd\n"), Text(new), Region(1, 3)) is None


@pytest.mark.parametrize("region", [Region(1, 2), Region(2, 3)])
def test_which_of_two_equal_lines_was_deleted_is_not_guessed(region):
    assert rebase(Text("a\nx\nx\nb\n"), Text("a\nx\nb\n"), region) is None


def test_a_line_end_added_at_the_end_of_the_file_touches_the_last_line_alone():
    assert rebase(Text("a\nb"), Text("a\nb\n"), Region(1, 2)) is None
    assert rebase(Text("a\nb"), Text("a\nb\n"), Region(0, 1)) == Region(0, 1)


def test_an_edit_of_a_moved_region_gives_what_it_would_have_given():
    old, new = Text("a\nb\nc\n"), Text("x\na\nb\nc\n")
    region = rebase(old, new, Region(1, 2))
    assert region is not None
    assert apply(new, rewrite(new, region, "B\n")).content == "x\na\nB\nc\n"


class TestFindAgain:
    OLD = Text("import b\nimport a\n\n\ndef f( x ):\n    return x\n\n\ny=1\n")
    F = OLD.lines[4:6]

    def test_lines_that_both_texts_have_once_are_where_they_are(self):
        new = Text("import a\n" + self.OLD.content.replace("y=1", "y = 1"))
        assert find_again(self.F, self.OLD, new) == Region(5, 7)

    def test_lines_that_were_changed_are_nowhere(self):
        new = Text(self.OLD.content.replace("( x )", "(x)"))
        assert find_again(self.F, self.OLD, new) is None

    def test_lines_that_either_text_has_twice_could_be_the_others(self):
        twice = Text(self.OLD.content + "".join(self.F))
        assert find_again(self.F, self.OLD, twice) is None
        assert find_again(self.F, twice, self.OLD) is None

    def test_lines_on_one_side_of_all_that_changed_are_where_they_are(self):
        below = Text(self.OLD.content + "z=1\n")
        assert find_again(self.F, self.OLD, below) == Region(4, 6)
        above = Text("import a\n" + self.OLD.content)
        assert find_again(self.F, self.OLD, above) == Region(5, 7)

    def test_lines_that_something_was_put_into_are_nowhere(self):
        lines = ("\n", "\n", *self.F)
        new = Text(self.OLD.content.replace("def f", "\ndef f"))
        assert find_again(lines, self.OLD, new) is None, "between the two blank lines, or above"

    @pytest.mark.parametrize("lines", [OLD.lines[2:4], ()])
    def test_blank_lines_and_no_lines_are_nowhere(self, lines):
        assert find_again(lines, self.OLD, self.OLD) is None
