import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from festina.commands.base import Exit
from support import fake_replies
from support.command_line import GOOD, UNDEFINED, CommandLine
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


def test_a_plan_that_is_stopped_is_not_written(line):
    with FakeModel(fake_replies.text("- [ ] Go\n" * 9, speed=0.5)) as fake:
        line.use(fake)
        process = subprocess.Popen(
            [sys.executable, "-m", "festina", "plan", "x"],
            cwd=line.project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            fake.wait(lambda: fake.streams == 1 and len(fake.requests) == 1)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        assert (process.returncode, out, err) == (Exit.INTERRUPTED, b"", b"")
        fake.wait(lambda: fake.disconnects == 1)
    assert not (line.project / "plan.md").exists()


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


def test_a_long_wait_for_a_limit_counts_down_at_a_terminal_and_control_c_ends_it(line):
    """Nobody is told to come back later who can see until when, and leave."""
    with FakeModel(fake_replies.status(429, retry_after="1000")) as fake:
        line.use(fake)
        control, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        process = subprocess.Popen(
            [*ASK, "--apply"],
            cwd=line.project,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(terminal)
        shown = b""
        try:
            deadline = time.monotonic() + 60
            while b"(16 min)" not in shown:
                assert time.monotonic() < deadline, shown
                if select.select([control], [], [], 1.0)[0]:
                    shown += os.read(control, 4096)
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(OSError):  # the other end is closed
                while rest := os.read(control, 4096):
                    shown += rest
            assert process.wait(60) == Exit.INTERRUPTED
        finally:
            process.kill()
            os.close(control)
        host = fake.origin.removeprefix("http://")
        assert f"Waiting for {host}'s limit until ".encode() in shown
        assert b"Traceback" not in shown
        assert len(fake.requests) == 1
    assert line.file.read_text() == line.before


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["a pipe", "json"])
def test_where_nobody_sees_it_a_long_wait_has_an_end(line, more):
    with FakeModel(fake_replies.status(429, retry_after="1000")) as fake:
        line.use(fake)
        ran = line.run("edit", "calc/core.py:5", "-m", "x", *more)
    assert ran.code == Exit.FAILED
    assert "Try again in 17 minutes" in ran.out + ran.err


@pytest.mark.parametrize(
    ("replies", "more", "shown"),
    [
        ([GOOD], ("-n", "2"), "passed     #1"),
        ([UNDEFINED], (), "F821  Undefined name `smallest`"),
    ],
    ids=["passed", "rejected"],
)
def test_what_had_come_is_shown_when_a_wait_for_more_is_stopped(line, replies, more, shown):
    with FakeModel(*replies, fake_replies.status(429, retry_after="250")) as fake:
        line.use(fake)
        process = subprocess.Popen(
            [*ASK, *more], cwd=line.project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            fake.wait(lambda: len(fake.requests) == 2)
            assert process.stderr is not None
            told = b""
            while b"Waiting for " not in told or (more and b"#1" not in told):
                told += process.stderr.readline()
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == Exit.INTERRUPTED
    assert shown in out.decode()
    assert "+++ b/calc/core.py" in out.decode()
    assert out.decode().endswith("stopped before its end; nothing was written\n")
    assert line.file.read_text() == line.before
