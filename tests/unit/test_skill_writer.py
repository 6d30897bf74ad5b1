"""What the slow model is asked for a skill, and what of its answer is kept."""

import pytest

from festina import skill_file, skill_text, skill_writer
from festina.skill_writer import Example, Order, judge, request
from support import loops
from support.secret_samples import FORMS

TOKEN = FORMS["a GitHub token"]
OLD = loops.function("total")
NEW = loops.converted(OLD)
EXAMPLE = Example(loops.FIRST, "python", "loop over the items", OLD, NEW, ("lint", "tests"))
ORDER = Order((EXAMPLE,))


def reasons(text, order=ORDER):
    draft = judge(text, order)
    assert draft.skill is None
    assert draft.text == ""
    return "\n".join(draft.reasons)


@pytest.mark.parametrize(
    "around",
    ["{}", "Here it is:\n\n```markdown\n{}```\nGood luck.", "~~~~\n{}~~~~", "\n\n{}"],
)
def test_a_skill_is_read_written_anew_and_read_again(around):
    draft = judge(around.format(loops.SKILL), ORDER)
    assert draft.reasons == ()
    assert draft.skill.name == "loop-over-items"
    assert draft.skill.path == ".agents/skills/loop-over-items/SKILL.md"
    assert draft.skill.files == ("**/*.py",)
    assert draft.skill.places == (loops.PLACES,)
    assert draft.skill.cautions == ()
    again = skill_file.read(draft.text, folder="loop-over-items", path="x", in_workspace=True)
    assert again.body == draft.skill.body
    assert "Write `for item in items:`" in again.body


def test_what_others_would_follow_is_not_in_it():
    more = "- See [this](https://example.com) <img src=x> ![a](b)\n\x1b[31mred\n"
    text = judge(loops.SKILL + more, ORDER).text
    assert "- See this" in text
    for gone in ("](", "<img", "\x1b"):
        assert gone not in text


def test_quotes_and_line_ends_in_a_description_are_one_line_of_yaml():
    said = 'Says "no"\\n and: more # here'
    text = skill_text.write("a", said, "b", files=("*.py",), places=("- x: 'y'", "# abc"))
    skill = skill_file.read(text, folder="a", path="", in_workspace=True)
    assert skill.description == said
    assert skill.places == ("- x: 'y'", "# abc")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (loops.SKILL, "I would loop over the items.", "a front matter begins with"),
        ("name: loop-over-items", "name: Loop Items", "small letters"),
        ("## Bounds", "## Borders", "Under `Bounds` it says nothing."),
        ("- The tests and lint pass.\n", "", "Under `Checks` it says nothing."),
        ('"**/*.py"', '"*.go"', "do not mean shop/total.py"),
        ('  festina-files: "**/*.py"\n', "", "add `festina-files`"),
        (f"  festina-places: |-\n    {loops.PLACES}\n", "", "add `festina-places`"),
        (loops.PLACES, "while True:", "No line of edit 1 reads like its `festina-places` before"),
        (loops.PLACES, "def total(items):", "After edit 1 a line still reads like its"),
        (loops.PLACES, "...", "says too little"),
        ("The tests", "FESTINA-SECRET-1 and the tests", "the placeholder of a secret"),
        ("The tests", f"{TOKEN} and the tests", "It holds what looks like a GitHub token"),
        ("The tests", "The tests " * 900, "longer than 8,000 characters"),
        ("Loops over items", "Loops " * 200, "description has 1,"),
    ],
)
def test_what_cannot_be_kept_is_told(old, new, words):
    assert old in loops.SKILL
    said = reasons(loops.SKILL.replace(old, new, 1))
    assert words in said
    assert TOKEN not in said


def test_a_name_that_is_taken_is_sent_back_and_one_of_the_persons_is_given():
    taken = Order((EXAMPLE,), taken=frozenset({"loop-over-items"}))
    assert "There is a skill loop-over-items already" in reasons(loops.SKILL, taken)
    assert "so find another one: loop-over-items" in request(taken).messages[1].content
    named = Order((EXAMPLE,), name="loops", taken=frozenset({"loops", "loop-over-items"}))
    assert judge(loops.SKILL, named).skill.name == "loops"
    assert "The skill's name is: loops" in request(named).messages[1].content


def test_no_secret_is_shown_to_the_model():
    secret = Example("a.py", "python", f"use {TOKEN}", f"x = '{TOKEN}'\n", "x = key()\n")
    asked = request(Order((secret,))).messages[1].content
    assert TOKEN not in asked
    assert "FESTINA-SECRET-1" in asked


def test_the_form_that_is_asked_for_is_one_that_can_be_read():
    form = skill_writer._FORM
    for section in skill_text.SECTIONS:
        form = form.replace(f"## {section}\n", f"## {section}\n\nWords.\n")
    skill = skill_file.read(form, folder="short-name-in-small-letters", path="", in_workspace=True)
    assert skill.cautions == ()
    assert skill.places
    assert skill_text.missing(skill.body) == []
