"""The ways to act on an edit in a real VS Code: palette, lens, and the buttons in its head.

The keys are in ``test_vscode_edits.py``. Pictures of each step are kept in the folder that
``FESTINA_SHOTS`` names (else in a temporary one).
"""

import pytest

from support import vscode
from support.vscode_edits import (
    ACCEPTED,
    ASK,
    GOOD,
    GOOD_LINE,
    MODULE,
    OTHER,
    OTHER_LINE,
    REGION,
    TWO_CHANGES,
    WRONG,
    is_text,
    more,
    ready,
    remains,
    undo,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

ROW = ".quick-input-list .monaco-list-row"
AGAIN = "the other way round"


def by_palette(window: vscode.Window, title: str) -> None:
    window.command(f"Festina: {title}")


def by_lens(window: vscode.Window, title: str) -> None:
    lens = {
        "Accept the Edit": "Festina: accept (",
        "Accept Some of the Changes": "hunks (2)",
        "Choose a Variation": "variations",
        "Dismiss or Cancel the Edit": "dismiss",
        "Next Variation": "next (",
        "Previous Variation": "previous",
        "Redirect the Edit": "redirect",
    }[title]
    window.lens(lens)
    window.click_lens(lens)


@pytest.fixture(params=[by_palette, by_lens], ids=["palette", "lens"])
def act(request):
    """Do something about the edit under the cursor, by its name in the command palette."""
    return request.param


def typed(window: vscode.Window, words: str) -> None:
    """Type into the box that was opened."""
    window.page.wait_for_selector(".quick-input-widget input:visible")
    window.until(lambda: "What is to be different?" in window.placeholder, "it asks")
    window.page.keyboard.type(words)
    window.press("Enter")


def test_variations_are_gone_through_redirected_and_put_away(desk, window, act):
    ready(desk, window)
    desk.fake.script(OTHER)
    more(window, 1)
    window.lens("next (")
    here, there = (GOOD_LINE, OTHER_LINE) if GOOD_LINE in window.thread else (OTHER_LINE, GOOD_LINE)
    window.go_to(REGION[0])
    act(window, "Next Variation")
    window.until(lambda: there in window.thread, "the next one is shown")
    act(window, "Previous Variation")
    window.until(lambda: here in window.thread, "the one before is shown")
    act(window, "Choose a Variation")
    window.page.wait_for_selector(f"{ROW}:has-text('on show')")  # not those of the palette
    window.page.click(f"{ROW}:not(:has-text('on show'))")
    window.until(lambda: there in window.thread, "the other one is shown")

    desk.fake.script(WRONG)
    act(window, "Redirect the Edit")
    typed(window, AGAIN)
    window.lens("show what failed")
    assert AGAIN in str(desk.fake.requests[-1])
    window.go_to(REGION[0])
    act(window, "Dismiss or Cancel the Edit")
    window.until(lambda: not remains(window), "nothing is left")
    assert is_text(window, MODULE)


def test_some_or_all_of_an_edit_is_accepted(desk, window, act):
    ready(desk, window, TWO_CHANGES)
    act(window, "Accept Some of the Changes")
    window.page.click(f"{ROW}:has-text('{GOOD_LINE}')")
    window.press("Enter")
    window.until(lambda: is_text(window, ACCEPTED), "that one is applied, and the other is not")
    window.until(lambda: not remains(window), "nothing is left")
    undo(window)

    desk.fake.script(GOOD)
    window.instruct(ASK, *REGION)
    window.lens("Festina: accept (")
    window.go_to(REGION[0])
    act(window, "Accept the Edit")
    window.until(lambda: is_text(window, ACCEPTED), "it is applied")
    window.until(lambda: not remains(window), "nothing is left")
    undo(window)


def test_the_buttons_in_the_head_of_an_edit_do_what_they_say(desk, window):
    def click(title: str) -> None:
        window.page.hover(f"{vscode.THREAD} .head")
        window.page.click(f"{vscode.THREAD} .head .action-label[aria-label*='{title}']")

    desk.fake.script(WRONG)
    window.open("mod.py", trust=True)
    window.instruct(ASK, *REGION)
    window.lens("show what failed")
    click("Show What Failed")
    window.until(lambda: "test_mod.py" in window.tab, "the failing test is shown")
    window.press("Control+w")
    window.until(lambda: is_text(window, MODULE), "back again")
    click("Open the Edit in the Diff Editor")
    window.page.wait_for_selector(".monaco-diff-editor")
    window.press("Control+w")
    window.until(lambda: is_text(window, MODULE), "back again")

    desk.fake.script(GOOD)
    click("Redirect the Edit")
    typed(window, AGAIN)
    window.lens("Festina: accept (")
    click("Accept the Edit")
    window.until(lambda: is_text(window, ACCEPTED), "it is applied")
    window.until(lambda: not remains(window), "nothing is left")
    undo(window)

    desk.fake.script(GOOD)
    window.instruct(ASK, *REGION)
    window.lens("Festina: accept (")
    click("Dismiss or Cancel the Edit")
    window.until(lambda: not remains(window), "nothing is left")


def test_what_was_said_before_is_chosen_again(desk, window):
    desk.fake.script(GOOD)
    window.open("mod.py", trust=True)
    window.instruct(AGAIN, *REGION)
    window.lens("Festina: accept (")
    window.go_to(REGION[0])
    window.press("Shift+Escape")
    window.until(lambda: not remains(window), "nothing is left")
    window.select(10, 11)
    window.press("Control+Alt+f")
    asked = len(desk.fake.requests)
    window.page.click(f"{ROW}:has-text('{AGAIN}')")
    window.until(lambda: len(desk.fake.requests) > asked, "the model is asked")
    assert AGAIN in str(desk.fake.requests[-1])


def test_a_file_that_was_never_saved_is_not_edited_and_the_key_says_why(desk, window):
    asked = len(desk.fake.requests)
    window.open("mod.py", trust=True)
    window.until(lambda: "Festina" in window.status, "the extension is there")
    window.command("File: New Untitled Text File")
    window.until(lambda: "Untitled" in window.tab, "a new file")
    window.page.keyboard.type("x = 1")
    window.press("Control+a", "Control+Alt+f")
    told = lambda: any("Save it as a file of the workspace" in one for one in window.toasts)  # noqa: E731
    window.until(told, "a message says why")
    assert window.page.eval_on_selector(
        ".notification-toast .notification-list-item-message", "e => e.scrollWidth <= e.clientWidth"
    ), "all of it can be read"
    window.shot("untitled")
    assert len(desk.fake.requests) == asked


def test_the_log_is_shown(desk, window):
    window.open("mod.py", trust=True)
    window.until(lambda: "Festina" in window.status, "the extension is there")
    window.command("Festina: Show Log")
    lines = ".output-view .view-line"
    window.until(lambda: "server" in "".join(window.texts(lines)), "it tells of the server")
    window.shot("log")
