"""A plan's step in a real VS Code: run by its lens, accepted in the code, ticked in the plan.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import os
from pathlib import Path

import pytest

from support import clamp, projects, vscode, vscode_edits
from support.noted import rest
from support.trees import hash_tree

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

PLAN = """\
# Plan: mind the bounds

- [ ] Return at most `high` from `clamp`.
  - where: `mod.py`, `clamp`
  - must pass: lint, tests, `test_all.py::test_low`
  - at most: 6 lines
- [ ] Ask Ann.
"""
PROJECT = f"""
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== plan.md
{PLAN}=== test_all.py
{vscode_edits.TESTS}"""


def show(window, name):
    """Turn to a file."""
    window.press("Control+p")
    window.page.wait_for_selector(".quick-input-widget input:visible")
    window.page.keyboard.type(name)
    # rows move as they are found: a click may come upon another one
    window.page.wait_for_selector(f".quick-input-list .focused[aria-label^='{name}']")
    window.press("Enter")
    window.until(lambda: name in window.tab, f"{name} is on show")


def test_a_step_is_run_by_its_lens_and_ticked_by_accepting(desk, tmp_path, request):
    project = projects.make(tmp_path / "project", PROJECT)
    (project / "mod.py").write_text(vscode_edits.MODULE)
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    window = vscode.Window(desk.browser, desk.address, project, shots)
    desk.fake.script(vscode_edits.GOOD)
    window.open("mod.py", trust=True)
    show(window, "plan.md")
    window.lens("Festina: run")
    window.until(lambda: window.lenses.count("explain") == 2, "each step has its lenses")
    assert window.lenses.count("Festina: run") == 1, "what names no file is a person's"
    window.shot("plan")
    window.click_lens("Festina: run")
    window.lens("Festina: accept (")
    window.shot("from-plan")
    show(window, "mod.py")
    window.lens("Festina: accept (")
    assert vscode_edits.GOOD_LINE not in (project / "mod.py").read_text()
    window.shot("ready")
    window.click_lens("Festina: accept (")
    window.until(lambda: vscode_edits.GOOD_LINE in window.text, "the edit is in the text")
    show(window, "plan.md")
    window.until(lambda: "- [x] Return at most" in window.text, "its step is ticked")
    window.until(lambda: "Festina: run" not in window.lenses, "and has no lenses any more")
    assert (project / "plan.md").read_text() == PLAN, "what is open is saved by the person"
    window.shot("ticked")
    window.command("Festina: Plan")
    window.page.wait_for_selector(".quick-input-widget input:visible")
    window.page.keyboard.type("something else")
    window.press("Enter")
    window.until(
        lambda: "Replace plan.md?" in window.page.inner_text(".monaco-dialog-box"), "it asks first"
    )
    window.shot("replace")
    window.press("Escape")


WHOLE = """
=== pyproject.toml
[tool.pytest.ini_options]
pythonpath = ["."]
=== plan.md
# Plan: one place for the bounds

- [x] Test what `used` returns for large values.
  - where: `test_use.py`
- [ ] Let `clamp` have the bounds 0 and 10 where none are given, and `used` rely on that.
  - where: `mod.py`, `clamp`
  - where: `use.py`, `used`
  - must pass: lint, tests, `test_use.py::test_used`
  - at most: 8 lines
  - leave alone: `test_use.py`
- [ ] Say in its docstring which bounds `clamp` has.
  - where: `mod.py`, `clamp`
  - at most: 2 lines
=== mod.py
def clamp(value, low, high):
    return max(low, min(high, value))
=== use.py
from mod import clamp


def used(value):
    return clamp(value, 0, 20)
=== test_use.py
from use import used


def test_used():
    assert used(30) == 10
"""
DRAFT = "def clamp(value, low=0, high=10):\n    return max(low, min(high, value))\n"
LAST = "def used(value):\n    return clamp(value)\n"
PART = {"x": 300, "y": 0, "width": 980, "height": 390}
BOTH = "Festina: accept both files"


def test_both_files_of_a_step_are_accepted_at_once(desk, tmp_path, request):
    project = projects.make(tmp_path / "project", WHOLE)
    before = hash_tree(project)
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    media = Path(os.environ.get("FESTINA_MEDIA") or tmp_path / "media")
    media.mkdir(exist_ok=True, parents=True)
    window = vscode.Window(desk.browser, desk.address, project, shots)
    desk.fake.script(clamp.fenced(DRAFT), clamp.fenced(LAST))
    window.open("plan.md", trust=True)
    window.click_lens("Festina: run")
    window.lens("accept both files")  # in the last file, which was opened for the step
    show(window, "plan.md")
    window.lens(BOTH)
    window.shot("both")
    window.page.screenshot(path=str(media / "vscode-plan.png"), clip=PART)
    assert (media / "vscode-plan.png").stat().st_size < 200_000
    assert hash_tree(project) == before
    show(window, "use.py")
    window.lens("accept both files")
    window.shot("in-the-code")
    window.click_lens("accept both files")
    window.until(lambda: "clamp(value)" in window.text, "one file has its edit")
    show(window, "mod.py")
    window.until(lambda: "high=10" in window.text, "and so has the other one")
    show(window, "plan.md")
    window.until(lambda: "- [x] Let" in window.text, "the step is ticked")
    window.shot("ticked")
    assert rest(project) == before, "what is open is saved by the person"
    # VS Code takes back an edit of several files at once, whichever of them is on show
    show(window, "mod.py")
    window.page.click(".view-lines")
    window.press("Control+z")
    window.until(lambda: "high=10" not in window.text, "one undo step takes it back")
    show(window, "use.py")
    window.until(lambda: "clamp(value, 0, 20)" in window.text, "in both files")
