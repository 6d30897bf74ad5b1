import pytest

from festina import markers
from festina.edits import Region
from festina.text import Text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("# festina: handle an empty list\n", "handle an empty list"),
        ("    x = 1  # festina: rename x\n", "rename x"),
        ("// festina: use a map\n", "use a map"),
        ("/* festina: use a map */\n", "use a map"),
        ("<!-- festina: shorter -->\n", "shorter"),
        ("-- FESTINA: index this", "index this"),
        ("x = 1\n", ""),
        ('s = "text # festina: not a comment"\n', ""),
        ("# festivals: none\n", ""),
    ],
)
def test_the_instruction_of_a_comment(line, words):
    text = Text(line)
    assert markers.instruction(text, Region(0, 1)) == words


def test_only_the_region_is_looked_at():
    text = Text("# festina: outside\nx = 1\n# festina: inside\n")
    assert markers.instruction(text, Region(1, 3)) == "inside"


def test_several_comments_are_one_instruction():
    text = Text("# festina: do this\n# festina: and that\n")
    assert markers.instruction(text, Region(0, 2)) == "do this and that"


def test_a_comment_never_survives():
    text = Text("a = 1\r\n# festina: sum\r\nb = 2  # festina: and this\r\nc = 3")
    stripped, region = markers.strip(text, Region(1, 4))
    assert stripped.content == "a = 1\r\nb = 2\r\nc = 3"
    assert region == Region(1, 3)


def test_nothing_outside_the_region_is_stripped():
    text = Text("# festina: keep\nx = 1\n")
    stripped, region = markers.strip(text, Region(1, 2))
    assert (stripped, region) == (text, Region(1, 2))


def test_a_repeated_comment_is_taken_out_of_an_answer():
    assert markers.strip_lines("x = 1\n# festina: sum\ny = 2\n") == "x = 1\ny = 2\n"
