import pytest

from festina.commands.base import Stop
from festina.commands.filtering import like_input, locate
from festina.commands.target import Lines, Target
from festina.edits import Region
from festina.text import Text


def target(content, tmp_path):
    return Target(tmp_path / "a.py", tmp_path, Text(content))


FILE = "a = 1\nb = 2\nc = 3\na = 1\n"


@pytest.mark.parametrize(
    ("content", "given", "region"),
    [
        (FILE, b"b = 2\nc = 3\n", Region(1, 3)),
        (FILE, b"b = 2", Region(1, 2)),
        (FILE, b"c = 3\r\n", Region(2, 3)),
        (FILE, FILE.encode(), Region(0, 4)),
        (FILE.replace("\n", "\r\n"), b"b = 2\nc = 3\n", Region(1, 3)),
        ("x", b"x\n", Region(0, 1)),
    ],
)
def test_lines_are_found_in_the_file_whatever_their_ends(tmp_path, content, given, region):
    before = target(content, tmp_path)
    assert locate(before, Lines(), given) == (before, region)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b"a = 1\n", "are 2 times in a.py"),
        (b"d = 4\n", "are not in a.py as it is on the disk"),
        (b"", "Standard input is empty"),
        (b"\0", "Standard input cannot be edited"),
    ],
)
def test_lines_of_an_unclear_place_are_told(tmp_path, given, words):
    with pytest.raises(Stop, match=words):
        locate(target(FILE, tmp_path), Lines(), given)


def test_named_lines_that_are_saved_are_the_files(tmp_path):
    before = target(FILE, tmp_path)
    assert locate(before, Lines(4, 4), b"a = 1") == (before, Region(3, 4))


@pytest.mark.parametrize(
    ("given", "content", "region"),
    [
        (b"B = 0\n", "a = 1\nB = 0\nc = 3\na = 1\n", Region(1, 2)),
        (b"B = 0", "a = 1\nB = 0\nc = 3\na = 1\n", Region(1, 2)),
        (b"B = 0\nBB = 0\n", "a = 1\nB = 0\nBB = 0\nc = 3\na = 1\n", Region(1, 3)),
    ],
)
def test_named_lines_that_are_not_saved_stand_in_their_place(tmp_path, given, content, region):
    found, where = locate(target(FILE, tmp_path), Lines(2, 2), given)
    assert (found.text.content, where) == (content, region)


@pytest.mark.parametrize(
    ("text", "given", "printed"),
    [
        ("x\r\ny\r\n", b"a\nb\n", b"x\ny\n"),
        ("x\r\ny\r\n", b"a\r\nb\r\n", b"x\r\ny\r\n"),
        ("x\ny\n", b"a\nb", b"x\ny"),
        ("x\ny\n", b"a\n", b"x\ny\n"),
    ],
)
def test_what_is_printed_has_the_inputs_line_ends(text, given, printed):
    assert like_input(text, given) == printed
