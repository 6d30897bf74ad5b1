"""Bounds that a person sets for every edit (`edits.*`): refused at once, or told and rejected."""

import pytest

from festina.commands.base import Exit
from support.command_line import GOOD, CommandLine
from support.fake_model import FakeModel

ASK = ("edit", "calc/core.py:4-11", "-m", "cap it")
DOUBLE = "\n\ndef double(value):\n    return value * 2\n"
BOTH = GOOD + DOUBLE.replace("value * 2", "2 * value")
ONE = GOOD + DOUBLE


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


def bound(line, *settings):
    file = line.project / "festina.toml"
    file.write_text("\n".join([file.read_text(), "[edits]", *settings, ""]))


@pytest.mark.parametrize("item", ["calc/", "core.py", "calc/*.py"])
def test_a_file_that_is_to_be_left_alone_is_no_target(line, item):
    bound(line, f'leave_alone = ["{item}"]')
    with FakeModel(GOOD) as fake:
        line.use(fake)
        ran = line.run(*ASK)
        assert fake.requests == []
    assert ran.code == Exit.USAGE
    assert f"Your settings say to leave `{item}` alone (edits.leave_alone)" in ran.err


def test_a_name_that_is_to_be_left_alone_is_told_and_not_touched(line):
    bound(line, 'leave_alone = ["double"]')
    with FakeModel(BOTH, ONE) as fake:
        line.use(fake)
        ran = line.run(*ASK, "--apply")
        first, second = (body["messages"][-1]["content"] for body in fake.requests)
    assert ran.code == Exit.DONE
    assert "Leave `double` alone." in first
    assert "It touches `double` in calc/core.py, and edits.leave_alone says to leave" in second
    assert "return 2 * value" not in line.file.read_text()
    assert "min(value, high)" in line.file.read_text()


def test_an_edit_is_as_large_as_allowed_and_no_larger(line):
    bound(line, "at_most = 2")
    with FakeModel(BOTH) as fake:
        line.use(fake, "[repair]", "rounds = 0", "candidates = 1")
        ran = line.run(*ASK, "--apply")
        assert "Change at most 2 lines" in str(fake.requests[0])
    assert ran.code == Exit.FAILED
    assert (
        "The diff has 4 lines, and edits.at_most allows at most 2, removed and added ones"
        in ran.out
    )
    assert line.file.read_text() == line.before
    with FakeModel(ONE) as fake:
        line.use(fake)
        assert line.run(*ASK, "--apply").code == Exit.DONE
    assert line.run("report", "--json").json["total"]["rejected_by"] == {"bounds": 1}


def test_a_text_from_elsewhere_is_held_to_them_as_well(line, tmp_path):
    bound(line, 'leave_alone = ["double"]')
    other = tmp_path / "core.py"
    other.write_text(line.before.replace("value * 2", "2 * value"))
    ran = line.run("verify", "calc/core.py", "--candidate", other)
    assert ran.code == Exit.FAILED
    assert "It touches `double`" in ran.out


def test_without_bounds_a_model_is_told_of_none(line):
    with FakeModel(ONE) as fake:
        line.use(fake)
        assert line.run(*ASK).code == Exit.DONE
        assert "alone" not in str(fake.requests[0]["messages"][-1])
