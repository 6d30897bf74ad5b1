"""What becomes of an edit in a real VS Code while a person and the machine do other things.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import os
import re
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import vscode
from support.processes import with_token
from support.vscode_edits import (
    ACCEPTED,
    ASK,
    GOOD,
    GOOD_LINE,
    MODULE,
    OTHER,
    REGION,
    halfway,
    head,
    is_text,
    marked,
    ready,
    remains,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]


def server(desk) -> int:
    """The process id of the one server that runs."""
    found = [
        pid
        for pid in with_token(desk.token)
        if re.search(rb"/festina\0server\0$", Path(f"/proc/{pid}/cmdline").read_bytes())
    ]
    assert len(found) == 1, found
    return found[0]


@contextmanager
def stopped(process: int):
    """Have a process stand still."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_what_is_typed_elsewhere_moves_the_edit_and_what_is_typed_in_it_ends_it(desk, window):
    answer, go = halfway(GOOD, "w, value))")
    desk.fake.script(answer)
    window.open("mod.py", trust=True)
    window.instruct(ASK, *REGION)
    window.until(lambda: "min(high" in window.thread and marked(window) == 1, "it streams")

    window.go_to(1)
    window.page.keyboard.type("# above")
    window.press("Enter", "Enter")
    window.page.click(".editor-instance .view-line >> nth=0")
    window.press("Control+End")
    window.page.keyboard.type("# below")
    assert "min(high" in window.thread
    window.until(lambda: marked(window) == 1, "the lines that go are marked where they are now")
    assert "tokens" in head(window)
    window.shot("typed-around")
    go.set()
    window.lens("Festina: accept (")
    window.go_to(REGION[0] + 2)
    window.press("Alt+Enter")
    window.until(lambda: GOOD_LINE in window.text, "it is applied where its lines are now")
    assert is_text(window, "# above\n\n" + ACCEPTED + "# below")
    window.until(lambda: not remains(window), "nothing is left")

    answer, _ = halfway(OTHER, "w, min")
    desk.fake.script(answer)
    window.instruct("the other way round", REGION[0] + 2, REGION[1] + 1)
    window.until(lambda: "max(lo" in window.thread, "another one streams")
    gone = desk.fake.disconnects
    window.go_to(REGION[0] + 3)
    window.page.keyboard.type("    # mine\n")
    window.until(lambda: not remains(window), "what is typed in its lines ends it")
    desk.fake.wait(lambda: desk.fake.disconnects == gone + 1, vscode.SECONDS)


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

    def accepted() -> bool:
        window.press("Alt+Enter")  # until it was verified again where it is now, that does nothing
        window.page.wait_for_timeout(500)
        return is_text(window, "# above\n" + ACCEPTED)

    window.until(accepted, "then it can be accepted")


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


def test_a_formatter_that_saves_below_the_edit_leaves_it_alone(desk, project, tmp_path, request):
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text('{"files.trimTrailingWhitespace": true}')
    window = vscode.Window(desk.browser, desk.address, project, shots)
    answer, go = halfway(GOOD, "w, value))")
    desk.fake.script(answer)
    window.open("mod.py", trust=True)
    window.instruct(ASK, *REGION)
    window.until(lambda: "min(high" in window.thread, "it streams")
    window.page.click(".editor-instance .view-line >> nth=0")
    window.press("Control+End")
    window.page.keyboard.type("# below   ")
    window.press("Control+s")
    window.until(lambda: (project / "mod.py").read_text() == MODULE + "# below", "it is formatted")
    assert "min(high" in window.thread
    go.set()
    window.click_lens("Festina: accept (")
    window.until(lambda: is_text(window, ACCEPTED + "# below"), "it is applied")
    window.until(lambda: not remains(window), "nothing is left")
    window.page.close()


def test_nothing_is_left_of_an_edit_whose_file_is_closed_or_whose_server_dies(desk, window):
    ready(desk, window)
    assert marked(window) == 2
    window.press("Control+w")
    window.until(lambda: not window.texts(".tab"), "the file is closed")
    window.command("Go to File")
    window.page.wait_for_selector(".quick-input-widget input:visible")
    window.page.keyboard.type("mod.py")
    window.page.click(".quick-input-list .monaco-list-row:has-text('mod.py') >> nth=0")
    window.page.wait_for_selector(".editor-instance .view-line")
    window.page.wait_for_timeout(1000)
    assert not remains(window)

    answer, _ = halfway(GOOD, "w, value))")
    desk.fake.script(answer)
    window.instruct(ASK, *REGION)
    window.until(lambda: "min(high" in window.thread, "it streams")
    os.kill(server(desk), signal.SIGKILL)
    window.until(lambda: not remains(window), "a server that dies leaves nothing")
    window.shot("killed")
    desk.fake.script(GOOD)

    def asked() -> bool:
        window.instruct(ASK, *REGION)  # while it is started again, there is none
        window.page.wait_for_timeout(3000)
        return bool(window.lenses)

    window.until(asked, "there is a server again")
    window.lens("Festina: accept (")

    window.page.reload()
    window.page.wait_for_selector(".editor-instance .view-line")
    window.until(lambda: "Festina" in window.status, "it is there again")
    assert not remains(window)
    assert is_text(window, MODULE)
