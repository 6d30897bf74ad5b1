"""The main job in a real VS Code with the extension of this repository, driven as by a person.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import json
import shutil
from pathlib import Path

import pytest

from support import vscode
from support.fake_replies import status
from support.processes import with_token
from support.vscode_edits import (
    ACCEPTED,
    ASK,
    GOOD,
    GOOD_LINE,
    MODULE,
    REGION,
    WRONG,
    accept,
    ask,
    halfway,
    head,
    is_text,
    marked,
    remains,
    undo,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.smoke
def test_the_main_job_from_the_selection_to_the_undo(desk, window, project):
    answer, go = halfway(GOOD, "w, value))")
    desk.fake.script(answer)
    window.open("mod.py", trust=True)
    window.press("Control+Shift+M")
    window.instruct(ASK, *REGION)

    # it streams, in place: the text is not touched, and there is nothing to accept yet
    window.until(lambda: "min(high" in window.thread, "the edit stands below the lines")
    assert "clamp: streaming" in window.thread
    assert ASK in window.thread
    assert "tokens" in window.thread
    window.until(lambda: "tok/s" in head(window), "its progress is beside the first line")
    window.lens("Festina: cancel (streaming)")
    window.until(lambda: "Festina: edit clamp" in window.status, "progress is in the status bar")
    assert not window.problems
    window.press("Control+j")
    window.shot("streaming")
    assert not any("accept" in title for title in window.menu())
    window.press("Escape")
    window.menu("Control+Shift+R")
    window.click_in_menu("text=Show Disabled")
    greyed = window.page.wait_for_selector(
        f"{vscode.MENU} .monaco-list-row.option-disabled:has-text('accept edit of clamp')"
    )
    window.shot("disabled")
    greyed.click(force=True)
    window.press("Escape", "Alt+Enter")
    assert is_text(window, MODULE)

    # it passes: the lines that go are marked; it is accepted by the key, and one undo takes it back
    go.set()
    window.lens("Festina: accept (")
    window.until(lambda: GOOD_LINE in window.thread, "the whole edit stands there")
    assert "clamp: ready" in window.thread
    assert marked(window) == 2
    assert not head(window)
    window.shot("ready")
    assert is_text(window, MODULE)
    accept(window)
    window.shot("accepted")
    undo(window)

    # once more, asked for and accepted by the menu of the light bulb
    desk.fake.script(GOOD)
    ask(window)
    window.lens("Festina: accept (")
    window.go_to(REGION[0])
    assert window.menu()[1].startswith("Festina: accept edit of clamp: ")
    window.shot("ready-menu")
    window.choose("Festina: accept edit of clamp")
    window.until(lambda: is_text(window, ACCEPTED), "the menu applies the edit")
    undo(window)


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
    window.until(lambda: not remains(window), "a cancelled edit leaves nothing")

    for cancel in (
        lambda: window.press("Shift+Escape"),
        lambda: window.click_lens("Festina: cancel"),
    ):
        desk.fake.script(halfway(GOOD, "w, value))")[0])
        gone = desk.fake.disconnects
        ask(window)
        window.until(lambda: "min(high" in window.thread, "it streams")
        window.go_to(REGION[0])
        cancel()
        desk.fake.wait(lambda: desk.fake.disconnects == gone + 1, vscode.SECONDS)  # noqa: B023
        window.until(lambda: not remains(window), "nothing is left")

    desk.fake.script(GOOD)
    ask(window)
    window.lens("Festina: accept (")
    window.go_to(REGION[1])
    window.page.keyboard.type("# mine")
    window.until(lambda: not remains(window), "an edit whose lines have changed is stale")
    window.shot("stale")
    assert not any("accept" in title for title in window.menu())
    window.press("Escape")
    assert "# mine" in window.text
    assert GOOD_LINE not in window.text


def test_a_rejected_edit_leads_to_the_failing_test(desk, window):
    desk.fake.script(WRONG)
    window.open("mod.py", trust=True)
    window.instruct(ASK, *REGION)
    window.lens("Festina: dismiss (rejected: ")
    window.until(lambda: "test_low" in window.thread, "the failing test is named")
    assert "clamp: rejected" in window.thread
    window.shot("rejected")
    window.go_to(REGION[0])
    assert not any("accept" in title for title in window.menu())
    window.press("Escape")
    window.press("Alt+Enter")  # what did not pass cannot be accepted, by the key either
    assert is_text(window, MODULE)

    place = lambda: "test_mod.py" in window.tab and "Ln 9," in window.status  # noqa: E731
    window.page.click(f"{vscode.THREAD} a:has-text('test_mod.py:9')")
    window.until(place, "one click shows it")
    window.shot("failing-test")
    window.page.click(".tab:has-text('mod.py') >> nth=0")
    window.go_to(REGION[0])
    window.press("Control+k", "Alt+f")
    window.until(place, "and one key")


def test_what_a_limit_has_ended_is_asked_for_again_with_a_click(desk, window):
    desk.fake.script(status(429, x_should_retry="false"), GOOD)
    window.open("mod.py", trust=True)
    window.instruct(ASK, *REGION)
    window.lens("Festina: ask again (held back: ")
    assert "clamp: held back: " in window.thread
    window.shot("held-back")
    assert not any(" failed: " in toast for toast in window.toasts)
    window.click_lens("Festina: ask again (held back: ")
    window.lens("Festina: accept (")
    assert [ASK in str(request["messages"]) for request in desk.fake.requests[-2:]] == [True, True]
    window.go_to(REGION[0])
    window.press("Alt+Enter")
    window.until(lambda: is_text(window, ACCEPTED), "the edit is applied")


def test_restricted_mode_says_what_to_do_and_trust_is_enough(desk, window, project, tmp_path):
    ran = tmp_path / "ran"
    programs, settings = project / ".venv" / "bin", project / ".vscode" / "settings.json"
    programs.mkdir(parents=True)
    settings.parent.mkdir()
    for name in ("festina", "python"):
        (programs / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (programs / name).chmod(0o755)
    settings.write_text(json.dumps({"python.defaultInterpreterPath": str(programs / "python")}))
    desk.fake.script(GOOD)
    window.open("mod.py", trust=False)
    ask(window)
    window.lens("unverified")
    window.until(lambda: "Manage Workspace Trust" in window.thread, "the remedy is named")
    # with an empty entry in PYTHONPATH, Python would run what lies where it is started
    assert folders_of_servers(desk.token) == {desk.programs}
    assert not ran.exists(), "nothing of the workspace was run"
    shutil.rmtree(programs.parent)
    shutil.rmtree(settings.parent)
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


def folders_of_servers(token):
    """Where the servers that a test has started are at work."""
    found = set()
    for process in with_token(token):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
            if words[1].endswith(b"/festina") and words[2] == b"server":
                found.add(Path(f"/proc/{process}/cwd").readlink())
        except (OSError, IndexError):
            continue
    return found


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
    window.until(lambda: not remains(window), "a new server knows nothing of the old one's edits")
    ask(window)
    window.lens("Festina: accept (")


def test_files_change_when_the_person_saves(desk, project, tmp_path, request):
    desk.fake.script(GOOD)
    window = vscode.Window(desk.browser, desk.address, project, tmp_path / "shots")
    window.open("mod.py", trust=True)
    ask(window)
    window.click_lens("Festina: accept (")
    window.until(lambda: is_text(window, ACCEPTED), "the lens applies the edit")
    assert (project / "mod.py").read_text() == MODULE
    window.press("Control+s")
    window.until(lambda: (project / "mod.py").read_text() == ACCEPTED, "it is saved")
    window.page.close()
