"""What happens to an edit when something else happens meanwhile, in a real VS Code.

The scenarios are those of ``test_scenarios_neovim.py``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support import jumping, vscode
from support.vscode_edits import (
    ACCEPTED,
    ASK,
    DOUBLE,
    DOUBLE_REGION,
    GOOD,
    GOOD_LINE,
    MODULE,
    REGION,
    TESTS,
    accepted,
    head,
    insert,
    is_text,
    marked,
    remains,
    server,
    serves,
    stopped,
    streams,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

DEADLINE, STOPPED = 3, 60
"""Seconds after which a silent model is given up, and for which the server is stopped."""
SILENT = "Festina does not answer"


def test_types_in_the_region(desk, window):
    window.open("mod.py", trust=True)
    gone = desk.fake.disconnects
    go = streams(desk, window)
    insert(window, 7, "    # mine")
    window.until(lambda: not remains(window), "typing in it ends it")
    desk.fake.wait(lambda: desk.fake.disconnects == gone + 1, vscode.SECONDS)
    go.set()
    window.page.wait_for_timeout(500)
    assert not remains(window)
    assert "# mine" in window.text
    assert GOOD_LINE not in window.text


def test_types_above_and_below(desk, window):
    window.open("mod.py", trust=True)
    go = streams(desk, window)
    insert(window, 1, "# above")
    insert(window, 13, "# below")
    assert "clamp: streaming" in window.thread
    window.until(lambda: marked(window) == 1, "the line that goes is marked where it is now")
    assert "tokens" in head(window)
    window.shot("typed-around")
    go.set()
    typed = "# above\n" + MODULE + "# below\n"
    after = "# above\n" + ACCEPTED + "# below\n"
    accepted(window, typed, after, REGION[0] + 1)
    # later than that: it is verified again
    insert(window, 1, "# once more")
    window.until(lambda: not remains(window), "what was accepted stays over")


def test_saves_with_a_formatter(desk, editor, project):
    settings = project / ".vscode" / "settings.json"
    settings.parent.mkdir()
    # what VS Code itself can format while it saves
    settings.write_text('{"files.trimTrailingWhitespace": true, "files.insertFinalNewline": true}')
    (project / "mod.py").write_text(MODULE + "\n\ntriple = 3   \nfour = 4")
    editor.open("mod.py", trust=True)
    go = streams(desk, editor)
    insert(editor, 1, "# above   ")
    editor.press("Control+s")
    rest = "\n\ntriple = 3\nfour = 4\n"
    saved = f"# above\n{MODULE}{rest}"
    editor.until(lambda: (project / "mod.py").read_text() == saved, "it is saved and formatted")
    assert "clamp: streaming" in editor.thread
    go.set()
    accepted(editor, saved, f"# above\n{ACCEPTED}{rest}", REGION[0] + 1)
    assert (project / "mod.py").read_text() == saved


def git(project: Path, *arguments: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=project, check=True, capture_output=True)


@pytest.mark.parametrize("file", ["another", "the same"])
def test_switches_branches(desk, editor, project, file):
    wrong = TESTS + "\n\ndef test_high():\n    assert clamp(50, 0, 10) == 50\n"
    top = "# the other branch\n" if file == "another" else ""
    git(project, "init", "-q", "-b", "main")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    git(project, "checkout", "-qb", "other")
    (project / "test_mod.py").write_text(wrong)
    (project / "mod.py").write_text(top + MODULE)
    git(project, "commit", "-qam", "two")
    git(project, "checkout", "-q", "main")
    desk.fake.script(GOOD)
    editor.open("mod.py", trust=True)
    editor.instruct(ASK, *REGION)
    editor.lens("Festina: accept (")
    git(project, "checkout", "-q", "other")
    editor.until(lambda: is_text(editor, top + MODULE), "the file of the other branch is shown")
    editor.lens("Festina: dismiss (rejected: ")
    assert "test_high" in editor.thread
    editor.shot("rejected-on-the-other-branch")
    git(project, "checkout", "-q", "main")
    editor.until(lambda: is_text(editor, MODULE), "back again")
    # what was rejected stays so until it is asked for again
    editor.go_to(REGION[0])
    editor.press("Shift+Escape")
    editor.until(lambda: not remains(editor), "it is put away")
    editor.instruct(ASK, *REGION)
    accepted(editor, MODULE, ACCEPTED)


def test_closes_the_file(desk, window):
    window.open("mod.py", trust=True)
    gone = desk.fake.disconnects
    streams(desk, window)
    window.command("View: Close Editor")
    desk.fake.wait(lambda: desk.fake.disconnects == gone + 1, vscode.SECONDS)
    window.until(lambda: "Festina: edit clamp" not in window.status, "its progress is gone")
    window.say("mod.py", "Control+p")
    window.until(lambda: is_text(window, MODULE), "opened again")
    window.page.wait_for_timeout(500)
    window.until(lambda: not remains(window), "nothing of it is left")
    desk.fake.script(GOOD)
    window.instruct(ASK, *REGION)
    accepted(window, MODULE, ACCEPTED)


def test_kills_the_server(desk, window):
    window.open("mod.py", trust=True)
    streams(desk, window)
    os.kill(server(desk), signal.SIGKILL)
    window.until(lambda: not remains(window), "nothing is left of the edit")
    assert is_text(window, MODULE)
    desk.fake.script(GOOD)
    window.until(lambda: serves(desk), "another server is started")
    window.instruct(ASK, *REGION)
    accepted(window, MODULE, ACCEPTED)


def test_stops_the_server_and_wakes_it(desk, window):
    usual = desk.config.read_text()
    short = f"inter_token_seconds = {DEADLINE}\nfirst_content_seconds = {DEADLINE}\n"
    desk.config.write_text(usual.replace("inter_token_seconds = 600\n", short))
    try:
        window.open("mod.py", trust=True)
        go = streams(desk, window)
        with stopped(server(desk)):
            began = time.monotonic()
            go.set()
            insert(window, 1, "# typed meanwhile")
            assert "# typed meanwhile" in window.text
            # what is on show stays, and the status bar says why nothing moves
            window.until(lambda: SILENT in window.status, "it is said that it does not answer")
            assert "clamp: streaming" in window.thread
            # whoever asks for something hears of it, once, with a way out
            desk.fake.script(DOUBLE)
            window.instruct("say it another way", *(line + 1 for line in DOUBLE_REGION))
            window.until(lambda: any("does not answer" in one for one in window.toasts), "so told")
            assert "Restart Server" in window.texts(".notification-toast .monaco-button")
            window.shot("stopped")
            line = "# typed meanwhile\n"
            assert is_text(window, line + MODULE)
            window.page.wait_for_timeout(1000 * max(0.0, STOPPED - (time.monotonic() - began)))
            assert len(window.toasts) <= 1
            assert SILENT in window.status
            assert is_text(window, line + MODULE)
        window.until(lambda: SILENT not in window.status, "it answers again")
        window.shot("woken")
        # nothing was lost: the edit that streamed, and the one that was asked for meanwhile
        window.until(lambda: "double: ready" in window.thread, "what was asked for came")
        window.go_to(DOUBLE_REGION[0] + 1)
        window.press("Shift+Escape")
        window.until(lambda: "double:" not in window.thread, "it is put away")
        accepted(window, line + MODULE, line + ACCEPTED, REGION[0] + 1)
    finally:
        desk.config.write_text(usual)


def test_starts_another_server_in_the_place_of_a_stopped_one(desk, window):
    window.open("mod.py", trust=True)
    streams(desk, window)
    pid = server(desk)
    with stopped(pid):
        window.press("Alt+Enter", "Shift+Escape")  # it is to be cancelled, and nothing happens
        window.until(lambda: any("does not answer" in one for one in window.toasts), "so told")
        window.page.click(".notification-toast .monaco-button:has-text('Restart Server')")
        window.until(lambda: not remains(window), "its edit is gone")
        window.until(lambda: serves(desk, but=pid), "another one runs, and no other")
        assert SILENT not in window.status
        assert is_text(window, MODULE)
        desk.fake.script(GOOD)
        window.instruct(ASK, *REGION)
        accepted(window, MODULE, ACCEPTED)


def test_has_its_clocks_jump(desk, window, tmp_path):
    program, jumps = desk.programs / "festina", tmp_path / "jumps"
    target = program.readlink()
    program.unlink()
    jumping.program(program, jumps)
    try:
        window.open("mod.py", trust=True)
        go = streams(desk, window)
        jumping.jump(jumps, jumping.DAY, jumping.DAY)
        window.page.wait_for_timeout(500)
        go.set()
        window.lens("Festina: accept (")
        jumping.jump(jumps, -jumping.DAY, 2 * jumping.DAY)
        window.page.wait_for_timeout(500)
        accepted(window, MODULE, ACCEPTED)
    finally:
        program.unlink()
        program.symlink_to(target)
