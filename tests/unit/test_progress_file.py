"""progress.md: dated lines below what a person wrote, by names alone, never source or secrets."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.findings import Finding, Gate, GateResult, Status, TestCounts, Verdict
from festina.memory import Note
from festina.noting import append
from festina.progress_file import addition, fixed, instruction_of, line, why
from festina.text import Text

WHEN = datetime(2026, 11, 28, 11, 40, 5)
ONE = "- 11:40:05 accepted: a.py, clamp"
BARE = "- 11:41:00 rejected: a.py, clamp"


def grown(content, *lines, when=WHEN):
    for new in lines:
        content += addition(content, when, new)
    return content


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"# Progress\n\n## 2026-11-28\n\n{ONE}\n{BARE}\n"),
        ("# Mine\n\nwords", f"# Mine\n\nwords\n\n## 2026-11-28\n\n{ONE}\n{BARE}\n"),
        ("# Mine\r\n", f"# Mine\r\n\r\n## 2026-11-28\r\n\r\n{ONE}\r\n{BARE}\r\n"),
        ("## 2026-11-27\n\n- x\n", f"## 2026-11-27\n\n- x\n\n## 2026-11-28\n\n{ONE}\n{BARE}\n"),
        ("## 2026-11-28\n\n- x\n", f"## 2026-11-28\n\n- x\n{ONE}\n{BARE}\n"),
        ("## 2026-11-28\n- x\nmy note", f"## 2026-11-28\n- x\nmy note\n{ONE}\n{BARE}\n"),
        ("\ufeff", f"\ufeff# Progress\n\n## 2026-11-28\n\n{ONE}\n{BARE}\n"),
    ],
)
def test_lines_come_below_everything_under_their_day(before, after):
    assert grown(before, ONE, BARE) == after


@given(st.text(), st.lists(st.sampled_from([ONE, BARE]), max_size=4), st.integers(1, 28))
def test_what_is_there_stays_and_no_line_comes_twice(content, lines, day):
    when = datetime(2026, 11, day, 11, 40, 5)
    after = grown(content, *lines, when=when)
    assert after.startswith(content)
    for new in lines:
        assert addition(after, when, new) == ""
    added = after[len(content) :].split("\n")
    assert all(sum(each.rstrip("\r") == new for each in added) <= 1 for new in lines)


def gate(kind, status, *findings, **more):
    return GateResult(kind, status, findings=findings, **more)


def test_a_rejection_is_told_by_rules_and_tests_alone():
    secret = "assert clamp('hunter2-hunter2') == 3"
    findings = [
        Finding(Gate.TESTS, "t.py", secret, line=3, code=f"t.py::test_{name}[{secret}]")
        for name in "abcde"
    ]
    verdict = Verdict(
        Status.FAILED,
        (
            gate(
                Gate.LINT, Status.FAILED, Finding(Gate.LINT, "a.py", secret, line=12, code="F821")
            ),
            gate(Gate.TESTS, Status.FAILED, *findings),
            gate(Gate.COMMAND, Status.FAILED, Finding(Gate.COMMAND, "a.py", secret), name="*tsc*"),
        ),
    )
    assert why(verdict) == (
        "lint: F821 (line 12); tests: t.py::test_a, t.py::test_b, t.py::test_c and 2 more; "
        r"\*tsc\* failed"
    )
    assert why(None) == "no usable answer"


def test_what_an_accept_rests_on_is_told():
    counts = TestCounts(selected=3, passed=3)
    passed = Verdict(
        Status.PASSED,
        (
            gate(Gate.SYNTAX, Status.PASSED),
            gate(Gate.TESTS, Status.PASSED, tests=counts),
            gate(Gate.REVIEW, Status.FAILED, Finding(Gate.REVIEW, "a.py", "x")),
            gate(Gate.BROWSER, Status.SKIPPED),
        ),
    )
    assert why(passed) == "syntax, 3 tests"
    not_run = gate(Gate.TESTS, Status.UNVERIFIED, reason="It said: hunter2")
    assert why(Verdict(Status.UNVERIFIED, (not_run,))) == "not verified: tests"


SOURCE = Text("def f():\n    return compute(a, b)\n\n")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("respect the bound", "respect the bound"),
        ("first line\nsecond", "first line"),
        ("make it   return compute(a,  b)\n", ""),
        ("change:\n    return compute(a, b)\nto something", ""),
        ("use `x` <b> [y](z)", r"use \`x\` \<b> \[y\](z)"),
        ('say "no"', "say 'no'"),
        ("a\x1b[31mb", "ab"),
        ("x" * 200, "x" * 99 + "…"),
        ("", ""),
    ],
)
def test_an_instruction_is_kept_unless_it_quotes_source(said, kept):
    assert instruction_of(said, [SOURCE]) == kept


def test_a_diagnostic_is_named_by_its_code():
    codes = [Finding(Gate.LINT, "a.py", "secret words", code=code) for code in ("F401", "a b", "")]
    assert fixed(codes) == "fix F401"
    assert fixed(codes[1:]) == "fix a diagnostic"


def test_a_line_says_when_what_where_and_why():
    assert line(WHEN, "accepted", "a_b.py, *f*", "cap it", "3 tests") == (
        r'- 11:40:05 accepted: a_b.py, \*f\*: "cap it" (3 tests)'
    )
    assert line(WHEN, "put away", "a.py", "", "") == "- 11:40:05 put away: a.py"


# -- the file -----------------------------------------------------------------------------------

NOTE = Note(1, WHEN.timestamp(), ONE)


def test_it_is_added_once(tmp_path):
    file = tmp_path / "progress.md"
    file.write_bytes(b"mine\r\n\xc3\xa9")
    for _ in range(2):
        append(tmp_path, [NOTE])
    assert file.read_bytes().decode() == f"mine\r\né\r\n\r\n## 2026-11-28\r\n\r\n{ONE}\r\n"


@pytest.mark.parametrize("kind", ["outside", "folder", "binary", "read-only"])
def test_a_file_that_cannot_be_added_to_is_told_and_left(tmp_path, kind):
    from festina.noting import Unwritten

    workspace, outside = tmp_path / "w", tmp_path / "outside.md"
    workspace.mkdir()
    file = workspace / "progress.md"
    outside.write_text("x\n")
    words = {"folder": "is no file", "binary": "is left as it is", "read-only": "is read-only"}
    if kind == "outside":
        file.symlink_to(outside)
    elif kind == "folder":
        file.mkdir()
    else:
        file.write_bytes(b"a\0b")
        file.chmod(0o444 if kind == "read-only" else 0o644)
    with pytest.raises(Unwritten, match=words.get(kind, "leads out of the workspace")):
        append(workspace, [NOTE])
    assert outside.read_text() == "x\n"
    assert file.is_dir() or file.read_bytes() in (b"a\0b", b"x\n")
