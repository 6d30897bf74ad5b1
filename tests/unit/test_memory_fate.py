"""What became of an accepted edit is told from the file alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.memory.fate import Fate, Found, fate, is_torn
from festina.text import Text, encode

BEFORE = "one\ntwo\nthree\nfour\nfive\nsix\n"
AFTER = "one\n2\nthree\nfour\n5\nsix\n"


def told(now, *, before=BEFORE, after=AFTER, on_disk=""):
    data = now.encode() if isinstance(now, str) else now
    return fate(Text(before), Text(after), on_disk, data)


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (AFTER, Found(Fate.APPLIED)),
        (BEFORE, Found(Fate.ABSENT)),
        (None, Found(Fate.ABSENT, gone=True)),
        (f"zero\n{AFTER}seven\n", Found(Fate.APPLIED, changed=True)),
        (f"zero\n{BEFORE}", Found(Fate.ABSENT, changed=True)),
        (BEFORE.replace("two", "2") + "seven\n", Found(Fate.PARTIAL, changed=True)),
        ("something else\n", Found(Fate.ABSENT, changed=True)),
        (b"\0\1", Found(Fate.PARTIAL, changed=True)),
    ],
)
def test_a_file_says_it(now, found):
    assert told(now) == found


def test_an_unsaved_text_is_not_in_the_file_and_was_not_before():
    now = "older\n" + BEFORE
    assert told(now, on_disk=Text(now).digest) == Found(Fate.ABSENT)


@pytest.mark.parametrize(
    ("before", "after", "now", "found"),
    [
        ("a\nb\nc\n", "a\nc\n", "a\nc\nd\n", Found(Fate.APPLIED, changed=True)),
        ("a\nb\nc\n", "a\nc\n", "a\nb\nc\nd\n", Found(Fate.ABSENT, changed=True)),
        ("a\n", "", "x\n", Found(Fate.ABSENT, changed=True)),
        ("", "new\n", "new\nmore\n", Found(Fate.APPLIED, changed=True)),
        ("b\n", "a\nb\n", "a\nb\nc\n", Found(Fate.APPLIED, changed=True)),
    ],
)
def test_lines_that_went_or_came_alone_are_told_too(before, after, now, found):
    assert told(now, before=before, after=after) == found


def written(old, new, upto):
    """The file when writing the new bytes over the old ones, then cutting, ended at ``upto``."""
    return new[:upto] + old[upto:]


@given(st.binary(max_size=30), st.binary(max_size=30), st.data())
def test_what_was_broken_off_while_it_was_written_is_known(old, new, data):
    now = written(old, new, data.draw(st.integers(0, len(new))))
    assert is_torn(old, new, now) is (now not in (old, new))


@given(st.text("ab\n", max_size=20), st.text("ab\n", max_size=20), st.text("ab\n", max_size=20))
def test_it_says_applied_or_absent_without_more_only_of_the_very_texts(before, after, now):
    found = told(now, before=before, after=after)
    if found == Found(Fate.APPLIED):
        assert now == after
    elif found == Found(Fate.ABSENT):
        assert now == before
    elif found.torn:
        assert encode(Text(now)) not in (encode(Text(before)), encode(Text(after)))
    else:
        assert found.changed


@given(st.text("ab\n", max_size=20), st.text("ab\n", max_size=20), st.text("cd\n", max_size=9))
def test_lines_added_at_the_end_take_nothing_away(before, after, more):
    if before == after or not more.strip():
        return
    before, after = f"{before}end\n", f"{after}end\n"
    found = told(after + more, before=before, after=after)
    assert found.torn or found == Found(Fate.APPLIED, changed=True)
