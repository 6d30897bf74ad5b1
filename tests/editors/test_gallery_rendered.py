"""Fifteen variations of a component, drawn by one real Chromium and picked from in another."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from support import clamp, gallery_page, pages, vscode_tools
from support.buffer import Buffer
from support.editor import Editor
from support.fake_model import FakeModel
from support.presets import VSCODE

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(600)]

COMPONENT = "site/card.js"
VARIATIONS = [file.read_text() for file in sorted((pages.FIXTURES / "component").glob("*.js"))]
BROKEN = {
    '"#c9c2b8"': "color contrast is 1.76:1 (#c9c2b8 on #ffffff)",
    '"1400px"': 'at 375, 768 and 1280 px: <article class="card"',
    "console.error": "console error: no rating for Teapot",
}
"""What is wrong with a variation that has this text in it."""
ASK = "a card that is nicer to look at"
WIDTHS = (375, 768, 1280)


def method_of(text: str) -> tuple[int, int]:
    """Return the lines ``[start, end)`` of the component's method."""
    lines = text.split("\n")
    start = lines.index("  connectedCallback() {")
    return start, lines.index("  }", start) + 1


def environment(tmp_path: Path, fake: FakeModel) -> dict[str, str]:
    environment = clamp.config(tmp_path, fake)
    config = Path(environment["FESTINA_CONFIG"])
    config.write_text(config.read_text() + "[repair]\nrounds = 0\n")
    return {**environment, "PATH": pages.path_with(pages.chromium())}


async def test_fifteen_variations_are_seen_side_by_side_and_one_is_picked(tmp_path: Path) -> None:
    if problem := vscode_tools.programs():
        pytest.skip(f"Chromium could not be fetched: {problem}")
    workspace, home = tmp_path / "project", tmp_path / "home"
    workspace.mkdir()
    home.mkdir()
    pages.put_shop(workspace)
    assert len(VARIATIONS) == 15
    with FakeModel(*(f"```js\n{text}```\n" for text in VARIATIONS)) as fake:
        async with Editor.start(VSCODE, workspace, home, env=environment(tmp_path, fake)) as editor:
            buffer = await editor.open(COMPONENT, language="javascript")
            before = buffer.text
            lines = method_of(before)
            proposal = await clamp.propose(editor, buffer, lines, variations=15, instruction=ASK)
            await editor.execute("festina.gallery", {"proposal": proposal})
            await editor.until(lambda: editor.client.shown_documents, "the page")
            link = editor.client.shown_documents[-1].uri
            await asyncio.to_thread(_pick, link, buffer)
            await editor.until(lambda: buffer.text != before, "the edit")
            picked = next(text for text in VARIATIONS if "row.append" in text)
            whole = before.split("\n")
            whole[lines[0] : lines[1]] = picked.rstrip("\n").split("\n")
            assert buffer.text == "\n".join(whole)
            assert len(editor.edits) == 1
            editor.undo(buffer)
            assert buffer.text == before
            assert (workspace / COMPONENT).read_text() == before, "which was never saved"


def _pick(link: str, buffer: Buffer) -> None:
    before = buffer.text
    with gallery_page.browser() as running, gallery_page.tab(running) as tab:
        tab.open(link)
        tab.until("document.querySelectorAll('article.passed').length === 12", seconds=240)
        tab.until("document.querySelectorAll('article.failed').length === 3", seconds=60)
        tab.until("document.querySelector('.state.ready')")
        assert tab.count("article") == 15
        _rejected(tab)
        _side_by_side(tab)
        _by_keyboard(tab)
        assert buffer.text == before, "looking changes nothing"
        tab.press("a")
        tab.until("document.querySelector('.state.applied')")
        assert tab.wrong == []


