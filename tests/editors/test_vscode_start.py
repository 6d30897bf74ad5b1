"""A server that runs and never answers, in a real VS Code: what is seen, and how one gets out."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.vscode_edits import (
    ASK,
    GOOD,
    MODULE,
    REGION,
    accept,
    is_text,
    serves,
    undo,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

# it does not even end when it is told to
HANGS = "#!/bin/sh\ntrap '' TERM HUP INT\necho $$ >> {pids}\nwhile :; do sleep 1; done\n"
ITEM = ".statusbar-item:has-text('Festina')"
ROW = ".quick-input-widget .monaco-list-row"


class Hanging:
    """A program in the place of the server that runs and never answers."""

    def __init__(self, program: Path, pids: Path) -> None:
        self.program, self.pids = program, pids
        self.target = program.readlink()
        program.unlink()
        program.write_text(HANGS.format(pids=pids))
        program.chmod(0o755)

    def mend(self) -> None:
        """Put the server back."""
        self.program.unlink(missing_ok=True)
        self.program.symlink_to(self.target)

    def started(self) -> list[int]:
        """The process ids of those that were started."""
        return [int(pid) for pid in self.pids.read_text().split()] if self.pids.exists() else []

    def left(self) -> list[int]:
        """Those that still run."""
        return [pid for pid in self.started() if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def hanging(desk, tmp_path) -> Iterator[Hanging]:
    one = Hanging(desk.programs / "festina", tmp_path / "pids")
    yield one
    one.mend()
    for pid in one.left():  # where a test has failed
        os.kill(pid, signal.SIGKILL)


def is_made(window) -> None:
    """The edit passes, is accepted and taken back."""
    window.lens("Festina: accept (")
    assert is_text(window, MODULE)
    accept(window)
    undo(window)


def test_one_that_hangs_can_be_restarted_and_the_edit_asked_for_waits(desk, window, hanging):
    desk.fake.script(GOOD)
    window.open("mod.py", trust=True)
    window.until(lambda: "Festina starts" in window.status, "it is said that it starts")
    window.shot("starts")
    window.instruct(ASK, *REGION)
    window.page.wait_for_timeout(1000)
    assert window.toasts == [], "it may still come"
    assert is_text(window, MODULE)
    assert len(hanging.left()) == 1
    hanging.mend()
    window.page.click(ITEM)
    window.page.wait_for_selector(ROW)
    assert not any("Install the server" in row for row in window.texts(ROW))
    window.page.click(f"{ROW}:has-text('Restart the server')")
    window.until(lambda: "Festina starts" not in window.status, "another one is started")
    is_made(window)
    window.until(lambda: not hanging.left(), "the one that hung is gone")
    assert len(hanging.started()) == 1
    assert serves(desk)


def test_one_that_hangs_is_given_up_after_a_minute(desk, window, hanging):
    window.open("mod.py", trust=True)
    words = "did not answer within 60 seconds, so it was ended"
    window.until(lambda: any(words in one for one in window.toasts), "it is given up")
    window.shot("given-up")
    assert str(desk.programs / "festina") in " ".join(window.toasts), "it says which one"
    assert len(hanging.started()) == 1, "one that hangs once hangs again"
    window.until(lambda: not hanging.left(), "nothing is left running")
    assert "Festina starts" not in window.status
    assert is_text(window, MODULE)
    hanging.mend()
    desk.fake.script(GOOD)
    window.page.click(".notification-toast .monaco-button:has-text('Try Again')")
    window.until(lambda: serves(desk), "it is tried again")
    window.instruct(ASK, *REGION)
    is_made(window)
