"""Where a failing test is shown, and what is said of it: pure functions."""

import pytest

from festina.findings import Finding, Gate, Severity, TestCounts
from festina.verify.examination import (
    Examination,
    Place,
    changed_lines,
    failure,
    frames,
    notes,
    spread,
    through,
)
from festina.verify.record import Outcome

LONG = """\
    def test_total():
>       assert total([1]) == 1

tests/test_shop.py:6:
_ _ _ _ _

prices = [1]

    def total(prices):
>       return sum(prices) + tax(prices)

shop/core.py:9:
_ _ _ _ _
>       raise ValueError("no tax: 12")
E       ValueError: no tax: 12

shop/tax.py:3: ValueError"""

SHORT = """\
tests/test_shop.py:6: in test_total
    assert total([1]) == 1
shop/core.py:9: in total
    return sum(prices) + tax(prices)
shop/tax.py:3: in tax
    raise ValueError("no tax: 12")
E   ValueError: no tax: 12"""

NATIVE = """\
Traceback (most recent call last):
  File "tests/test_shop.py", line 6, in test_total
    assert total([1]) == 1
  File "shop/core.py", line 9, in total
    return sum(prices) + tax(prices)
  File "shop/tax.py", line 3, in tax
    raise ValueError("no tax: 12")
ValueError: no tax: 12"""

STACK = (("tests/test_shop.py", 6), ("shop/core.py", 9), ("shop/tax.py", 3))
FILES = frozenset(["tests/test_shop.py"])
ID = "tests/test_shop.py::test_total"


@pytest.mark.parametrize("detail", [LONG, SHORT, NATIVE], ids=["long", "short", "native"])
def test_every_style_of_traceback_names_its_lines(detail):
    # pytest's long style ends the entries before the last one with a colon and a blank
    assert frames(detail.replace(":6:\n", ":6: \n").replace(":9:\n", ":9: \n")) == STACK


def test_a_line_of_source_or_of_a_message_is_no_entry():
    assert frames("E   a.py:3: oops\n    b.py:4: x\n>   c.py:5: y\n") == ()
    assert frames("my dir/a.py:3: ValueError") == (("my dir/a.py", 3),)


def outcome(message="ValueError: no tax: 12", path="shop/tax.py", line=3, detail=SHORT, test=ID):
    return Outcome(test, "failed", message, detail, path, line)


def test_a_failure_is_shown_in_the_test_where_the_code_under_test_raised():
    found = failure(outcome(), STACK, FILES)
    assert (found.path, found.line, found.code) == ("tests/test_shop.py", 6, ID)
    assert (found.gate, found.message, found.detail) == (
        Gate.TESTS,
        "ValueError: no tax: 12",
        SHORT,
    )


def test_a_failing_assertion_is_shown_where_it_is():
    message = "assert 1 == 2\n +  where 1 = f()"
    found = failure(outcome(message, "tests/test_shop.py", 6), STACK, FILES)
    assert (found.path, found.line, found.message) == ("tests/test_shop.py", 6, "assert 1 == 2")
    helper = failure(outcome("AssertionError", "tests/helpers.py", 2), STACK, FILES)
    assert (helper.path, helper.line) == ("tests/helpers.py", 2)


def test_a_failure_outside_of_the_workspace_is_shown_in_it():
    found = failure(outcome(path="/usr/lib/python3/json.py"), (), FILES)
    assert (found.path, found.line) == ("tests/test_shop.py", None)
    assert failure(outcome(path="", message=""), (), FILES).message == f"{ID} failed"


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", {2}),
        ("a\nc\n", "a\nb\nc\n", {2}),
        ("a\nb\nc\n", "a\nc\n", {1, 2}),
        ("a\n", "", {1}),
        (None, "a\nb\n", {1, 2}),
        ("a\n", None, set()),
        ("a\n", "a\n", set()),
    ],
)
def test_changed_lines(old, new, lines):
    assert changed_lines(old, new) == lines


def place(changed, stack=STACK, found=None):
    return through(found or failure(outcome(), stack, FILES), stack, changed, FILES)


def test_the_innermost_changed_line_of_the_traceback_is_meant():
    assert place({"shop/core.py": {9}, "shop/tax.py": {3}}) == Place("shop/tax.py", 3)
    assert place({"shop/core.py": {1, 9}}) == Place("shop/core.py", 9)


def test_where_it_passes_through_no_changed_line_the_nearest_one_is_named_as_that():
    near = Place("shop/core.py", 8, passed=False)
    assert place({"shop/core.py": {2, 8, 30}}) == near
    assert place({"shop/other.py": {5, 4}}) == Place("shop/other.py", 4, passed=False)
    # the value came back, and the assertion is all that the traceback has
    assert place({"shop/core.py": {4}}, STACK[:1]) == Place("shop/core.py", 4, passed=False)


