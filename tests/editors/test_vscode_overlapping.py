"""Two edits of overlapping lines in a real VS Code: one of them is applied, and never both.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import pytest

from support import vscode
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
    halfway,
    is_text,
    ready,
    remains,
    undo,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

OTHER_ASK = "say both another way"
SHARED = REGION[1]
"""The last line of the first edit, and the first one of the second."""
SECOND = f"    {OTHER_LINE}\n\n\n{DOUBLE}"
SECOND_ACCEPTED = MODULE.replace("return max(low, value)", OTHER_LINE).replace(
    "return value * 2", DOUBLE_LINE
)
SECOND_GONE = GONE.replace("clamp", f"lines {SHARED}-{DOUBLE_REGION[1]}")


def ask_for_the_second(window: vscode.Window) -> None:
    """Select lines of which an edit has one, and have them edited as well: the key redirects it."""
    window.select(SHARED, DOUBLE_REGION[1])
    window.command("Festina: Edit the Selected Lines")
    box = f"Festina: Edit Lines {SHARED}-{DOUBLE_REGION[1]}"
    window.until(lambda: box in " ".join(window.texts(".quick-input-widget")), "it is asked what")
    window.page.keyboard.type(OTHER_ASK)
    window.press("Enter")


def ask_for_both(desk, window: vscode.Window) -> None:
    """Have two edits that have passed."""
    desk.fake.script(GOOD, SECOND)
    window.instruct(ASK, *REGION)
    window.lens("Festina: accept (")
    ask_for_the_second(window)
    window.until(lambda: len(window.threads) == 2, "each is shown")
    window.until(
        lambda: sum("Festina: accept (" in one for one in window.lenses) == 2, "both have passed"
    )
    window.go_to(1)  # VS Code may have scrolled to what came between the lines
    window.until(lambda: is_text(window, MODULE), "nothing is applied")


def nothing_happens(window: vscode.Window, text: str) -> None:
    """Press the key in lines of an edit that is gone."""
    window.press("Alt+Enter")
    window.page.wait_for_timeout(500)
    assert is_text(window, text)


def test_the_key_on_lines_of_an_edit_redirects_it(desk, window):
    ready(desk, window)
    desk.fake.script(OTHER)
    window.select(SHARED, DOUBLE_REGION[1])
    window.press("Control+Alt+f")
    box = "Festina: Redirect the Edit of clamp"
    window.until(lambda: box in " ".join(window.texts(".quick-input-widget")), "the box says so")
    window.shot("redirects")
    window.page.keyboard.type(OTHER_ASK)
    window.press("Enter")
    window.until(lambda: OTHER_LINE in window.thread, "it is written anew")
    window.until(lambda: f"{ASK} {OTHER_ASK}" in window.thread, "all that was asked for is said")
    # the lens of what was there before may be drawn for a moment more
    window.until(lambda: "clamp: ready" in window.thread, "it has passed as well")
    assert len(window.threads) == 1, "the first is replaced"
    accept(window, ACCEPTED.replace(GOOD_LINE, OTHER_LINE))
    undo(window)


def test_of_two_edits_of_the_same_line_one_is_applied(desk, window):
    window.open("mod.py", trust=True)
    ask_for_both(desk, window)
    window.shot("both")
    accept(window, ACCEPTED, REGION[0])
    window.until(lambda: SECOND_GONE in window.status, "it is said that the other is gone")
    window.shot("the-first")
    window.go_to(DOUBLE_REGION[0] - 1)
    nothing_happens(window, ACCEPTED)
    undo(window)
    window.go_to(DOUBLE_REGION[0])
    nothing_happens(window, MODULE)
    assert not remains(window), "an undo brings none of them back"

    # in the line that both have, the newer one is meant
    ask_for_both(desk, window)
    accept(window, SECOND_ACCEPTED, SHARED)
    window.until(lambda: GONE in window.status, "it is said that the other is gone")
    window.shot("the-second")
    window.go_to(REGION[0])
    nothing_happens(window, SECOND_ACCEPTED)
    undo(window)

    # both at once
    ask_for_both(desk, window)
    window.go_to(REGION[0])
    window.page.wait_for_timeout(1000)  # the key is there as soon as it is known what is below
    keys = ["ArrowDown"] * (DOUBLE_REGION[0] - REGION[0])
    window.press("Alt+Enter", *keys, "Alt+Enter")
    window.until(lambda: is_text(window, ACCEPTED), "the first is applied")
    window.until(lambda: not remains(window), "and the other is gone")
    window.page.wait_for_timeout(500)
    assert is_text(window, ACCEPTED)
    undo(window)


def test_one_that_streams_ends_when_another_of_its_lines_is_accepted(desk, window):
    window.open("mod.py", trust=True)
    desk.fake.script(GOOD)
    window.instruct(ASK, *REGION)
    window.lens("Festina: accept (")
    answer, go = halfway(SECOND, "return 2")
    desk.fake.script(answer)
    ask_for_the_second(window)
    window.until(lambda: "def double" in window.thread and len(window.threads) == 2, "it streams")
    window.shot("streams")
    gone = desk.fake.disconnects
    window.go_to(REGION[0])
    window.page.wait_for_timeout(2000)  # the key's edit is another one than before
    window.press("Alt+Enter")
    window.until(lambda: is_text(window, ACCEPTED), "it is applied, and nothing else")
    desk.fake.wait(lambda: desk.fake.disconnects == gone + 1, vscode.SECONDS)
    go.set()
    window.until(lambda: SECOND_GONE in window.status, "it is said that it is gone")
    window.page.wait_for_timeout(500)
    assert not remains(window)
    assert is_text(window, ACCEPTED)
    assert GOOD_LINE in window.text
    undo(window)
