"""Steps before they run: where they work, what is told, what must pass, what became of a plan."""

import re
from dataclasses import replace

import pytest

from festina import plans, steps
from festina.config import VerifySettings
from festina.documents import Document
from festina.edits import Region, rewrite
from festina.findings import Gate, Status
from festina.gate_browser import Browser
from festina.gate_commands import Command
from festina.going import parts_of
from festina.instead import Instead
from festina.plans import Bounds, Change, Place, Step
from festina.session import Refusal
from festina.text import Text
from festina.verify import bounded
from festina.verify.base import Candidate

CODE = Text(
    """\
import os


def clamp(value):
    return value


class Cart:
    def total(self):
        return 1


LIMIT = 3
"""
)
GO = Text(
    """\
package a

func (c *Cart) Total() int {
\treturn 1
}

func Other() int {
\treturn 2
}
"""
)


def region(place, text=CODE, language="python"):
    return steps.region_of(place, text, language)


def test_a_place_is_found_by_name_and_by_lines():
    assert region(Place("a.py", "clamp")) == (Region(3, 5), "clamp")
    assert region(Place("a.py", "Cart.total")) == (Region(8, 10), "Cart.total")
    assert region(Place("a.py", "total"))[0] == Region(8, 10)
    assert region(Place("a.py", "LIMIT"))[0] == Region(12, 13)
    assert region(Place("a.py", "", 4, 5)) == (Region(3, 5), "clamp")
    assert region(Place("a.py", "", 1)) == (Region(0, 1), "")
    assert region(Place("a.py")) == (Region(0, 13), "")
    assert region(Place("a.go", "Other"), GO, "go")[0] == Region(6, 9)
    assert region(Place("a.go", "Cart.Total"), GO, "go")[0] == Region(2, 5)


@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        (Place("a.py", "nothing"), CODE, "a.py defines no `nothing` by now."),
        (Place("a.py", "", 9, 40), CODE, "a.py has 13 lines by now, so there are no a.py, lines 9"),
        (Place("a.py"), Text(""), "a.py is empty, so there is nothing to edit."),
        (Place("a.py"), Text("x = 1\n" * 401), "a.py has 401 lines, which are too many for one"),
    ],
)
def test_a_place_that_is_none_is_refused(place, text, words):
    with pytest.raises(Refusal, match=words.replace("(", r"\(")):
        region(place, text)


def test_what_stands_in_one_file_is_one_region():
    step = Step("Go", (Place("a.py", "clamp"), Place("b.py"), Place("a.py", "Cart")))
    first, second = parts_of(step)
    assert (first.path, second.path) == ("a.py", "b.py")
    assert first.words == "a.py, clamp, Cart"
    document = Document("file:///a.py", None, "python", 0, CODE)
    assert steps.region(first.places, document) == (Region(3, 10), "clamp, Cart")
    told = steps.asked(step, "a.py")
    assert told == (
        "Go\nIt is about a.py, clamp; a.py, Cart: leave what stands between them as it is.\n"
        "This is the part of it in a.py, clamp; a.py, Cart; write this part alone. The rest is "
        "done elsewhere: b.py."
    )
    assert "between" not in steps.asked(step, "b.py")


SETTINGS = VerifySettings(gates=("lint",), commands=(Command("eslint", ("npx", "eslint")),))


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step("Go", (Place("a.py"),), done=True), "This step is done."),
        (Step("Go"), "This step names no file"),
        (Step("Go", (Place("docs/AGENTS.md"),)), "docs/AGENTS.md is not changed by steps"),
        (Step("Go", (Place("verify.md"),)), "verify.md is not changed by steps"),
        (Step("Go", (Place("a/SKILL.md"),)), "a/SKILL.md is not changed by steps"),
        (Step("Go", (Place("a.py"),), ("typos",)), "There is no gate `typos`"),
        (Step("Go", (Place("a.py"),), ("review",)), "There is no gate `review`"),
    ],
)
def test_a_step_that_cannot_be_run_is_refused_beforehand(step, words):
    with pytest.raises(Refusal, match=words):
        steps.check(step, SETTINGS)
    steps.check(Step("Go", (Place("a.py"),), ("eslint", "types")), SETTINGS)


@pytest.mark.parametrize("item", ["lib/", "a.py", "Cart.total", "total()"])
def test_a_step_for_what_the_person_wants_left_alone_is_refused_beforehand(item):
    settings = replace(SETTINGS, leave_alone=(item,))
    step = Step("Go", (Place("lib/a.py", "Cart.total"),))
    with pytest.raises(Refusal, match=rf"leave `{re.escape(item)}` alone .* nothing was asked for"):
        steps.check(step, settings)
    steps.check(Step("Go", (Place("b.py", "Cart"),)), settings)


def test_what_a_step_names_is_checked_beside_what_is_checked_anyway():
    def gates(*named, tests=()):
        step = Step("Go", gates=named, tests=tests)
        return plans.required(step, SETTINGS).gates

    assert gates() == ("lint",)
    assert gates("types", "lint") == ("lint", "types")
    assert gates("eslint") == ("lint", "command")
    assert gates(tests=("tests/test_a.py",)) == ("lint", "tests")


