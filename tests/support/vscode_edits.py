"""What the tests of edits in a real VS Code share: a project, answers, what a person does."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from support import fake_replies, processes, vscode

MODULE = '''"""Numbers."""


def clamp(value, low, high):
    """Keep a value between two bounds."""
    # festina: respect the upper bound
    return max(low, value)


def double(value):
    return value * 2
'''
REGION = (4, 7)
TESTS = """from mod import clamp, double


def test_inside():
    assert clamp(5, 0, 10) == 5


def test_low():
    assert clamp(-5, 0, 10) == 0


def test_double():
    assert double(2) == 4
"""
ASK = "respect the upper bound"
GOOD_LINE = "return min(high, max(low, value))"
GOOD = (
    f'def clamp(value, low, high):\n    """Keep a value between two bounds."""\n    {GOOD_LINE}\n'
)
OTHER_LINE = "return max(low, min(high, value))"
OTHER = GOOD.replace(GOOD_LINE, OTHER_LINE)
TWO_CHANGES = GOOD.replace("low, high)", "low=0, high=9)", 1)
WRONG = GOOD.replace(GOOD_LINE, "return min(high, value)")
UNTIL = "w, value))"
"""Where the good answer stops halfway."""
DOUBLE_REGION = (10, 11)
DOUBLE_LINE = "return 2 * value"
DOUBLE = f"def double(value):\n    {DOUBLE_LINE}\n"
GONE = "Festina: the edit of clamp is gone: its lines have changed"
"""What the status bar says of an edit of the function whose lines are other ones."""
SPEED = 60
"""Tokens a second of an answer that stops halfway."""
ACCEPTED = MODULE.replace("    # festina: respect the upper bound\n", "").replace(
    "return max(low, value)", GOOD_LINE
)


def halfway(answer: str, until: str) -> tuple[fake_replies.Reply, threading.Event]:
    """An answer that stops before ``until`` and goes on when the event is set.

    Its speed is told after 50 ms, so it takes far longer than that on a busy machine as well.
    """
    go = threading.Event()
    reply = fake_replies.text(answer, speed=SPEED)
    place = 1 + 2 * len(fake_replies.tokens(answer[: answer.index(until)]))  # each has its pause
    steps = (*reply.steps[:place], fake_replies.Until(go), *reply.steps[place:])
    return fake_replies.Reply(steps), go


def ask(window: vscode.Window) -> None:
    """Select the function and choose what its comment asks for."""
    window.select(*REGION)
    assert any(ASK in title for title in window.menu())
    window.choose(ASK)


def insert(window: vscode.Window, line: int, text: str) -> None:
    """Type a new line above another one."""
    window.go_to(line)
    window.page.keyboard.type(text)
    window.press("Enter")


def streams(desk: Any, window: vscode.Window) -> threading.Event:
    """Ask for an edit, of which half is shown; return what lets the rest come."""
    answer, go = halfway(GOOD, UNTIL)
    desk.fake.script(answer)
    window.instruct(ASK, *REGION)
    window.until(lambda: "min(high" in window.thread, "the edit streams")
    return go


def ready(desk: Any, window: vscode.Window, answer: str = GOOD) -> None:
    """Have an edit of the function that has passed, with the cursor in it."""
    desk.fake.script(answer)
    window.open("mod.py", trust=True)
    window.instruct(ASK, *REGION)
    window.lens("Festina: accept (")
    window.until(lambda: "clamp: ready" in window.thread, "its head says so")
    window.go_to(REGION[0])


def more(window: vscode.Window, count: int) -> None:
    """Have more variations written."""
    window.press("Control+k", "Alt+m")
    window.page.wait_for_selector(".quick-input-widget input:visible")
    window.page.keyboard.type(str(count))
    window.page.click(f".quick-input-list .monaco-list-row:has-text('{count}')")


def server(desk: Any) -> int:
    """The process id of the one language server that runs, once none of an earlier test does."""
    end = time.monotonic() + vscode.SECONDS
    while len(found := _servers(desk)) != 1:
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found[0]


def runs(window: vscode.Window) -> None:
    """Wait until the server runs: of what was changed before that it knows no earlier text."""
    window.until(
        lambda: "Festina" in window.status and "Festina starts" not in window.status,
        "the server runs, and claims nothing",
    )


def serves(desk: Any, but: int = 0) -> bool:
    """Whether one language server runs, which is not a certain one."""
    found = _servers(desk)
    return len(found) == 1 and found[0] != but


def _servers(desk: Any) -> list[int]:
    found = []
    for pid in processes.with_token(desk.token):
        with suppress(OSError):  # it may have ended since
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"server" in words and any(b"festina" in word for word in words[:3]):
                found.append(pid)
    return found


@contextmanager
def stopped(process: int) -> Iterator[None]:
    """Have a process stand still."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # the extension may have ended it
            os.kill(process, signal.SIGCONT)


def is_text(window: vscode.Window, text: str) -> bool:
    return window.text.rstrip() == text.rstrip()


def accept(window: vscode.Window, after: str = ACCEPTED, line: int = REGION[0]) -> None:
    """Press the key in the region of an edit that has passed, and see it applied."""
    window.go_to(line)
    window.press("Alt+Enter")
    window.until(lambda: is_text(window, after), "the key applies the edit, and nothing else")
    window.until(lambda: not remains(window), "all is cleared")


def accepted(window: vscode.Window, before: str, after: str, line: int = REGION[0]) -> None:
    """Accept what has passed: nothing else changes, and one undo takes it back."""
    window.lens("Festina: accept (")
    assert is_text(window, before)
    accept(window, after, line)
    window.press("Control+z")
    window.until(lambda: is_text(window, before), "one undo takes it back")


def accept_in_time(window: vscode.Window, after: str) -> None:
    """Press the key until an edit is applied; while that is verified again, it does nothing."""

    def applied() -> bool:
        window.press("Alt+Enter")
        window.page.wait_for_timeout(500)
        return is_text(window, after)

    window.until(applied, "it is accepted where it is now, and nothing else")


def undo(window: vscode.Window) -> None:
    window.focus()
    window.press("Control+z")
    window.until(lambda: is_text(window, MODULE), "one undo brings everything back")


# VS Code gives each kind of mark a class of its own, whose name nobody knows: so it is the colour
_MARKED = """() => {
  const workbench = document.querySelector(".monaco-workbench");
  const probe = workbench.appendChild(document.createElement("p"));
  probe.style.backgroundColor = "var(--vscode-diffEditor-removedLineBackground)";
  const colour = getComputedStyle(probe).backgroundColor;
  probe.remove();
  const marks = [...document.querySelectorAll(".editor-instance .view-overlays .cdr")];
  const tops = marks.filter(e => getComputedStyle(e).backgroundColor === colour)
    .map(e => e.parentElement.style.top);
  return new Set(tops).size;
}"""


def marked(window: vscode.Window) -> int:
    """How many lines of the text are marked as those that go."""
    found: int = window.page.evaluate(_MARKED)
    return found


def head(window: vscode.Window) -> str:
    """What is written beside a line of the text, and not in it."""
    find = """elements => elements.map(e => getComputedStyle(e, "::after").content)"""
    found: list[str] = window.page.eval_on_selector_all(".view-line span span", find)
    return " ".join(text.strip('"') for text in found if text not in ("none", "normal"))


def remains(window: vscode.Window) -> list[str]:
    """All that shows a proposal; empty where nothing is left of any."""
    beside = head(window)
    marks = ["a mark"] * marked(window) + [beside] * bool(beside)
    return window.lenses + window.threads + marks
