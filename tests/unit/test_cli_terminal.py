import io
import re

import pytest

from festina.findings import Finding, Gate, GateResult, Status, Verdict
from festina.proposals import CandidateStatus
from festina.terminal import Terminal, brief, in_a_line, visible
from support.fakes import failed, passed, unverified


class Screen(io.StringIO):
    """A terminal to print to."""

    def __init__(self, encoding="utf-8"):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding

    def isatty(self):
        return True


class Pipe(Screen):
    def isatty(self):
        return False


@pytest.fixture
def environ(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    for name in ("NO_COLOR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 漢 😀\n\tx\u00a0y", "plain ü 漢 😀\n\tx\u00a0y"),
        ("\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J"),
        ("a\rb\x08c\x7f\x9b1m", "a\\x0db\\x08c\\x7f\\x9b1m"),
        ("if admin\u202e\u2066", "if admin\\u202e\\u2066"),
        ("a\u2028b\ud800", "a\\u2028b\\ud800"),
    ],
)
def test_what_others_said_cannot_control_the_terminal(text, shown):
    assert visible(text) == shown


def everything(terminal):
    evil = "\x1b[2J\u202e"
    finding = Finding(Gate.TESTS, f"a{evil}.py", f"m{evil}", 3, detail=f"d{evil}")
    gate = GateResult(Gate.TESTS, Status.UNVERIFIED, 0.1, (finding,), reason=f"r{evil}")
    terminal.say(evil)
    terminal.note(evil)
    terminal.warn(evil)
    terminal.judged(CandidateStatus.FAILED, "#1", evil)
    terminal.checked("amiss", "x", evil, evil)
    terminal.diff(f"+{evil}\n")
    terminal.findings(Verdict.of((gate,), seconds=1))
    with terminal.progress(evil):
        terminal.status(evil, [evil])


@pytest.mark.parametrize("screen", [Screen, Pipe])
def test_nothing_that_is_printed_carries_what_others_said_raw(environ, screen):
    out, err = screen(), screen()
    everything(Terminal(out, err))
    assert "\\x1b[2J" in out.getvalue()
    assert "\\x1b[2J" in err.getvalue()
    assert "\x1b[2J" not in out.getvalue() + err.getvalue()
    assert "\u202e" not in out.getvalue() + err.getvalue()


def test_a_pipe_gets_no_colour_no_progress_and_whole_lines(environ):
    out, err = Pipe(), Pipe()
    terminal = Terminal(out, err)
    everything(terminal)
    terminal.judged(CandidateStatus.PASSED, "", "word " * 40)
    assert "\x1b" not in (out.getvalue() + err.getvalue()).replace("\\x1b", "")
    assert ("word " * 40).strip() in out.getvalue()


def test_a_terminal_gets_colour_and_lines_that_fit(environ):
    out = Screen()
    terminal = Terminal(out, Screen())
    terminal.judged(CandidateStatus.PASSED, "#1", "word " * 40)
    assert "\x1b[32m✔ passed" in out.getvalue()
    assert out.getvalue().count("\n") == 1
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).rstrip("\n")
    assert len(plain) == 59
    assert plain.endswith("…")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colour_gets_none(environ, name, value):
    environ.setenv(name, value)
    out = Screen()
    terminal = Terminal(out, Screen())
    terminal.judged(CandidateStatus.FAILED, "", "x")
    terminal.diff("-a\n+b\n@@ c\n d\n")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", out.getvalue())


def test_where_there_are_no_symbols_plain_marks_are_used(environ):
    out = Pipe("ascii")
    terminal = Terminal(out, Pipe("ascii"))
    terminal.judged(CandidateStatus.PASSED, "", "x")
    terminal.checked("amiss", "y", "z")
    assert out.getvalue() == "+ passed     x\n  x y          z\n"


def test_progress_shows_what_streams_and_leaves_nothing_behind(environ):
    err = Screen()
    terminal = Terminal(Screen(), err)
    with terminal.progress("looking for a model"):
        terminal.status("streaming, 12 tokens", [f"line {n}" for n in range(30)])
    shown = err.getvalue()
    assert "streaming, 12 tokens" in shown
    assert "line 29" in shown
    assert "line 5" not in shown  # the last lines are enough
    assert shown.endswith("\x1b[2K")  # the last thing is that it is wiped


def test_results_appear_above_the_progress_where_both_are_on_the_screen(environ):
    out, err = Screen(), Screen()
    terminal = Terminal(out, err)
    with terminal.progress("streaming"):
        terminal.judged(CandidateStatus.PASSED, "#1", "good")
        terminal.say("said")
    terminal.say("after")
    assert "good" in err.getvalue()
    assert "said" in err.getvalue()
    assert out.getvalue() == "after\n"


def test_results_go_to_the_file_that_they_are_redirected_to(environ):
    out = Pipe()
    terminal = Terminal(out, Screen())
    with terminal.progress("streaming"):
        terminal.judged(CandidateStatus.PASSED, "#1", "good")
    assert out.getvalue() == "\u2714 passed     #1  good\n"


def test_a_diff_is_printed_line_by_line_as_it_is(environ):
    out = Pipe()
    Terminal(out, Pipe()).diff("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-[red]a[/red]\r\n+b :smile:\n")
    assert out.getvalue() == "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-[red]a[/red]\n+b :smile:\n"


def test_a_verdict_in_a_few_words():
    assert brief(passed()) == passed().summary()
    assert brief(failed()) == "tests failed, 10 ms"
    assert brief(unverified()) == "tests not verified, 10 ms"
    reason = "The workspace is not trusted. Run `festina trust`."
    assert (
        in_a_line(unverified(reason)) == "tests not verified, 10 ms: The workspace is not trusted"
    )
    assert in_a_line(passed()) == passed().summary()


@pytest.mark.parametrize(
    ("gate", "finding", "words"),
    [
        (Gate.LINT, Finding(Gate.LINT, "m.py", "Undefined `x`", code="F821"), "F821 Undefined `x`"),
        (Gate.SYNTAX, Finding(Gate.SYNTAX, "m.py", "invalid syntax\n^"), "invalid syntax"),
        (
            Gate.TESTS,
            Finding(Gate.TESTS, "t.py", "t/t.py::test_a[x]: assert 1", code="t/t.py::test_a[x]"),
            "test_a[x]: assert 1",
        ),
        (Gate.TESTS, None, "It was broken."),
    ],
)
def test_a_rejected_candidates_line_starts_with_what_it_was_rejected_for(gate, finding, words):
    findings = () if finding is None else (finding,)
    failing = GateResult(gate, Status.FAILED, findings=findings, reason="It was broken.")
    verdict = Verdict.of((GateResult(Gate.SYNTAX, Status.PASSED), failing), seconds=1)
    assert in_a_line(verdict) == f"{gate}: {words}"


def test_findings_are_shown_with_their_detail_and_not_endlessly(environ):
    findings = [
        Finding(Gate.LINT, "a.py", f"message {n}", n, code="F821", detail="\n".join("x" * 50))
        for n in range(1, 8)
    ]
    verdict = Verdict.of((GateResult(Gate.LINT, Status.FAILED, 0, tuple(findings)),), seconds=0)
    out = Pipe()
    Terminal(out, Pipe()).findings(verdict)
    rows = out.getvalue().splitlines()
    assert rows[0] == "  lint  a.py:1  F821  message 1"
    assert rows[1] == "    ..."
    assert rows[-1] == "  and 2 more"
    assert len(rows) == 5 * 22 + 1
