"""A real VS Code that has just been installed: its first window, which has two folders.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import json
import os
import sysconfig
import venv
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from support import served, vscode, vscode_browser, vscode_tools
from support.fake_model import FakeModel
from support.trees import hash_tree
from support.vscode_edits import ACCEPTED, ASK, GOOD, MODULE, REGION, TESTS, is_text, remains, undo

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

STEPS = ".gettingStartedContainer"
NO_BOUND = """

def test_no_bound():
    from installed_here import NAME

    assert NAME == "other"
    assert clamp(50, 0, 10) == 50
"""
"""What holds in one of the folders, and is against the edit; elsewhere it fails before it, too."""
OWN = NO_BOUND.replace("other", "project").replace("50\n", "10\n")
"""What holds with the edit alone, and in the other folder's environment never."""


def own_environment(folder: Path) -> None:
    """Give a folder a virtual environment, with pytest and a module that tells whose it is."""
    venv.create(folder / ".venv", symlinks=True)
    (packages,) = (folder / ".venv" / "lib").glob("python*/site-packages")
    (packages / "installed_here.py").write_text(f'NAME = "{folder.name}"\n')
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n")


def turn_to(window: vscode.Window, folder: str) -> None:
    """Open the ``mod.py`` of a folder by its name. Keys can get lost in a busy editor."""
    # rows move as they are found, and pyproject.toml has a folder's name in its own
    row = f".quick-input-list .focused[aria-label^='mod.py'][aria-label*='{folder}']"
    for _ in range(5):
        window.press("Escape", "Control+p")
        with suppress(Exception):
            window.page.wait_for_selector(".quick-input-widget input:visible", timeout=5000)
            window.page.keyboard.type(f"{folder}/mod.py")
            window.page.wait_for_selector(row, timeout=15000)
            window.press("Enter")
            break
        window.shot("not-listed")
    window.page.wait_for_selector(f".tab.active[aria-label^='mod.py']:has-text('{folder}')")


def test_the_first_window_shows_the_first_steps_once_and_edits_each_folder(tools, project):
    base = project.parent
    other = base / "other"
    other.mkdir()
    (other / "pyproject.toml").write_text((project / "pyproject.toml").read_text())
    (other / "mod.py").write_text(MODULE)
    (other / "test_mod.py").write_text(TESTS + NO_BOUND)
    (project / "test_mod.py").write_text(TESTS + OWN)
    for folder in (project, other):
        own_environment(folder)
    file = base / "both.code-workspace"
    file.write_text(json.dumps({"folders": [{"path": "project"}, {"path": "other"}]}))
    before = [hash_tree(folder) for folder in (project, other)]
    programs = base / "bin"
    programs.mkdir()
    (programs / "festina").symlink_to(served.festina())
    with ExitStack() as stack:
        fake = stack.enter_context(FakeModel(GOOD))
        environment = vscode_tools.environment(base, programs, fake, python="")
        address = stack.enter_context(
            vscode.server(tools, base / "data", vscode_tools.VSIX, environment, machine={})
        )
        browser = stack.enter_context(vscode_browser.browser(tools))
        shots = Path(os.environ.get("FESTINA_SHOTS", base / "shots")) / "folders"
        window = vscode.Window(browser, address, file, shots)
        window.open("project/mod.py", trust=True)
        window.page.wait_for_selector(f"{STEPS} >> text=First steps with Festina")
        window.shot("first-steps")

        window.page.click(".tab.active .tab-actions a")
        window.page.wait_for_selector(STEPS, state="detached")
        window.page.reload()
        window.page.wait_for_selector(".tab:has-text('mod.py')")
        window.until(lambda: "Festina" in window.status, "the extension is there again")
        window.page.wait_for_timeout(3000)
        assert not window.texts(STEPS), "they are shown once"

        for folder, verdict in (
            (other, "Festina: dismiss (rejected"),
            (project, "Festina: accept ("),
        ):
            turn_to(window, folder.name)
            window.until(lambda: is_text(window, MODULE), "the file")
            window.instruct(ASK, *REGION)
            window.lens(verdict)
            window.shot(folder.name)
            if folder is other:
                assert "test_no_bound" in window.thread
                window.go_to(REGION[0])
                window.press("Shift+Escape")
            else:
                assert "4 tests ok" in window.thread
                window.go_to(REGION[0])
                window.press("Alt+Enter")
                window.until(lambda: is_text(window, ACCEPTED), "it is applied")
            window.until(lambda: not remains(window), "nothing is left")
        undo(window)
        window.page.close()
    assert [hash_tree(folder) for folder in (project, other)] == before
