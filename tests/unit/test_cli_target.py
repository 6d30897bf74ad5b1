import pytest

from festina.commands.base import Stop
from festina.commands.target import Lines, check_size, read, region_of, split
from festina.edits import Region
from festina.text import Text

CODE = "import os\n\n\n@cached\ndef f():\n    return 1\n\n\nx = 1\n"


@pytest.fixture
def project(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.py").write_text(CODE)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "file", "lines"),
    [
        ("a.py", "a.py", Lines()),
        ("a.py:3", "a.py", Lines(3)),
        ("a.py:3-7", "a.py", Lines(3, 7)),
        ("a.py:3-3", "a.py", Lines(3, 3)),
        ("dir:2/a.py:3", "dir:2/a.py", Lines(3)),
        ("a.py:", "a.py:", Lines()),
        ("a.py:x", "a.py:x", Lines()),
        ("C:\\a.py:4", "C:\\a.py", Lines(4)),
        ("a.py:3:14", "a.py", Lines(3)),
    ],
)
def test_a_target_is_taken_apart(given, file, lines):
    path, found = split(given)
    assert (str(path), found) == (file, lines)


def test_a_file_of_exactly_that_name_comes_first(project, monkeypatch):
    monkeypatch.chdir(project)
    (project / "a.py:3").touch()
    assert split("a.py:3")[1] == Lines()


@pytest.mark.parametrize("lines", ["", "f", "3-", "-3", "3,7", "3-7-9"])
def test_lines_that_are_none_are_told(project, monkeypatch, lines):
    monkeypatch.chdir(project)
    with pytest.raises(Stop, match=r"names no lines of a\.py\. Write a\.py:START-END"):
        split(f"a.py:{lines}")


@pytest.mark.parametrize("given", ["a.py:0", "a.py:0-3", "a.py:7-3"])
def test_lines_that_cannot_be_are_told(given):
    with pytest.raises(Stop, match=r"count from 1|ends before it starts"):
        split(given)


@pytest.mark.parametrize(
    ("lines", "region", "name"),
    [
        (Lines(), Region(0, 9), ""),
        (Lines(2, 3), Region(1, 3), ""),
        (Lines(9, 99), Region(8, 9), ""),
        (Lines(4), Region(3, 6), "f"),
        (Lines(6), Region(3, 6), "f"),
    ],
)
def test_lines_become_a_region(project, lines, region, name):
    assert region_of(read(project / "a.py"), lines) == (region, name)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (Lines(10), "has 9 lines, so there is no line 10"),
        (Lines(9), "Line 9 of a.py is in no function or class. Name the lines themselves"),
    ],
)
def test_lines_that_are_not_there_are_told(project, lines, words):
    with pytest.raises(Stop, match=words):
        region_of(read(project / "a.py"), lines)


def test_an_empty_file_has_nothing_to_edit(project):
    (project / "a.py").write_text("")
    with pytest.raises(Stop, match="is empty"):
        region_of(read(project / "a.py"), Lines())


def test_five_thousand_lines_are_too_many(project):
    target = read(project / "a.py").with_text(Text("x = 1\n" * 5000))
    with pytest.raises(Stop, match=r"5000 lines are selected, .* at most 2000"):
        check_size(target, Region(0, 5000))
    check_size(target, Region(0, 2000))


def test_few_lines_that_hold_too_much_are_too_many(project):
    target = read(project / "a.py").with_text(Text(f"x = '{'y' * 300_000}'\nz = 1\n"))
    with pytest.raises(Stop, match=r"hold 300,013 characters, .* at most 200,000 at once"):
        check_size(target, Region(0, 2))
    check_size(target, Region(1, 2))


def test_a_file_is_read_as_it_is_and_belongs_to_its_workspace(project):
    (project / "pkg").mkdir()
    (project / "pkg" / "b.py").write_bytes("\ufeffx = 'ü'\r\n".encode())
    target = read(project / "pkg" / "b.py")
    assert target.text.content == "\ufeffx = 'ü'\r\n"
    assert (target.workspace, target.relative, target.language) == (project, "pkg/b.py", "python")


def test_a_linked_folder_is_taken_for_what_it_is_but_a_linked_file_keeps_its_name(project):
    outside = project.parent / "link"
    outside.symlink_to(project)
    (project / "l.py").symlink_to(project / "a.py")
    target = read(outside / "l.py")
    assert target.path == project / "l.py"
    assert target.workspace == project


MISTAKES = {
    "missing.py": "There is no file",
    "folder": "is a folder; name a file",
    "binary.py": "is a binary file",
    "latin.py": "declares the encoding iso8859-1; convert it to UTF-8 first",
    "dangling.py": "is a link to a file that does not exist",
    "book.ipynb": "is a notebook",
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_a_sentence(project, name):
    (project / "folder").mkdir()
    (project / "binary.py").write_bytes(b"\x7fELF\0\0")
    (project / "latin.py").write_bytes("# coding: latin-1\nx = 'ü'\n".encode("latin-1"))
    (project / "dangling.py").symlink_to(project / "nowhere")
    (project / "book.ipynb").write_text("{}")
    with pytest.raises(Stop, match=MISTAKES[name]) as stopped:
        read(project / name)
    assert str(project / name) in str(stopped.value)


def test_a_file_outside_the_workspace_is_told(project):
    other = project / "other"
    other.mkdir()
    with pytest.raises(Stop, match=r"is outside the workspace .*--workspace"):
        read(project / "a.py", other)
    with pytest.raises(Stop, match="is not a folder"):
        read(project / "a.py", project / "a.py")
