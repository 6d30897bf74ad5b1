"""Verdicts from pairs of runs."""

from __future__ import annotations

from typing import Any

import pytest

from festina.findings import Status
from festina.verify.judge import Target, broken, elsewhere, judge, said
from festina.verify.record import Run
from festina.verify.watch import is_of_tests
from support.runs import run

TARGET = Target("pkg/mod.py", "digest", ("pkg.mod",))


GREEN = {"t::a": "passed", "t::b": "passed"}


def test_all_green_and_executed_passes() -> None:
    judgement = judge(run(GREEN), run(GREEN), TARGET)
    assert judgement.status is Status.PASSED
    assert judgement.counts is not None
    assert (judgement.counts.selected, judgement.counts.passed) == (2, 2)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"t::a": "passed", "t::b": "failed"}, "t::b: assert False"),
        ({"t::a": "passed", "t::b": "error"}, "no fixture"),
        ({"t::a": "passed", "t::b": "skipped"}, "is skipped now"),
        ({"t::a": "passed", "t::b": "xfailed"}, "is expected to fail now"),
        ({"t::a": "passed"}, "is missing now"),
        ({"t::a": "passed", "t::b": ""}, "did not run"),
        ({**GREEN, "t::new": "failed"}, "t::new"),
        ({**GREEN, "t::new": "skipped"}, "t::new is skipped now"),
        ({**GREEN, "t::new": ""}, "is new and did not run"),
    ],
)
def test_anything_less_than_the_baseline_fails(now: dict[str, str], words: str) -> None:
    judgement = judge(run(GREEN), run(now), TARGET)
    assert judgement.status is Status.FAILED
    assert words in judgement.findings[0].message


def test_a_deselected_test_fails() -> None:
    judgement = judge(run(GREEN), run({"t::a": "passed"}, deselected=["t::b"]), TARGET)
    assert judgement.status is Status.FAILED
    assert "deselected" in judgement.findings[0].message


@pytest.mark.parametrize("then", ["failed", "error", "skipped", "xfailed"])
def test_what_is_in_the_baseline_is_not_held_against_the_candidate(then: str) -> None:
    base = run({"t::a": "passed", "t::b": then})
    judgement = judge(base, run({"t::a": "passed", "t::b": then}), TARGET)
    assert judgement.status is Status.PASSED
    assert judgement.counts is not None
    assert judgement.counts.failed == 0


def test_a_failing_test_that_is_skipped_now_is_no_fix() -> None:
    base = run({"t::a": "passed", "t::b": "failed"})
    judgement = judge(base, run({"t::a": "passed", "t::b": "skipped"}), TARGET)
    assert judgement.status is Status.FAILED


def test_a_wanted_test_must_pass() -> None:
    base = run({"t::a": "passed", "t::b": "failed"})
    still = judge(base, run({"t::a": "passed", "t::b": "failed"}), TARGET, ["t::b"])
    assert still.status is Status.FAILED
    gone = judge(base, run(GREEN), TARGET, ["t::b"])
    assert gone.status is Status.PASSED
    unknown = judge(base, run({"t::a": "passed", "t::b": "failed"}), TARGET, ["t::other"])
    assert unknown.status is Status.UNVERIFIED


def test_no_end_record_fails_and_names_the_test() -> None:
    dead = run({"t::a": "passed", "t::b": ""}, ended=False)
    dead.running = "t::b"
    judgement = judge(run(GREEN), dead, TARGET)
    assert judgement.status is Status.FAILED
    assert "t::b" in judgement.findings[0].message
    assert "exit code 0" in judgement.findings[0].message


def test_a_run_that_never_began_proves_nothing() -> None:
    judgement = judge(run(GREEN), Run(returncode=1, output="python: no such file"), TARGET)
    assert judgement.status is Status.UNVERIFIED
    assert judgement.reason is not None
    assert "no such file" in judgement.reason


def test_a_timeout_is_unverified_and_names_the_test() -> None:
    slow = run({"t::a": "passed", "t::b": ""}, ended=False)
    slow.timed_out, slow.seconds, slow.running = True, 30.0, "t::b"
    judgement = judge(run(GREEN), slow, TARGET)
    assert judgement.status is Status.UNVERIFIED
    assert judgement.reason == "The tests did not end in 30 s (t::b was running)."


