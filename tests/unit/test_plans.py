"""Plans as a person writes them: understood in any hand, kept byte for byte, or told with lines."""

import re
from pathlib import Path

import pytest

from festina.plans import Damaged, Place, Step, read, replaced, tick, write
from festina.plans.fields import FIELDS, NAMES

DOCS = Path(__file__).parents[2] / "docs" / "plan.md"

CLAMP = Step(
    "Return at most `high` from `clamp`.",
    (Place("calc/core.py", "clamp"),),
    ("lint", "tests"),
    ("tests/test_core.py::test_clamp",),
    12,
    ("tests/**", "double"),
)
WRITTEN = """\
# Plan: mind the upper bound

- [ ] Return at most `high` from `clamp`.
  - where: `calc/core.py`, `clamp`
  - must pass: lint, tests, `tests/test_core.py::test_clamp`
  - at most: 12 lines
  - leave alone: `tests/**`, `double`
"""
BY_HAND = """\
\ufeff# What Anna and I want

We begin with the core; see [the notes](notes.md).

## Core

* [ ] Return at most `high`
  from `clamp`.

  As it says in the docs:
  - where: calc/core.py, clamp()
  - note: Anna knows why
    it was left out
  - leave alone:
    - `tests/**`
    - double
  <!-- not
  sure -->
  - at most: 12

Some words between.
- Tests: where they are
1. [x] Done already.
\tdo not touch: `LIMIT`
***
- an item of a list of mine, [x](no://box)
```
- [ ] no step
```
<!--
- [ ] not now
-->
"""


def test_a_plan_is_written_for_a_person():
    assert write("mind the\nupper bound", [CLAMP]) == WRITTEN
    assert read(WRITTEN).steps == (CLAMP,)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_a_person_wrote_by_hand_is_understood(end):
    plan = read(BY_HAND.replace("\n", end))
    assert plan.steps == (
        Step(
            "Return at most `high`\nfrom `clamp`.\n\nAs it says in the docs:",
            (Place("calc/core.py", "clamp"),),
            most_lines=12,
            untouched=("tests/**", "double"),
        ),
        Step("Done already.", untouched=("LIMIT",), done=True),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- [ ]", "+ [ ]"),
        ("- [ ]", "10) [  ]"),
        ("- where", "* **where**"),
        ("- where", "- Where"),
        ("- where", "where"),
        ("  - where", "\t- file"),
        ("  - where", "- where"),
        ("`calc/core.py`, `clamp`", "calc/core.py::clamp"),
        ("`calc/core.py`, `clamp`", "./calc/core.py:clamp"),
        (
            "lint, tests, `tests/test_core.py::test_clamp`",
            "lint and tests\n    - `tests/test_core.py::test_clamp`",
        ),
        ("must pass: lint, tests, ", "checks: lint\n  - must pass: tests; "),
        ("at most: 12 lines", "largest diff: 12"),
        ("- at most", "- At  Most"),
        ("leave alone", "don\u2019t touch"),
        ("`tests/**`, `double`", "tests/**, double."),
    ],
)
def test_the_same_in_other_hands(old, new):
    assert old in WRITTEN
    assert read(WRITTEN.replace(old, new)).steps == (CLAMP,)


def test_the_order_of_the_fields_is_free():
    head, first, *fields = WRITTEN.rstrip("\n").split("\n")[1:]
    assert read("\n".join([head, first, *fields[::-1]])).steps == (CLAMP,)


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ("a.py", Place("a.py")),
        ("`a.py`, lines 3-7", Place("a.py", "", 3, 7)),
        ("a.py:3-7", Place("a.py", "", 3, 7)),
        ("a.py, line 3", Place("a.py", "", 3, 3)),
        ("`a b.py`, `Cart.total`", Place("a b.py", "Cart.total")),
        ("``a`b.py``, `Cart::new`", Place("a`b.py", "Cart::new")),
    ],
)
def test_places(told, place):
    steps = read(f"- [ ] Go\n  - where: {told}\n").steps
    assert steps == (Step("Go", (place,)),)
    assert read(write("", steps)).steps == steps


def test_a_tick_changes_its_box_and_nothing_else():
    plan = read(BY_HAND.replace("\n", "\r\n"))
    ticked = tick(plan, 0)
    assert ticked.text.content == plan.text.content.replace("* [ ] Return", "* [x] Return")
    assert [step.done for step in ticked.steps] == [True, True]
    assert tick(ticked, 0, done=False) == plan


def test_another_step_takes_the_place_of_one_and_what_is_the_persons_stays():
    plan = read(BY_HAND.replace("\n", "\r\n"))
    new = replaced(plan, 0, Step("Cap it.", (Place("calc/core.py"),), most_lines=1))
    assert new.steps == (Step("Cap it.", (Place("calc/core.py"),), most_lines=1), plan.steps[1])
    before, _, after = BY_HAND.partition("* [ ] Return")
    after = after[after.index("\nSome words") :]
    assert new.text.content == (
        before
        + "* [ ] Cap it.\n  - where: `calc/core.py`\n  - at most: 1 line\n"
        + "  - note: Anna knows why\n    it was left out\n  <!-- not\n  sure -->\n"
        + after
    ).replace("\n", "\r\n")


