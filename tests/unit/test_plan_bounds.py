"""The bounds of a step against line edits: each holds, or says in a sentence which one does not."""

import pytest

from festina.edits import Region, rewrite
from festina.edits.defined import definitions, functions, means
from festina.plans import Change, Place, Step, broken
from festina.text import Text

OLD = Text(
    """\
import os

LIMIT = 10


def clamp(value, low, high):
    if value < low:
        return low
    return value


class Cart:
    size: int = 0

    def total(self):
        return double(self.size)


def double(value):
    return value * 2
"""
)


def change(old, new, path="calc/core.py", text=OLD):
    assert old in text.content
    whole = text.content.replace(old, new)
    return Change(path, text, rewrite(text, Region(0, len(text.lines)), whole))


CAPPED = change("    return value\n", "    return min(value, high)\n")


def step(*untouched, most=None, path="calc/core.py"):
    return Step("Go", (Place(path),), most_lines=most, untouched=untouched)


def test_what_keeps_to_its_bounds_is_not_complained_of():
    assert broken(step("tests/**", "double", "LIMIT", most=2), [CAPPED]) == ""
    assert broken(Step("Go"), [CAPPED]) == ""
    assert broken(step("calc", most=1), [Change("calc/core.py", OLD, ())]) == ""


def test_removed_and_added_lines_of_all_files_count_together():
    assert broken(step(most=1), [CAPPED]) == (
        "The diff has 2 lines, and the step allows at most 1, removed and added ones together."
    )
    other = change("LIMIT = 10", "LIMIT = 11", path="calc/other.py")
    both = Step("Go", (Place("calc/core.py"), Place("calc/other.py")), most_lines=4)
    assert broken(both, [CAPPED, other]) == ""
    assert "has 4 lines" in broken(Step("Go", both.places, most_lines=3), [CAPPED, other])


def test_the_comment_that_asked_for_an_edit_is_no_part_of_it():
    asked = Text(
        OLD.content.replace("    if value", "    # festina: mind `high`\n    if value").replace(
            "size: int = 0", "size: int = 0  # Festina: no more than that"
        )
    )
    without = CAPPED.new.content
    edit = Change("calc/core.py", asked, rewrite(asked, Region(0, len(asked.lines)), without))
    assert sum(len(asked.lines[one.start : one.end]) for one in edit.edits) == 3
    assert broken(step("Cart", most=2), [edit]) == ""
    assert "has 2 lines" in broken(step(most=1), [edit])


@pytest.mark.parametrize(
    "item",
    ["calc/core.py", "calc/", "calc", "calc/**", "**/*.py", "core.py", "*.{py,pyi}", "./calc/*"],
)
def test_a_file_that_is_to_be_left_alone(item):
    assert broken(step(item), [CAPPED]) == (
        f"It changes calc/core.py, and the step says to leave `{item}` alone."
    )


@pytest.mark.parametrize(
    "item", ["cal", "calc/core", "tests/", "*.js", "core", "ore.py", "calc/*/a"]
)
def test_other_files_are_not_meant(item):
    assert broken(step(item), [CAPPED]) == ""


def test_a_file_that_is_not_the_steps():
    assert broken(step(path="calc/other.py"), [CAPPED]) == (
        "It changes calc/core.py, and the step is for calc/other.py alone."
    )


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("double", "value * 2", "value + value"),
        ("double", "def double(value):", "def twice(value):"),
        ("double()", "import os\n", "import os\nfrom calc.other import double\n"),
        ("double", "LIMIT = 10\n", "LIMIT = 10\ndouble = 2\n"),
        ("double", "LIMIT = 10\n", "LIMIT = 10\nfor double in ():\n    pass\n"),
        ("LIMIT", "LIMIT = 10", "LIMIT = 11"),
        ("LIMIT", "LIMIT = 10\n", "LIMIT = 10\nLIMIT += 1\n"),
        ("os", "import os", "import sys as os"),
        ("total", "self.size)", "self.size or 1)"),
        ("Cart.total", "self.size)", "self.size or 1)"),
        ("Cart", "self.size)", "self.size or 1)"),
        ("size", "size: int", "size: float"),
        ("clamp", "    return low\n", "    return low\n\n    def inner(): ...\n"),
    ],
)
def test_a_name_that_is_to_be_left_alone(name, old, new):
    assert broken(step(name), [change(old, new)]) == (
        f"It touches `{name.removesuffix('()')}` in calc/core.py, and the step says to leave it "
        "alone."
    )
    assert broken(step("other", "Cart.clamp"), [change(old, new)]) == ""


