"""What a person reads: short titles and messages, and a diagnostic that says all that is needed."""

from dataclasses import replace

from festina.edits import Region
from festina.findings import Finding, Gate, GateResult, Rest, Status, TestCounts, Verdict
from festina.lsp import render
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Text
from support import fakes

SYNTAX = GateResult(Gate.SYNTAX, Status.PASSED, 0.001)
LINT = GateResult(Gate.LINT, Status.PASSED, 0.01)
TESTS = GateResult(Gate.TESTS, Status.PASSED, 0.5, (), TestCounts(12, 12, 0, 0, 3, 3))
BASE = Text("x = 1\ndef f():\n    return 1\ny = 2\n")


def verdict(*gates: GateResult) -> Verdict:
    return Verdict.of(gates, seconds=0.51)


def proposal(state: State, judged: Verdict | None = None, **changes) -> Proposal:
    view = CandidateView(0, CandidateStatus.PASSED, "def f():\n    return 2\n", judged)
    made = Proposal(
        id="p1",
        uri="file:///w/a.py",
        version=7,
        base=BASE,
        region=Region(1, 3),
        instruction="two",
        name="f",
        state=state,
        candidates=(view,),
        message=judged.summary() if judged else "about 15 tokens so far",
    )
    return replace(made, **changes)


def lines(made: Proposal) -> list[str]:
    return render.diagnostic_message(made, "a.py").split("\n")


def test_a_ready_edit_says_on_what_it_rests_and_shows_its_diff():
    assert lines(proposal(State.READY, verdict(SYNTAX, LINT, TESTS))) == [
        "Festina: ready: ruff ok, 12 tests ok (3 of 3 changed lines executed), 510 ms",
        " def f():",
        "-    return 1",
        "+    return 2",
        " y = 2",
    ]


def test_hunks_that_lie_apart_keep_their_headers():
    text = "".join(f"{number}\n" for number in range(9))
    view = CandidateView(0, text="".join(f"{n}{'!' * (n in (0, 8))}\n" for n in range(9)))
    made = proposal(State.VERIFYING, base=Text(text), region=Region(0, 9), candidates=(view,))
    shown = lines(made)
    assert [line for line in shown if line.startswith("@@")] == [
        "@@ -1,2 +1,2 @@",
        "@@ -8,2 +8,2 @@",
    ]


def test_code_that_looks_like_a_diffs_head_is_shown():
    view = CandidateView(0, text="++ 1\n")
    made = proposal(State.VERIFYING, base=Text("-- 1\n"), region=Region(0, 1), candidates=(view,))
    assert lines(made)[1:] == ["--- 1", "+++ 1"]


def test_a_rejected_edit_names_the_failing_tests_in_the_message_itself():
    # not with a minus, which the diff below has for its own
    found = tuple(
        Finding(Gate.TESTS, "test_a.py", f"test_a.py::test_{n}: assert {n} == 0", n)
        for n in range(1, 8)
    )
    failed = GateResult(Gate.TESTS, Status.FAILED, 0.5, found)
    shown = lines(proposal(State.REJECTED, verdict(LINT, failed)))
    assert shown[:2] == ["Festina: rejected: tests failed", "* test_a.py::test_1: assert 1 == 0"]
    assert shown[5:8] == ["* test_a.py::test_5: assert 5 == 0", "* and 2 more", " def f():"]


def test_a_finding_of_a_linter_has_its_place():
    found = (Finding(Gate.LINT, "a.py", "Undefined name `x`", 3),)
    failed = GateResult(Gate.LINT, Status.FAILED, 0.01, found)
    shown = lines(proposal(State.REJECTED, verdict(failed)))
    assert shown[:2] == ["Festina: rejected: lint failed", "* a.py:3: Undefined name `x`"]


def test_what_the_headline_cannot_hold_is_said_below_it():
    reason = "the workspace is not trusted; run `festina trust` in it, or set trusted in the editor"
    gate = GateResult(Gate.TESTS, Status.UNVERIFIED, reason=reason)
    shown = lines(proposal(State.UNVERIFIED, verdict(LINT, gate)))
    assert shown[0].endswith("…")
    assert all(len(line) <= 80 for line in shown)
    assert reason in " ".join(shown[1:3])


def test_no_line_is_longer_than_eighty_characters_and_none_is_endless():
    found = (Finding(Gate.TESTS, "a.py", "assert " + "x " * 5000, 3),)
    failed = GateResult(Gate.TESTS, Status.FAILED, 0.01, found)
    shown = lines(proposal(State.REJECTED, verdict(failed)))
    assert max(map(len, shown)) <= 80
    assert len(shown) < 12


def test_a_diff_is_cut_after_thirty_lines():
    view = CandidateView(0, text="".join(f"{n}\n" for n in range(100)))
    shown = lines(proposal(State.VERIFYING, candidates=(view,)))
    assert len(shown) == 1 + render.DIFF_LINES
    assert shown[-1] == "... 75 more lines"