IDS = (
    "t/a.py::test_x[1]",
    "t/a.py::test_x[2]",
    "t/a.py::T::test_y",
    "t/ab.py::test_x",
    "u/b.py::z",
)


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("t/a.py::test_x[1]", [0]),
        ("t/a.py::test_x", [0, 1]),
        ("t/a.py::T", [2]),
        ("t/a.py", [0, 1, 2]),
        ("t/", [0, 1, 2, 3]),
        ("t", [0, 1, 2, 3]),
    ],
)
def test_the_tests_of_a_step_are_found_by_file_folder_class_and_name(named, found):
    candidate = Candidate("a.py", "", "", bounds=Bounds(Step("Go", tests=(named,))))
    assert bounded.tests(candidate, IDS) == tuple(IDS[number] for number in found)


def test_a_test_that_is_not_there_yet_is_asked_for_as_it_is():
    candidate = Candidate("a.py", "", "", bounds=Bounds(Step("Go", tests=("t/a.py::new",))))
    assert bounded.tests(candidate, IDS) == ("t/a.py::new",)
    assert bounded.tests(Candidate("a.py", "", ""), IDS) == ()


async def test_a_candidate_beyond_its_bounds_fails_one_within_them_is_judged():
    step = Step("Go", (Place("a.py"), Place("b.py")), most_lines=2)
    new = CODE.content.replace("return value", "return 2")

    async def check(bounds):
        candidate = Candidate("a.py", CODE.content, new, bounds=bounds)
        return await bounded.check(candidate, VerifySettings())

    result = await check(Bounds(step))
    assert result is None
    other = Change("b.py", Text("x = 1\n"), _edits("x = 1\n", "x = 2\n"))
    more = Bounds(step, (), (other,))
    found = await check(more)
    assert (found.gate, found.status) == (Gate.BOUNDS, Status.FAILED)
    assert found.findings[0].message.startswith("The diff has 4 lines")
    assert more.laid == {"b.py": "x = 2\n"}
    accepted = Bounds(step, (other,))
    assert await check(accepted) is not None
    assert accepted.laid == {}


def _edits(old, new):
    return rewrite(Text(old), Region(0, 1), new)


PLAN = """\
# Plan: the goal

Mine.

- [ ] One.
  - where: `a.py`
  - note: see Ann
- [ ] Two.
  - where: `b.py`"""


def test_a_step_is_known_by_its_words_and_bounds_wherever_it_stands():
    plan = plans.read(PLAN)
    one, two = plan.steps
    assert one.key != two.key
    moved = plans.read(f"- [x] One.\n  - Place: a.py\n\n{PLAN}")
    assert moved.steps[0].key == one.key
    assert moved.find(one) == 1, "one that is to be done comes first"
    assert plans.read("- [ ] One!\n  - where: `a.py`\n").find(one) is None
    assert (plan.at(6), plan.at(7), plan.at(2)) == (0, 1, None)
    assert (plan.goal, plan.next) == ("the goal", 0)
    assert steps.ticked(moved, one).steps[1].done
    with pytest.raises(Refusal, match="nothing was ticked"):
        steps.ticked(plans.read("- [ ] Other.\n"), one)
    with pytest.raises(Refusal, match="so it stays as it is"):
        steps.swapped(plans.read("- [ ] Other.\n"), one, two)


def test_several_steps_stand_in_the_place_of_one_with_its_notes_below_the_first():
    plan = plans.read(PLAN)
    new = (Step("One a.", (Place("a.py"),)), Step("One b.", (Place("a.py"),)))
    assert plans.replaced(plan, 0, *new).text.content == PLAN.replace(
        "- [ ] One.\n  - where: `a.py`\n  - note: see Ann\n",
        "- [ ] One a.\n  - where: `a.py`\n  - note: see Ann\n- [ ] One b.\n  - where: `a.py`\n",
    )
    last = plans.replaced(plan, 1, *new).text.content
    assert last.endswith("- [ ] One a.\n  - where: `a.py`\n- [ ] One b.\n  - where: `a.py`")


def test_a_note_is_put_below_a_step_and_all_else_stays():
    plan = plans.read(PLAN.replace("\n", "\r\n"))
    assert plans.noted(plan, 0, "skipped").text.content == PLAN.replace("\n", "\r\n").replace(
        "see Ann\r\n", "see Ann\r\n  - note: skipped\r\n"
    )
    assert plans.noted(plan, 1, "skipped").text.content.endswith("`b.py`\r\n  - note: skipped")


def test_what_comes_in_the_place_of_a_step_is_one_step_or_several_and_another_one():
    step = Step("Go", (Place("a.py"),))
    other = Step("Go on", (Place("a.py"),))
    assert Instead(step).amiss([other]) == []
    assert "exactly one" in Instead(step).amiss([other, other])[0]
    assert "word for word" in Instead(step).amiss([step])[0]
    apart = Instead(step, apart=True)
    assert apart.amiss([other, other]) == []
    assert "two to 6" in apart.amiss([other])[0]
    told = Instead(step, ("tests: \x1b[31mtest_a failed",)).words
    assert "- [ ] Go\n  - where: `a.py`" in told
    assert "tests: test_a failed" in told


def test_a_step_that_names_pages_needs_some_to_look_at() -> None:
    step = Step("Make it blue", gates=("browser", "lint", "review"))
    assert plans.unknown_gates(step, VerifySettings()) == ("browser", "review")
    assert plans.unknown_gates(step, VerifySettings(browser=Browser("site"))) == ("review",)
