"""``festina skill save``: a skill made of a change, given what was there before."""

import pytest

from festina.commands.base import Exit
from festina.models import embedded
from support import loops
from support.clamp import fenced
from support.command_line import CommandLine
from support.fake_model import FakeModel
from support.trees import hash_tree

SAVE = ("skill", "save", "shop/total.py", "-m", loops.ASK, "--before")
BEFORE = loops.function("total")
AFTER = loops.converted(BEFORE)
SLOW = '[models.slow]\ndialect = "embedded"\nmodel = "smollm2-135m"'


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    made = CommandLine(tmp_path, monkeypatch, capsys)
    made.project = tmp_path / "shop"
    loops.put(made.project, ("total",))
    (made.project / "festina.toml").write_text('verify.gates = ["syntax", "lint"]\n')
    (made.project / "shop" / "total.py").write_text(AFTER)
    (tmp_path / "old.py").write_text(BEFORE)
    made.trust.trust(made.project)
    monkeypatch.chdir(made.project)
    return made


@pytest.fixture
def fake(line):
    with FakeModel(loops.model) as model:
        line.use(model)
        yield model


def test_it_is_written_once_its_replay_has_passed(line, fake, tmp_path):
    before = hash_tree(line.project)
    ran = line.run(*SAVE, tmp_path / "old.py")
    assert ran.code == Exit.DONE
    assert ran.out.startswith("---\nname: loop-over-items\n")
    assert "its replay passed: shop/total.py, total: syntax ok, ruff ok" in ran.err
    assert ran.err.rstrip().endswith(f"written to {loops.FILE}")
    after = hash_tree(line.project)
    assert {name for name in after if name not in before} == {
        *(".agents", ".agents/skills", ".agents/skills/loop-over-items", loops.FILE)
    }
    assert {name: after[name] for name in before} == before
    writing, replay = fake.requests
    assert f"Instruction: {loops.ASK}\nIt passed: syntax, lint\n" in str(
        writing["messages"][1]["content"]
    )
    assert loops.asked_region(replay) == BEFORE
    again = line.run("skill", "run", "loop-over-items", "--places")
    assert again.out == "shop/numbered.py:3 numbered\n"


def test_what_was_before_may_come_on_standard_input_and_the_answer_be_json(line, fake):
    ran = line.run(*SAVE, "-", "--name", "loops", "--json", stdin=BEFORE.encode())
    assert ran.code == Exit.DONE
    data = ran.json
    assert data["written"] is True
    assert data["name"] == "loops"
    assert data["text"] == (line.project / data["path"]).read_text()
    assert data["replays"][0]["passed"] is True
    assert [call["why"] for call in data["calls"]] == ["skill", "write"]


def test_the_change_of_a_definition_is_that_of_its_whole_text(line, fake, tmp_path):
    rest = "\n\nLIMIT = 3\n"
    (line.project / "shop" / "total.py").write_text(f"{AFTER}{rest}")
    ran = line.run(*SAVE, "-", stdin=f"{BEFORE}{rest}".encode())
    assert ran.code == Exit.DONE
    assert loops.asked_region(fake.requests[1]) == BEFORE
    assert "LIMIT" not in str(fake.requests[0])


def test_one_whose_replay_fails_is_not_kept(line, fake):
    def wrong(body):
        if loops.writes_skill(body):
            return loops.SKILL
        return fenced(loops.asked_region(body).replace("result = 0", "result = nothing"))

    fake.script(wrong)
    before = hash_tree(line.project)
    ran = line.run(*SAVE, "-", stdin=BEFORE.encode())
    assert ran.code == Exit.FAILED
    assert (
        "The replay failed. shop/total.py, total: an edit that follows it did not pass" in ran.err
    )
    assert "lint failed: Undefined name `nothing`" in ran.err
    assert hash_tree(line.project) == before
    assert line.run(*SAVE, "-", "--json", stdin=BEFORE.encode()).json["written"] is False


def test_a_change_that_does_not_pass_is_no_example(line, fake):
    (line.project / "shop" / "total.py").write_text(AFTER.replace("= 0", "= nothing"))
    ran = line.run(*SAVE, "-", stdin=BEFORE.encode())
    assert ran.code == Exit.FAILED
    assert "The change does not pass, so it is no example: lint failed" in ran.err
    assert fake.requests == []


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (["-"], AFTER, "reads as before, so there is nothing"),
        (["nowhere.py"], "", "There is no file nowhere.py"),
        (["-", "--replace"], BEFORE, "Name the skill that is to be replaced: --name"),
        (["-", "--name", "A"], BEFORE, "'A' is none."),
    ],
)
def test_mistakes_are_told_before_anything_is_asked(line, fake, words, stdin, said):
    ran = line.run(*SAVE, *words, stdin=stdin.encode())
    assert ran.code == Exit.USAGE
    assert said in ran.err
    assert fake.requests == []


@pytest.mark.parametrize(
    ("config", "words", "said"),
    [
        (SLOW, (), "The embedded model is too small to write a skill. Set models.slow to a larger"),
        ("", ("--model", "embedded"), "The model that would follow the skill is an embedded one"),
    ],
)
def test_embedded_models_neither_write_nor_follow_one_and_are_not_started(
    line, fake, config, words, said
):
    async def start(*_):
        pytest.fail("it takes seconds to start, and minutes to come to nothing")

    line.monkeypatch.setattr(embedded, "start", start)
    line.use(fake, config)
    ran = line.run(*SAVE, "-", *words, stdin=BEFORE.encode())
    assert ran.code == Exit.USAGE
    assert said in ran.err
    assert fake.requests == []


def test_not_into_a_workspace_that_is_not_trusted_nor_over_another(line, fake):
    file = line.project / loops.FILE
    file.parent.mkdir(parents=True)
    file.write_text(loops.SKILL)
    named = (*SAVE, "-", "--name", "loop-over-items")
    ran = line.run(*named, stdin=BEFORE.encode())
    assert ran.code == Exit.USAGE
    assert "There is a skill loop-over-items already" in ran.err
    assert line.run(*named, "--replace", stdin=BEFORE.encode()).code == Exit.DONE
    assert file.read_text() != loops.SKILL
    line.trust.untrust(line.project)
    ran = line.run(*SAVE, "-", stdin=BEFORE.encode())
    assert ran.code == Exit.USAGE
    assert "The workspace is not trusted" in ran.err
    assert len(fake.requests) == 2