def test_to_use_a_name_or_to_move_its_lines_is_not_to_touch_it():
    used = change("    return value\n", "    return double(min(value, LIMIT))\n")
    assert broken(step("double", "LIMIT", "os"), [used]) == ""
    longer = change("LIMIT = 10\n", "LIMIT = 10\nMORE = double(LIMIT)\n")
    assert broken(step("double", "clamp", "Cart.total", "LIMIT"), [longer]) == ""


def test_names_in_python_that_does_not_parse_and_in_other_languages():
    half = Text(OLD.content + "def (\n")
    assert broken(step("double"), [change("value * 2", "value * 3", text=half)])
    assert broken(step("double"), [change("return low", "return high", text=half)]) == ""
    script = Text(
        "export const LIMIT = 10;\n\nexport class Cart {\n  total() {\n    return 1;\n  }\n}\n\n"
        "export function double(value) {\n  return value * 2;\n}\n"
    )
    assert functions(script, "a.ts") == ("Cart", "double")
    for name, old, new in [
        ("double", "value * 2", "value * 3"),
        ("LIMIT", "10", "11"),
        ("Cart", "return 1", "return 2"),
    ]:
        touched = change(old, new, "a.ts", script)
        assert f"touches `{name}`" in broken(step(name, path="a.ts"), [touched])
        assert broken(step("other", path="a.ts"), [touched]) == ""


def test_an_edit_that_mends_or_breaks_the_syntax_touches_what_it_changes_and_no_more():
    half = Text(OLD.content.replace("    return value\n", "    return (value\n"))
    mended = change("return (value\n", "return value\n", text=half)
    broke = change("    return value\n", "    return (value\n")
    for each in (mended, broke):
        assert broken(step("double", "LIMIT", "Cart.total", "os"), [each]) == ""
        assert "touches `clamp`" in broken(step("clamp"), [each])


GO = Text(
    "package shop\n\nfunc (c *Cart) Total() int {\n\treturn c.size\n}\n\n"
    "func Other() int {\n\treturn 1\n}\n"
)
SCRIPT = Text(
    "class Cart {\n  async total(a, b) {\n    return a;\n  }\n\n"
    "  other() {\n    return 2;\n  }\n}\n\n"
    "export const sum = (a) => {\n  if (a) {\n    return 3;\n  }\n};\n\n// see: legacy\nrun();\n"
)


@pytest.mark.parametrize(
    ("text", "path", "old", "name"),
    [
        (GO, "a.go", "c.size", "Cart.Total"),
        (GO, "a.go", "c.size", "Total"),
        (SCRIPT, "a.js", "return a", "Cart.total"),
        (SCRIPT, "a.js", "return a", "total"),
        (SCRIPT, "a.js", "return 3", "sum"),
        (SCRIPT, "a.js", "see: legacy", "legacy"),
        (SCRIPT, "a.js", "see: legacy", "Old.legacy"),
    ],
)
def test_no_bound_is_lost_in_languages_that_are_only_looked_through(text, path, old, name):
    touched = change(old, f"{old[:-1]}_", path, text)
    assert f"touches `{name}`" in broken(step(name, path=path), [touched])
    for other in ("other", "Other", "run", "return_", "*.md", "docs/x"):
        assert broken(step(other, path=path), [touched]) == ""


def test_in_a_text_that_is_too_long_a_name_is_touched_where_a_changed_line_has_it():
    long = Text("x = 1\n" * 50_001 + "double = 2\n")
    touched = change("double = 2", "double = 3", text=long)
    assert "touches `double`" in broken(step("double"), [touched])
    assert broken(step("doubl"), [touched]) == ""


def test_definitions_have_their_names_and_lines():
    found = dict(definitions(OLD, "calc/core.py"))
    assert found["Cart"] == Region(11, 16)
    assert found["Cart.total"] == Region(14, 16)
    assert found["LIMIT"] == Region(2, 3)
    assert functions(OLD, "calc/core.py") == ("clamp", "Cart", "Cart.total", "double")
    assert means("total", "Cart.total")
    assert means("Cart::total", "Cart.total")
    assert not means("otal", "Cart.total")
    assert definitions(Text("x = 1\n" * 50_001), "a.py") == ()