def test_a_new_failure_before_a_timeout_fails() -> None:
    slow = run({"t::a": "failed", "t::b": ""}, ended=False)
    slow.timed_out = True
    assert judge(run(GREEN), slow, TARGET).status is Status.FAILED


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ({"executed": []}, "0 of 1 changed lines"),
        ({"imported": [], "executed": [], "modules": {}}, "no test imports this file"),
        ({"imported": ["other"]}, "another version"),
        ({"imported": [], "executed": []}, "a tracer of their own"),
        ({"replaced": ["Function.runtest"]}, "replaces what judges it: Function.runtest"),
        ({"touched": ["tests/test_mod.py"]}, "change files that they read: tests/test_mod.py"),
        ({"garbled": True}, "cannot be read"),
        ({"imported": [], "executed": [], "modules": {"pkg.mod": "/lib/mod.py"}}, "pip install -e"),
    ],
)
def test_green_without_proof_is_unverified(end: dict[str, Any], words: str) -> None:
    judgement = judge(run(GREEN), run(GREEN, **end), TARGET)
    assert judgement.status is Status.UNVERIFIED
    assert judgement.reason is not None
    assert words in judgement.reason


def test_a_change_of_no_code_needs_no_line() -> None:
    same = run(GREEN, code_changed=False, changed=[], executed=[])
    assert judge(run(GREEN), same, TARGET).status is Status.PASSED


def test_nothing_passes_before_and_after() -> None:
    red = {"t::a": "failed"}
    judgement = judge(run(red), run(red), TARGET)
    assert judgement.status is Status.UNVERIFIED
    assert judgement.reason is not None
    assert "Every test fails" in judgement.reason
    assert judge(run(red), run({"t::a": "passed"}), TARGET).status is Status.PASSED


IN_TESTS = Target("tests/test_mod.py", "digest", in_tests=True)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (GREEN, Status.PASSED),
        ({**GREEN, "t::c": "passed"}, Status.PASSED),  # one more
        ({**GREEN, "t::c": "failed"}, Status.FAILED),
        ({**GREEN, "t::c": "error"}, Status.FAILED),
        ({**GREEN, "t::c": "skipped"}, Status.UNVERIFIED),
        ({**GREEN, "t::c": "xfailed"}, Status.UNVERIFIED),
        ({**GREEN, "t::c": ""}, Status.UNVERIFIED),
        ({"t::a": "passed"}, Status.UNVERIFIED),  # one is removed
        ({"t::a": "passed", "t::new": "passed"}, Status.UNVERIFIED),  # one is renamed
        ({"t::a": "passed", "t::b": "skipped"}, Status.UNVERIFIED),
        ({"t::a": "passed", "t::b": "xfailed"}, Status.UNVERIFIED),
        ({"t::a": "passed", "t::b": ""}, Status.UNVERIFIED),
        ({"t::a": "passed", "t::b": "failed"}, Status.FAILED),
    ],
)
def test_an_edit_of_tests_may_add_what_passes_and_nothing_else(
    now: dict[str, str], status: Status
) -> None:
    judgement = judge(run(GREEN), run(now), IN_TESTS)
    assert judgement.status is status
    assert judgement.counts is not None
    assert judgement.counts.edited
    assert judgement.counts.added == len(set(now) - set(GREEN))
    assert judgement.counts.removed == len(set(GREEN) - set(now))


def test_what_an_edit_of_tests_takes_away_is_shown() -> None:
    less = judge(run(GREEN), run({"t::a": "passed"}), IN_TESTS)
    assert less.reason == "The edit takes away from the tests that judge it: t::b is missing now."
    assert [finding.code for finding in less.findings] == ["t::b"]
    none = judge(run(GREEN), run({"t::c": "passed"}), IN_TESTS)
    assert none.reason is not None
    assert none.reason.endswith("t::a is missing now, and 1 more.")


def test_an_edit_of_other_files_says_nothing_of_tests_that_come_and_go() -> None:
    judgement = judge(run(GREEN), run({**GREEN, "t::c": "passed"}), TARGET)
    assert judgement.counts is not None
    assert (judgement.counts.edited, judgement.counts.added) == (False, 0)


