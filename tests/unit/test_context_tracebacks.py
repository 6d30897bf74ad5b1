"""Tracebacks quote files: of those that are kept from models, only the place is sent."""

import subprocess
import sys

import pytest

from festina.context import Wish, gather
from festina.context.tracebacks import without
from festina.edits import Region
from festina.findings import Finding, Gate
from festina.text import Text
from festina.verify.base import Snapshot

PRIVATE = """\
def hidden(word):
    before = "planted before"
    if word:
        raise ValueError(word)  # planted beside
    return "planted after"
"""
TESTS = """\
from mod import calls


def test_it():
    assert calls("a word") == "shown"
"""
MODULE = "from private import hidden\n\n\ndef calls(word):\n    return hidden(word)  # of mod\n"


@pytest.fixture
def workspace(tmp_path):
    for name, text in (("private", PRIVATE), ("mod", MODULE), ("test_it", TESTS)):
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    return tmp_path


def failing(workspace, *options):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
    assert "planted beside" in done.stdout
    return done.stdout


FORMS = [("--tb=long",), ("--tb=short",), ("--tb=native",), ("--tb=long", "--showlocals")]


@pytest.mark.parametrize("options", FORMS, ids=" ".join)
def test_of_an_ignored_file_only_the_place_is_told(workspace, options):
    said = failing(workspace, *options)
    finding = Finding(Gate.TESTS, "test_it.py", "m", 5, code="test_it.py::test_it", detail=said)
    snapshot = Snapshot(workspace, trusted=True)
    wish = Wish(
        snapshot, "mod.py", Text(MODULE), Region(3, 5), "mend", "python", resolves=(finding,)
    )
    assert gather(wish).told([finding])[0].detail == said
    for keeper in (".aiignore", ".gitignore"):
        (workspace / keeper).write_text("private.py\n")
        gathered = gather(wish)
        (test,) = gathered.context.tests
        (told,) = gathered.told([finding])
        for words in (test.said, told.detail):
            assert "planted" not in words
            assert "private.py" in words, "where it was"
            assert "ValueError: a word" in words, "what went wrong"
            assert "# of mod" in words
            assert 'calls("a word")' in words
        (workspace / keeper).unlink()


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("private.py", False),
        ("{workspace}/private.py", False),
        ("/some/copy/private.py", False),
        ("/some/copy/pkg/gone.py", True),
        ("{workspace}/pkg/gone.py", False),
        ("pkg/gone.py", False),
        ("/usr/lib/python3/shown.py", True),
        ("<string>", True),
        ("", True),
    ],
)
def test_a_copy_of_the_workspace_is_no_way_around(workspace, place, told):
    """The tests may have run elsewhere; and a file may be gone by now."""
    (workspace / ".aiignore").write_text("private.py\n/pkg/\n")
    where = place.format(workspace=workspace)
    said = f'  File "{where}", line 2, in hidden\n    planted()\nValueError: a word\n'
    finding = Finding(Gate.TESTS, "test_it.py", "m", 5, code="test_it.py::test_it", detail=said)
    wish = Wish(
        Snapshot(workspace, trusted=True), "mod.py", Text(MODULE), Region(3, 5), "mend", "python"
    )
    (left,) = gather(wish).told([finding])
    assert ("planted" in left.detail) == told


GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/w/mod.py", line 5, in calls
  |     return shown(word)
  |   File "/w/private.py", line 4, in hidden
  |     raise ExceptionGroup("planted", [])
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  | ExceptionGroup: two (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/w/private.py", line 2, in hidden
    |     planted()
    | ValueError: a word
"""


def test_groups_of_exceptions_are_quoted_deeper():
    left = without(GROUP, lambda path: path.endswith("private.py"))
    assert "planted" not in left
    assert [line for line in GROUP.split("\n") if line not in left.split("\n")] == [
        '  |     raise ExceptionGroup("planted", [])',
        "  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "    |     planted()",
    ]


NODE = """\
/w/private.js:2
    throw new Error("planted");
    ^

Error: a word
    at hidden (/w/private.js:2:11)
"""
RUSTC = """\
error[E0308]: mismatched types
 --> src/lib.rs:3:5
  |
3 |     shown()
  |     ^^^^^^^ expected `u8`
  |
 ::: src/private.rs:1:1
  |
1 | fn planted() -> u8 { 1 }
  | ------------------
"""


@pytest.mark.parametrize("text", [NODE, RUSTC], ids=["node", "rustc"])
def test_what_other_programs_quote_is_left_out(text):
    left = without(text, lambda path: "private" in path)
    assert "planted" not in left
    for words in ("private", "shown()", "Error: a word"):
        assert (words in left) == (words in text)


@pytest.mark.parametrize("text", ["", "\n", "E  x\n", 'File "', "a:1:\n", "words: 1: 2\n"])
def test_what_is_no_traceback_stays_as_it_is(text):
    assert without(text, lambda _: False) == text
