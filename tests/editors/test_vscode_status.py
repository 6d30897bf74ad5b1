"""The status bar of a real VS Code, its menu, the first steps, and a workspace's settings."""

import json
import os
from pathlib import Path

import pytest

from support import vscode
from support.fake_model import FakeModel
from support.planted import KEY, files_with_key
from support.vscode_edits import GOOD, REGION, halfway, runs, serves

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

ITEM = ".statusbar-item:has-text('Festina')"
BOX = ".quick-input-widget"
ROW = f"{BOX} .monaco-list-row"


def shows(window, words):
    window.until(lambda: words in " ".join(window.texts(ITEM)), f"the status bar says {words!r}")


def choose(window, title):
    """Choose a row of the status bar's menu."""
    window.page.click(ITEM)
    window.page.click(f"{ROW}:has-text('{title}')")


def is_red(window):
    colour = "e => getComputedStyle(e).backgroundColor"
    item, bar = (window.page.eval_on_selector(each, colour) for each in (ITEM, ".statusbar-item"))
    return item not in (bar, "rgba(0, 0, 0, 0)")


def test_edits_are_counted_and_cancelled_from_the_menu(desk, window):
    answer, go = halfway(GOOD, "w, value))")
    desk.fake.script(answer)
    window.open("mod.py", trust=True)
    shows(window, "Festina")
    window.instruct("respect the upper bound", *REGION)
    shows(window, f"1 {desk.fake.model}")
    shows(window, " tok/s")
    window.shot("streaming")
    window.page.click(ITEM)
    window.page.wait_for_selector(f"{ROW}:has-text('Cancel all edits')")
    window.shot("menu")
    gone = desk.fake.disconnects
    window.page.click(f"{ROW}:has-text('Cancel all edits')")
    desk.fake.wait(lambda: desk.fake.disconnects == gone + 1, vscode.SECONDS)
    window.until(lambda: desk.fake.model not in " ".join(window.texts(ITEM)), "none is counted")
    go.set()

    desk.fake.script(GOOD)
    window.instruct("respect the upper bound", *REGION)
    window.until(lambda: " ".join(window.texts(ITEM)).endswith(" 1"), "one has passed")
    window.page.hover(ITEM)
    window.until(
        lambda: "1 edit passed, to be accepted" in "".join(window.texts(".monaco-hover")), "more"
    )
    window.shot("passed")


def test_the_tooltip_names_a_model_that_was_found_before_the_first_edit(desk, window):
    usual = desk.config.read_text()
    desk.config.write_text(usual.replace(f'model = "{desk.fake.model}"\n', ""))
    asked = len(desk.fake.requests)
    try:
        window.open("mod.py", trust=True)
        shows(window, "Festina")

        def named():
            window.page.mouse.move(600, 400)
            window.page.hover(ITEM)
            window.page.wait_for_timeout(1500)
            return f"Model: {desk.fake.model}" in "".join(window.texts(".monaco-hover"))

        window.until(named, "its name is there")
        window.shot("named")
    finally:
        desk.config.write_text(usual)
    assert len(desk.fake.requests) == asked, "nothing was asked of it"


def test_what_is_saved_is_red_and_then_green(desk, project, tmp_path, request):
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    window = vscode.Window(desk.browser, desk.address, project, shots)
    window.open("mod.py", trust=True)
    runs(window)
    window.until(lambda: serves(desk), "the server of an earlier test has ended")
    window.page.wait_for_timeout(3000)  # what is saved before it has the file is nobody's news
    window.go_to(11)
    window.press("End")
    window.page.keyboard.type("0")
    window.press("Escape", "Control+s")
    shows(window, "fails")
    assert is_red(window)
    window.shot("red")
    window.press("End", "Backspace")
    window.press("Control+s")
    window.until(lambda: not is_red(window), "it is no longer red")
    window.page.keyboard.type(" + 0")
    window.press("Escape", "Control+s")
    shows(window, " ok")
    assert not is_red(window)
    assert window.texts(f"{ITEM} .codicon-check"), "and ticked off"
    window.shot("green")
    choose(window, "Verify this file")
    window.until(lambda: window.toasts, "what is found out is said")
    window.shot("verified")
    window.page.close()


def test_the_first_steps_are_shown_and_ticked_off(desk, window):
    window.open("mod.py", trust=True)
    shows(window, "Festina")
    choose(window, "First steps")
    window.page.wait_for_selector("text=First steps with Festina")
    done = ".gettingStartedContainer .codicon-getting-started-step-checked"
    window.until(lambda: len(window.texts(done)) >= 2, "the server and the trust are there already")
    window.page.wait_for_timeout(1000)
    window.shot("first-steps")
    page = " ".join(window.texts(".gettingStartedContainer"))
    for title in ("Install the server", "Choose a model", "Trust your project", "first edit"):
        assert title in page


def test_a_workspace_chooses_its_checks_and_no_model_program_or_key(
    desk, project, tmp_path, request
):
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    with FakeModel("evil") as evil:
        (project / ".vscode").mkdir()
        settings = {
            "festina.models.fast.baseUrl": evil.base_url,
            "festina.models.fast.apiKeyCommand": ["touch", str(tmp_path / "evil")],
            "festina.server.path": "/bin/false",
            "festina.verify.gates": ["syntax"],
            "festina.verify.onSave": "off",
            "festina.models.fast.extraBody": {"api_key": KEY},
            "festina.apiKey": KEY,
        }
        file = project / ".vscode" / "settings.json"
        file.write_text(json.dumps(settings))
        desk.fake.script(GOOD)
        window = vscode.Window(desk.browser, desk.address, project, shots)
        window.open("mod.py", trust=True)
        shows(window, "Festina")
        window.until(lambda: any("looks like a key" in toast for toast in window.toasts), "refused")
        assert "festina.apiKey" in " ".join(window.toasts)
        assert "keeps copies of them" in " ".join(window.toasts)
        assert window.texts(".notification-toast .notification-list-item-message a") == []
        window.shot("refused")
        assert KEY not in " ".join(window.texts("body"))
        asked = len(desk.fake.requests)
        window.instruct("respect the upper bound", *REGION)
        window.until(lambda: len(desk.fake.requests) > asked, "the person's own model is asked")
        window.lens("Festina: accept (syntax ok,")  # the workspace's gates are in force
        window.shot("gates")
        assert evil.heads == []
        assert KEY not in repr(desk.fake.requests) + repr(desk.fake.heads), "it is not used"
    assert not (tmp_path / "evil").exists()
    file.unlink()
    # VS Code itself keeps a copy of a workspace's settings
    copies = [
        path for path in files_with_key(tmp_path, desk.config.parent) if "Cached" not in str(path)
    ]
    assert copies == []
    window.page.close()
