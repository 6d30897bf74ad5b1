"""Plans as properties: what is written is read again, and one step's lines change alone."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from festina.plans import Damaged, Place, Step, read, replaced, tick, write
from festina.text import Text

PIECES = st.sampled_from(
    [
        *("- [ ] ", "* [x] ", "1. [ ] ", "[ ]", "- ", "  ", "\t", "\n", "\r\n", "\r", "\n\n"),
        *("where: ", "must pass: ", "at most: ", "leave alone: ", "note: ", "size: ", "why"),
        *("a.py", "`a.py`", "`", "``", ", ", " and ", "lines 3-7", ":3", "::", "12", "lint"),
        *("# ", "---", "```", "~~~", "<!--", "-->", "words", "é😋", "\ufeff", "\x00", "\u2028"),
        *("\x0c", "\xa0", "\ud800", "**", "\\", "[~]", "_"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=60))

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,5}(\.[a-z]{1,3})?", fullmatch=True)
PATHS = st.one_of(
    st.from_regex(r"[a-z]{1,4}(/[a-z .`,é-]{1,6})?/?[a-z]{1,3}\.py", fullmatch=True), NAMES
)
WORDS = st.from_regex(r"[A-Z][a-z `_*é😋().-]{0,20}[a-z.]", fullmatch=True)
PLACES = st.one_of(
    st.builds(Place, PATHS, st.one_of(st.just(""), NAMES)),
    st.builds(
        lambda path, start, more: Place(path, "", start, start + more),
        PATHS,
        st.integers(1, 999),
        st.integers(0, 99),
    ),
)
STEPS = st.builds(
    Step,
    st.lists(WORDS, min_size=1, max_size=3).map("\n".join),
    st.lists(PLACES, max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from(["lint", "types", "my-check.2"]), unique=True).map(tuple),
    st.lists(PATHS.map("tests/{}::test[a, `b`]".format), max_size=2, unique=True).map(tuple),
    st.one_of(st.none(), st.integers(1, 999_999)),
    st.lists(st.one_of(PATHS, st.just("src/**/*.py")), max_size=2, unique=True).map(tuple),
    st.booleans(),
)


@given(st.lists(STEPS, max_size=4))
def test_what_is_written_is_read_again(steps):
    assert read(write("a goal", steps)).steps == tuple(steps)


@given(TEXTS)
@example("- [ ] a\n  <!-- x\n")
def test_any_text_is_a_plan_or_is_told_to_be_damaged(text):
    plan, problems = None, ()
    try:
        plan = read(text)
    except Damaged as damaged:
        problems = damaged.problems
    if plan is None:
        assert problems
        assert all(1 <= problem.line <= len(Text(text).lines) for problem in problems)
    else:
        assert plan.text.content == text
        assert read(write("a goal", plan.steps)).steps == plan.steps


@given(TEXTS, STEPS)
def test_any_words_are_written_as_they_are_or_not_at_all(text, step):
    try:
        written = write(text, [Step(text, step.places, most_lines=3), step])
    except Damaged:
        return
    assert read(written).steps == (Step(text, step.places, most_lines=3), step)


@given(st.lists(st.one_of(TEXTS, STEPS.map(lambda s: write("g", [s]))), max_size=5), st.data())
def test_an_edit_of_one_step_changes_only_its_lines(parts, data):
    try:
        plan = read("\n".join(parts))
    except Damaged:
        return
    if not plan.entries:
        return
    index = data.draw(st.integers(0, len(plan.entries) - 1))
    entry, lines = plan.entries[index], plan.text.lines
    done = data.draw(st.booleans())
    ticked = tick(plan, index, done=done)
    assert [at for at, line in enumerate(ticked.text.lines) if line != lines[at]] in (
        [],
        [entry.start],
    )
    assert len(ticked.text.lines) == len(lines)
    assert [step.done for step in ticked.steps] == [
        done if at == index else step.done for at, step in enumerate(plan.steps)
    ]
    step = data.draw(STEPS)
    try:
        new = replaced(plan, index, step)
    except Damaged:
        pytest.fail("an ordinary step has room in the place of any other")
    above = "".join(lines[: entry.start])
    below = "".join(lines[entry.end :])
    assert new.text.content.startswith(above)
    assert new.text.content.endswith(below)
    kept = "".join(lines[at] for at in entry.kept).rstrip("\r\n")
    assert kept in new.text.content[len(above) : len(new.text.content) - len(below)]
    assert new.steps == (*plan.steps[:index], step, *plan.steps[index + 1 :])
