"""``festina skill list`` and ``festina edit --skill``, the README's lines among them."""

import json
import re
import shlex

import pytest

from festina.commands.base import Exit
from support import readme
from support.command_line import GOOD, CommandLine
from support.fake_model import FakeModel
from support.secret_samples import FORMS

TOKEN = FORMS["a GitHub token"]
TEXT = """\
---
name: {name}
description: Minds the upper bound. Use it for functions that only know the lower one.
---
Return the upper bound for what lies above it. {more}
"""
ASK = ("edit", "calc/core.py:5", "--skill", "bounds")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fake(line):
    with FakeModel(GOOD) as model:
        line.use(model)
        yield model


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def put(root, name="bounds", text=TEXT, place=".agents/skills", more=""):
    file = root / place / name / "SKILL.md"
    file.parent.mkdir(parents=True)
    file.write_text(text.format(name=name, more=more))
    return file


def told(request):
    return request["messages"][-1]["content"]


def test_they_are_listed_with_their_places_and_how_to_follow_one(line, home):
    put(line.project)
    put(home, "mine", place=".claude/skills")
    ran = line.run("skill", "list")
    assert ran.code == Exit.DONE
    assert ran.out == (
        "bounds  (.agents/skills/bounds/SKILL.md)\n"
        "    Minds the upper bound. Use it for functions that only know the lower one.\n"
        "mine  (~/.claude/skills/mine/SKILL.md)\n"
        "    Minds the upper bound. Use it for functions that only know the lower one.\n"
        "Looked for, in this order: .agents/skills, .claude/skills, .github/skills, "
        "~/.agents/skills, ~/.claude/skills\n"
        "Follow one: festina edit FILE:LINE --skill NAME\n"
    )
    assert ran.err == ""


def test_as_json(line, home):
    put(line.project, text=TEXT.replace("---\nRet", 'metadata:\n  festina-files: "*.py"\n---\nRet'))
    hidden = put(home, place=".claude/skills")
    ran = line.run("skill", "list", "--json")
    assert ran.code == Exit.DONE
    assert ran.json["skills"] == [
        {
            "name": "bounds",
            "description": "Minds the upper bound. Use it for functions that only know the lower "
            "one.",
            "path": ".agents/skills/bounds/SKILL.md",
            "from": "workspace",
            "files": ["*.py"],
            "places": [],
            "compatibility": "",
            "problems": [],
        }
    ]
    assert ran.json["trusted"] is True
    assert ran.json["workspace"] == str(line.project)
    (problem,) = ran.json["problems"]
    assert problem["path"] == f"~/{hidden.relative_to(home).as_posix()}"
    assert problem["hidden"] is True


def test_one_that_says_where_it_is_meant_can_be_followed_there(line):
    places = "metadata:\n  festina-places: |-\n    return value\n---\nRet"
    put(line.project, text=TEXT.replace("---\nRet", places))
    ran = line.run("skill", "list")
    assert "    Where a line reads: return value\n" in ran.out
    assert ran.out.endswith("wherever a line reads like that: festina skill run NAME\n")
    assert line.run("skill", "list", "--json").json["skills"][0]["places"] == ["return value"]


def test_one_that_cannot_be_used_is_told_and_the_exit_code_says_so(line):
    put(line.project, "bounds\x1b[31m", text="No front matter.\n")
    put(line.project, "other", text=TEXT.replace("{name}", "named-so"))
    ran = line.run("skill", "list")
    assert ran.code == Exit.FAILED
    assert "named-so  (.agents/skills/other/SKILL.md)\n" in ran.out
    assert "    ! Its folder should have its name, named-so.\n" in ran.out
    assert "Not used:\n  .agents/skills/bounds\\x1b[31m/SKILL.md: Line 1: a front matter" in ran.out
    assert "\x1b" not in ran.out
    assert line.run("skill", "list", "--json").code == Exit.FAILED


def test_where_there_is_none_the_places_are_named(line):
    ran = line.run("skill", "list")
    assert ran.code == Exit.DONE
    assert ran.out.startswith("There is no skill that can be used.\nLooked for, in this order: .ag")
    assert line.run("skill", "list", "--workspace", "nowhere").code == Exit.USAGE
    assert line.run("skill").code == Exit.USAGE


def test_a_workspace_that_is_not_trusted_has_none_and_the_persons_own_are_there(line, home, fake):
    put(line.project)
    put(home, "mine")
    line.trust.untrust(line.project)
    ran = line.run("skill", "list")
    assert ran.code == Exit.DONE
    assert "bounds" not in ran.out
    assert "mine  (" in ran.out
    assert "not trusted, so its own skills are not read. If you trust it: festina trust" in ran.out
    ran = line.run(*ASK)
    assert ran.code == Exit.USAGE
    assert "There is no skill 'bounds'; there are: mine. The workspace is not trusted" in ran.err
    assert fake.requests == []
    line.run(*ASK[:-1], "mine")
    assert "The skill mine, from ~/.agents/skills/mine/SKILL.md:" in told(fake.requests[0])


