"""Places that a skill is meant for: which definitions, in which files."""

import pytest

from festina.context import places
from festina.context.places import find, language_of
from festina.verify.base import Snapshot
from support import projects

PROJECT = """
=== a.py
import os

x = find(1)


class Box:
    size = find(2)

    def open(self):
        return find(3)

    def shut(self):
        return None


def outer():
    def inner():
        return find(4)
    find(5)
    return inner


def other():
    return finding(1)
=== lib/b.go
package lib

func Open() int {
	return find(1)
}
=== lib/c.txt
find(1)
=== .hidden/d.py
find(1)
=== node_modules/e.py
find(1)
=== id_rsa
find(1)
=== .gitignore
id_rsa
"""


@pytest.fixture
def workspace(tmp_path):
    return projects.make(tmp_path / "work", PROJECT)


def found(workspace, *globs, under=(), **more):
    seen = find(Snapshot(workspace, trusted=True, **more), globs, ["find(...)"], under)
    return [(one.path, one.name, one.region.start, one.region.end) for one in seen.places]


def test_a_place_is_the_smallest_definition_and_what_is_in_none_its_line(workspace):
    assert found(workspace, "*.py") == [
        ("a.py", "", 2, 3),
        ("a.py", "Box", 5, 13),
        ("a.py", "outer", 15, 20),
    ]


def test_other_languages_and_plain_text(workspace):
    assert found(workspace, "lib/**") == [("lib/b.go", "Open", 2, 5), ("lib/c.txt", "", 0, 1)]


def test_globs_and_paths_both_hold(workspace):
    assert found(workspace, "*.py", under=["lib"]) == []
    assert [one[0] for one in found(workspace, under=["lib/c.txt"])] == ["lib/c.txt"]
    assert found(workspace, "*.py", under=["a"]) == []
    assert [one[0] for one in found(workspace)] == ["a.py", "a.py", "a.py", "lib/b.go", "lib/c.txt"]


def test_what_is_a_persons_own_is_no_place_by_whatever_name(workspace):
    for name in ("plan.md", "progress.md", "verify.md", "AGENTS.md", "lib/AGENTS.md", "ok.md"):
        (workspace / name).write_text("- [x] find(1)\n")
    (workspace / "other.md").hardlink_to(workspace / "verify.md")
    assert found(workspace, "**/*.md") == [("ok.md", "", 0, 1)]


def test_open_buffers_count(workspace):
    buffers = {"a.py": "find(1)\n", "new.py": "def f():\n    find(2)\n"}
    assert found(workspace, "*.py", buffers=buffers) == [("a.py", "", 0, 1), ("new.py", "f", 0, 2)]


def test_of_a_definition_that_no_model_rewrites_it_is_the_line(workspace):
    lines = "".join(f"    x = {number}\n" for number in range(500))
    (workspace / "a.py").write_text(f"def long():\n{lines}    find(1)\n")
    assert found(workspace, "*.py") == [("a.py", "", 501, 502)]


def test_there_is_an_end(workspace, monkeypatch):
    monkeypatch.setattr(places, "MOST", 2)
    seen = find(Snapshot(workspace, trusted=True), ["*.py"], ["find(...)"])
    assert len(seen.places) == 2
    assert seen.more is True


@pytest.mark.parametrize(
    ("path", "language"),
    [("a/b.py", "python"), ("a.PYI", "python"), ("x.ts", "ts"), ("Makefile", "text"), (".x", "x")],
)
def test_the_language_is_known_by_the_suffix(path, language):
    assert language_of(path) == language
