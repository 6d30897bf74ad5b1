"""What a person does with an edit in a real VS Code: variations, changes, redirect, diff editor.

Pictures of each step are kept in the folder that ``FESTINA_SHOTS`` names (else in a temporary one).
"""

import re

import pytest

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
    halfway,
    is_text,
    marked,
    more,
    ready,
    remains,
    undo,
)

pytestmark = [pytest.mark.editors, pytest.mark.slow, pytest.mark.timeout(900)]


def test_variations_are_gone_through_by_key_and_chosen_from_a_list(desk, window):
    ready(desk, window)
    desk.fake.script(OTHER)
    more(window, 1)
    window.lens("next (")
    here, there = (GOOD_LINE, OTHER_LINE) if GOOD_LINE in window.thread else (OTHER_LINE, GOOD_LINE)
    place = re.search(r"\d of 2", window.thread)
    assert place
    window.press("Alt+]")
    window.until(lambda: there in window.thread, "the key shows the next one")
    assert place[0] not in window.thread
    window.press("Alt+[")
    window.until(lambda: here in window.thread, "and the key beside it the one before")

    # the list: what is looked at is shown in place, and nothing is changed by that
    window.press("Control+k", "Alt+v")
    rows = ".quick-input-list .monaco-list-row"
    window.page.wait_for_selector(rows)
    assert len(window.texts(rows)) == 2
    assert all("tests ok" in row for row in window.texts(rows))
    other = f"{rows}:has-text('3 tests ok'):not(:has-text('on show'))"
    window.press(*["ArrowDown"] * (1 + ("on show" in window.texts(rows)[0])))
    window.until(lambda: there in window.thread, "the other one is looked at")
    window.shot("picker")
    window.press("Escape")
    window.until(lambda: here in window.thread, "it is left, and all is as before")
    window.press("Control+k", "Alt+v")
    window.page.click(other)
    window.until(lambda: there in window.thread, "the other one is on show")
    window.lens("Festina: accept (")
    window.press("Alt+Enter")
    window.until(lambda: there in window.text, "what was chosen is accepted")
    window.until(lambda: not remains(window), "nothing is left")
    undo(window)


def test_the_key_redirects_an_edit_and_another_one_puts_it_away(desk, window):
    ready(desk, window)
    desk.fake.script(OTHER)
    window.say("the other way round", "Control+Alt+f")
    window.until(lambda: OTHER_LINE in window.thread, "it was written anew")
    window.until(lambda: f"{ASK} the other way round" in window.thread, "all that was asked for")
    window.lens("Festina: accept (")
    window.go_to(REGION[0])
    window.press("Shift+Escape")
    window.until(lambda: not remains(window), "nothing is left")
    assert is_text(window, MODULE)

    # what was said before is offered again
    window.select(*REGION)
    window.press("Control+Alt+f")
    window.page.wait_for_selector(".quick-input-list .monaco-list-row")
    rows = window.texts(".quick-input-list .monaco-list-row")
    assert any("the other way round" in row for row in rows)
    assert "the comment in the code" in rows[0]
    window.press("Escape")


def test_some_of_the_changes_are_verified_and_applied_alone(desk, window):
    ready(desk, window, TWO_CHANGES)
    assert marked(window) == 3
    window.press("Control+k", "Alt+h")
    rows = ".quick-input-list .monaco-list-row"
    window.page.wait_for_selector(rows)
    window.page.wait_for_timeout(300)  # it fades in
    window.shot("hunks")
    window.page.click(f"{rows}:has-text('{GOOD_LINE}')")
    window.press("Enter")
    window.until(lambda: is_text(window, ACCEPTED), "that one is applied, and the other is not")
    window.until(lambda: not remains(window), "nothing is left")
    undo(window)


def test_a_lens_above_each_change_takes_it_alone_or_leaves_it_out(desk, window):
    double = MODULE[MODULE.index("def double") :]
    first, second, third = "low=0, high=9):", GOOD_LINE, "return 2 * value"
    answer = f"{TWO_CHANGES}\n\n{double.replace('return value * 2', third)}"

    def asked() -> None:
        desk.fake.script(answer)
        window.instruct(ASK, REGION[0], 11)
        window.lens("Festina: accept (")
        assert is_text(window, MODULE), "nothing is applied before it is accepted"
        assert [one for one in window.lenses if "this" in one].count("accept all but this") == 3

    window.open("mod.py", trust=True)
    asked()
    window.shot("changes")
    window.click_lens("accept only this (+1 -2)")
    window.until(lambda: is_text(window, ACCEPTED), "that one is applied, and the others are not")
    assert first not in window.text
    assert third not in window.text
    window.until(lambda: not remains(window), "nothing is left")
    undo(window)

    asked()
    before = MODULE[: MODULE.index("def clamp")]
    window.page.click(".codelens-decoration a:has-text('accept all but this') >> nth=0")
    rest = before + answer.replace("low=0, high=9", "low, high")
    window.until(lambda: is_text(window, rest), "the others are applied, in one")
    assert second in window.text
    window.until(lambda: not remains(window), "nothing is left")
    undo(window)


def test_the_diff_editor_follows_the_stream_and_keys_work_in_it(desk, window):
    answer, go = halfway(GOOD, "w, value))")
    desk.fake.script(answer)
    window.open("mod.py", trust=True)
    window.instruct(ASK, *REGION)
    window.until(lambda: "min(high" in window.thread, "it streams")
    window.press("Control+k", "Alt+d")
    after = ".monaco-diff-editor .editor.modified .view-line"
    window.until(lambda: "min(high" in "".join(window.texts(after)), "the diff editor shows it")
    assert GOOD_LINE not in "".join(window.texts(after))
    go.set()
    window.until(lambda: GOOD_LINE in "".join(window.texts(after)), "it follows")
    window.shot("diff")
    window.page.click(f"{after} >> nth=0")

    def accepted() -> bool:
        window.press("Alt+Enter")  # until it has passed, that does nothing
        window.page.wait_for_timeout(500)
        return "clamp:" not in window.tab

    window.until(accepted, "the key accepts it there, too")
    assert not window.toasts  # it was there to be seen
    window.until(lambda: is_text(window, ACCEPTED), "it is applied")
    window.until(lambda: not remains(window), "nothing is left")
    undo(window)
