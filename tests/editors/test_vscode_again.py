"""A key in a real VS Code that is pressed at the wrong place, twice, or for one edit after another.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import pytest

from support import vscode
from support.trees import hash_tree
from support.vscode_edits import (
    ACCEPTED,
    ASK,
    DOUBLE,
    DOUBLE_LINE,
    DOUBLE_REGION,
    GOOD_LINE,
    MODULE,
    OTHER,
    OTHER_LINE,
    REGION,
    accept,
    accept_in_time,
    is_text,
    ready,
    remains,
    undo,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

BOX = ".quick-input-widget"
VALUES = f"{MODULE.count('value')} selections"
LATE = 1000
"""Milliseconds in which what should not happen would have happened."""


def untouched(window: vscode.Window, *heads: str) -> None:
    """The edits are all there, and nothing was done with them."""
    window.page.wait_for_timeout(LATE)
    assert is_text(window, MODULE)
    assert window.toasts == []
    for head in heads:
        assert f"{head}: ready" in window.thread


def undoes(window: vscode.Window, *texts: str) -> None:
    """Undo as many times as there are texts, which come back in that order."""
    window.focus()
    for text in texts:
        window.press("Control+z")
        window.until(lambda text=text: is_text(window, text), "one undo for one edit")


def asks(window: vscode.Window, *keys: str) -> str:
    """Press keys of which the last one asks for something; what it asks for, which is not said."""
    window.press(*keys)
    window.page.wait_for_selector(f"{BOX} input:visible")
    title = " ".join(window.texts(f"{BOX} .quick-input-title"))
    window.press("Escape")
    window.page.wait_for_selector(BOX, state="hidden")
    return title


def test_keys_mean_what_they_always_do_right_beside_an_edit(desk, window):
    ready(desk, window)
    for line in (REGION[0] - 1, REGION[1] + 1):
        window.go_to(line)
        window.press("Alt+Enter", "Shift+Escape")
        assert asks(window, "Control+Alt+f").startswith("Festina: Edit ")
        untouched(window, "clamp")
    window.select(*DOUBLE_REGION)
    window.press("Shift+Escape")
    window.until(lambda: "selected" not in window.status, "VS Code's own key takes selections back")

    # a key that is pressed before VS Code has heard that the cursor has left the edit
    for key in ("Alt+Enter", "Shift+Escape"):
        window.go_to(REGION[0])
        window.page.wait_for_timeout(LATE)
        window.press("ArrowUp", key)
        untouched(window, "clamp")
    window.go_to(REGION[0])
    window.page.wait_for_timeout(LATE)
    assert asks(window, "ArrowUp", "Control+Alt+f").startswith("Festina: Edit ")
    window.go_to(REGION[0] - 1)
    window.page.wait_for_timeout(LATE)
    assert asks(window, "ArrowDown", "Control+Alt+f").startswith("Festina: Redirect ")

    # while something is looked for, the key selects all that was found, in the edit as well
    window.press("Control+f")
    window.page.wait_for_selector(".find-widget.visible")
    window.page.keyboard.type("value")
    for line, words in ((DOUBLE_REGION[1], "value * 2"), (REGION[1], "max(low, value)")):
        window.page.click(f".editor-instance .view-line:has-text('{words}')")
        window.until(lambda line=line: f"Ln {line}," in window.status, "the cursor is there")
        window.press("Alt+Enter")
        window.until(lambda: VALUES in window.status, "the key selects what was found")
        untouched(window, "clamp")
    window.shot("found")
    window.press("Escape", "Escape")
    window.page.wait_for_selector(".find-widget.visible", state="hidden")
    accept(window)
    undo(window)


def test_an_accept_that_is_pressed_twice_is_one(desk, window):
    ready(desk, window)
    window.press("Alt+Enter", "Alt+Enter")
    once(window)
    window.instruct(ASK, *REGION)
    window.lens("Festina: accept (")
    window.page.dblclick(".codelens-decoration a:has-text('Festina: accept (')")
    once(window)


def once(window: vscode.Window) -> None:
    """The edit was accepted once, and nobody complains of the other time."""
    window.until(lambda: is_text(window, ACCEPTED), "it is applied")
    window.until(lambda: not remains(window), "all is cleared")
    window.page.wait_for_timeout(LATE)
    assert is_text(window, ACCEPTED)
    assert window.toasts == []
    undo(window)


def test_an_accepted_edit_is_edited_again_and_each_is_undone_alone(desk, window):
    ready(desk, window)
    accept(window)
    desk.fake.script(OTHER)
    window.instruct("the other way round", REGION[0], REGION[1] - 1)
    window.lens("Festina: accept (ruff ok, 3 tests ok")
    window.until(lambda: OTHER_LINE in window.thread, "the second edit")
    assert GOOD_LINE in str(desk.fake.requests[-1]["messages"])  # nothing of it was saved
    assert is_text(window, ACCEPTED)
    both = ACCEPTED.replace(GOOD_LINE, OTHER_LINE)
    window.go_to(REGION[0])
    accept_in_time(window, both)
    window.until(lambda: not remains(window), "all is cleared")
    undoes(window, ACCEPTED, MODULE)
    window.press("Control+y", "Control+y")
    window.until(lambda: is_text(window, both), "and each is done again")
    undoes(window, ACCEPTED, MODULE)


@pytest.mark.parametrize("first", ["clamp", "double"])
def test_of_two_edits_in_a_file_the_one_under_the_cursor_is_accepted(desk, window, first):
    ready(desk, window)
    desk.fake.script(DOUBLE)
    window.instruct("say it another way", *DOUBLE_REGION)
    window.until(lambda: "double: ready" in window.thread, "the second one is ready as well")
    window.go_to(DOUBLE_REGION[0] - 1)
    window.press("Alt+Enter")  # between the two: neither of them is meant
    untouched(window, "clamp", "double")
    window.shot("both")

    # the one above takes a line away, so the one below has moved then
    here, there, second, after, line = (
        (REGION[0], DOUBLE_REGION[0] - 1, "double", ACCEPTED, DOUBLE_LINE)
        if first == "clamp"
        else (DOUBLE_REGION[0], REGION[0], "clamp", MODULE, GOOD_LINE)
    )
    after = after if first == "clamp" else after.replace("return value * 2", DOUBLE_LINE)
    window.go_to(here)
    window.press("Alt+Enter")
    window.until(lambda: is_text(window, after), "the one under the cursor is accepted")
    window.until(lambda: f"{first}:" not in window.thread, "nothing is left of it")
    window.until(lambda: f"{second}: ready" in window.thread, "the other one is verified again")
    assert line in window.thread
    assert is_text(window, after)
    window.go_to(there)
    accept_in_time(window, ACCEPTED.replace("return value * 2", DOUBLE_LINE))
    window.until(lambda: not remains(window), "nothing is left")
    undoes(window, after, MODULE)


def test_an_edit_of_a_file_that_was_deleted_does_not_bring_it_back(desk, editor, project):
    ready(desk, editor)
    before = hash_tree(project)
    (project / "mod.py").unlink()
    editor.page.wait_for_selector(".tab.active .strikethrough")
    gone = hash_tree(project)
    editor.press("Alt+Enter")
    told = lambda: any("mod.py is not on disk any more" in one for one in editor.toasts)  # noqa: E731
    editor.until(told, "a message says why it was not applied")
    editor.shot("deleted")
    assert len(editor.toasts) == 1
    assert is_text(editor, MODULE)
    assert hash_tree(project) == gone

    # the message says what to do
    editor.press("Control+s")
    editor.until(lambda: hash_tree(project) == before, "whoever saves it has the file back")
    editor.go_to(REGION[0])
    accept_in_time(editor, ACCEPTED)
    editor.until(lambda: not remains(editor), "nothing is left")
    undo(editor)
    assert hash_tree(project) == before
