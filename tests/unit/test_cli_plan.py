"""`festina plan`: what is sent, what is taken for a plan, and when `plan.md` is written."""

import json

import pytest

from festina import planner, plans
from festina.commands.base import Exit
from festina.models import embedded
from support import fake_replies
from support.command_line import CommandLine
from support.fake_model import FakeModel
from support.secret_samples import FORMS
from support.trees import hash_tree

GOAL = "mind the upper bound of clamp"
STEPS = """\
- [ ] Return at most `high` from `clamp`.
  - where: `calc/core.py`, `clamp`
  - must pass: lint, tests, `tests/test_core.py::test_clamp`
  - at most: 4 lines
  - leave alone: `tests/**`, `double`
- [ ] Say in its docstring that both bounds count.
  - where: `calc/core.py`, lines 4-7
  - at most: 3 lines
"""
PLAN = f"# Plan: {GOAL}\n\n{STEPS}"


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fake(line):
    """A slow model beside a fast one, which is not to be asked."""
    with FakeModel(STEPS, models=("fake-coder", "thinker")) as model:
        line.use(model)
        with line.config.open("a") as config:
            config.write(f'[models.slow]\nbase_url = "{model.base_url}"\nmodel = "thinker"\n')
        yield model


def asked(fake, number=0):
    return fake.requests[number]["messages"]


def test_the_slow_model_is_asked_and_the_plan_is_shown_and_written(line, fake):
    before = hash_tree(line.project)
    ran = line.run("plan", GOAL)
    assert ran.code == Exit.DONE
    assert ran.out == PLAN
    assert "slow model thinker wrote a plan (100 + " in ran.err
    assert f"2 steps written to {line.project / 'plan.md'}" in ran.err
    file = line.project / "plan.md"
    assert file.read_text() == PLAN
    assert plans.read(PLAN).steps[0].untouched == ("tests/**", "double")
    file.unlink()
    assert hash_tree(line.project) == before, "nothing else was touched"
    assert [body["model"] for body in fake.requests] == ["thinker"]
    assert fake.requests[0]["max_tokens"] == planner.MAX_TOKENS


def test_what_is_sent_is_the_goal_the_conventions_and_names(line, fake):
    (line.project / "AGENTS.md").write_text("Write short functions.\n")
    (line.project / ".gitignore").write_text("hidden.py\n")
    (line.project / "hidden.py").write_text("def hidden(): ...\n")
    (line.project / ".aiexclude").write_text("kept.py\n")
    (line.project / "kept.py").write_text("def kept(): ...\n")
    (line.project / ".env").write_text("A=1\n")
    (line.project / "link.py").symlink_to("/etc/hosts")
    line.run("plan", GOAL)
    said = asked(fake)[1]["content"]
    assert "Conventions of the project, from AGENTS.md:\n```\nWrite short functions.\n" in said
    assert "calc/core.py: clamp, double\n" in said
    assert "tests/test_core.py: test_clamp\n" in said
    assert said.endswith(f"Goal: {GOAL}")
    for word in ("hidden", "kept", ".env", "link.py", "return value"):
        assert word not in said


def test_conventions_of_a_workspace_that_is_not_trusted_are_not_sent(line, fake):
    (line.project / "AGENTS.md").write_text("Write short functions.\n")
    line.trust.untrust(line.project)
    assert line.run("plan", GOAL).code == Exit.DONE
    assert "short functions" not in asked(fake)[1]["content"]


def test_a_program_gets_json(line, fake):
    ran = line.run("plan", GOAL, "--json")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    assert ran.json["written"] is True
    assert ran.json["text"] == PLAN == (line.project / "plan.md").read_text()
    assert ran.json["steps"][0] == {
        "instruction": "Return at most `high` from `clamp`.",
        "places": [{"path": "calc/core.py", "name": "clamp"}],
        "gates": ["lint", "tests"],
        "tests": ["tests/test_core.py::test_clamp"],
        "most_lines": 4,
        "untouched": ["tests/**", "double"],
        "done": False,
    }
    assert ran.json["steps"][1]["places"] == [{"path": "calc/core.py", "start": 4, "end": 7}]
    assert [call["why"] for call in ran.json["calls"]] == ["plan"]


