"""Rewrites as properties: the right text, nothing else touched, nothing said that is not needed."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from festina.edits import LineEdit, Region, apply, hunks, rewrite, size, subset
from festina.text import Text

LINE = st.sampled_from(["a", "b", "c", "", "    x", "é\f\u2028"])
END = st.sampled_from(["\n", "\r\n", "\r"])
BOM = "\ufeff"


@st.composite
def texts(draw, max_lines=8, marks=("", BOM)):
    parts = [draw(LINE) + draw(END) for _ in range(draw(st.integers(0, max_lines)))]
    return Text(draw(st.sampled_from(marks)) + "".join(parts) + draw(st.sampled_from(["", "a"])))


@st.composite
def cases(draw):
    """(text, region, new text of the region)"""
    text = draw(texts())
    start = draw(st.integers(0, len(text.lines)))
    region = Region(start, draw(st.integers(start, len(text.lines))))
    return text, region, draw(texts(4, marks=("",))).content


def ended(line):
    return line.endswith(("\r", "\n"))


def expected(text: Text, region: Region, new: str) -> set[str]:
    """The texts that are right, said with strings: any line end may be put where one is needed."""
    mark = BOM if text.content.startswith(BOM) else ""
    lines = [line.removeprefix(BOM) if n == 0 else line for n, line in enumerate(text.lines)]
    before, after = "".join(lines[: region.start]), "".join(lines[region.end :])
    found = set()
    for glue, end in itertools.product(["", "\n", "\r\n", "\r"], repeat=2):
        needs_glue = bool(before) and not ended(before) and bool(new)
        needs_end = bool(after) and bool(new) and not ended(new)
        if bool(glue) == needs_glue and bool(end) == needs_end:
            found.add(mark + before + glue + new + end + after)
    return found


@settings(deadline=None, max_examples=300)
@given(cases())
def test_a_rewrite_gives_the_expected_text(case):
    text, region, new = case
    assert apply(text, rewrite(text, region, new)).content in expected(text, region, new)


@settings(deadline=None, max_examples=300)
@given(cases())
def test_a_rewrite_edits_no_line_outside_its_region(case):
    text, region, new = case
    edits = rewrite(text, region, new)
    last = len(text.lines)
    bare_end = bool(text.lines) and not ended(text.lines[-1]) and region.start == last
    marked = text.content.startswith(BOM) and region.start == 0
    low = region.start - 1 if bare_end else region.start
    high = region.end + 1 if marked else region.end
    assert all(low <= edit.start <= edit.end <= high for edit in edits)
    if bare_end and edits:  # the line is there only to get its line end
        assert edits[0].new_text.startswith(text.lines[-1])


@settings(deadline=None, max_examples=300)
@given(cases())
def test_edits_are_ordered_disjoint_and_minimal(case):
    text, region, new = case
    edits = rewrite(text, region, new)
    for one, other in itertools.pairwise(edits):
        assert one.end < other.start, "two edits that touch are one"
    for edit in edits:
        old, lines = text.lines[edit.start : edit.end], Text(edit.new_text).lines
        assert old or lines
        assert not (set(old) & set(lines)), "a line that stays is not part of an edit"


@settings(deadline=None)
@given(texts(), st.data())
def test_lines_that_stay_are_not_edited(text, data):
    start = data.draw(st.integers(0, len(text.lines)))
    region = Region(start, data.draw(st.integers(start, len(text.lines))))
    assert rewrite(text, region, text.lines_text(region.start, region.end)) == ()


@settings(deadline=None)
@given(cases(), st.data())
def test_any_hunks_can_be_taken_alone(case, data):
    text, region, new = case
    edits = rewrite(text, region, new)
    numbered = hunks(edits)
    assert [hunk.id for hunk in numbered] == list(range(len(edits)))
    ids = data.draw(st.sets(st.sampled_from(range(len(edits) + 1))))
    taken = subset(edits, ids)
    assert taken == tuple(
        LineEdit(hunk.start, hunk.end, hunk.new_text) for hunk in numbered if hunk.id in ids
    )
    assert apply(text, subset(edits, range(len(edits)))) == apply(text, edits)
    assert apply(text, subset(edits, [])) == text


def test_nothing_is_put_before_a_byte_order_mark():
    assert apply(Text(BOM), rewrite(Text(BOM), Region(0, 0), "a")).content == f"{BOM}a"
    text = Text("\ufeffa\r\nb\r\n")
    assert apply(text, rewrite(text, Region(0, 0), "new")).content == "\ufeffnew\r\na\r\nb\r\n"
    assert apply(text, rewrite(text, Region(0, 1), "")).content == "\ufeffb\r\n"
    assert apply(text, rewrite(text, Region(0, 1), "\ufeffA\r\n")).content == "\ufeffA\r\nb\r\n"
    assert apply(text, rewrite(text, Region(0, 2), "")).content == "\ufeff"


def test_the_size_of_an_edit_is_what_a_person_has_to_read():
    text = Text("a\nb\nc\n")
    assert size(rewrite(text, Region(0, 3), "a\nb\nc\n")) == 0
    assert size(rewrite(text, Region(0, 3), "a\nB\nc\n")) == 2
    assert size(rewrite(text, Region(0, 3), "a\nx\ny\nb\n")) == 3
