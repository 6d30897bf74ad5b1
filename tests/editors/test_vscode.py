"""The main job in a real VS Code with the extension of this repository, driven as by a person.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import fake_replies, vscode
from support.trees import hash_tree

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

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
WRONG = GOOD.replace(GOOD_LINE, "return min(high, value)")
ACCEPTED = MODULE.replace("    # festina: respect the upper bound\n", "").replace(
    "return max(low, value)", GOOD_LINE
)


@pytest.fixture
def project(tmp_path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    (folder / "mod.py").write_text(MODULE)
    (folder / "test_mod.py").write_text(TESTS)
    return folder


@pytest.fixture
def window(desk, project, tmp_path, request) -> Iterator[vscode.Window]:
    """A window on the project; at its end nothing on disk may have changed."""
    before = hash_tree(project)
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    one = vscode.Window(desk.browser, desk.address, project, shots)
    yield one
    one.shot("end")
    one.page.close()
    assert hash_tree(project) == before


def halfway(answer: str, until: str) -> tuple[fake_replies.Reply, threading.Event]:
    """An answer that stops before ``until`` and goes on when the event is set."""
    go = threading.Event()
    reply = fake_replies.text(answer)
    place = 1 + len(fake_replies.tokens(answer[: answer.index(until)]))
    steps = (*reply.steps[:place], fake_replies.Until(go), *reply.steps[place:])
    return fake_replies.Reply(steps), go


def ask(window: vscode.Window) -> None:
    """Select the function and choose what its comment asks for."""
    window.select(*REGION)
    assert any(ASK in title for title in window.menu())
    window.choose(ASK)


def is_text(window: vscode.Window, text: str) -> bool:
    return window.text.rstrip() == text.rstrip()


@pytest.mark.smoke
def test_the_main_job_from_the_selection_to_the_undo(desk, window, project):
    answer, go = halfway(GOOD, "w, value))")
    desk.fake.script(answer)
    window.open("mod.py", trust=True)
    window.press("Control+Shift+M")
    ask(window)

    # it streams: lens, problem, status bar and hover; there is nothing to accept yet
    window.lens("Festina: cancel (streaming)")
    window.until(
        lambda: "min(high" in "".join(window.problems), "the edit is in the Problems panel"
    )
    window.until(lambda: "Festina: edit clamp" in window.status, "progress is in the status bar")
    window.shot("streaming")
    window.go_to(REGION[0])
    assert "+    return min(high" in window.hover()
    window.shot("streaming-hover")
    window.press("Escape")
    assert not any("accept" in title for title in window.menu())
    window.press("Escape")
    window.menu("Control+Shift+R")
    window.page.click(f"{vscode.MENU} >> text=Show Disabled")
    greyed = window.page.wait_for_selector(
        f"{vscode.MENU} .monaco-list-row.option-disabled:has-text('accept edit of clamp')"
    )
    window.shot("disabled")
    greyed.click(force=True)
    window.press("Escape")
    assert is_text(window, MODULE)

    # it passes: accepted by the lens, taken back by one undo
    go.set()
    window.lens("Festina: accept (")
    window.until(lambda: any("ready" in toast for toast in window.toasts), "a message says so")
    window.until(lambda: GOOD_LINE in "".join(window.problems), "the diff is in the Problems panel")
    window.go_to(REGION[0])
    assert f"+    {GOOD_LINE}" in window.hover()
    window.shot("ready-hover")
    window.press("Escape")
    assert is_text(window, MODULE)
    window.click_lens("Festina: accept (")
    window.until(lambda: is_text(window, ACCEPTED), "the lens applies the edit")
    window.until(
        lambda: not window.lenses and "mod.py" not in "".join(window.problems), "all is cleared"
    )
    window.shot("accepted")
    undo(window)

    # once more, accepted by the menu of the light bulb
    desk.fake.script(GOOD)
    ask(window)
    window.lens("Festina: accept (")
    window.go_to(REGION[0])
    assert window.menu()[1].startswith("Festina: accept edit of clamp: ")
    window.shot("ready-menu")
    window.choose("Festina: accept edit of clamp")
    window.until(lambda: is_text(window, ACCEPTED), "the menu applies the edit")
    undo(window)


def undo(window: vscode.Window) -> None:
    window.page.click(".editor-instance .view-line >> nth=0")
    window.press("Control+z")
    window.until(lambda: is_text(window, MODULE), "one undo brings everything back")


def test_cancelling_and_typing_leave_nothing_behind(desk, window):
    answer, _ = halfway(GOOD, "w, value))")
    desk.fake.script(answer)
    gone = desk.fake.disconnects
    window.open("mod.py", trust=True)
    ask(window)
    window.lens("Festina: cancel")
    window.page.click(".statusbar-item:has-text('Festina: edit clamp')")
    window.page.click(".notifications-center .monaco-button:has-text('Cancel')")
    desk.fake.wait(lambda: desk.fake.disconnects == gone + 1, vscode.SECONDS)
    window.until(lambda: not window.lenses, "a cancelled edit has no lens")

    desk.fake.script(GOOD)
    ask(window)
    window.lens("Festina: accept (")
    window.go_to(REGION[1])
    window.page.keyboard.type("# mine")
    window.until(lambda: not window.lenses, "an edit whose lines have changed is stale")
    window.shot("stale")
    assert not any("accept" in title for title in window.menu())
    window.press("Escape")
    assert "# mine" in window.text
    assert GOOD_LINE not in window.text


def test_a_rejected_edit_leads_to_the_failing_test(desk, window):
    desk.fake.script(WRONG)
    window.open("mod.py", trust=True)
    window.press("Control+Shift+M")
    ask(window)
    window.lens("Festina: dismiss (rejected: ")
    window.go_to(REGION[0])
    assert not any("accept" in title for title in window.menu())
    window.press("Escape")
    assert "test_low" in window.hover()
    window.shot("rejected-hover")
    window.press("Escape")
    window.until(lambda: "test_mod.py" in window.problems[-1], "the failing test is listed")
    window.shot("rejected")
    window.page.dblclick(".markers-panel .monaco-list-row >> nth=-1")
    window.until(lambda: "test_mod.py" in window.tab and "Ln 9," in window.status, "it is shown")
    window.shot("failing-test")


def test_restricted_mode_says_what_to_do_and_trust_is_enough(desk, window):
    desk.fake.script(GOOD)
    window.open("mod.py", trust=False)
    window.press("Control+Shift+M")
    ask(window)
    window.lens("unverified")
    window.until(
        lambda: "Manage Workspace Trust" in "".join(window.problems), "the remedy is named"
    )
    window.shot("unverified")
    window.go_to(REGION[0])
    assert any("apply unverified edit of clamp" in title for title in window.menu())
    window.shot("unverified-menu")
    window.press("Escape")
    window.command("Manage Workspace Trust")
    window.page.click(".workspace-trust-editor .monaco-button:has-text('Trust')")
    window.until(lambda: "Restricted Mode" not in window.status, "the workspace is trusted")
    window.press("Escape")
    window.lens("Festina: accept (")
    window.shot("trusted")


def test_without_a_server_it_says_what_to_do_and_tries_again(desk, window):
    desk.fake.script(GOOD)
    program = desk.programs / "festina"
    target = program.readlink()
    program.unlink()
    try:
        window.open("mod.py", trust=True)
        window.until(lambda: any("pipx install" in toast for toast in window.toasts), "a remedy")
        window.shot("no-server")
        program.write_text("#!/bin/sh\necho 'No room on the device.' >&2\nexit 1\n")
        program.chmod(0o755)
        window.page.click(".notification-toast .monaco-button:has-text('Try Again')")
        window.until(lambda: any("No room" in toast for toast in window.toasts), "its last words")
        window.shot("does-not-start")
        assert len(window.toasts) == 1
    finally:
        program.unlink(missing_ok=True)
        program.symlink_to(target)
    window.page.click(".notification-toast .monaco-button:has-text('Try Again')")
    ask(window)
    window.lens("Festina: accept (")
    window.command("Festina: Restart Server")
    window.until(lambda: not window.lenses, "a new server knows nothing of the old one's edits")
    ask(window)
    window.lens("Festina: accept (")


def test_files_change_when_the_person_saves(desk, project, tmp_path, request):
    desk.fake.script(GOOD)
    window = vscode.Window(desk.browser, desk.address, project, tmp_path / "shots")
    window.open("mod.py", trust=True)
    window.select(*REGION)
    window.menu("Control+Alt+f")  # the key that the README gives
    window.choose(ASK)
    window.click_lens("Festina: accept (")
    window.until(lambda: is_text(window, ACCEPTED), "the lens applies the edit")
    assert (project / "mod.py").read_text() == MODULE
    window.press("Control+s")
    window.until(lambda: (project / "mod.py").read_text() == ACCEPTED, "it is saved")
    window.page.close()
