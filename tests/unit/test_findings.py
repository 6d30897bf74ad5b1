import itertools

import pytest

from festina.findings import Finding, Gate, GateResult, Rest, Status, TestCounts, Verdict, duration
from festina.shots import Shot


def result(gate, status, **more):
    return GateResult(gate, status, 0.01, **more)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "failed"], "failed"),
        (["unverified", "failed"], "failed"),
        (["passed", "unverified"], "unverified"),
        (["skipped", "passed"], "passed"),
        (["skipped", "skipped"], "unverified"),
        ([], "unverified"),
    ],
)
def test_a_verdict_is_failed_then_unverified_then_passed(statuses, expected):
    gates = tuple(result(Gate.LINT, Status(status)) for status in statuses)
    assert Verdict.of(gates, seconds=0.1).status == expected


def expected(statuses: dict[Gate, Status]) -> Status:
    """The design's rule, word for word: each gate that has a say, and what it says."""
    says = {gate: status for gate, status in statuses.items() if gate is not Gate.REVIEW}
    if any(status is Status.FAILED for status in says.values()):
        return Status.FAILED
    if any(status is Status.UNVERIFIED for status in says.values()):
        return Status.UNVERIFIED
    ran = [status for status in says.values() if status is not Status.SKIPPED]
    return Status.PASSED if ran else Status.UNVERIFIED


def test_a_verdict_of_every_combination_of_gates():
    gates = (Gate.SYNTAX, Gate.LINT, Gate.TESTS, Gate.COMMAND, Gate.REVIEW)
    count = 0
    for outcomes in itertools.product([None, *Status], repeat=len(gates)):
        ran = {gate: status for gate, status in zip(gates, outcomes, strict=True) if status}
        results = tuple(result(gate, status) for gate, status in ran.items())
        assert Verdict.of(results, seconds=0.1).status is expected(ran), ran
        assert Verdict.of(results[::-1], seconds=0.1).status is expected(ran), "in any order"
        count += 1
    assert count == 5**5


def test_review_never_alters_a_verdict():
    failed_review = result(Gate.REVIEW, Status.FAILED)
    passed = Verdict.of((result(Gate.LINT, Status.PASSED), failed_review), seconds=0.1)
    assert passed.status is Status.PASSED
    alone = Verdict.of((result(Gate.REVIEW, Status.PASSED),), seconds=0.1)
    assert alone.status is Status.UNVERIFIED


def test_json_has_the_fields_of_the_contract():
    finding = Finding(Gate.LINT, "pkg/mod.py", "Undefined name `x`", 12, 5, 12, 9, code="F821")
    counts = TestCounts(12, 12, 0, 0, 3, 3)
    verdict = Verdict.of(
        (
            result(Gate.LINT, Status.PASSED, findings=(finding,)),
            result(Gate.TESTS, Status.PASSED, tests=counts),
        ),
        seconds=0.084,
    )
    data = verdict.to_json()
    assert data["status"] == "passed"
    assert data["seconds"] == 0.084
    assert data["gates"][1]["tests"] == {
        "selected": 12,
        "passed": 12,
        "failed": 0,
        "skipped": 0,
        "changed_lines": 3,
        "changed_lines_executed": 3,
        "scope": "full",
        "flaky": 0,
        "edited": False,
        "added": 0,
        "removed": 0,
    }
    assert data["findings"] == [
        {
            "gate": "lint",
            "path": "pkg/mod.py",
            "line": 12,
            "column": 5,
            "end_line": 12,
            "end_column": 9,
            "severity": "error",
            "code": "F821",
            "message": "Undefined name `x`",
        }
    ]


def test_the_summary_says_on_what_a_verdict_rests():
    verdict = Verdict.of(
        (
            result(Gate.LINT, Status.PASSED),
            result(Gate.TESTS, Status.PASSED, tests=TestCounts(12, 12, 0, 0, 3, 2)),
        ),
        seconds=0.084,
    )
    assert verdict.summary() == "ruff ok, 12 tests ok (2 of 3 changed lines executed), 84 ms"
    assert "tested" not in verdict.summary()


@pytest.mark.parametrize(
    ("scope", "rest", "words"),
    [
        ("full", Rest.NONE, "1,247 tests ok"),
        ("full", Rest.CONFIRMED, "whole suite: 1,247 tests ok"),
        ("impacted", Rest.NONE, "1,247 impacted tests ok"),
        ("impacted", Rest.OWED, "1,247 impacted tests ok, the whole suite has not run"),
        ("impacted", Rest.AWAITED, "1,247 impacted tests ok, the whole suite is running"),
        ("impacted", Rest.OPEN, "1,247 impacted tests ok, the whole suite is still running"),
        ("impacted", Rest.SILENT, "1,247 impacted tests ok, the whole suite could not tell"),
    ],
)
def test_the_summary_says_how_much_of_the_suite_that_is(scope, rest, words):
    tests = TestCounts(1247, 1247, 0, 0, 3, 3, scope)
    verdict = Verdict.of((result(Gate.TESTS, Status.PASSED, tests=tests),), seconds=0.084)
    assert verdict.summary(rest) == f"{words} (3 of 3 changed lines executed), 84 ms"
    assert verdict.partial is (scope == "impacted")


def test_a_verdict_that_is_not_passed_is_not_partial():
    tests = TestCounts(2, 1, 1, scope="impacted")
    assert not Verdict.of((result(Gate.TESTS, Status.FAILED, tests=tests),), seconds=0.1).partial
    assert not Verdict.of((result(Gate.LINT, Status.PASSED),), seconds=0.1).partial


def test_pictures_of_pages_are_in_the_verdict_and_say_how_much_was_looked_at():
    shots = (Shot("/a.html", 375, "/x/1.png", "/x/0.png"), Shot("/a.html", 768, "/x/2.png"))
    looked = result(Gate.BROWSER, Status.PASSED, shots=shots)
    assert looked.to_json()["shots"] == [
        {"page": "/a.html", "width": 375, "path": "/x/1.png", "before": "/x/0.png"},
        {"page": "/a.html", "width": 768, "path": "/x/2.png"},
    ]
    assert "shots" not in result(Gate.LINT, Status.PASSED).to_json()
    assert Verdict.of((looked,), seconds=1.2).summary() == "browser ok (1 page at 2 widths), 1.2 s"
    finding = Finding(Gate.BROWSER, "a.html", "too wide", screenshot="/x/1.png")
    assert finding.to_json()["screenshot"] == "/x/1.png"


def test_the_summary_names_why_something_is_not_verified():
    gate = result(Gate.TESTS, Status.UNVERIFIED, reason="pytest is missing")
    assert "not verified (pytest is missing)" in Verdict.of((gate,), seconds=1).summary()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.084, "84 ms"), (1.25, "1.2 s"), (125, "2 min 5 s")]
)
def test_durations_for_a_person(seconds, words):
    assert duration(seconds) == words


def test_a_summary_says_that_the_tests_themselves_changed() -> None:
    counts = TestCounts(selected=13, passed=13, edited=True, added=2, changed_lines=4)
    verdict = Verdict(Status.PASSED, (GateResult(Gate.TESTS, Status.PASSED, tests=counts),))
    assert "13 tests ok, 2 of them new: the edit is of the tests themselves" in verdict.summary()