def test_what_would_be_sent_is_printed_and_nothing_is_sent(line, fake):
    printed = line.run("plan", GOAL, "--show-prompt")
    assert printed.code == Exit.DONE
    assert fake.requests == []
    assert not (line.project / "plan.md").exists()
    line.run("plan", GOAL)
    for message in asked(fake):
        assert f"===== {message['role']} =====\n{message['content']}\n" in printed.out
    again = line.run("plan", "another goal", "--show-prompt")
    assert again.code == Exit.DONE
    assert (line.project / "plan.md").read_text() == PLAN


def test_a_plan_that_was_begun_and_is_empty_is_no_plan(line, fake):
    (line.project / "plan.md").touch()
    assert line.run("plan", GOAL).code == Exit.DONE
    assert (line.project / "plan.md").read_text() == PLAN


def test_a_plan_that_is_there_is_replaced_only_if_that_was_asked_for(line, fake):
    file = line.project / "plan.md"
    file.write_text("mine\n")
    file.chmod(0o640)
    ran = line.run("plan", GOAL)
    assert ran.code == Exit.USAGE
    assert "plan.md is there already, and nothing was sent." in ran.err
    assert fake.heads == []
    assert file.read_text() == "mine\n"
    assert line.run("plan", GOAL, "--force").code == Exit.DONE
    assert file.read_text() == PLAN
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("force", [False, True])
def test_a_plan_that_somebody_wrote_meanwhile_stays(line, fake, force):
    file = line.project / "plan.md"
    if force:
        file.write_text("older\n")

    def answer(body):
        file.write_text("mine\n")
        return STEPS

    fake.script(answer)
    ran = line.run("plan", GOAL, *(["--force"] if force else []))
    assert ran.code == Exit.FAILED
    assert "nothing was written" in ran.err
    assert file.read_text() == "mine\n"


@pytest.mark.parametrize("which", ["folder", "file"])
def test_what_cannot_be_written_is_told_before_anything_is_asked(line, fake, which):
    file = line.project / "plan.md"
    if which == "file":
        file.write_text("mine\n")
    closed = file if which == "file" else line.project
    closed.chmod(0o444 if which == "file" else 0o555)
    ran = line.run("plan", GOAL, *(["--force"] if which == "file" else []))
    closed.chmod(0o755)
    assert ran.code == Exit.USAGE
    assert "is read-only" in ran.err
    assert "--diff" not in ran.err
    assert fake.heads == []


def test_a_folder_that_is_closed_meanwhile_has_no_empty_plan(line, fake):
    def answer(body):
        line.project.chmod(0o555)
        return STEPS

    fake.script(answer)
    ran = line.run("plan", GOAL)
    line.project.chmod(0o755)
    assert ran.code != Exit.DONE
    assert not (line.project / "plan.md").exists()


def test_a_link_that_leads_nowhere_is_not_written_through(line, fake):
    (line.project / "plan.md").symlink_to("elsewhere.md")
    assert line.run("plan", GOAL).code == Exit.USAGE
    assert line.run("plan", GOAL, "--force").code == Exit.USAGE
    assert not (line.project / "elsewhere.md").exists()


