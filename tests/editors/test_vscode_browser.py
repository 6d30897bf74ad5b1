"""An edit of a stylesheet in a real VS Code: looked at in a browser, and shown in the hover."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support import pages

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(600)]

RULE = ".card .price {\n  margin: 0;\n  color: #5c544a;\n}\n"
TEXT = (pages.FIXTURES / "shop" / pages.CARD).read_text()
FIRST = TEXT[: TEXT.index(RULE)].count("\n") + 1
PALE, DARK = RULE.replace("#5c544a", "#c9c2b8"), RULE.replace("#5c544a", "#4a443c")
SHOWN = ".monaco-hover:visible img"
MOST_BYTES = 200_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small shop."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return pages.put_shop(folder)


def picture(window, name):
    """Take a picture for the README, where one is wanted."""
    folder = os.environ.get("FESTINA_MEDIA")
    if folder:
        file = Path(folder) / f"vscode-{name}.png"
        window.page.screenshot(path=str(file), clip={"x": 340, "y": 0, "width": 940, "height": 760})
        assert file.stat().st_size < MOST_BYTES


def drawn(window):
    """Return how wide the pictures of the hover are drawn; 0 for one that is not there."""
    script = "images => images.map((one) => (one.complete ? one.naturalWidth : 0))"
    return window.page.eval_on_selector_all(SHOWN, script)


def test_a_pale_price_is_rejected_and_shown_in_the_hover(desk, window):
    browser = desk.programs / "chromium"
    if not browser.exists():
        browser.symlink_to(pages.chromium() / "chromium")
    desk.fake.script(f"```css\n{PALE}```\n")
    window.open(pages.CARD, trust=True)
    window.instruct("a lighter price", FIRST, FIRST + 3)
    window.lens("Festina: dismiss (rejected: ")
    window.until(lambda: "color contrast is 1.76:1" in window.thread, "why is said")
    window.go_to(FIRST)
    window.hover()  # what VS Code itself knows of CSS may come first
    said = lambda: " ".join(window.texts(".monaco-hover:visible .hover-row"))  # noqa: E731
    window.until(lambda: "color contrast is 1.76:1" in said(), "the hover says why, too")
    window.until(lambda: len(drawn(window)) == 3 and all(drawn(window)), "all are drawn")
    window.shot("hover")
    picture(window, "page")
    window.press("Escape")
    assert "#5c544a" in window.text

    desk.fake.script(f"```css\n{DARK}```\n")
    window.press("Shift+Escape")
    window.until(lambda: not window.thread, "it is put away")
    window.instruct("a darker price", FIRST, FIRST + 3)
    window.lens("Festina: accept (")
    window.until(lambda: "browser" in window.thread, "the gate is named")
    window.shot("passed")
    assert "#5c544a" in window.text
