"""The pictures of the README, taken of the real editors: `make media` writes them to docs/media.

Each shows what it is there for, or the test fails: a stream in flight, an edit that has passed, one
that was rejected with its failing test, the list of variations.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from support import fake_replies, readme
from support.bench import bench, neovim
from support.film import filmed
from support.tmux import Terminal
from support.vscode_edits import ASK, GOOD, OTHER, REGION, WRONG, halfway, head, remains

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
SIZE = (96, 26)
MOST_BYTES = 200_000
PART = {"x": 340, "y": 0, "width": 830, "height": 540}
DEFINITION = '''def clamp(value, low, high):
    """Keep a value between two bounds, both included."""
    if low > high:
        raise ValueError("the lower bound is above the upper one")
    return {result}
'''
RIGHT = (
    "min(high, max(low, value))",
    "max(low, min(high, value))",
    "sorted((low, value, high))[1]",
    "low if value < low else min(value, high)",
)
NUMBERS = itertools.count()


def answer(body: dict[str, Any]) -> fake_replies.Reply:
    """What the model writes, as slowly as one can follow."""
    asked = body["messages"][-1]["content"].rpartition("Instruction:")[2]
    result = "min(low, value)" if "simpler" in asked else RIGHT[next(NUMBERS) % len(RIGHT)]
    code = DEFINITION.format(result=result)
    return fake_replies.text(f"```python\n{code}```\n", speed=18)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """The folder for pictures."""
    folder = Path(os.environ.get("FESTINA_MEDIA") or tmp_path / "media")
    folder.mkdir(exist_ok=True, parents=True)
    return folder


def test_a_film_of_neovim(tmp_path: Path, media: Path) -> None:
    with bench(tmp_path) as made:
        made.fake.script(answer)
        folder = made.home / ".config" / "nvim"
        folder.mkdir(parents=True)
        lines = readme.block("lua", "-- init.lua: the plugin\n")
        quiet = "vim.o.termguicolors = true\nvim.o.laststatus = 0\nvim.o.ruler = false\n"
        lines = lines.replace("/path/to/this/clone", str(ROOT)) + quiet
        (folder / "init.lua").write_text(lines)
        environment = {**made.environment, "COLORTERM": "truecolor"}
        command = ["env", f"FESTINA_TEST_TOKEN={made.token}", str(neovim("0.11")), "mod.py"]
        with Terminal(command, made.folder, environment, SIZE) as terminal:
            terminal.until("def double")
            _warm(terminal)
            with filmed(terminal) as film:
                # a stream in flight, then an edit that has passed
                _ask(terminal, "raise an error if the bounds are swapped, respect both")
                terminal.until("tok/s")
                terminal.until("tests ok")
                _pause(1.5)
                # others, from the list
                _type(terminal, ":Festina variations 3")
                terminal.until(lambda screen: "of 4" in screen and "tests ok" in screen)
                _pause(0.5)
                terminal.type("gzv")
                terminal.until("Type number")
                _pause(2)
                terminal.type("2")
                _pause(0.3)
                terminal.keys("Enter")
                _pause(1.5)
                terminal.type("gza")
                terminal.until("raise ValueError")
                _pause(1)
                terminal.type("u")
                terminal.until("# festina: respect")
                # one that is rejected: the test that fails is named
                _ask(terminal, "make it simpler")
                terminal.until("rejected")
                terminal.until("test_inside")
                _pause(2.5)
            terminal.type(":qa!")
            terminal.keys("Enter")
            terminal.until("[ended: 0]")
    drawing = film.svg(SIZE)
    for words in ("tok/s", "tests ok", "Type number", "rejected", "test_inside"):
        assert words in drawing, words
    assert len(drawing.encode()) < MOST_BYTES
    (media / "neovim.svg").write_text(drawing)


def _warm(terminal: Terminal) -> None:
    """Have one edit made and put away, unseen: the film is not about a server that starts."""
    _pause(2)
    terminal.type(":4,6Festina edit begin")
    terminal.keys("Enter")
    terminal.until("tests ok")
    terminal.type("gzx")
    terminal.until(lambda screen: "tests ok" not in screen)


def _ask(terminal: Terminal, words: str) -> None:
    terminal.type("4GVjj")
    _pause(0.6)
    terminal.type("\\f")
    _pause(0.4)
    for letter in words:
        terminal.type(letter)
        _pause(0.02)
    _pause(0.3)
    terminal.keys("Enter")


def _type(terminal: Terminal, words: str) -> None:
    terminal.type(words)
    _pause(0.4)
    terminal.keys("Enter")


def _pause(seconds: float) -> None:
    """Let a picture of the film stand, for whoever looks at it."""
    time.sleep(seconds)


SLOW = """
[[verify.commands]]
name = "house rules"
run = ["sleep", "4"]
"""
SLOW_TEST = """

