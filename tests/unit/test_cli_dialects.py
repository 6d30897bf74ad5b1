"""`festina edit` in each dialect."""

import pytest

from festina.commands.base import Exit
from support.command_line import GOOD, CommandLine
from support.fake_dialects import DIALECTS, anthropic_text, responses_text
from support.fake_model import FakeModel
from support.fake_replies import tokens

ASK = ("edit", "calc/core.py:5", "-m", "mind the upper bound")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_edit(line, dialect):
    with FakeModel(GOOD) as fake:
        line.use(fake, f'dialect = "{dialect}"')
        ran = line.run(*ASK, "--json")
        assert ran.code == Exit.DONE
        assert ran.json["calls"][0]["completion_tokens"] == len(tokens(GOOD))
        assert "mind the upper bound" in str(fake.requests[0])
        assert line.file.read_text() == line.before


@pytest.mark.parametrize(
    ("dialect", "reply"),
    [
        ("responses", responses_text(GOOD, status="incomplete")),
        ("anthropic", anthropic_text(GOOD, stop_reason="max_tokens")),
        ("anthropic", anthropic_text(GOOD, stop_reason="refusal")),
    ],
)
def test_a_whole_text_with_a_bad_end_is_no_edit(line, dialect, reply):
    with FakeModel(reply) as fake:
        line.use(fake, f'dialect = "{dialect}"')
        ran = line.run(*ASK, "--apply")
        assert ran.code == Exit.FAILED
        assert line.file.read_text() == line.before
