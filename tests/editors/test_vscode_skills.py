"""Skills in a real VS Code: made of an accepted edit, followed everywhere, reviewed one by one.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import os
from pathlib import Path

import pytest

from support import loops, projects, vscode

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

TOTAL, LARGEST = loops.function("total"), loops.function("largest")
DOUBLED = loops.function("doubled")
MODULE = f"{TOTAL}\n\n{LARGEST}"
PROJECT = f"""
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== test_mod.py
from mod import largest, total
from other import doubled


def test_all():
    assert total({loops.TESTS["total"]}
    assert largest({loops.TESTS["largest"]}
    assert doubled({loops.TESTS["doubled"]}
"""
LIST = "Festina: Follow or Save a Skill"
ROWS = ".quick-input-list .monaco-list-row"
PART = {"x": 340, "y": 0, "width": 830, "height": 770}
MOST_BYTES = 200_000


def choose(window, words):
    """Choose from the list of what can be done with skills; return what stood there."""
    window.command(LIST)
    window.page.wait_for_selector(f"{ROWS}:has-text('{words}')")
    found = window.texts(ROWS)
    window.shot("list")
    window.page.click(f"{ROWS}:has-text('{words}')")
    return found


@pytest.fixture
def media(tmp_path):
    """The folder for the README's picture: `make media` names that of the repository."""
    folder = Path(os.environ.get("FESTINA_MEDIA") or tmp_path / "media")
    folder.mkdir(exist_ok=True, parents=True)
    return folder


def test_a_skill_is_made_followed_everywhere_and_reviewed(desk, tmp_path, request, media):
    project = projects.make(tmp_path / "project", PROJECT)
    (project / "mod.py").write_text(MODULE)
    (project / "other.py").write_text(DOUBLED)
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    window = vscode.Window(desk.browser, desk.address, project, shots)
    desk.fake.script(loops.model)
    window.open("mod.py", trust=True)
    window.instruct(loops.ASK, 1, 5)
    window.lens("Festina: accept (")
    window.click_lens("Festina: accept (")
    accepted = f"{loops.converted(TOTAL)}\n\n{LARGEST}"
    window.until(lambda: window.text.rstrip() == accepted.rstrip(), "the edit is in the text")

    window.go_to(2)
    (only,) = choose(window, "save as a skill")
    assert only.startswith(f"save as a skill (total): {loops.ASK}")
    window.until(lambda: (project / loops.FILE).exists(), "its replay passes, and it is written")
    window.until(lambda: "was written to" in str(window.toasts), "the person is told")
    window.shot("saved")

    window.go_to(10)
    found = choose(window, "in the whole workspace")
    assert "Follow the skill loop-over-items" in str(found)
    window.lens("Festina: accept (")
    window.until(lambda: "largest" in window.thread, "the one in the open file is drawn there")
    window.until(lambda: "2 passed" in str(window.toasts), "and all is done")
    window.press("Control+Shift+M")
    window.until(lambda: "other.py" in str(window.problems), "the other is among the problems")
    window.shot("followed")
    window.command("Notifications: Clear All Notifications")
    window.page.wait_for_selector(".notification-toast", state="hidden")
    window.page.mouse.move(900, 300)  # else there may be a hover
    window.page.wait_for_timeout(1000)
    window.page.screenshot(path=str(media / "vscode-skill.png"), clip=PART)
    assert (media / "vscode-skill.png").stat().st_size < MOST_BYTES
    window.press("Control+Shift+M")
    window.command("Festina: Go to the Next Edit to Review")
    window.until(lambda: "other.py" in window.tab, "the next file is opened")
    window.lens("Festina: accept (")
    window.until(lambda: "doubled" in window.thread, "its edit is drawn there as well")
    window.shot("next")
    window.click_lens("Festina: accept (")
    converted = loops.converted(DOUBLED).rstrip()
    window.until(lambda: window.text.rstrip() == converted, "it is in the text")
    assert (project / "other.py").read_text() == DOUBLED  # until it is saved
    assert (project / "mod.py").read_text() == MODULE
    window.page.close()