def test_slow():
    import time

    time.sleep(2)
    assert clamp(20, 0, 10) == 10
"""


@pytest.fixture
def thorough(project: Path) -> None:
    """The project has a check of its own, and tests, that take long enough to be looked at."""
    (project / "festina.toml").write_text(SLOW)
    file = project / "test_mod.py"
    file.write_text(file.read_text() + SLOW_TEST)


def test_a_picture_of_the_gates_in_vscode(desk, thorough, window, media: Path) -> None:
    held, go = halfway(GOOD, "w, value))")
    desk.fake.script(held)
    window.open("mod.py", trust=True)
    before = window.text
    window.instruct(ASK, *REGION)
    window.until(lambda: re.search(r"\d+ tokens · [\d,]+ tok/s", head(window)), "how fast it comes")
    seen: list[str] = []

    def shown() -> str:
        seen.append(head(window))
        return seen[-1]

    go.set()
    window.until(lambda: re.search(r"(tests|command) …", shown()), "a gate runs")
    window.until(lambda: re.search(r"syntax ✓ .*lint ✓ .*(tests|command) …", shown()), "one by one")
    window.until(lambda: re.search(r"(tests|command) ✓ .*(tests|command) …", shown()), "the next")
    assert "verifying" in shown()
    assert any("accept" in one for one in window.lenses) is False
    _picture(window, media, "gates")
    window.lens("Festina: accept (")
    assert not head(window)
    assert window.text == before, "nothing is applied before it is accepted"


def _picture(window: Any, media: Path, name: str) -> None:
    window.page.mouse.move(600, 700)  # else there may be a hover
    window.page.wait_for_timeout(1000)  # what is marked is drawn a little later
    file = media / f"vscode-{name}.png"
    window.page.screenshot(path=str(file), clip=PART)
    assert file.stat().st_size < MOST_BYTES


def test_pictures_of_vscode(desk, window, media: Path) -> None:
    def picture(name: str) -> None:
        _picture(window, media, name)

    def put_away() -> None:
        window.go_to(REGION[0])
        window.press("Shift+Escape")
        window.until(lambda: not remains(window), "it is put away")

    desk.fake.script(GOOD)  # the pictures are not about a server that starts
    window.open("mod.py", trust=True)
    window.instruct("begin", *REGION)
    window.lens("Festina: accept (")
    put_away()
    held, go = halfway(GOOD, "w, value))")
    desk.fake.script(held)
    window.instruct(ASK, *REGION)
    window.lens("Festina: cancel (streaming)")
    window.until(lambda: "min(high" in window.thread, "the edit streams")
    window.until(lambda: "tok/s" in window.thread, "and says how fast")
    picture("streaming")
    go.set()
    window.lens("Festina: accept (")
    window.until(lambda: "clamp: ready" in window.thread and "3 tests ok" in window.thread, "ready")
    picture("passed")
    desk.fake.script(OTHER)
    window.press("Control+k", "Alt+m")
    window.page.wait_for_selector(".quick-input-widget input:visible")
    window.page.keyboard.type("1")
    window.page.click(".quick-input-list .monaco-list-row:has-text('1')")
    window.lens("next (")
    window.press("Control+k", "Alt+v")
    rows = ".quick-input-list .monaco-list-row"
    window.page.wait_for_selector(rows)
    assert len([row for row in window.texts(rows) if "tests ok" in row]) == 2
    picture("variations")
    window.press("Escape")
    put_away()
    desk.fake.script(WRONG)
    window.instruct(ASK, *REGION)
    window.lens("Festina: dismiss (rejected: ")
    window.until(lambda: "test_low" in window.thread, "the failing test is named")
    picture("rejected")
