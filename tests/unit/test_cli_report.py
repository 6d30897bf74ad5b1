"""`festina report` after edits on the command line."""

import pytest

from festina.commands.base import Exit
from festina.memory import Store
from support.command_line import GOOD, UNDEFINED, CommandLine
from support.fake_model import FakeModel

ASK = ("edit", "calc/core.py:5", "-m", "cap it")


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


def test_what_came_of_edits(line):
    ran = line.run("report")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    assert ran.out.startswith("No edit was asked for in this project in the last 30 days")
    with FakeModel(UNDEFINED, GOOD, UNDEFINED) as fake:
        line.use(fake, "prompt_price = 1.0", "completion_price = 2.0", "[repair]", "rounds = 1")
        assert line.run(*ASK, "--apply").code == Exit.DONE
        assert line.run(*ASK).code == Exit.FAILED
    total = line.run("report", "--json").json["total"]
    assert (total["proposals"], total["accepted"], total["rejected"]) == (2, 1, 1)
    assert total["rejected_by"] == {"lint": 1}
    assert total["repair_rounds"] == 2
    assert (total["accepted_lines"], total["accepted_lines_standing"]) == (1, 1)
    assert total["cost"] > 0
    assert total["tokens_per_second"] > 0
    assert "1 (50%): lint 1" in line.run("report").out


def test_a_page_is_written_and_nobody_elses_file_is_lost(line, tmp_path):
    page = tmp_path / "page.html"
    assert line.run("report", "--html", page).code == Exit.DONE
    assert line.run("report", "--html", page).code == Exit.DONE, "one of ours is replaced"
    page.write_text("<p>mine")
    ran = line.run("report", "--html", page)
    assert ran.code == Exit.USAGE
    assert "is there already, and is no report" in ran.err
    assert page.read_text() == "<p>mine"
    ran = line.run("report", "--html", tmp_path / "no" / "page.html")
    assert (ran.code, "There is no folder" in ran.err) == (Exit.USAGE, True)
    assert line.run("report", "--workspace", tmp_path / "nowhere").code == Exit.USAGE


def test_a_memory_that_cannot_be_read_is_told_of(line):
    store = Store(line.project)
    store.file.parent.mkdir(parents=True)
    store.file.write_bytes(b"this is no database, and long enough to be seen as none" * 100)
    store.file.chmod(0o600)
    ran = line.run("report")
    assert (ran.code, ran.out) == (Exit.FAILED, "")
    assert "is damaged" in ran.err
