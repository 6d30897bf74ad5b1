"""What a person has in sight in a real VS Code: an edit as it comes, and all of the settings."""

import pytest

from support import vscode
from support.vscode_edits import ASK, GOOD, GOOD_LINE, MODULE, REGION, TESTS, halfway

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]

ABOVE = 60
"""Lines above the function: more than fit in the window."""
LONG = "".join(f"# {number}\n" for number in range(1, ABOVE + 1)) + MODULE + "# end\n" * 60
HEAD = MODULE + "# more\n" * 100
LOW = tuple(line + ABOVE for line in REGION)
FIRST_ROW = f"{vscode.THREAD} pre code"


@pytest.fixture
def project(project):
    """A project with long files, each with tests."""
    for name, text in (("long", LONG), ("head", HEAD)):
        (project / f"{name}.py").write_text(text)
        (project / f"test_{name}.py").write_text(TESTS.replace("from mod", f"from {name}"))
    return project


def bottom(window: vscode.Window, selector: str) -> float:
    """Where something ends, in pixels from the window's top; far below where it is not drawn."""
    box = window.page.locator(selector).first.bounding_box()
    return box["y"] + box["height"] if box else 9999


def lines_in_sight(window: vscode.Window) -> list[str]:
    """The numbers of the lines that are shown."""
    return window.texts(".editor-instance .margin .line-numbers")


def test_an_edit_at_the_bottom_of_the_window_is_scrolled_into_sight_once(desk, window):
    answer, go = halfway(GOOD, "w, value))")
    desk.fake.script(answer)
    window.open("long.py", trust=True)
    window.select(*LOW)
    end = bottom(window, ".editor-instance")
    assert bottom(window, ".editor-instance .current-line") > end * 0.7, "it stands at the bottom"
    window.say(ASK, "Control+Alt+f")
    window.until(lambda: "min(high" in window.thread, "it streams")
    window.until(lambda: bottom(window, FIRST_ROW) < end, "and is seen as it does")
    assert str(LOW[0]) in lines_in_sight(window), "below its lines"
    window.shot("streams")

    # what the person does after that is left alone
    window.press(*["Alt+PageUp"] * 9)
    window.until(lambda: "1" in lines_in_sight(window), "the person looks elsewhere")
    go.set()
    window.until(lambda: any("ready" in toast for toast in window.toasts), "and is told of it")
    assert "1" in lines_in_sight(window)
    window.page.click(".notification-toast .monaco-button:has-text('Show')")
    window.until(lambda: bottom(window, FIRST_ROW) < end, "it is gone to")
    assert GOOD_LINE in window.thread
    window.press("Alt+Enter")
    window.until(lambda: GOOD_LINE in window.text, "it is accepted")


def test_nothing_is_scrolled_where_there_is_room(desk, window):
    desk.fake.script(GOOD)
    window.open("head.py", trust=True)
    window.instruct(ASK, *REGION)
    window.lens("Festina: accept (")
    assert GOOD_LINE in window.thread
    assert "1" in lines_in_sight(window)


def test_the_settings_of_models_are_shown_in_a_remote_window_as_well(window):
    window.open("mod.py", trust=True)
    window.command("Festina: Open Settings")
    contents = lambda: " ".join(window.texts(".settings-toc-container"))  # noqa: E731
    window.until(lambda: "Verification" in contents(), "the settings are shown")
    window.shot("settings")
    assert "Models" in contents()
