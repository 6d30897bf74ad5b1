"""Memory files in a real VS Code: verify.md is approved, progress.md grows, a killed server forgets
nothing.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from support import projects, vscode, vscode_edits
from support.processes import with_token

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

PROJECT = f"""
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== plan.md
# Plan: mind the bounds
=== progress.md
# Progress

My own words.
=== verify.md
# Must pass

- [x] bound: `grep -q high mod.py`
=== test_mod.py
{vscode_edits.TESTS}"""


def servers(desk):
    """The processes of our server."""
    found = []
    for pid in with_token(desk.token):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"server" in words and any(b"festina" in word for word in words):
            found.append(pid)
    return found


@pytest.fixture
def media(tmp_path):
    """The folder for the README's picture: `make media` names that of the repository."""
    folder = Path(os.environ.get("FESTINA_MEDIA") or tmp_path / "media")
    folder.mkdir(exist_ok=True, parents=True)
    return folder


def picture(window, file):
    """Take the README's picture: the line, its lens, and what is asked."""
    whole = window.page.viewport_size
    window.page.set_viewport_size({"width": 1080, "height": 330})
    window.page.mouse.move(700, 240)  # else there may be a hover
    window.page.wait_for_timeout(1500)
    part = {"x": 345, "y": 36, "width": 735, "height": 294}
    window.page.screenshot(path=str(file), clip=part)
    assert file.stat().st_size < 200_000
    window.page.set_viewport_size(whole)


def show(window, name):
    """Turn to a file."""
    window.press("Control+p")
    window.page.wait_for_selector(".quick-input-widget input:visible")
    window.page.keyboard.type(name)
    # rows move as they are found: a click may come upon another one
    window.page.wait_for_selector(f".quick-input-list .focused[aria-label^='{name}']")
    window.press("Enter")
    window.until(lambda: window.tab.startswith(name), f"{name} is on show")


def test_a_command_is_approved_and_what_was_accepted_outlasts_a_killed_server(
    desk, tmp_path, request, media
):
    project = projects.make(tmp_path / "project", PROJECT)
    (project / "mod.py").write_text(vscode_edits.MODULE)
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    window = vscode.Window(desk.browser, desk.address, project, shots)
    desk.fake.script(vscode_edits.GOOD)
    window.open("mod.py", trust=True)
    window.instruct(vscode_edits.ASK, *vscode_edits.REGION)
    window.lens("Festina: dismiss (unverified")
    window.shot("unverified")

    show(window, "verify.md")
    window.lens("Festina: approve this command")
    window.shot("verify")
    window.click_lens("Festina: approve this command")
    window.until(lambda: "Run `grep -q high mod.py` in the sandbox" in str(window.toasts), "asked")
    picture(window, media / "vscode-verify.png")
    window.shot("asked")
    window.page.click(".notification-toast .monaco-button:has-text('Approve')")
    window.until(lambda: not any("approve" in one for one in window.lenses), "it is approved")

    show(window, "progress.md")
    window.until(lambda: "My own words." in window.text, "progress.md is open")
    show(window, "mod.py")
    window.lens("Festina: accept (")
    window.shot("passed")
    window.click_lens("Festina: accept (")
    window.until(lambda: vscode_edits.GOOD_LINE in window.text, "the edit is in the text")
    show(window, "progress.md")
    window.until(lambda: "accepted: mod.py, clamp" in window.text, "and in progress.md")
    assert "My own words." in window.text
    assert (project / "progress.md").read_text().endswith("My own words.\n")  # until it is saved
    window.shot("progress")

    (before,) = servers(desk)
    os.kill(before, signal.SIGKILL)
    window.until(lambda: [pid for pid in servers(desk) if pid != before], "it is started again")
    show(window, "mod.py")
    window.until(lambda: vscode_edits.GOOD_LINE in window.text, "the text is as it was")
    window.page.wait_for_timeout(4000)
    assert not any("An edit that you accepted" in one for one in window.toasts)
    window.press("Control+s")
    window.until(
        lambda: vscode_edits.GOOD_LINE in (project / "mod.py").read_text(), "the person saves it"
    )
    environment = {**os.environ, "XDG_STATE_HOME": str(state_of(servers(desk)[0]))}
    command = [str(desk.programs / "festina"), "recover", "--json"]

    def left():
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, check=False
        )
        return json.loads(done.stdout)["left"]

    window.until(lambda: left() == [], "nothing is left over")
    window.page.close()


def state_of(pid):
    """Where a process keeps its state."""
    words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    given = dict(word.decode().split("=", 1) for word in words if b"=" in word)
    return given.get("XDG_STATE_HOME") or Path(given["HOME"]) / ".local" / "state"
