"""A real VS Code whose person has each file formatted when it is saved.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import json
import sys
from pathlib import Path

import pytest

from support import vscode, vscode_tools
from support.vscode_edits import (
    ACCEPTED,
    ASK,
    GONE,
    GOOD,
    GOOD_LINE,
    MODULE,
    REGION,
    accept_in_time,
    accepted,
    is_text,
    remains,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

UGLY_LINE = "return min( high,max(low, value) )"
UGLY = ACCEPTED.replace(GOOD_LINE, UGLY_LINE)
"""The accepted edit as the model has written it."""


@pytest.fixture(scope="module")
def others() -> tuple[Path, ...]:
    """An extension that formats Python."""
    return (vscode_tools.ROOT / "tests" / "fixtures" / "vscode" / "formatter",)


@pytest.fixture(autouse=True)
def settings(project) -> None:
    """Format on save, with the ruff of this environment."""
    file = project / ".vscode" / "settings.json"
    file.parent.mkdir()
    ruff = str(Path(sys.executable).parent / "ruff")
    file.write_text(json.dumps({"editor.formatOnSave": True, "stand-in.ruff": ruff}))


def on_disk(window: vscode.Window, project: Path, text: str) -> None:
    """See a text saved, and on show."""
    window.until(lambda: (project / "mod.py").read_text() == text, "it is formatted and saved")
    window.until(lambda: is_text(window, text), "that is on show")


def ask(window: vscode.Window, first: int = REGION[0]) -> None:
    """Have an edit of the function that has passed, with the cursor in it."""
    window.instruct(ASK, first, first + REGION[1] - REGION[0])
    window.lens("Festina: accept (")
    window.go_to(first)


def test_saved_at_once_after_an_accept(desk, editor, project):
    desk.fake.script(GOOD.replace(GOOD_LINE, UGLY_LINE))
    editor.open("mod.py", trust=True)
    ask(editor)
    editor.press("Alt+Enter")
    editor.until(lambda: is_text(editor, UGLY), "it is accepted as it was verified")
    editor.press("Control+s")
    on_disk(editor, project, ACCEPTED)
    editor.until(lambda: not remains(editor), "it is over")
    editor.shot("formatted")
    editor.press("Control+z")
    editor.until(lambda: is_text(editor, UGLY), "one undo takes back what the formatter did")
    editor.press("Control+z")
    editor.until(lambda: is_text(editor, MODULE), "and one what was accepted")
    assert (project / "mod.py").read_text() == ACCEPTED

    # so soon that it may be saved before it is applied
    ask(editor)
    editor.press("Alt+Enter", "Control+s")
    editor.until(lambda: GOOD_LINE in editor.text or UGLY_LINE in editor.text, "it is applied")
    editor.until(lambda: not remains(editor), "it is over")
    editor.press("Control+s")
    on_disk(editor, project, ACCEPTED)
    assert editor.toasts == []


def test_saved_while_an_edit_is_ready(desk, editor, project):
    top, rest = '"""Numbers."""\n', "\n\nHIGH  =  9\n"
    (project / "mod.py").write_text(MODULE.replace(top, f"{top}LOW  =  0\n") + rest)
    formatted = f"{MODULE}\n\nHIGH = 9\n".replace(top, f"{top}\nLOW = 0\n")
    desk.fake.script(GOOD)
    editor.open("mod.py", trust=True)
    ask(editor, REGION[0] + 1)
    editor.press("Control+s")
    on_disk(editor, project, formatted)
    editor.go_to(REGION[0] + 2)
    editor.shot("formatted")
    old, new = (text[text.index("def clamp") :] for text in (MODULE, ACCEPTED))
    accept_in_time(editor, formatted.replace(old, new))
    editor.press("Control+z")
    editor.until(lambda: is_text(editor, formatted), "one undo takes it back")
    editor.until(lambda: not remains(editor), "it is over")
    assert (project / "mod.py").read_text() == formatted


def test_a_formatter_that_writes_the_lines_of_an_edit_anew(desk, editor, project):
    (project / "mod.py").write_text(MODULE.replace("max(low, value)", "max( low,value )"))
    desk.fake.script(GOOD)
    editor.open("mod.py", trust=True)
    ask(editor)
    editor.press("Control+s")
    on_disk(editor, project, MODULE)
    editor.until(lambda: not remains(editor), "its lines are other ones")
    editor.until(lambda: GONE in editor.status, "and it is said why it is gone")
    editor.shot("gone")
    editor.press("Alt+Enter")
    editor.page.wait_for_timeout(1000)
    assert is_text(editor, MODULE)
    assert (project / "mod.py").read_text() == MODULE
    ask(editor)
    accepted(editor, MODULE, ACCEPTED)
