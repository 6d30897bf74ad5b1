"""``festina verify --watch``, as a program reads it and as a person sees it."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

from festina.commands.base import Exit
from support import projects
from support.command_line import CommandLine

WATCH = [sys.executable, "-m", "festina", "verify", "--watch"]
DOUBLE = "return value * 2"
SECONDS = 100


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    line = CommandLine(tmp_path, monkeypatch, capsys)
    settings = 'verify.tests.args = ["--disable-plugin-autoload"]\n'
    (line.project / "festina.toml").write_text(settings)
    test = line.project / "tests" / "test_core.py"
    test.write_text(
        test.read_text().replace("import clamp", "import clamp, double")
        + "\n\ndef test_double():\n    assert double(2) == 4\n"
        + "\n\ndef test_old():\n    assert double(2) == 5\n"
    )
    return line


def save(line, old, new):
    """Write the file anew and rename it into its place, as many editors do."""
    text = line.file.read_text()
    assert text.count(old) == 1
    beside = line.file.with_name("core.py.new")
    beside.write_text(text.replace(old, new))
    beside.replace(line.file)


def until(process, event, **fields):
    """Read lines until one has these fields."""
    while words := process.stdout.readline():
        data = json.loads(words)
        if data["event"] == event and all(data[name] == value for name, value in fields.items()):
            return data
    raise AssertionError(process.stderr.read())


def ids(data, *, preexisting):
    return [one["code"] for one in data["findings"] if one.get("preexisting") is preexisting]


@pytest.mark.timeout(SECONDS * 2)
def test_a_program_reads_what_is_wrong_until_it_is_mended(line):
    process = subprocess.Popen(
        [*WATCH, "--json"],
        cwd=line.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert until(process, "watching")["files"] == 4
        first = until(process, "examined", paths=[])
        assert ids(first, preexisting=False) == ["tests/test_core.py::test_old"]
        save(line, DOUBLE, "return value * 3")
        settled = projects.digest(line.project)
        red = until(process, "examined", paths=["calc/core.py"])
        assert ids(red, preexisting=False) == ["tests/test_core.py::test_double"]
        assert ids(red, preexisting=True) == ["tests/test_core.py::test_old"]
        place = {"path": "calc/core.py", "line": 11, "passed": False}
        assert red["through"] == {"tests/test_core.py::test_double": place}
        assert red["tests"]["selected"] == 3
        assert projects.digest(line.project) == settled
        save(line, "return value * 3", "return 2 * value")
        green = until(process, "examined", paths=["calc/core.py"])
        assert ids(green, preexisting=False) == []
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (Exit.INTERRUPTED, "", "")


class Screen:
    """A terminal, and what is on it since it was cleared last."""

    def __init__(self, command, folder):
        self.fd, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.text = ""

    def until(self, words):
        end = time.monotonic() + SECONDS
        while words not in self.text:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            assert ready, self.text
            self.text = (self.text + os.read(self.fd, 1 << 16).decode()).rpartition("\x1b[2J")[2]
        return self.text


@pytest.mark.timeout(SECONDS * 2)
def test_a_person_sees_the_newest_state_alone_and_leaves_with_q(line, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen(WATCH, line.project)
    try:
        screen.until("watching 4 files of ")
        screen.until("1 of 3 tests fails")
        save(line, DOUBLE, "return value * 3")
        red = screen.until("test_old failed before, too")
        assert "1 of 3 tests fails, 1 failed before, too" in red
        assert "tests/test_core.py:10  test_double  assert 6 == 4" in red
        assert "since the change at calc/core.py:11" in red
        assert "1 of 3 tests fails, 7" not in red
        save(line, "return value * 3", "return 2 * value")
        assert "test_double" not in screen.until("2 tests ok, 1 failed before, too")
        os.write(screen.fd, b"q")
        assert screen.process.wait(SECONDS) == Exit.DONE
    finally:
        screen.process.kill()
        screen.process.wait()
        os.close(screen.fd)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--watch", "nowhere"), Exit.USAGE, "There is no file or folder nowhere."),
        (("--watch", ".."), Exit.USAGE, "is outside the workspace"),
        (("--watch", "--workspace", "x"), Exit.USAGE, "The workspace x is not a folder."),
        (("--watch", "--candidate", "-"), Exit.USAGE, "not allowed with"),
        (("--candidate", "-"), Exit.USAGE, "Name the one file that the text is for"),
        (("a", "b", "--candidate", "-"), Exit.USAGE, "Name the one file that the text is for"),
    ],
)
def test_a_mistake_gets_a_sentence(line, words, code, sentence):
    extra = ("--workspace", line.project) if ".." in words else ()
    ran = line.run("verify", *words, *extra)
    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err


def test_an_untrusted_workspace_is_not_run(line):
    line.trust.untrust(line.project)
    ran = line.run("verify", "--watch")
    assert (ran.code, ran.out) == (Exit.UNVERIFIED, "")
    assert f"run `festina trust {line.project}`" in ran.err
