"""A window of a real VS Code for tests, in a headless browser.

It is driven as a person would: by keys, menus and clicks.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from support.vscode_server import SECONDS as SECONDS
from support.vscode_server import server as server

MENU = ".action-widget"

THREAD = ".review-widget"
"""What stands between the lines: VS Code's own word for a comment thread."""


class Window:
    """One window of VS Code on a folder, or on a ``.code-workspace``, with one file open."""

    def __init__(self, browser: Any, address: str, folder: Path, shots: Path) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 800})
        self.page.set_default_timeout(SECONDS * 1000)
        self._address = address
        self._folder = folder
        self._shots = shots
        self._number = 0

    # -- looking ----------------------------------------------------------------------------

    def shot(self, name: str) -> None:
        """Keep a picture for a person to look at."""
        self._number += 1
        self._shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(self._shots / f"{self._number:02}-{name}.png"))

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that match, with ordinary spaces."""
        found: list[str] = self.page.eval_on_selector_all(
            selector, "elements => elements.map(e => e.textContent)"
        )
        return [text.replace("\u00a0", " ").replace("\u200b", "").strip() for text in found]

    @property
    def text(self) -> str:
        """The lines of the editor that can be seen, in order."""
        lines: list[list[Any]] = self.page.eval_on_selector_all(
            ".editor-instance .view-line",
            "lines => lines.filter(l => !l.closest('.review-widget'))"
            ".map(l => [parseFloat(l.style.top), l.textContent])",
        )
        return "\n".join(line.replace("\u00a0", " ") for _, line in sorted(lines))

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Look again until something is so; with a picture when it never is."""
        end = time.monotonic() + SECONDS
        while not (value := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"it did not happen: {what}; {self.report()}")
            self.page.wait_for_timeout(50)
        return value

    def report(self) -> str:
        """What a person who looks for a fault would see: for failed tests."""
        self.shot("failed")
        with suppress(Exception):
            self.page.click(".statusbar-item [aria-label*=otification]", timeout=5000)
            self.page.wait_for_selector(".notifications-center", timeout=5000)
        notes = self.texts(".notification-list-item-message")
        return f"messages {notes}, lenses {self.lenses}, status {self.status}"

    # -- doing ------------------------------------------------------------------------------

    def open(self, name: str, *, trust: bool) -> None:
        """Open the folder with one of its files, and answer the question whether to trust it."""
        host = self._address.partition("//")[2]
        several = self._folder.suffix == ".code-workspace"
        file = (self._folder.parent if several else self._folder) / name
        files = quote(json.dumps([["openFile", f"vscode-remote://{host}{file}"]]))
        what = f"{'workspace' if several else 'folder'}={quote(str(self._folder))}"
        self.page.goto(f"{self._address}/?{what}&payload={files}")
        self.page.click(f".monaco-dialog-box >> text={'Yes, I trust' if trust else 'No, I don'}")
        self.page.wait_for_selector(".editor-instance .view-line, .gettingStartedContainer")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focus(self) -> None:
        """Turn to the text. Its first line can lie below those that stick to the top."""
        self.page.click(".editor-instance .view-line >> nth=0", force=True)

    def go_to(self, line: int) -> None:
        """Put the cursor at the start of a line (one-based)."""
        self.select(line, line - 1)

    def select(self, first: int, last: int) -> None:
        """Select whole lines (one-based, inclusive). Keys can get lost in a busy editor."""
        lines = last - first + 1
        for _ in range(5):
            self.focus()
            self.press("Control+Home", *["ArrowDown"] * (first - 1), *["Shift+ArrowDown"] * lines)
            self.page.wait_for_timeout(200)
            place = " ".join(self.texts(".statusbar-item"))
            if re.search(rf"Ln {last + 1}, Col 1\b", place) and ("selected" in place) == (
                lines > 0
            ):
                return
        raise AssertionError(f"lines {first} to {last} could not be selected: {place}")

    def instruct(self, words: str, first: int, last: int) -> None:
        """Select lines, press the key, and say what is to be done with them."""
        self.select(first, last)
        self.say(words, "Control+Alt+f")

    def say(self, words: str, *keys: str) -> None:
        """Open an input by keys, and type words into it. Keys can get lost in a busy editor."""
        for _ in range(5):
            self.press(*keys)
            with suppress(Exception):
                self.page.wait_for_selector(".quick-input-widget input:visible", timeout=5000)
                self.page.keyboard.type(words)
                self.press("Enter")
                return
        raise AssertionError(f"no input was opened by {keys}; {self.report()}")

    def menu(self, key: str = "Control+.") -> list[str]:
        """Open a menu of code actions and return its titles."""
        for _ in range(5):
            self.press(key)
            with suppress(Exception):
                self.page.wait_for_selector(f"{MENU} .monaco-list-row", timeout=5000)
                self.page.wait_for_timeout(200)  # it can be drawn twice
                return self.texts(f"{MENU} .monaco-list-row")
        self.shot("no-menu")
        raise AssertionError("no menu of code actions opened")

    def choose(self, title: str) -> None:
        """Choose an action of the open menu."""
        self.click_in_menu(f".monaco-list-row:has-text('{title}')")
        self.page.wait_for_selector(MENU, state="hidden")

    def click_in_menu(self, what: str) -> None:
        """Click in the open menu, which older VS Codes shield until the mouse has moved over it."""
        self.page.hover(MENU, position={"x": 2, "y": 2}, force=True)
        self.page.click(f"{MENU} >> {what}")

    def lens(self, title: str) -> None:
        """Wait for a code lens."""
        self.until(lambda: any(title in one for one in self.lenses), f"the lens {title!r}")

    def click_lens(self, title: str) -> None:
        """Click a code lens as soon as there is one; they are drawn anew all the time."""
        self.page.click(f".codelens-decoration a:has-text('{title}')")

    def command(self, title: str) -> None:
        """Run a command by the command palette."""
        self.press("F1")
        self.page.wait_for_selector(".quick-input-widget input:visible")
        self.page.keyboard.type(title)
        self.page.click(f".quick-input-list .monaco-list-row:has-text('{title}')")

    def hover(self) -> str:
        """Show the hover at the cursor and return its text."""
        self.press("Control+k", "Control+i")
        self.page.wait_for_selector(".monaco-hover:visible .hover-row")
        return "\n".join(self.texts(".monaco-hover:visible .hover-row"))

    @property
    def threads(self) -> list[str]:
        """The proposals that are shown in place: their heads and bodies."""
        return self.texts(THREAD)

    @property
    def thread(self) -> str:
        """All that stands between the lines."""
        return "\n".join(self.threads)

    @property
    def lenses(self) -> list[str]:
        return self.texts(".codelens-decoration > span, .codelens-decoration > a")

    @property
    def problems(self) -> list[str]:
        """The rows of the Problems panel, which must be open."""
        return self.texts(".markers-panel .monaco-list-row")

    @property
    def tab(self) -> str:
        """The title of the file on show."""
        return " ".join(self.texts(".tab.active"))

    @property
    def status(self) -> str:
        """The texts of the status bar."""
        return " | ".join(self.texts(".statusbar-item"))

    @property
    def placeholder(self) -> str:
        """What the box that is open asks for."""
        box = self.page.locator(".quick-input-widget input:visible")
        return (box.first.get_attribute("placeholder") or "") if box.count() else ""

    @property
    def toasts(self) -> list[str]:
        return self.texts(".notification-toast .notification-list-item-message")
