"""A plan's step in a real VS Code: run by its lens, accepted in the code, ticked in the plan.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import os
from pathlib import Path

import pytest

from support import projects, vscode, vscode_edits

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
    window.page.click(f".quick-input-list .monaco-list-row:has-text('{name}')")
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
