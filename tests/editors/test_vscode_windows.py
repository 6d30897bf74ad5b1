"""Windows of a real VS Code: one that is reloaded while an edit streams, and two on one folder.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import processes, vscode
from support.vscode_edits import (
    ACCEPTED,
    ASK,
    DOUBLE,
    DOUBLE_LINE,
    DOUBLE_REGION,
    GONE,
    GOOD,
    GOOD_LINE,
    MODULE,
    OTHER,
    OTHER_LINE,
    REGION,
    accept,
    accept_in_time,
    accepted,
    insert,
    is_text,
    remains,
    server,
    serves,
    streams,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

TYPED = "# typed, and not saved"
BOTH = ACCEPTED.replace("return value * 2", DOUBLE_LINE)


def test_a_window_that_is_reloaded_while_an_edit_streams(desk, window, project):
    window.open("mod.py", trust=True)
    go = streams(desk, window)
    insert(window, 1, TYPED)
    assert "clamp: streaming" in window.thread
    window.shot("streams")
    pid, gone = server(desk), desk.fake.disconnects
    family = {pid} | processes.children_of(pid)

    window.command("Developer: Reload Window")
    desk.fake.wait(lambda: desk.fake.disconnects == gone + 1, vscode.SECONDS)
    go.set()
    window.until(lambda: serves(desk) and server(desk) != pid, "another server runs, and no other")
    assert not processes.wait_until_gone(family, vscode.SECONDS)
    window.until(lambda: "Festina" in window.status, "the extension is there again")
    unsaved = f"{TYPED}\n{MODULE}"
    window.until(lambda: is_text(window, unsaved), "what was typed is there again")
    window.page.wait_for_timeout(1000)
    window.shot("reloaded")
    assert not remains(window)
    assert is_text(window, unsaved)
    assert (project / "mod.py").read_text() == MODULE

    desk.fake.script(GOOD)
    window.instruct(ASK, *(line + 1 for line in REGION))
    accepted(window, unsaved, f"{TYPED}\n{ACCEPTED}", REGION[0] + 1)
    assert (project / "mod.py").read_text() == MODULE


@pytest.fixture
def windows(desk, project, tmp_path, request) -> Iterator[tuple[vscode.Window, vscode.Window]]:
    """Two windows on the project, whose files may change; each has a server of its own."""
    shots = Path(os.environ.get("FESTINA_SHOTS", tmp_path / "shots")) / request.node.name
    one, two = (
        vscode.Window(desk.browser, desk.address, project, shots / name) for name in ("one", "two")
    )
    for window in (one, two):
        window.open("mod.py", trust=True)
    yield one, two
    for window in (one, two):
        if not window.page.is_closed():
            window.shot("end")
            window.page.close()


def save(window: vscode.Window, project: Path, text: str) -> None:
    window.press("Control+s")
    window.until(lambda: (project / "mod.py").read_text() == text, "it is saved")


def test_the_same_lines_in_two_windows(desk, windows, project):
    one, two = windows
    desk.fake.script(GOOD, OTHER)
    for window, line in ((one, GOOD_LINE), (two, OTHER_LINE)):
        window.instruct(ASK, *REGION)
        window.lens("Festina: accept (")
        window.until(lambda line=line, window=window: line in window.thread, "each has its own")
    assert GOOD_LINE in one.thread
    assert OTHER_LINE not in one.thread

    accept(one)
    two.page.wait_for_timeout(1000)
    assert "clamp: ready" in two.thread, "what is not saved is nobody else's"
    assert is_text(two, MODULE)
    assert (project / "mod.py").read_text() == MODULE

    save(one, project, ACCEPTED)
    two.until(lambda: is_text(two, ACCEPTED), "it is read again")
    two.until(lambda: not remains(two), "an edit of lines that are not there any more is over")
    two.until(lambda: GONE in two.status, "and it is said why")
    two.shot("over")
    two.go_to(REGION[0])
    two.press("Alt+Enter")
    two.page.wait_for_timeout(1000)
    assert is_text(two, ACCEPTED)
    assert is_text(one, ACCEPTED)
    assert (project / "mod.py").read_text() == ACCEPTED

    desk.fake.script(DOUBLE)
    two.instruct("say it another way", *(line - 1 for line in DOUBLE_REGION))
    two.lens("Festina: accept (")
    accept(two, BOTH, DOUBLE_REGION[0] - 1)
    save(two, project, BOTH)
    one.until(lambda: is_text(one, BOTH), "it is read again in the first window")
    assert not remains(one)


def test_other_lines_in_a_second_window(desk, windows, project):
    one, two = windows
    desk.fake.script(GOOD, DOUBLE)
    one.instruct(ASK, *REGION)
    one.lens("Festina: accept (")
    two.instruct("say it another way", *DOUBLE_REGION)
    two.lens("Festina: accept (")

    accept(one)
    save(one, project, ACCEPTED)
    two.until(lambda: is_text(two, ACCEPTED), "it is read again")
    one.page.goto("about:blank")  # so that VS Code hears of it: a page that is busy may not be told
    one.page.close()
    two.until(lambda: serves(desk), "its server is gone")
    two.go_to(DOUBLE_REGION[0] - 1)
    two.shot("verified-again")
    accept_in_time(two, BOTH)
    two.until(lambda: not remains(two), "all is cleared")
    assert (project / "mod.py").read_text() == ACCEPTED
    save(two, project, BOTH)
