"""Diffs: what ``git apply`` and ``patch`` make of them is the new text, to the byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festina.edits import patch, unified
from festina.text import Text, encode

# lines that look like a diff's own, and characters that some take for line ends
LINE = st.sampled_from(
    ["a", "b", "", "    x", "-- a", "++ b", "@@ -1 +1 @@", "\\ No newline", "é\f\u2028\x85", "x "]
)
END = st.sampled_from(["\n", "\n", "\r\n", "\r"])


@st.composite
def pairs(draw):
    """(old, new): two texts, usually with most lines in common."""
    old = [draw(LINE) + draw(END) for _ in range(draw(st.integers(0, 14)))]
    new = list(old)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(new)))
        until = min(len(new), at + draw(st.integers(0, 2)))
        new[at:until] = [draw(LINE) + draw(END) for _ in range(draw(st.integers(0, 2)))]
    ends = [draw(st.sampled_from(["", "", "z", "a"])) for _ in range(2)]
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return Text(mark + "".join(old) + ends[0]), Text(mark + "".join(new) + ends[1])


def run(folder: Path, command: list[str], diff: str) -> None:
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    environ |= {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = subprocess.run(
        command, cwd=folder, input=diff.encode(), capture_output=True, env=environ, check=False
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode() + diff


TOOLS = [
    ["git", "apply"],
    pytest.param(
        ["patch", "--binary", "-s", "-p1"],
        marks=pytest.mark.skipif(not shutil.which("patch"), reason="there is no patch(1)"),
    ),
]


@settings(max_examples=150)
@given(pairs())
@pytest.mark.parametrize("command", TOOLS)
def test_a_diff_applies_with_the_usual_tools(tmp_path_factory, command, pair):
    old, new = pair
    diff = patch(old, new, "pkg/mod.py")
    if old == new:
        assert diff == ""
        return
    folder = tmp_path_factory.mktemp("tree")
    file = folder / "pkg" / "mod.py"
    file.parent.mkdir()
    file.write_bytes(encode(old))
    run(folder, command, diff)
    assert (file.read_bytes() if file.exists() else b"") == encode(new)


@pytest.mark.parametrize(
    "path",
    ["a b.py", "tab\there.py", 'quo"te.py', "back\\slash.py", "größe.py", "-dash.py", "x/y z/ä.py"],
)
def test_a_diff_names_any_path(tmp_path, path):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("a\nb\n")
    run(tmp_path, ["git", "apply"], patch(Text("a\nb\n"), Text("a\nB\n"), path))
    assert file.read_text() == "a\nB\n"


def test_an_emptied_file_stays_a_file(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("a\n")
    run(tmp_path, ["git", "apply"], patch(Text("a\n"), Text(""), "a.py"))
    assert file.read_bytes() == b""


def test_an_empty_file_is_filled(tmp_path):
    file = tmp_path / "a.py"
    file.touch()
    run(tmp_path, ["git", "apply"], patch(Text(""), Text("a"), "a.py"))
    assert file.read_bytes() == b"a"


def test_what_a_person_sees_has_plain_line_ends():
    old, new = Text("a\r\nb\r\nc"), Text("a\r\nB\r\nc")
    assert unified(old, new, "f") == (
        "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n\\ No newline at end of file\n"
    )
    assert "-b\r\n+B\r\n" in patch(old, new, "f")


@pytest.mark.parametrize(("between", "hunks"), [(0, 1), (5, 1), (6, 1), (7, 2)])
def test_changes_share_a_hunk_where_their_context_meets(between, hunks):
    same = "".join(f"{n}\n" for n in range(between))
    old, new = Text(f"a\n{same}b\n"), Text(f"A\n{same}B\n")
    for diff in (unified(old, new, "f"), patch(old, new, "f")):
        assert diff.count("@@ -") == hunks