def _rejected(tab: gallery_page.Page) -> None:
    assert tab.texts("h2")[-1] == "rejected by browser"
    for part, words in BROKEN.items():
        card = tab.tab.locator("article.failed", has_text=words)
        assert card.count() == 1, words
        card.scroll_into_view_if_needed()  # what is out of sight is not drawn
        assert words in _text(card.locator(".finding").first)
        card.locator("summary").click()
        card.locator(".diff").first.wait_for()
        assert part in _text(card.locator(".sides")), "its own lines say the same"
        card.locator("summary").click()
        assert card.locator("button:has-text('accept')").count() == 0
        _loaded(card, len(WIDTHS) + card.locator(".wrong").count())
    assert tab.count("article.failed .wrong img") == 2, "of what is pale, and of what is too wide"
    tab.tab.locator("article.failed h3").first.click()
    tab.press("a")
    refusal = "This candidate is not applicable: browser failed"
    tab.until(f"document.getElementById('said').textContent.startsWith('{refusal}')")
    tab.tab.locator("h2").last.evaluate("(one) => one.scrollIntoView({ block: 'start' })")
    tab.tab.mouse.wheel(0, -160)  # from under the head
    tab.tab.wait_for_timeout(500)
    tab.picture("rejected")


def _side_by_side(tab: gallery_page.Page) -> None:
    cards = tab.tab.locator("article.passed")
    for at in range(cards.count()):
        card = cards.nth(at)
        _loaded(card, len(WIDTHS))
        told = card.locator("figcaption").all_text_contents()
        assert told == [f"/index.html at {width} px" for width in WIDTHS]
        assert _text(card.locator(".seen")).startswith("Live, as a browser has drawn it")
        assert not card.locator("details").evaluate("(one) => one.open"), "pictures are enough"
    _live(tab)


HEADING = """() => {
  const { top, bottom } = document.querySelector("article.here h3").getBoundingClientRect();
  const above = document.getElementById("head").getBoundingClientRect().bottom;
  return top >= above && bottom < innerHeight;
}"""
"""Whether the heading of the card in focus is in sight: the cards are higher than the window."""


def _live(tab: gallery_page.Page) -> None:
    """See the component as its script has drawn it, in a frame that runs none."""
    for key in ("j", "k", "1"):
        tab.press(key)
        tab.until(f"({HEADING})()")
    tab.until("document.querySelector('article.here iframe') !== null")
    frame = tab.tab.locator("article.here iframe").element_handle().content_frame()
    frame.wait_for_selector("product-card .card .price")
    cards = frame.locator("product-card .card")
    assert cards.count() == 3
    colour = "(one) => getComputedStyle(one).backgroundColor"
    assert cards.first.evaluate(colour) == "rgb(255, 255, 255)", "its style is there"
    loaded = "(one) => one.decode().then(() => one.naturalWidth)"
    assert cards.first.locator("img").evaluate(loaded) > 16, "and its picture"
    assert frame.locator("script").count() == 0
    assert frame.evaluate("self.origin") == "null"


def _text(found: Any) -> str:
    return str(found.text_content())


def _loaded(card: Any, count: int) -> None:
    """See to it that a card has so many pictures, and that they are drawn."""
    card.scroll_into_view_if_needed()
    images = card.locator(".shots img")
    assert images.count() == count
    for at in range(count):
        images.nth(at).scroll_into_view_if_needed()
        size = "(one) => one.decode().then(() => [one.naturalWidth, one.naturalHeight])"
        wide, high = images.nth(at).evaluate(size)
        assert min(wide, high) > 16


def _by_keyboard(tab: gallery_page.Page) -> None:
    tab.press("1")
    tab.tab.wait_for_timeout(300)
    tab.picture("rendered")
    wanted = tab.tab.locator("article.here")
    for _ in range(15):
        tab.press("l")
        tab.until("document.querySelector('article.here .diff') !== null")
        if "row.append" in _text(wanted.locator(".sides")):
            break
        tab.press("l", "j")
    number = _text(wanted.locator("h3 .number"))
    wanted = tab.tab.locator("article", has=tab.tab.locator(f".number:text-is('{number}')"))
    tab.press("l", "Space", "1", "Space", "c")
    tab.until("document.querySelector('#compare[open]')")
    assert tab.count("#compare .shots img") == 2 * len(WIDTHS)
    tab.press("Escape", "Space")
    turn = wanted.locator(".turn").last
    turn.press("Enter")
    assert _text(wanted.locator("figcaption").last).endswith(": before")
    turn.press("Enter")
    wanted.locator("h3").click()