def test_titles_fit_a_menu_and_say_what_was_executed():
    ready = proposal(State.READY, verdict(SYNTAX, LINT, TESTS))
    title = render.accept_title(ready, ready.candidate)
    assert title == (
        "Festina: accept edit of f: ruff ok, 12 tests ok (3 of 3 changed lines executed), 510 ms"
    )
    named = replace(ready, name="n" * 100)
    assert len(render.accept_title(named, named.candidate)) == render.ACTION_CHARS


def test_a_title_says_that_the_whole_suite_still_runs_before_a_menu_cuts_it():
    ready = proposal(State.READY, fakes.impacted(verdict(SYNTAX, LINT, TESTS)))
    ready = ready.with_candidate(replace(ready.candidate, rest=Rest.OPEN))
    title = render.accept_title(replace(ready, name="normalise"), ready.candidate)
    assert "ruff ok, 12 impacted tests ok, the whole suite is still running" in title
    assert len(title) == render.ACTION_CHARS
    assert lines(ready)[0].startswith("Festina: ready: ruff ok, 12 impacted tests ok, the whole")
    assert "the whole suite is still running (3 of 3 changed" in " ".join(lines(ready)[1:3])
    assert render.news(ready) == "Festina: f is ready: 12 tests ok so far"


def test_an_unverified_edit_begins_with_the_reason_and_leaves_the_remedy_to_the_diagnostic():
    gate = GateResult(Gate.TESTS, Status.UNVERIFIED, reason="pytest is not installed. Install it.")
    made = proposal(State.UNVERIFIED, verdict(SYNTAX, LINT, gate))
    assert lines(made)[:3] == [
        "Festina: unverified: pytest is not installed.",
        "Install it.",
        " def f():",
    ]
    assert render.unverified_title(made, made.candidate) == (
        "Festina: apply unverified edit of f: pytest is not installed"
    )


def test_what_cannot_be_accepted_yet_says_why_in_its_title_for_menus_show_no_reasons():
    assert render.pending_title(proposal(State.STREAMING)) == (
        "Festina: accept edit of f (streaming)"
    )


def test_an_edit_that_no_test_checked_says_so():
    only = proposal(State.READY, verdict(SYNTAX))
    assert render.accept_title(only, only.candidate).endswith("syntax ok, 510 ms (no tests ran)")
    assert render.news(only) == "Festina: f is ready (no tests ran)"


def test_news_fit_one_line_of_a_terminal_so_that_no_key_is_asked_for():
    skipped = GateResult(Gate.TESTS, Status.UNVERIFIED, reason="pytest is not installed " * 9)
    one = replace(TESTS, tests=TestCounts(1, 1))
    for state, judged, expected in [
        (State.READY, verdict(LINT, TESTS), "Festina: f is ready: 12 tests ok"),
        (State.READY, verdict(LINT, one), "Festina: f is ready: 1 test ok"),
        (
            State.REJECTED,
            fakes.failed("assert 1 == 2 " * 9),
            "Festina: f was rejected: tests failed",
        ),
        (State.UNVERIFIED, verdict(skipped), "Festina: f could not be verified"),
        (State.STALE, None, "Festina: f is stale: about 15 tokens so far"),
    ]:
        assert render.news(proposal(state, judged)) == expected
        assert len(render.news(proposal(state, judged, name="n" * 99, message="m" * 99))) <= 48


def test_news_of_several_lines_speak_of_them_in_the_plural():
    for state, judged, expected in [
        (State.READY, verdict(LINT, TESTS), "Festina: lines 32-40 are ready: 12 tests ok"),
        (State.REJECTED, fakes.failed("no"), "Festina: lines 32-40 were rejected: tests failed"),
        (State.STALE, None, "Festina: lines 32-40 are stale: m"),
    ]:
        assert render.news(proposal(state, judged, name="lines 32-40", message="m")) == expected
    longer = proposal(State.REJECTED, fakes.failed("no"), name="lines 120-135")
    assert render.news(longer) == "Festina: lines 120-135 were rejected: tests"


def test_a_failure_is_told_whole_since_nothing_else_shows_it():
    words = "The model server refused the key (401). Check CEREBRAS_API_KEY, then ask again."
    assert render.news(proposal(State.FAILED, message=words)) == f"Festina: f failed: {words}"


def test_a_command_to_copy_is_not_broken_over_lines():
    command = f"`festina trust /home/somebody/{'a-long-name-' * 3}/project`"
    gate = GateResult(Gate.TESTS, Status.UNVERIFIED, reason=f"Not trusted. Run {command} first.")
    shown = lines(proposal(State.UNVERIFIED, verdict(LINT, gate)))
    assert any(
        "/home/somebody/a-long-name-a-long-name-a-long-name-/project`" in one for one in shown
    )


def test_a_whole_answer_is_shown_as_it_is_while_further_ones_stream():
    short = CandidateView(0, CandidateStatus.PASSED, "def f(): ...\n", verdict(TESTS))
    made = proposal(State.STREAMING, candidates=(short,))
    assert lines(made)[1:] == [
        " x = 1",
        "-def f():",
        "-    return 1",
        "+def f(): ...",
        " y = 2",
    ]