@pytest.mark.parametrize(
    ("path", "is_so"),
    [
        ("tests/test_mod.py", True),
        ("pkg/checks.py", True),  # collected from
        ("conftest.py", True),
        ("pkg/conftest.py", True),
        ("tests/helpers.py", True),
        ("pkg/tests/data/make.py", True),
        ("pkg/mod.py", False),
        ("pkg/testing.py", False),
        ("test.py", False),
    ],
)
def test_which_files_are_of_tests(path: str, is_so: bool) -> None:
    assert is_of_tests(path, {"tests/test_mod.py", "pkg/checks.py"}) is is_so


def test_configuration_is_never_proved_by_green_tests() -> None:
    target = Target("pyproject.toml", "digest", python=False)
    assert judge(run(GREEN), run(GREEN), target).status is Status.UNVERIFIED


def test_memory_addresses_in_ids_do_not_matter() -> None:
    base = run({"t::a[<f at 0x7f00deadbeef>]": "passed"})
    now = run({"t::a[<f at 0x7f11deadbeef>]": "passed"})
    assert judge(base, now, TARGET).status is Status.PASSED


def test_a_failing_subtest_fails_its_test_and_a_skipped_one_does_not() -> None:
    def part(outcome: str) -> Run:
        built = run({})
        built.add({"kind": "collected", "ids": ["t::a"], "files": []})
        record = {"kind": "report", "id": "t::a", "when": "call", "xfail": False}
        built.add({**record, "outcome": outcome, "part": True})
        built.add({**record, "outcome": "passed", "part": False})
        return built

    assert part("skipped").outcomes["t::a"].status == "passed"
    assert part("failed").outcomes["t::a"].status == "failed"


def test_an_error_after_a_pass_counts() -> None:
    built = run({"t::a": "passed"})
    record = {"kind": "report", "id": "t::a", "xfail": False, "part": False}
    built.add({**record, "when": "teardown", "outcome": "failed"})
    assert built.outcomes["t::a"].status == "error"


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (Run(returncode=1, output="python: No module named pytest"), "No module named pytest"),
        (Run(timed_out=True, seconds=600), "timeout_seconds"),
        (run({}, status=5), "no tests"),
        (run({}, status=4), "addopts"),
    ],
)
def test_broken_baselines_say_what_to_do(base: Run, words: str) -> None:
    reason = broken(base)
    assert reason is not None
    assert words in reason


def test_a_baseline_with_failures_is_not_broken() -> None:
    assert broken(run({"t::a": "failed"})) is None


def test_the_telling_line_of_an_output() -> None:
    output = "ImportError while loading conftest '/ws/conftest.py'.\nE   KeyError: 'x'\n\n"
    assert said(Run(output=output)) == "KeyError: 'x'"
    assert said(Run(output="ERROR: usage: pytest [options]\n")) == "usage: pytest [options]"


@pytest.mark.parametrize("line", [b"{", b"[]", b"null", b"{}", b'{"kind": "report", "id": 1}'])
def test_records_that_make_no_sense_are_noted(line: bytes) -> None:
    built = run(GREEN, ended=False)
    assert not built.garbled
    assert built.take(line) is None
    assert built.garbled


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("pkg/__pycache__/other.cpython-312.pyc", False),
        ("pkg/", False),
        ("pkg/data.json", True),
        ("pkg/new.py", True),
        ("pkg/__pycache__/x.cpython-312-pytest-9.2.0.pyc", True),
        ("tests/__pycache__/test_mod.cpython-312.pyc", True),
        ("tests/", True),
    ],
)
def test_programs_that_tests_start_may_compile_what_they_import(path: str, counts: bool) -> None:
    judgement = judge(run(GREEN), run(GREEN, touched=[path]), TARGET)
    assert judgement.status is (Status.UNVERIFIED if counts else Status.PASSED)


def test_records_after_the_end_are_noted() -> None:
    built = run(GREEN)
    built.take(b'{"kind": "begin", "id": "t::a"}')
    assert built.garbled
    assert judge(run(GREEN), built, TARGET).status is Status.UNVERIFIED


def test_elsewhere_is_another_file_under_the_same_name() -> None:
    assert elsewhere(run(GREEN), TARGET) is None
    other = run(GREEN, modules={"pkg.mod": "/lib/pkg/mod.py"})
    assert elsewhere(other, TARGET) == "/lib/pkg/mod.py"
