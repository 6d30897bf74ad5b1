"""What a person sees in a real VS Code after a save, and of an edit that is taken back.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import itertools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import leak, vscode
from support.vscode_edits import runs

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

MODULE = """def clamp(value, low, high):
    return min(high, max(low, value))


def double(value):
    return value * 2
"""
LINE = 6
"""The line of ``double`` that is changed."""
RETURN = leak.SOURCE.splitlines().index("    return found") + 1
TESTS = """from mod import clamp, double


def test_inside():
    assert clamp(5, 0, 10) == 5


def test_double():
    assert double(2) == 4


def test_words():
    assert double("so") == "so so"
"""


@pytest.fixture
def sit(desk, tmp_path, request) -> Iterator[Callable[..., tuple[vscode.Window, Path]]]:
    """Open windows on a project of the given files. What is on disk there is the test's own."""
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    windows = []

    def sit(**files: str) -> tuple[vscode.Window, Path]:
        folder = tmp_path / "project"
        folder.mkdir()
        (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        windows.append(vscode.Window(desk.browser, desk.address, folder, shots))
        return windows[-1], folder

    yield sit
    for window in windows:
        window.shot("end")
        window.page.close()


def rewrite(window: vscode.Window, line: int, text: str) -> None:
    """Type a new line in the place of an old one, and save."""
    window.go_to(line)
    window.press("End", "Home", "Shift+End")
    window.page.keyboard.type(text)
    window.press("Escape", "Control+s")


def shows(window: vscode.Window, words: str) -> None:
    window.until(lambda: words in window.status, f"the status bar says {words!r}")


def test_red_after_a_save_and_gone_when_it_is_mended(sit):
    window, project = sit(mod=MODULE, test_mod=TESTS)
    window.open("mod.py", trust=True)
    window.press("Control+Shift+M")
    runs(window)
    rewrite(window, LINE, "return value * 3")
    # of all tests or of the impacted ones: these are found out meanwhile
    shows(window, " fails, 1 failed before, too")
    at_change = "test_double fails since this change: assert 6 == 4festina"
    window.until(lambda: len(window.problems) == 7, "a failure at both ends, and an old one")
    rows = window.problems
    assert rows[1].startswith(at_change)
    assert rows[1].endswith("[Ln 6, Col 5]")
    assert rows[2] == "test_mod.py[Ln 9, Col 5]:assert 6 == 4"
    assert rows[4].startswith("assert 6 == 4festina")
    assert rows[4].endswith("[Ln 9, Col 5]")
    assert rows[5] == "mod.py[Ln 6, Col 5]:changed since it passed"
    assert rows[6].startswith("assert 'sososo' == 'so so' (failed before this change, too)")
    assert "2  0  1" in window.status  # two errors, and what is old is none
    window.shot("red")

    # taken back: nothing runs, nothing red is left, and what is old says what it said before
    rewrite(window, LINE, "return value * 2")
    shows(window, "Festina: no change left to verify, 1 failed before, too")
    window.until(lambda: len(window.problems) == 2, "only what failed before is left")
    assert window.problems[1].startswith("assert 'soso' == 'so so' (failed before this change")
    window.shot("taken-back")

    rewrite(window, LINE, "return 3 * value")
    window.until(lambda: at_change in "".join(window.problems), "red again")
    rewrite(window, LINE, "return 2 * value")
    shows(window, " ok, 1 failed before, too")
    window.until(lambda: len(window.problems) == 2, "what was mended is gone")
    window.shot("mended")
    assert window.toasts == []
    assert (project / "mod.py").read_text() == MODULE.replace("value * 2", "2 * value")


def test_an_edit_that_the_whole_suite_refutes_is_withdrawn_and_says_so(desk, sit):
    window, project = sit(registry=leak.SOURCE, test_registry=leak.TESTS)
    with (project / "pyproject.toml").open("a") as file:
        file.write("[tool.festina]\nverify.tests.confirm_seconds = 0\nrepair.rounds = 0\n")
    window.open("registry.py", trust=True)
    runs(window)
    for number in itertools.count():  # which test enters what is found out in the background
        rewrite(window, RETURN, ("return dict(found)", "return found")[number % 2])
        # a slow machine may save the next one before it has looked at this
        window.until(lambda: re.search(r"tests? ok,|no change left", window.status), "a look")
        if "impacted" in window.status:
            break
        window.page.wait_for_timeout(1000)
    before = window.text

    desk.fake.script(leak.LEAKS)
    window.select(leak.SCOPED[0] + 1, leak.SCOPED[1])
    window.menu()
    window.choose("Simplify this code")
    window.lens("Festina: accept (")
    window.shot("ready")
    window.lens("Festina: dismiss (withdrawn: test_registry.py::test_nothing_is_left")
    window.until(lambda: "failed in the whole suite" in window.thread, "its head says all")
    window.until(
        lambda: any("scoped was withdrawn" in toast for toast in window.toasts), "a message says so"
    )
    window.until(lambda: "scoped: withdrawn: " in window.thread, "so does its head")
    assert "test_registry.py:15" in window.thread
    window.shot("withdrawn")
    assert not any("accept" in title for title in window.menu())
    window.press("Escape")
    assert window.text == before