@pytest.mark.parametrize("index", [0, 1])
def test_the_first_and_the_last_line_of_a_file_can_be_a_step(index):
    plan = read("\ufeff  - [ ] One\n  - [ ] Two")
    new = replaced(plan, index, Step("Three", most_lines=2))
    assert (
        new.text.content
        == [
            "\ufeff  - [ ] Three\n    - at most: 2 lines\n  - [ ] Two",
            "\ufeff  - [ ] One\n  - [ ] Three\n    - at most: 2 lines",
        ][index]
    )
    assert tick(plan, 0).text.content == "\ufeff  - [x] One\n  - [ ] Two"


DAMAGED = {
    "- [ ]\n": (1, "does not say what to do"),
    "x\n\n- [~] Go\n": (3, "write `[ ]` for a step that is to be done, `[x]` for one that is"),
    "- [ ]Go\n": (1, "write `- [ ]`, a blank, and what to do"),
    "[x] Go\n": (1, "This looks like a step and is none"),
    "- [ ] Go\n  - [ ] Further\n": (2, "stands inside of another one"),
    "- [ ] Go\n  - at mots: 3 lines\n": (2, "did you mean `at most`?"),
    "- [ ] Go\n  at mots: 3 lines\n": (2, "did you mean `at most`?"),
    "- [ ] Go\n  - size: 3 lines\n": (2, "it has where, must pass, at most, leave alone, note"),
    "- [ ] Go\n  - at most: many\n": (2, "needs a number of lines from 1"),
    "- [ ] Go\n  - at most: 0\n": (2, "needs a number of lines from 1"),
    "- [ ] Go\n  - at most: 3\n  - at most: 9\n": (3, "a second time"),
    "- [ ] Go\n  - leave alone:\n": (2, "says nothing"),
    "- [ ] Go\n  - leave alone: `a\n": (2, "a backtick has no second one"),
    "- [ ] Go\n  - where: a.py, b, c\n": (2, "names a file, and a definition or lines"),
    "- [ ] Go\n  - where: a.py, the loop\n": (2, "neither the name of a definition nor"),
    "- [ ] Go\n  - where: ../a.py\n": (2, "outside of the project"),
    "- [ ] Go\n  - where: /etc/passwd\n": (2, "outside of the project"),
    "- [ ] Go\n  - where: C:\\a.py\n": (2, "outside of the project"),
    "- [ ] Go\n  - where: a.py, lines 7-3\n": (2, "the smaller one first"),
    "- [ ] Go\n  - must pass: `rm -rf .; true`\n": (2, "nothing else can be run"),
    "# Plan\n  - at most: 3 lines\n": (2, "`at most` belongs to no step"),
    "- [ ] Go\n\n- at most: 3 lines\n": (3, "`at most` belongs to no step"),
    "- [ ] Go\n```\n- [ ] Further\n": (2, "has no end; put ``` below it"),
    "- [ ] Go\n<!-- x\n- [ ] Further\n": (2, "put --> behind it"),
}


@pytest.mark.parametrize("text", DAMAGED)
def test_what_is_damaged_is_told_with_its_line_and_what_to_do(text):
    line, told = DAMAGED[text]
    with pytest.raises(Damaged) as caught:
        read(text)
    problem = caught.value.problems[0]
    assert problem.line == line
    assert told.lower() in problem.message.lower()
    assert str(caught.value).startswith(f"Line {line}: ")
    assert problem.message.endswith(".")


def test_all_that_is_damaged_is_told_at_once_up_to_a_limit():
    with pytest.raises(Damaged) as caught:
        read("- [ ]\n" * 12)
    assert len(caught.value.problems) == 12
    assert str(caught.value).endswith(
        "Line 10: " + caught.value.problems[9].message + "\nAnd 2 more."
    )


@pytest.mark.parametrize(
    "said", ["", "Go\n- [ ] on", "Go\nwhere: a.py", "Go \nin", "a\rb", "Go\n```\nx"]
)
def test_what_would_be_read_as_something_else_is_not_written(said):
    with pytest.raises(Damaged):
        write("x", [Step("First"), Step(said)])


def test_what_the_documentation_shows_is_so():
    page = DOCS.read_text("utf-8")
    block = page[page.index("```markdown\n") :].split("```")[1].removeprefix("markdown\n")
    assert write("mind the upper bound", read(block).steps) == block
    rows = re.findall(r"^\| `([a-z ]+)` \|", page, re.MULTILINE)
    assert tuple(rows) == FIELDS
    other = page[page.index("Instead of `where`") :].split("\n\n")[0]
    assert set(re.findall(r"\*([a-z' ]+)\*", other)) == set(NAMES) - set(FIELDS)
    with pytest.raises(Damaged) as caught:
        read("\n\n- [ ] Go\n  - at mots: 3\n\n\n\n- [ ] Go\n  - [ ] On\n")
    assert f"```\n{caught.value}\n```" in page
