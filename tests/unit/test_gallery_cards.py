"""What the gallery says of candidates: side by side, measured, merged, grouped, and ranked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.findings import Finding, Gate, GateResult, Status, TestCounts, Verdict
from festina.gallery.cards import Entry, Maker, Subject
from festina.gallery.groups import Member, group
from festina.gallery.measures import measure
from festina.gallery.ranking import RUBRIC, Standing, rank, reasons
from festina.gallery.sides import rows
from festina.proposals import CandidateStatus as Is
from festina.text import Text

BEFORE = "def clamp(value, low, high):\n    return max(low, value)\n"
MIN = "def clamp(value, low, high):\n    return min(high, max(low, value))\n"
IFS = """\
def clamp(value, low, high):
    if value < low:
        return low
    return min(value, high)
"""
SORTED = "def clamp(value, low, high):\n    return sorted((low, value, high))[1]\n"
SUBJECT = Subject("mod.py", "clamp", "python", "respect both", BEFORE, first_line=10)


def passed(lines: int = 1, executed: int = 1) -> dict:
    counts = TestCounts(4, 4, changed_lines=lines, changed_lines_executed=executed)
    gates = (
        GateResult(Gate.SYNTAX, Status.PASSED),
        GateResult(Gate.TESTS, Status.PASSED, tests=counts),
    )
    return Verdict(Status.PASSED, gates).to_json()


def failed(gate: Gate = Gate.TESTS) -> dict:
    found = Finding(gate, "test_mod.py", "assert 3 == \x1b[31m4", line=7)
    return Verdict(Status.FAILED, (GateResult(gate, Status.FAILED, findings=(found,)),)).to_json()


def good(index: int, text: str, **more) -> Entry:
    return Entry(index, Is.PASSED, text, "ok", passed(**more), applicable=True)


# -- side by side -------------------------------------------------------------------------


def test_a_changed_line_stands_beside_the_old_one_with_what_differs_marked():
    first, second = rows(BEFORE, MIN, 10)
    assert first.to_json() == [
        "=",
        10,
        "def clamp(value, low, high):",
        10,
        "def clamp(value, low, high):",
    ]
    assert (second.kind, second.old_number, second.new_number) == ("~", 11, 11)
    assert second.new[second.marks[2] : second.marks[3]] == "in(high, max(low, value)"
    assert second.old[second.marks[0] : second.marks[1]] == "ax(low, value"


def test_lines_of_one_side_alone_leave_the_other_empty():
    found = rows("a\nb\n", "a\nb\nc\n")
    assert found[-1].to_json() == ["+", None, "", 3, "c"]
    assert rows("a\nb\n", "b\n")[0].to_json() == ["-", 1, "a", None, ""]


def test_what_is_far_from_a_change_is_left_out_of_a_long_text():
    old = "".join(f"line {n}\n" for n in range(100))
    found = rows(old, old.replace("line 50\n", "line fifty\n"))
    assert [row.kind for row in found] == [":", "=", "=", "=", "~", "=", "=", "=", ":"]
    assert found[4].old_number == 51


def test_a_line_whose_end_alone_changed_is_not_said_to_be_the_same():
    (row,) = rows("a\r\n", "a\n")
    assert row.kind == "~"
    assert row.old != row.new


def test_nothing_in_a_line_is_obeyed_by_a_display():
    (row,) = rows("", "x = '\u202e\x1b[2J'\n")
    assert row.new.isprintable()


TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "é😋\n", "end"]), max_size=60).map(
    "".join
)


@given(TEXTS, TEXTS)
def test_both_sides_have_every_line_that_is_not_left_out_in_order(old, new):
    found = rows(old, new)
    for side, text in (("old", old), ("new", new)):
        numbers = [getattr(row, f"{side}_number") for row in found]
        numbers = [number for number in numbers if number is not None]
        assert numbers == sorted(set(numbers))
        if not any(row.kind == ":" for row in found):
            assert len(numbers) == len(Text(text).lines)
        for row in found:
            number = getattr(row, f"{side}_number")
            if number is not None:
                line = Text(text).lines[number - 1].rstrip("\r\n")
                assert getattr(row, side).startswith(line)


# -- measures -----------------------------------------------------------------------------


def test_lines_imports_and_ways_through_the_code_are_counted():
    found = measure(BEFORE, "import math\n" + IFS, "python")
    assert found.imports == ("math",)
    assert found.complexity == 1
    assert found.lines == 5
    assert {"if", "min()"} <= found.uses
    assert "max()" not in found.uses


def test_an_indented_method_is_python_as_well():
    method = "    def get(self):\n        return [x for x in self.all if x and self.ok]\n"
    assert measure("    def get(self):\n        pass\n", method, "python").complexity == 3


@pytest.mark.parametrize(
    ("language", "text", "imports"),
    [
        (
            "javascript",
            'import { useId } from "react";\nconst fs = require("fs");\n',
            ("fs", "react"),
        ),
        ("rust", "use std::fmt;\nfn f() {}\n", ("std::fmt",)),
        ("c", "#include <math.h>\n", ("<math.h>",)),
        ("python", "this is (no python\nimport os\n", ()),
    ],
)
def test_other_languages_are_looked_at_word_by_word(language, text, imports):
    assert measure("", text, language).imports == imports


def test_words_in_strings_and_comments_are_no_code():
    assert measure("", 'const a = "if (x) while"; // if for\n', "javascript").complexity == 0
    assert measure("", "if (a && b) { c(); }\n", "javascript").complexity == 2


# -- groups -------------------------------------------------------------------------------


def test_what_goes_about_it_alike_stands_together_and_the_title_says_how():
    found = group(
        [
            Member(0, frozenset({"min()"})),
            Member(1, frozenset({"sorted()"})),
            Member(2, frozenset({"min()", "if"})),
            Member(3, frozenset()),
        ]
    )
    assert [(one.title, one.cards) for one in found] == [
        ("min()", (0, 2)),
        ("sorted()", (1,)),
        ("nothing that was not used before", (3,)),
    ]


def test_a_single_group_has_no_title():
    (one,) = group([Member(0, frozenset({"a()"})), Member(1, frozenset({"a()"}))])
    assert one.title == ""
    assert group([]) == []


# -- the rubric ---------------------------------------------------------------------------


def test_each_criterion_decides_where_those_before_it_do_not():
    worst = Standing(0, Is.PASSED, findings=1, lines=9, executed=0.5, imports=1, complexity=2)
    steps = [
        Standing(1, Is.UNVERIFIED, lines=1),
        worst,
        Standing(2, Is.PASSED, lines=9, executed=0.5, imports=1, complexity=2),
        Standing(3, Is.PASSED, lines=3, executed=0.5, imports=1, complexity=2),
        Standing(4, Is.PASSED, lines=3, executed=1.0, imports=1, complexity=2),
        Standing(5, Is.PASSED, lines=3, executed=1.0, complexity=2),
        Standing(6, Is.PASSED, lines=3, executed=1.0),
        Standing(7, Is.PASSED, lines=3, executed=1.0, agreement=3),
    ]
    ranked = rank(steps)
    assert [one.card for one in ranked] == [7, 6, 5, 4, 3, 2, 0, 1]
    why = reasons(ranked)
    decided = [why[one.card].split(" by ")[1].partition(":")[0] for one in ranked[:-1]]
    assert decided == [each.name for each in reversed(RUBRIC)]
    assert why[3] == "before #3 by diff: 3 lines, not 9 lines"


def test_of_equals_the_earlier_one_comes_first():
    ranked = rank([Standing(2, Is.PASSED, lines=1), Standing(1, Is.PASSED, lines=1)])
    assert [one.card for one in ranked] == [1, 2]
    assert reasons(ranked) == {1: "before #3, which came later"}


# -- the board ----------------------------------------------------------------------------


def test_equal_candidates_are_one_card_and_what_failed_stands_below():
    entries = [
        good(0, IFS),
        Entry(1, Is.FAILED, BEFORE + "\n", "tests failed", failed()),
        good(2, MIN),
        good(3, MIN),
        Entry(4, Is.STREAMING, "def cl", progress={"tokens": 3, "gates": []}),
        Entry(5, Is.UNUSABLE, words="The answer has no code."),
        good(6, SORTED),
    ]
    board = Maker().board(SUBJECT, entries)
    assert board.head["ranked"] == [2, 6, 0, 4, 1, 5]
    groups = [(one["title"], one["cards"]) for one in board.head["groups"]]
    assert groups == [
        ("min()", [2, 0]),
        ("sorted()", [6]),
        ("on the way", [4]),
        ("rejected by tests", [1]),
        ("no usable answer", [5]),
    ]
    best = board.cards[2]
    assert (best["same"], best["best"], best["rank"]) == ([2, 3], True, 1)
    assert best["why"] == "before #7 by agreement: written 2 times, not written 1 time"
    assert best["measures"]["executed"] == [1, 1]
    assert best["digest"] == Text(MIN).digest
    assert best["rows"][1][1] == 11
    assert board.cards[4]["tokens"] == 3
    assert board.cards[1]["findings"][0]["place"] == "test_mod.py:7"
    assert board.cards[1]["findings"][0]["message"].isprintable()


def test_the_one_that_can_be_accepted_stands_for_all_of_its_text():
    waiting = Entry(
        0, Is.VERIFYING, MIN, progress={"gates": [{"gate": "lint", "status": "running"}]}
    )
    board = Maker().board(SUBJECT, [waiting, good(1, MIN)])
    (card,) = board.cards.values()
    assert (card["id"], card["candidate"], card["status"], card["applicable"]) == (
        0,
        1,
        "passed",
        True,
    )


def test_gates_are_told_while_they_run():
    gates = [
        {"gate": "lint", "status": "passed", "seconds": 0.1},
        {"gate": "tests", "status": "waiting"},
    ]
    board = Maker().board(SUBJECT, [Entry(0, Is.VERIFYING, MIN, progress={"gates": gates})])
    shown = [(gate["name"], gate["status"]) for gate in board.cards[0]["gates"]]
    assert shown == [("lint", "passed"), ("tests", "waiting")]


def test_the_lines_are_numbered_anew_once_the_region_has_moved():
    maker = Maker()
    maker.board(SUBJECT, [good(0, MIN)])
    moved = Subject("mod.py", "clamp", "python", "x", BEFORE, first_line=20)
    assert maker.board(moved, [good(0, MIN)]).cards[0]["rows"][0][1] == 20


def test_a_board_is_json():
    board = Maker().board(SUBJECT, [good(0, MIN)])
    assert json.loads(json.dumps(board.to_json()))["cards"][0]["id"] == 0
