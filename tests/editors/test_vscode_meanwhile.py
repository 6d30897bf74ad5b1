"""What becomes of an edit in a real VS Code: accepted at a bad moment, or its file closed.

What else can happen while an edit is on its way is in ``test_scenarios_vscode.py``.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import sys

import pytest

from support import vscode
from support.vscode_edits import (
    ACCEPTED,
    ASK,
    MODULE,
    REGION,
    accept_in_time,
    is_text,
    marked,
    ready,
    remains,
    server,
    stopped,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]


def above(window: vscode.Window) -> None:
    """Type a line above everything."""
    window.go_to(1)
    window.page.keyboard.type("# above")
    window.press("Enter")
    window.until(lambda: window.text.startswith("# above\n"), "it is typed")


def test_what_is_typed_while_the_server_stands_still_is_kept(desk, window):
    ready(desk, window)
    with stopped(server(desk)):
        window.press("Alt+Enter")  # the server is asked, and does not answer yet
        window.page.wait_for_timeout(500)
        above(window)
        window.page.wait_for_timeout(500)
    told = lambda: any("has changed" in one or "not applied" in one for one in window.toasts)  # noqa: E731
    window.until(told, "a message says so")
    assert is_text(window, "# above\n" + MODULE)
    window.go_to(REGION[0] + 1)
    accept_in_time(window, "# above\n" + ACCEPTED)


LATE = """#!{python}
import asyncio, sys
from pathlib import Path
from festina.__main__ import main
from festina.lsp.client import Client
at_once = Client.apply_edit
async def apply_edit(self, *args):
    Path({sent!r}).touch()
    while not Path({go!r}).exists():
        await asyncio.sleep(0.02)
    return await at_once(self, *args)
Client.apply_edit = apply_edit
sys.exit(main())
"""


def test_an_edit_that_is_under_way_while_the_file_changes_is_not_applied(desk, window, tmp_path):
    program, sent, go = desk.programs / "festina", tmp_path / "sent", tmp_path / "go"
    target = program.readlink()
    program.unlink()
    program.write_text(LATE.format(python=sys.executable, sent=str(sent), go=str(go)))
    program.chmod(0o755)
    try:
        ready(desk, window)
        window.press("Alt+Enter")
        window.until(sent.exists, "the server has looked, and sends the edit")
        above(window)
        go.touch()
        told = lambda: any("was edited while" in one for one in window.toasts)  # noqa: E731
        window.until(told, "a message says why it was not applied")
        window.shot("moved-on")
        assert is_text(window, "# above\n" + MODULE)
        window.lens("Festina: accept (")
    finally:
        program.unlink()
        program.symlink_to(target)


def test_nothing_is_left_of_an_edit_that_has_passed_once_its_file_or_the_window_is_closed(
    desk, window
):
    ready(desk, window)
    assert marked(window) == 2
    window.press("Control+w")
    window.until(lambda: not window.texts(".tab"), "the file is closed")
    window.say("mod.py", "Control+p")
    window.until(lambda: is_text(window, MODULE), "opened again")
    window.page.wait_for_timeout(1000)
    assert not remains(window)

    window.instruct(ASK, *REGION)
    window.lens("Festina: accept (")
    window.page.reload()
    window.page.wait_for_selector(".editor-instance .view-line")
    window.until(lambda: "Festina" in window.status, "it is there again")
    assert not remains(window)
    assert is_text(window, MODULE)
