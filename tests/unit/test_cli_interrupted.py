import signal
import subprocess
import sys

import pytest

from festina.commands.base import Exit
from support import fake_replies
from support.command_line import GOOD, CommandLine
from support.fake_model import FakeModel

ASK = [sys.executable, "-m", "festina", "edit", "calc/core.py:5", "-m", "x"]


@pytest.fixture
def line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopped_while_a_model_streams(line, tmp_path, sent):
    with FakeModel(fake_replies.text(GOOD, speed=0.5)) as fake:
        line.use(fake)
        process = subprocess.Popen(
            [*ASK, "--apply"], cwd=line.project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            fake.wait(lambda: fake.streams == 1 and len(fake.requests) == 1)
            process.send_signal(sent)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        assert (process.returncode, out, err) == (Exit.INTERRUPTED, b"", b"")
        fake.wait(lambda: fake.disconnects == 1)
    assert line.file.read_text() == line.before
    scratch = tmp_path / "xdg_cache_home" / "festina" / "scratch"
    assert not scratch.exists() or list(scratch.iterdir()) == []


def test_a_second_control_c_does_not_disturb_the_first(line, tmp_path):
    """It comes while the model's connections are being closed."""
    with FakeModel(fake_replies.text(GOOD, speed=0.5)) as fake:
        line.use(fake)
        process = subprocess.Popen(
            [*ASK, "-n", "3"], cwd=line.project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            fake.wait(lambda: fake.streams == 3)
            process.send_signal(signal.SIGINT)
            fake.wait(lambda: fake.disconnects > 0)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        assert (process.returncode, out, err) == (Exit.INTERRUPTED, b"", b"")
    scratch = tmp_path / "xdg_cache_home" / "festina" / "scratch"
    assert not scratch.exists() or list(scratch.iterdir()) == []


def test_a_filter_that_is_stopped_prints_its_input(line):
    given = b"LIMIT = 10\n"
    with FakeModel(fake_replies.text(GOOD, speed=0.5)) as fake:
        line.use(fake)
        process = subprocess.Popen(
            [*ASK[:4], "calc/core.py:1-1", "-m", "x", "--filter"],
            cwd=line.project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            assert process.stdin is not None
            process.stdin.write(given)
            process.stdin.close()
            process.stdin = None
            fake.wait(lambda: fake.streams == 1 and len(fake.requests) == 1)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, out) == (Exit.INTERRUPTED, given)
