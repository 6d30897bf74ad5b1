"""The person's own bounds in a real VS Code, from its settings, and what `festina report` has.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import json
import os
import subprocess

import pytest

from support import vscode_edits

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def project(project):
    folder = project / ".vscode"
    folder.mkdir()
    bounds = {"festina.edits.atMost": 2, "festina.edits.leaveAlone": ["test_mod.py"]}
    (folder / "settings.json").write_text(json.dumps(bounds))
    return project


def show(window, name):
    """Turn to a file."""
    window.press("Control+p")
    window.page.wait_for_selector(".quick-input-widget input:visible")
    window.page.keyboard.type(name)
    # rows move as they are found: a click may come upon another one
    window.page.wait_for_selector(f".quick-input-list .focused[aria-label^='{name}']")
    window.press("Enter")
    window.until(lambda: window.tab.startswith(name), f"{name} is on show")


def test_edits_keep_to_the_bounds_and_are_reported(desk, window, project):
    desk.fake.script(vscode_edits.TWO_CHANGES)  # four lines beside the comment, which is none
    window.open("mod.py", trust=True)
    window.instruct(vscode_edits.ASK, *vscode_edits.REGION)
    window.lens("Festina: dismiss (rejected")
    window.until(lambda: "edits.at_most allows at most 2" in window.thread, "it says why")
    assert vscode_edits.GOOD_LINE not in window.text.replace(window.thread, "")
    window.shot("rejected")
    window.click_lens("Festina: dismiss (rejected")
    window.until(lambda: not window.threads, "it is put away")

    desk.fake.script(vscode_edits.DOUBLE)
    window.instruct("the other way round", *vscode_edits.DOUBLE_REGION)
    window.lens("Festina: accept (")
    window.shot("ready")
    window.click_lens("Festina: accept (")
    window.until(lambda: vscode_edits.DOUBLE_LINE in window.text, "two lines are accepted")

    sent = len(desk.fake.requests)
    show(window, "test_mod.py")
    window.instruct("test more", 4, 5)
    words = "Your settings say to leave `test_mod.py` alone"
    window.until(lambda: words in str(window.toasts), "what is to be left alone is refused")
    window.shot("left-alone")
    assert len(desk.fake.requests) == sent

    environment = {**os.environ, "XDG_STATE_HOME": str(desk.config.parent / "STATE")}
    command = [str(desk.programs / "festina"), "report", "--json"]

    def total():
        told = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, check=True
        )
        found = json.loads(told.stdout)["total"]
        return (found["proposals"], found["accepted"], found["rejected_by"])

    window.until(lambda: total() == (2, 1, {"bounds": 1}), "the report has both")


def test_what_might_pass_the_persons_budget_is_not_sent(desk, window):
    before, sent = desk.config.read_text(), len(desk.fake.requests)
    desk.config.write_text(f"{before}\n[limits]\ntokens_per_day = 1\n")
    try:
        window.open("mod.py", trust=True)
        window.instruct(vscode_edits.ASK, *vscode_edits.REGION)
        words = "of 1 tokens are used (limits.tokens_per_day)"
        window.until(lambda: words in f"{window.toasts} {window.thread}", "it says which limit")
        window.shot("budget")
    finally:
        desk.config.write_text(before)
    assert len(desk.fake.requests) == sent