WRONG = {
    "no step": ("I would begin with the tests.", "There is no step in it"),
    "damaged": (STEPS.replace("4 lines", "few"), "Line 4: `at most` needs a number of lines"),
    "file": (
        STEPS.replace("`calc/core.py`, `clamp`", "`calc/cap.py`"),
        "Step 1: There is no file calc/cap.py",
    ),
    "outside": (STEPS.replace("calc/core.py`, l", "../core.py`, l"), "is outside of the project"),
    "secret": (STEPS.replace("`calc/core.py`, `clamp`", "`.env`"), "There is no file .env that"),
    "name": (
        STEPS.replace("`clamp`\n", "`clam`\n"),
        "calc/core.py defines no `clam`; it has `clamp`.",
    ),
    "lines": (STEPS.replace("4-7", "4-70"), "Step 2: calc/core.py has 11 lines, so there are no"),
    "test": (
        STEPS.replace("::test_clamp", "::test_cap"),
        "tests/test_core.py defines no `test_cap`",
    ),
    "test file": (
        STEPS.replace("test_core.py::", "test_cap.py::"),
        "There is no file tests/test_cap.py",
    ),
    "gate": (
        STEPS.replace("lint,", "lnt,"),
        "There is no gate `lnt`; there are syntax, lint, format, types, tests, command, browser.",
    ),
    "no bound": (STEPS.replace("  - at most: 3 lines\n", ""), "Step 2: It does not say how large"),
    "no place": (
        STEPS.replace("  - where: `calc/core.py`, lines 4-7\n", ""),
        "Step 2: It does not say where",
    ),
    "large": (STEPS.replace("4 lines", "900 lines"), "It allows 900 lines, and 200 are the most"),
    "many": (STEPS * 16, "It has 32 steps, and at most 30 can be followed."),
    "long": (STEPS.replace("Return", "Return " + "x " * 900), "longer than 1500 characters"),
    "contradiction": (STEPS.replace("`tests/**`", "`calc/**`"), "and to leave `calc/**` alone"),
    "contradicting name": (
        STEPS.replace("`double`", "`clamp`"),
        "It is to change `clamp`, and to leave it alone.",
    ),
    "review": (STEPS.replace("lint,", "review,"), "There is no gate `review`"),
    "conventions": (
        STEPS.replace("`calc/core.py`, `clamp`", "`calc/AGENTS.md`"),
        "calc/AGENTS.md is not changed by",
    ),
    "memory": (
        STEPS.replace("`calc/core.py`, `clamp`", "`verify.md`"),
        "verify.md is not changed by",
    ),
    "placeholder": (STEPS.replace("high", "FESTINA-SECRET-1"), "the placeholder of a secret"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_plan_that_cannot_be_followed_is_sent_back_once_with_the_reasons(line, fake, kind):
    wrong, told = WRONG[kind]
    (line.project / ".env").write_text("A=1\n")
    (line.project / "verify.md").write_text("x\n")
    fake.script(wrong, STEPS)
    ran = line.run("plan", GOAL, "--json")
    assert ran.code == Exit.DONE
    assert (line.project / "plan.md").read_text() == PLAN
    assert len(ran.json["calls"]) == 2
    assert asked(fake, 1)[:2] == asked(fake, 0)
    assert asked(fake, 1)[2] == {"role": "assistant", "content": wrong}
    assert told in asked(fake, 1)[3]["content"]


def test_after_the_second_wrong_plan_there_is_none(line, fake):
    before = hash_tree(line.project)
    fake.script(WRONG["name"][0])
    ran = line.run("plan", GOAL)
    assert (ran.code, ran.out) == (Exit.FAILED, "")
    assert "cannot be followed, also not when it was asked again. No plan was written.\n" in ran.err
    assert "  Step 1: calc/core.py defines no `clam`; it has `clamp`.\n" in ran.err
    assert ran.err.count("slow model thinker wrote a plan") == 2
    ran = line.run("plan", GOAL, "--json")
    assert ran.code == Exit.FAILED
    assert ran.json["written"] is False
    assert ran.json["reasons"] == ["Step 1: calc/core.py defines no `clam`; it has `clamp`."]
    assert len(ran.json["calls"]) == 2
    assert len(fake.requests) == 4
    assert hash_tree(line.project) == before


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (fake_replies.text(STEPS, finish="length"), Exit.FAILED),
        (fake_replies.text(STEPS, finish=None, done=False), Exit.FAILED),
        (fake_replies.text(STEPS * 2_000), Exit.FAILED),
        (fake_replies.status(401), Exit.USAGE),
    ],
    ids=["broken off", "no end", "oversized", "key"],
)
def test_an_answer_without_a_good_end_is_no_plan(line, fake, reply, code):
    before = hash_tree(line.project)
    fake.script(reply)
    for more in ((), ("--json",)):
        ran = line.run("plan", GOAL, *more)
        assert (ran.code, ran.out) == (code, "")
        assert "No plan was written." in ran.err
    assert hash_tree(line.project) == before


@pytest.mark.parametrize(
    "answer",
    [
        f"```markdown\n{STEPS}```\n",
        f"Here is the plan:\n\n```\n{STEPS}```\nGood luck!",
        f"# The plan\n\n{STEPS}\nThat is all.\n",
        STEPS.replace("- [ ]", "* [x]").replace("\n", "\r\n"),
        STEPS.replace("from", "\x1b[31mfrom\x1b[0m"),
        STEPS.replace("Return", "<img src='https://e.example/x'>Return").replace(
            "from", "[from](command:x)"
        ),
    ],
    ids=["fence", "talk", "headings", "other bullets", "escapes", "links"],
)
def test_of_what_a_model_says_only_steps_in_plain_words_are_written(line, fake, answer):
    fake.script(answer)
    ran = line.run("plan", GOAL)
    assert ran.code == Exit.DONE
    assert (line.project / "plan.md").read_text() == PLAN
    assert len(fake.requests) == 1


