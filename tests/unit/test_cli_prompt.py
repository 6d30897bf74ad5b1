"""``festina edit --show-prompt``: what would be sent is printed, and nothing is sent."""

import pytest

from festina.commands.base import Exit
from support.command_line import GOOD, CommandLine
from support.fake_model import FakeModel
from support.fake_replies import document
from support.secret_samples import FORMS

TOKEN = FORMS["a GitHub token"]
ASK = ("edit", "calc/core.py:5", "-m", "mind the upper bound")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fake(line):
    with FakeModel(GOOD) as model:
        line.use(model)
        yield model


def test_what_is_printed_is_what_is_sent(line, fake):
    line.file.write_text(f'KEY = "{TOKEN}"\n' + line.before)
    printed = line.run("edit", "calc/core.py:6", "-m", "mind the upper bound", "--show-prompt")
    assert printed.code == Exit.DONE
    assert fake.requests == []
    assert TOKEN not in printed.out
    line.run("edit", "calc/core.py:6", "-m", "mind the upper bound")
    for message in fake.requests[0]["messages"]:
        assert f"===== {message['role']} =====\n{message['content']}\n" in printed.out


def test_of_a_server_with_little_room_no_more_is_printed_than_is_sent_there(line, fake):
    line.file.write_text(
        "".join(f"def helper_{n}(value):\n    return value * {n}\n\n\n" for n in range(150))
        + line.before
    )
    ask = ("edit", "calc/core.py:605", "-m", "mind the upper bound")
    roomy = line.run(*ask, "--show-prompt").out
    fake.props_reply = document({"default_generation_settings": {"n_ctx": 1500}})
    printed = line.run(*ask, "--show-prompt").out
    assert len(printed) < len(roomy) - 500
    line.run(*ask)
    assert all(message["content"] in printed for message in fake.requests[0]["messages"])


def test_the_small_model_s_prompt_is_the_small_one(line, fake):
    printed = line.run(*ASK, "--model", "embedded", "--show-prompt")
    assert printed.out.count("===== assistant =====") == 1
    assert printed.out.startswith("To: the embedded model")


def test_a_file_that_is_kept_from_models_is_refused_before_anything_starts(line, fake):
    (line.file.parents[1] / ".aiexclude").write_text("core.py\n")
    for more in ((), ("--show-prompt",), ("--json",)):
        ran = line.run(*ASK, *more)
        assert ran.code == Exit.USAGE
        assert "calc/core.py is kept from language models by .aiexclude" in ran.err
    assert fake.heads == []


def test_a_secret_in_the_instruction_is_refused(line, fake):
    ran = line.run("edit", "calc/core.py:5", "-m", f"use {TOKEN}")
    assert ran.code == Exit.USAGE
    assert "The instruction holds what looks like a GitHub token" in ran.err
    assert TOKEN not in ran.out + ran.err
    assert fake.requests == []
