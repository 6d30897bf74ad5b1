"""The gallery in a real Chromium: what a person does there, and what the browser says about it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from festina.edits import Region
from festina.gallery.proposed import Shown
from festina.gallery.serving import Gallery
from festina.gallery.site import Wish
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Text
from support import clamp, vscode_browser, vscode_tools
from support.fakes import passed

SIZE = {"width": 1440, "height": 900}
SECONDS = 60


def skip_without_chromium() -> None:
    """Skip a test where there is no Chromium to be had."""
    if problem := vscode_tools.programs():
        pytest.skip(f"Chromium could not be fetched: {problem}")


class Page:
    """One tab. ``wrong`` is what the browser complained of: errors, refusals by the policy."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab
        self.wrong: list[str] = []
        tab.set_default_timeout(SECONDS * 1000)
        tab.on("console", lambda one: self._note(one.type, one.text))
        tab.on("pageerror", lambda error: self._note("error", str(error)))

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.wrong.append(text)

    def open(self, link: str) -> None:
        """Open a link, and wait until it has led on to the page."""
        self.tab.goto(link)
        self.tab.wait_for_url(lambda url: "?" not in url)
        self.tab.wait_for_selector("article", state="attached")
        self.until("document.querySelectorAll('article').length > 0")

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.tab.keyboard.press(key)

    def until(self, condition: str, seconds: float = SECONDS) -> Any:
        """Wait until an expression is true in the page.

        It is asked for from here, again and again: the page's policy lets nobody evaluate anything.
        """
        end = time.monotonic() + seconds
        while not (value := self.tab.evaluate(condition)):
            assert time.monotonic() < end, f"waited in vain for {condition}; {self.wrong}"
            self.tab.wait_for_timeout(20)
        return value

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all that a selector finds."""
        return [str(text) for text in self.tab.locator(selector).all_inner_texts()]

    @property
    def here(self) -> str:
        """The number of the card that is in focus."""
        return str(self.tab.locator("article.here h3 .number").first.inner_text())

    def count(self, selector: str) -> int:
        """Return how many there are."""
        return int(self.tab.locator(selector).count())

    def picture(self, name: str) -> None:
        """Keep a picture, where the environment names a folder for them."""
        if folder := os.environ.get("FESTINA_MEDIA"):
            self.tab.evaluate("document.getElementById('said').textContent = ''")
            self.tab.wait_for_timeout(400)
            self.tab.screenshot(path=str(Path(folder) / f"gallery-{name}.png"))


@contextmanager
def browser() -> Iterator[Any]:
    """Run a headless Chromium."""
    with vscode_browser.browser(vscode_tools.TOOLS) as running:
        yield running


@contextmanager
def tab(running: Any) -> Iterator[Page]:
    """A tab of a browser that knows nothing of others."""
    context = running.new_context(viewport=SIZE, color_scheme="light")
    try:
        yield Page(context.new_page())
    finally:
        context.close()


# -- a gallery by itself ------------------------------------------------------------------


def shown(views: Sequence[CandidateView], **more: Any) -> Shown:
    """A proposal with these candidates, as it is shown."""
    base, region = Text(clamp.SOURCE), Region(*clamp.CLAMP)
    asked = "respect both bounds"
    proposal = Proposal("p1", "file:///w/mod.py", 1, base, region, asked, State.READY, tuple(views))
    return Shown(proposal, "mod.py", "clamp", "python", **more)


class Served:
    """A gallery without an editor, and what was wished for."""

    def __init__(self, first: Shown) -> None:
        self.wishes: list[Wish] = []
        self.gallery = Gallery(first, self.grant, lambda: None)

    async def grant(self, wish: Wish) -> dict[str, Any]:
        """Say yes, and do nothing."""
        self.wishes.append(wish)
        return {"ok": True, "message": "Granted."}


def many(count: int, lines: int = 40) -> list[CandidateView]:
    """Candidates of so many lines, each another one."""
    made = []
    for number in range(count):
        body = "".join(
            f"    value{at} = value * {at + number} + low - high\n" for at in range(lines - 2)
        )
        text = f"def clamp(value, low, high):\n{body}    return max(low, value)\n"
        made.append(CandidateView(number, CandidateStatus.PASSED, text, passed()))
    return made