def test_an_edit_follows_a_skill_and_is_checked_like_any_other(line, fake):
    put(line.project)
    ran = line.run(*ASK, "--json")
    assert ran.code == Exit.DONE
    assert ran.json["status"] == "passed"
    assert line.file.read_text() == line.before
    asked = told(fake.requests[0])
    assert "Return the upper bound for what lies above it." in asked
    assert asked.endswith("Instruction: Follow the skill bounds")
    ran = line.run(*ASK, "--apply")
    assert ran.code == Exit.DONE
    assert "return min(value, high)" in line.file.read_text()


def test_a_further_instruction_comes_after_it_typed_or_in_the_lines(line, fake):
    put(line.project)
    line.run(*ASK, "-m", "and nothing else")
    assert told(fake.requests[-1]).endswith("Follow the skill bounds: and nothing else")
    line.file.write_text(line.before.replace("value\n", "value  # festina: cap\n", 1))
    line.run(*ASK, "--diff")
    assert told(fake.requests[-1]).endswith("Follow the skill bounds: cap")


def test_what_would_be_sent_is_printed_with_the_skill_in_it(line, fake):
    put(line.project, more=f"The token is {TOKEN}.")
    printed = line.run(*ASK, "--show-prompt")
    assert printed.code == Exit.DONE
    assert fake.requests == []
    assert "The skill bounds, from .agents/skills/bounds/SKILL.md:\n```\nReturn the" in printed.out
    assert TOKEN not in printed.out
    line.run(*ASK)
    assert TOKEN not in json.dumps(fake.requests)
    for message in fake.requests[0]["messages"]:
        assert f"===== {message['role']} =====\n{message['content']}\n" in printed.out


@pytest.mark.parametrize("more", [(), ("--json",), ("--apply",), ("--show-prompt",)])
def test_one_that_is_not_there_is_refused_before_anything_starts(line, fake, more):
    put(line.project, "other")
    put(line.project, text="Nothing.\n")
    ran = line.run(*ASK, *more)
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert "The skill bounds cannot be used. .agents/skills/bounds/SKILL.md: Line 1" in ran.err
    ran = line.run(*ASK[:-1], "none", *more)
    assert ran.code == Exit.USAGE
    assert "There is no skill 'none'; there are: other." in ran.err
    assert fake.heads == []
    assert line.file.read_text() == line.before


def test_an_embedded_model_is_not_asked_to_follow_one(line):
    put(line.project)
    ran = line.run(*ASK, "--model", "embedded", "--show-prompt")
    assert ran.code == Exit.USAGE
    assert "An embedded model is too small to follow a skill" in ran.err


def test_as_a_filter_the_lines_are_replaced_only_by_what_passes(line, fake):
    put(line.project)
    given = GOOD.replace("min(value, high)", "value").encode()
    ran = line.run("edit", "calc/core.py:4-7", "--skill", "bounds", "--filter", stdin=given)
    assert ran.code == Exit.DONE
    ran = line.run("edit", "calc/core.py:4-7", "--skill", "none", "--filter", stdin=given)
    assert ran.code == Exit.USAGE


def test_the_review_is_told_what_the_skill_says(line, fake):
    put(line.project, more=f"The token is {TOKEN}.")
    line.use(fake, "[models.slow]", f'base_url = "{fake.base_url}"', 'model = "slow-coder"')
    settings = line.project / "festina.toml"
    settings.write_text('verify.gates = ["syntax", "lint", "review"]\n')
    fake.script(GOOD, "OK")
    line.run(*ASK)
    review = told(fake.requests[-1])
    assert fake.requests[-1]["model"] == "slow-coder"
    assert review.startswith("The skill bounds, from .agents/skills/bounds/SKILL.md:\n")
    assert "The token is FESTINA-SECRET-1." in review


def test_the_lines_of_the_readme_do_what_it_says(line, fake):
    text = readme.block("markdown", "name: guard-clauses")
    put(line.project, "guard-clauses", text=text.replace("{", "{{").replace("}", "}}"))
    lines = [
        shlex.split(line.split("#")[0])[2:]
        for line in readme.block("console", "--skill").splitlines()
    ]
    assert len(lines) == 3
    listed = line.run(*lines[0])
    assert listed.code == Exit.DONE
    assert listed.out.startswith("guard-clauses  (.agents/skills/guard-clauses/SKILL.md)\n")
    assert "    For: **/*.py\n" in listed.out
    assert "!" not in listed.out
    for words in lines[1:]:
        ran = line.run(*[re.sub(r"^src/.*:40$", "calc/core.py:5", word) for word in words])
        assert ran.code == Exit.DONE
        assert "passed" in ran.out
        assert "return or raise at once" in told(fake.requests[-1])
    assert told(fake.requests[-1]).endswith("Follow the skill guard-clauses: keep the comments")
    assert line.file.read_text() == line.before