def test_commands_that_are_configured_are_gates(line, fake):
    with (line.project / "festina.toml").open("a") as settings:
        settings.write('verify.commands = [{ name = "eslint", run = ["eslint", "{file}"] }]\n')
    fake.script(STEPS.replace("lint,", "eslint,"))
    assert line.run("plan", GOAL).code == Exit.DONE
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "  "), "Say what is to be reached"),
        (("plan", "word " * 500), "The goal is longer than 2,000 characters."),
        (("plan",), 'Say what is to be reached: festina plan "GOAL"; or run a plan: --run.'),
        (("plan", GOAL, "--workspace", "none"), "The workspace none is not a folder."),
        (("plan", f"use {FORMS['a GitHub token']}"), "The goal holds what looks like a GitHub"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_asked(line, fake, words, told):
    ran = line.run(*words)
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert told in ran.err
    assert fake.requests == []
    assert not (line.project / "plan.md").exists()


def test_a_home_folder_is_no_project(line, fake, monkeypatch):
    monkeypatch.chdir(line.config.parents[2] / "home")
    ran = line.run("plan", GOAL)
    assert (ran.code, fake.heads) == (Exit.USAGE, [])
    assert "is no project" in ran.err


def test_a_goal_loses_what_a_terminal_would_obey(line, fake):
    assert line.run("plan", f"\x1b[31m{GOAL}\udcff\n").code == Exit.DONE
    assert (line.project / "plan.md").read_text() == PLAN


def test_without_a_slow_model_the_fast_one_plans_and_another_can_be_named(line, fake):
    line.use(fake)
    ran = line.run("plan", GOAL)
    assert ran.code == Exit.DONE
    assert "fast model fake-coder wrote a plan" in ran.err


def test_what_a_plan_costs_is_counted_and_capped(line, fake):
    with line.config.open("a") as config:
        config.write("[limits]\ntokens_per_proposal = 9000\n")
    fake.script(WRONG["many"][0], STEPS)
    ran = line.run("plan", GOAL)
    assert ran.code == Exit.FAILED
    assert len(fake.requests) == 1, "both requests together would pass the limit"
    assert "tokens_per_proposal" in ran.err
    assert not (line.project / "plan.md").exists()
    shown = json.loads(line.run("stats", "--json").out)
    assert shown["total"]["requests"] == 1


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ('leave_alone = ["core.py"]', "calc/core.py, clamp is not to be changed: the person want"),
        ('leave_alone = ["clamp"]', "Step 1: calc/core.py, clamp is not to be changed: the perso"),
        ("at_most = 3", "Step 1: It allows 4 lines, and 3 are the most; split it."),
    ],
)
def test_a_plan_keeps_to_the_persons_own_bounds(line, fake, bounds, told):
    with (line.project / "festina.toml").open("a") as settings:
        settings.write(f"edits.{bounds}\n")
    ran = line.run("plan", GOAL)
    assert ran.code == Exit.FAILED
    first, second = fake.requests
    assert "What holds for each step: " in first["messages"][1]["content"]
    assert told in second["messages"][3]["content"]
    assert not (line.project / "plan.md").exists()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('[models.fast]\ndialect = "embedded"\n', ()),
        ('[models.slow]\ndialect = "embedded"\nmodel = "smollm2-135m"\n', ()),
        ("", ("--model", "embedded:smollm2-135m")),
    ],
)
def test_an_embedded_model_does_not_plan_and_is_not_even_started(line, config, words):
    async def start(*_):
        pytest.fail("it takes seconds to start, and minutes to come to nothing")

    line.monkeypatch.setattr(embedded, "start", start)
    line.config.parent.mkdir()
    line.config.write_text(config)
    ran = line.run("plan", GOAL, *words)
    assert ran.code == Exit.USAGE
    told = "The embedded model is too small to plan. Set models.slow to a larger one in your con"
    assert told in ran.err
    assert ran.err.count("too small") == 1
    assert not (line.project / "plan.md").exists()


def test_secrets_in_conventions_are_replaced(line, fake):
    token = FORMS["a GitHub token"]
    (line.project / "AGENTS.md").write_text(f"The key is {token}.\n")
    line.run("plan", GOAL)
    assert token not in json.dumps(fake.requests)
    assert "FESTINA-SECRET-1" in asked(fake)[1]["content"]
