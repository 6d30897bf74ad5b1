"""`festina ask`: an answer on a terminal, in a pipe and as JSON; no file is touched."""

import io

import pytest

from festina.commands.answering import Blocks
from festina.commands.base import Exit
from festina.terminal import Terminal
from support import fake_replies
from support.command_line import CommandLine
from support.fake_model import FakeModel
from support.reading import is_harmless
from support.trees import hash_tree

ANSWER = (
    "It **clamps** a value, see [docs](https://e.example).\n\n"
    "```python\nclamp(5, 0, 3)  # 5: the upper bound is ignored\n```\n\n"
    "- \x1b[31mlow\x1b[0m counts\n- <b>high</b> does not\n"
)
CLEAN = (
    "It **clamps** a value, see docs.\n\n"
    "```python\nclamp(5, 0, 3)  # 5: the upper bound is ignored\n```\n\n"
    "- low counts\n- high does not\n\n"
)
ASK = ("ask", "calc/core.py:5", "-m", "What of the upper bound?")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fake(line):
    with FakeModel(ANSWER) as model:
        line.use(model)
        yield model


def test_an_answer_is_printed_as_safe_markdown_and_no_file_is_touched(line, fake):
    before = hash_tree(line.project)
    ran = line.run(*ASK)
    assert ran.code == Exit.DONE
    assert ran.out == CLEAN
    assert "calc/core.py:4-7  clamp · fast model fake-coder answered the question" in ran.err
    asked = fake.requests[0]["messages"][-1]["content"]
    assert "def clamp(value, low, high):" in asked
    assert "Question: What of the upper bound?" in asked
    assert "def double" in asked, "what stands around is shown as well"
    assert hash_tree(line.project) == before


def test_a_program_gets_json(line, fake):
    ran = line.run(*ASK, "--json")
    assert ran.code == Exit.DONE
    assert ran.err == ""
    assert ran.json["path"] == "calc/core.py"
    assert ran.json["region"] == {"start": 4, "end": 7}
    assert ran.json["answer"] == CLEAN.rstrip()
    assert ran.json["call"]["why"] == "ask"
    assert ran.json["call"]["completion_tokens"] > 0


def test_the_slow_model_answers_where_there_is_one(line, fake):
    fake.models = ("fake-coder", "thinker")
    with line.config.open("a") as config:
        config.write(f'[models.slow]\nbase_url = "{fake.base_url}"\nmodel = "thinker"\n')
    assert line.run(*ASK).code == Exit.DONE
    assert line.run(*ASK, "--model", "fast").code == Exit.DONE
    assert [body["model"] for body in fake.requests] == ["thinker", "fake-coder"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("ask", "calc/core.py:5"), Exit.USAGE, "Say what you want to know: -m QUESTION."),
        (("ask", "calc/none.py", "-m", "?"), Exit.USAGE, "There is no file"),
        (("ask", "calc/core.py:99", "-m", "?"), Exit.USAGE, "there is no line 99"),
        (("ask", "calc/core.py:1", "-m", "?"), Exit.USAGE, "in no function or class"),
    ],
)
def test_a_mistake_is_told_before_anything_is_asked(line, fake, words, code, told):
    ran = line.run(*words)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert fake.requests == []


@pytest.mark.parametrize(
    ("reply", "code"), [(fake_replies.status(401), Exit.USAGE), (" \n", Exit.FAILED)]
)
def test_no_answer_is_told_with_its_exit_code(line, fake, reply, code):
    fake.script(reply)
    ran = line.run(*ASK)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("festina: ")


def test_what_broke_off_is_no_answer(line, fake):
    fake.script(fake_replies.text(ANSWER, finish="length"))
    ran = line.run(*ASK)
    assert ran.code == Exit.FAILED
    assert "festina: " in ran.err


@pytest.mark.parametrize("step", [1, 3, 17, 1000])
def test_however_it_streams_the_same_is_printed(step):
    out = io.StringIO()
    blocks = Blocks(Terminal(out, io.StringIO()))
    for end in range(0, len(ANSWER) + step, step):
        blocks.take(ANSWER[:end])
        assert is_harmless(out.getvalue())
    blocks.finish(ANSWER)
    assert out.getvalue() == CLEAN


def test_a_block_is_printed_as_soon_as_the_next_one_begins():
    out = io.StringIO()
    blocks = Blocks(Terminal(out, io.StringIO()))
    blocks.take("One.\n\nTwo")
    assert out.getvalue() == "One.\n\n"
