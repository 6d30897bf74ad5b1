"""What a skill is made of and worked with: small parts that no whole run shows."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from festina import line_patterns, skill_file, skill_text
from festina.accepted import Accepted
from festina.clean import stripped
from festina.config import Settings
from festina.context.places import Place, current
from festina.edits import Region
from festina.skill_saving import Wish
from festina.text import Text
from festina.verify.base import Snapshot

MARKED = "def f(x):\n    # festina: respect the bound\n    return x\n"


def test_the_comment_that_asked_for_an_edit_is_no_sign_of_a_place(tmp_path):
    edit = Accepted(
        id="p1",
        workspace=tmp_path,
        path="a.py",
        language="python",
        base=Text(MARKED),
        region=Region(0, 3),
        new="def f(x):\n    return min(x, 9)\n",
        instruction="respect the bound",
    )
    (example,) = Wish((edit,), Snapshot(tmp_path), Settings()).order.examples
    assert example.old == "def f(x):\n    return x\n"


def test_a_place_is_looked_for_again_when_its_turn_comes(tmp_path):
    text = Text("def f():\n    return 1\n\n\ndef g():\n    return 2\n")
    place = Place("a.py", "python", text, Region(4, 6), "g", 6)

    def now(content):
        return current(Snapshot(tmp_path, buffers={"a.py": content}, trusted=True), place)

    assert now(text.content) == place
    moved = now("import os\n" + text.content)
    assert (moved.region, moved.line) == (Region(5, 7), 7)
    assert now(text.content.replace("return 2", "return 3")) is None
    assert current(Snapshot(tmp_path, trusted=True), place) is None  # it is gone


LINE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(LINE, st.lists(LINE, min_size=1, max_size=4), st.lists(LINE, min_size=1, max_size=3))
def test_whatever_a_model_says_is_read_back_as_it_was_written(description, places, files):
    description = " ".join(stripped(description).split())
    places = line_patterns.split(stripped("\n".join(places)))
    files = tuple(stripped(" ".join(files)).split())
    if not description or not places or not files or line_patterns.amiss(places):
        return
    text = skill_text.write("a", description, "Body.", files=files, places=places)
    skill = skill_file.read(text, folder="a", path="", in_workspace=True)
    assert skill.description == description
    assert skill.places == places
    assert skill.files == files
    assert skill.cautions == ()


def test_the_skill_of_the_page_can_be_read_and_finds_what_it_says():
    page = (Path(__file__).parents[2] / "docs" / "skills.md").read_text("utf-8")
    text = page.partition("```markdown\n")[2].partition("```\n")[0]
    skill = skill_file.read(text, folder="loop-over-items", path="", in_workspace=True)
    assert skill.cautions == ()
    assert skill.files == ("src/**/*.py", "lib/**/*.py")
    assert line_patterns.reads(skill.places, "    for i in range(len(items)):\n")
    assert skill_text.missing(skill.body) == []
