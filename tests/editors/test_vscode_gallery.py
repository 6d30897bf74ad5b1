"""The gallery of an edit in a real VS Code: opened by key and lens, accepted from the page."""

import re

import pytest

from support import gallery_page, vscode
from support.vscode_edits import (
    ACCEPTED,
    GOOD_LINE,
    MODULE,
    OTHER,
    OTHER_LINE,
    REGION,
    is_text,
    more,
    ready,
    undo,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

APPLIED = ACCEPTED.replace(GOOD_LINE, OTHER_LINE)


def by_key(window: vscode.Window) -> None:
    window.go_to(REGION[0])
    window.press("Control+k", "Alt+g")


def by_lens(window: vscode.Window) -> None:
    window.lens("gallery")
    window.click_lens("gallery")


@pytest.mark.parametrize("act", [by_key, by_lens], ids=["key", "lens"])
def test_a_variation_is_picked_in_the_browser_and_applied_here(desk, window, act):
    ready(desk, window)
    desk.fake.script(OTHER)
    more(window, 1)
    window.lens("next (")
    with window.page.context.expect_page() as opened:
        act(window)
    # code-server leads a page of this machine through itself; VS Code opens it as it is
    link = re.sub(r"^.*?/proxy/(\d+)/", r"http://127.0.0.1:\1/", opened.value.url)
    tab = gallery_page.Page(opened.value)
    tab.open(link)
    tab.wrong.clear()
    tab.until("document.querySelectorAll('article.passed').length === 2")
    assert is_text(window, MODULE)
    cards = tab.texts("article")
    assert [GOOD_LINE in card for card in cards] != [OTHER_LINE in card for card in cards]
    tab.tab.locator("article", has_text=OTHER_LINE).click()
    tab.press("a")
    tab.until("document.querySelector('.state.applied')")
    window.page.bring_to_front()
    window.until(lambda: is_text(window, APPLIED), "it is applied")
    undo(window)
    assert tab.wrong == []