def test_a_change_in_the_failing_test_itself_is_not_pointed_at_twice():
    assert place({"tests/test_shop.py": {6}}) is None
    assert place({"tests/test_shop.py": {2}, "shop/core.py": {1}}) is None
    assert place({"tests/conftest.py": set()}) is None


def test_a_finding_covers_its_line_without_the_indentation():
    found = spread(Finding(Gate.TESTS, "a.py", "m", 2), "x\n    assert y  \n")
    assert (found.column, found.end_line, found.end_column) == (5, 2, 13)
    for line, text in ((3, "x\n"), (2, None), (None, "x")):
        bare = Finding(Gate.TESTS, "a.py", "m", line)
        assert spread(bare, text) is bare


def test_both_ends_of_a_failure_are_shown_and_point_at_each_other():
    finding = failure(outcome(), STACK, FILES)
    examination = Examination((finding,), through={ID: Place("shop/core.py", 9)})
    at_test, at_change = notes(examination)
    assert at_test.finding == finding
    assert [(one.path, one.line) for one in at_test.related] == [("shop/core.py", 9)]
    assert at_change.finding.message == "test_total fails here: ValueError: no tax: 12"
    assert (at_change.finding.path, at_change.finding.line) == ("shop/core.py", 9)
    assert at_change.finding.code == ID
    assert at_change.related == (finding,)


def test_many_tests_through_one_line_share_a_note_there():
    tests = [failure(outcome(test=f"{ID}[{n}]"), STACK, FILES) for n in range(30)]
    through = {str(one.code): Place("shop/core.py", 9, passed=False) for one in tests}
    found = notes(Examination(tuple(tests), through=through))
    assert len(found) == 31
    message = "test_total[0] fails since this change: ValueError: no tax: 12 (and 29 more tests)"
    assert found[-1].finding.message == message
    assert len(found[-1].related) == 10


def test_what_failed_before_is_marked_milder_and_comes_last():
    old, new = (failure(outcome(test=test), STACK, FILES) for test in ("t.py::a", "t.py::b"))
    found = notes(Examination((old, new), preexisting=frozenset(["t.py::a"])))
    assert [(note.finding.code, str(note.finding.severity)) for note in found] == [
        ("t.py::b", Severity.ERROR),
        ("t.py::a", Severity.INFORMATION),
    ]
    assert found[1].finding.message.endswith("(failed before this change, too)")


def test_a_collapse_of_the_suite_does_not_flood_the_editor():
    tests = tuple(failure(outcome(test=f"t.py::t{n}"), STACK, FILES) for n in range(5000))
    assert len(notes(Examination(tests))) == 100


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"counts": TestCounts(12, 12), "scope": "impacted"}, "12 impacted tests ok"),
        ({"counts": TestCounts(1, 1), "scope": "full"}, "1 test ok"),
        ({"counts": TestCounts(0), "scope": "impacted"}, "no test executes what was changed"),
        ({"counts": TestCounts(3, 2, 1), "scope": "impacted"}, "1 of 3 impacted tests fails"),
        ({"counts": TestCounts(9, 8, 1, flaky=1)}, "1 of 9 tests fails, 1 only now and then"),
        ({"reason": "a.py does not compile."}, "tests not run: a.py does not compile"),
        ({}, "ruff ok"),
    ],
)
def test_a_line_says_how_it_went(fields, words):
    broken = fields.get("counts") and fields["counts"].failed
    findings = (failure(outcome(), STACK, FILES),) if broken else ()
    assert Examination(findings, seconds=0.21, **fields).summary() == f"{words}, 210 ms"


def test_what_does_not_compile_is_all_that_is_said():
    wrong = Finding(Gate.SYNTAX, "a.py", "invalid syntax", 1)
    examination = Examination((wrong,), reason="a.py does not compile.", seconds=0.03)
    assert examination.summary() == "a.py does not compile, 30 ms"


def test_an_assertion_reads_the_same_however_many_lines_pytest_explains_it_in():
    words = "AssertionError: assert 'ab' == 'a b'\n  - a b\n  + ab"
    assert failure(outcome(words), STACK, FILES).message == "assert 'ab' == 'a b'"
    assert failure(outcome("AssertionError: no"), STACK, FILES).message == "AssertionError: no"


def test_what_failed_before_is_counted_apart():
    old = failure(outcome(), STACK, FILES)
    lint = Finding(Gate.LINT, "a.py", "Undefined name `x`", 1)
    examination = Examination(
        (lint, old), frozenset([ID]), counts=TestCounts(3, 2, 1), scope="full", seconds=2
    )
    words = "1 new finding, 2 tests ok, 1 failed before, too, 2.0 s"
    assert examination.summary() == words
    assert examination.broken == ()
    data = examination.to_json()
    assert [one.get("preexisting") for one in data["findings"]] == [None, True]
    assert data["tests"] == {"selected": 3, "passed": 2, "failed": 1, "skipped": 0, "flaky": 0}
