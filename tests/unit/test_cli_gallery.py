"""``festina gallery --export`` and ``festina edit --gallery``: a page that stands by itself."""

import json
import re

import pytest

from festina.commands.base import Exit
from festina.gallery import page
from festina.gallery.cards import Board
from support.command_line import GOOD, UNDEFINED, CommandLine
from support.fake_model import FakeModel

ASK = ("edit", "calc/core.py:5", "-m", "mind the upper bound", "-n", "3")
LONGER = GOOD.replace(
    "return min(value, high)", "if value > high:\n        return high\n    return value"
)


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fake(line):
    with FakeModel(UNDEFINED, LONGER, GOOD) as model:
        line.use(model)
        yield model


def held(file) -> dict:
    """The data in a page."""
    found = re.search(r'id="data">(.*?)</script>', file.read_text(), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def check(board) -> None:
    assert board["head"]["path"] == "calc/core.py"
    assert board["head"]["name"] == "clamp"
    assert board["head"]["instruction"] == "mind the upper bound"
    assert [card["status"] for card in board["cards"]] == ["passed", "passed", "failed"]
    best, longer, undefined = board["cards"]
    assert (best["text"], longer["text"]) == (GOOD, LONGER)
    assert best["why"].endswith("by complexity: +0, not +1")
    assert [row[1] for row in best["rows"]] == [4, 5, 6, 7]
    assert undefined["findings"][0]["place"] == "calc/core.py:7"


def test_what_edit_prints_becomes_a_page(line, fake, tmp_path):
    ran = line.run(*ASK, "--json")
    assert ran.code == Exit.DONE
    page_file = tmp_path / "page.html"
    ran = line.run("gallery", "--export", page_file, stdin=ran.out.encode())
    assert (ran.code, ran.out) == (Exit.DONE, f"{page_file} shows 3 candidates.\n")
    check(held(page_file))


def test_edit_writes_the_page_itself_and_no_file_of_the_project(line, fake, tmp_path):
    file = tmp_path / "page.html"
    ran = line.run(*ASK, "--gallery", str(file))
    assert ran.code == Exit.DONE
    assert f"all candidates are on the page {file}" in ran.err
    check(held(file))
    assert line.file.read_text() == line.before
    fake.script(UNDEFINED, LONGER, GOOD)
    again = line.run(*ASK, "--gallery", str(file), "--json")
    assert again.code == Exit.DONE, "a page takes the place of a page"
    check(held(file))


def test_a_file_that_is_no_page_is_not_replaced_and_nothing_is_asked(line, fake, tmp_path):
    for command in ((*ASK, "--gallery"), ("gallery", "--export")):
        ran = line.run(*command, "calc/core.py")
        assert ran.code == Exit.USAGE
        assert "is there already, and is no gallery" in ran.err
        ran = line.run(*command, str(tmp_path / "nowhere" / "page.html"))
        assert "There is no folder" in ran.err
    assert fake.requests == []
    assert line.file.read_text() == line.before


def test_where_there_are_no_candidates_no_page_is_wanted(line, fake):
    ran = line.run(*ASK, "--show-prompt", "--gallery", "x.html")
    assert (ran.code, "leave --gallery out" in ran.err) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "is empty"),
        ("{", "is no JSON"),
        ("[]", "is not what `festina edit ... --json` prints"),
        ('{"status": "passed"}', "or of another version"),
        ('{"status": "passed", "candidates": [{"index": 0, "status": "odd"}]}', "another version"),
    ],
)
def test_what_is_no_result_is_told_so(line, tmp_path, given, said):
    (tmp_path / "result.json").write_text(given)
    page_file = tmp_path / "page.html"
    ran = line.run("gallery", str(tmp_path / "result.json"), "--export", str(page_file))
    assert ran.code == Exit.USAGE
    assert said in ran.err
    assert not page_file.exists()


def test_a_missing_result_is_told_so(line, tmp_path):
    ran = line.run("gallery", "none.json", "--export", str(tmp_path / "page.html"))
    assert (ran.code, "none.json cannot be read" in ran.err) == (Exit.USAGE, True)


def test_the_mark_of_a_page_is_in_it():
    assert page.MARK in page.export(Board({"ranked": []}, {}))
