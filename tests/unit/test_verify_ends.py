"""Where two texts differ, in whole lines, and how a server of ruff is told of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from festina.verify.ends import difference, shared_end, shared_start
from festina.verify.lint_server import _change

TEXTS = st.lists(st.sampled_from(["a", "b", "\n", "\n", "ü𐐀", "\r", "  ", "a\n"]), max_size=12).map(
    "".join
)


@given(TEXTS, TEXTS)
def test_what_two_texts_share(old: str, new: str) -> None:
    start = shared_start(old, new)
    assert old[:start] == new[:start]
    assert old[start : start + 1] != new[start : start + 1] or start == min(len(old), len(new))
    most = min(len(old), len(new)) - start
    end = shared_end(old, new, most)
    assert end == most or old[-1 - end] != new[-1 - end]
    assert old[len(old) - end :] == new[len(new) - end :]


@given(TEXTS, TEXTS)
def test_a_change_turns_one_text_into_the_other(old: str, new: str) -> None:
    if old == new:
        return
    change = _change(old, new)
    if change is None:
        assert "\r" in old + new or not (old.endswith("\n") and new.endswith("\n"))
        return
    place = change["range"]
    assert isinstance(place, dict)
    lines = old.split("\n")
    # places are as in LSP 3.17: the line after the last line end is there, if empty
    offsets = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    start, end = (offsets[place[which]["line"]] for which in ("start", "end"))
    assert place["start"]["character"] == place["end"]["character"] == 0
    assert old[:start] + str(change["text"]) + old[end:] == new


@given(TEXTS, TEXTS)
def test_a_difference_is_whole_lines(old: str, new: str) -> None:
    if old == new:
        return
    try:
        start, old_end, new_end = difference(old, new)
    except ValueError:
        assert not (old.endswith("\n") and new.endswith("\n"))
        return
    assert old[:start] == new[:start]
    assert old[old_end:] == new[new_end:]
    for text, end in ((old, old_end), (new, new_end)):
        assert start == 0 or text[start - 1] == "\n"
        assert end == start or text[end - 1] == "\n"
