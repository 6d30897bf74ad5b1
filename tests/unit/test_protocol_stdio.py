"""The life of a server process: how it starts, and that it ends whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from festina.lsp.parent import Watch, watch_client, watch_parent
from festina.lsp.transport import Frames
from support import protocol_server
from support.wire import INITIALIZE, frame, notification, request

SCRIPT = Path(protocol_server.__file__)
SECONDS = 30


class Process:
    """A server process, spoken to from this thread; it is killed if it does not end by itself."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, str(SCRIPT), *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self._timer = threading.Timer(SECONDS, self.process.kill)
        self._timer.start()

    def send(self, *messages: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"".join(frame(message) for message in messages))
        self.process.stdin.flush()

    def wait_for(self, what: str) -> None:
        """Read standard error up to a line."""
        assert self.process.stderr
        for line in self.process.stderr:
            if what in line.decode():
                return
        raise AssertionError(f"the server ended without saying {what!r}")

    def answer(self, number: int | str) -> Any:
        """Read standard output up to the answer to a request."""

        assert self.process.stdout
        frames = Frames()
        while data := os.read(self.process.stdout.fileno(), 65536):
            for body in frames.feed(data):
                assert isinstance(body, bytes), "something that is no frame on standard output"
                message = json.loads(body)
                if message.get("id") == number:
                    return message
        raise AssertionError("the server ended without an answer")

    def initialize(self, process_id: int | None = None) -> None:
        params = {**INITIALIZE["params"], "processId": process_id}
        self.send(request("init", "initialize", params))
        assert "result" in self.answer("init")

    def ends(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and the rest of standard error."""
        assert self.process.stderr
        said = self.process.stderr.read().decode()
        code = self.process.wait()
        assert self._timer.is_alive(), f"the server did not end by itself: {said}"
        return code, said

    def close(self) -> None:
        self._timer.cancel()
        self._timer.join()
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream
            with suppress(BrokenPipeError):
                stream.close()


@contextmanager
def started(*arguments: str) -> Iterator[Process]:
    process = Process(*arguments)
    try:
        yield process
    finally:
        process.close()


# -- exit codes -----------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "code"), [("plain", 0), ("ours", 1)])
def test_exit_without_shutdown_is_an_error(kind: str, code: int) -> None:
    with started(kind) as server:
        server.initialize()
        server.send(notification("exit"))
        assert server.ends()[0] == code


def test_exit_after_shutdown_is_none() -> None:
    with started("ours") as server:
        server.initialize()
        server.send(request(1, "shutdown"), notification("exit"))
        code, said = server.ends()
        assert code == 0
        assert said.count("hook ran") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_the_server_properly(number: signal.Signals) -> None:
    with started("ours") as server:
        server.initialize()
        server.process.send_signal(number)
        code, said = server.ends()
        assert code == 128 + number
        assert "hook ran" in said


# -- the end of input -----------------------------------------------------------------------


def test_end_of_input_ends_the_server_and_runs_the_hooks() -> None:
    with started("ours") as server:
        server.initialize()
        server.process.stdin.close()
        code, said = server.ends()
        assert code == 1
        assert "hook ran" in said


def test_what_was_sent_before_the_end_of_input_is_answered() -> None:
    with started("ours") as server:
        server.send(INITIALIZE, request(1, "test/ping"))
        server.process.stdin.close()
        assert server.answer(1)["result"] == "pong"


@pytest.mark.parametrize("method", ["test/thread", "test/block"])
def test_nothing_that_hangs_keeps_the_process_alive(method: str) -> None:
    with started("ours", "--impatient") as server:
        server.initialize()
        server.send(request(1, method), request(2, "test/ping"))
        if method == "test/block":
            server.wait_for("blocked")
        else:
            server.answer(2)
        server.process.stdin.close()
        assert server.ends()[0] == 1


# -- standard streams -----------------------------------------------------------------------


def test_client_that_does_not_read_does_not_block_the_server() -> None:
    with started("ours") as server:
        server.initialize()
        server.send(request(1, "test/flood"))
        server.wait_for("flooded")  # 80 MB that nobody reads
        code, said = server.ends()
        assert code == 1
        assert "hook ran" in said


def test_stray_output_and_children_do_not_disturb_the_protocol() -> None:
    with started("ours") as server:
        server.initialize()
        server.send(request(1, "test/print"), request(2, "test/ping"))
        assert server.answer(2)["result"] == "pong"
        server.process.stdin.close()
        said = server.ends()[1]
        for what in ("a stray print", "a stray write", "child"):
            assert what in said


# -- processes that we depend on ------------------------------------------------------------

PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=0, stdout=1, stderr=2)
child.wait()
"""


def test_server_ends_when_its_parent_is_killed() -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PARENT, sys.executable, str(SCRIPT), "ours"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as parent:
        timer = threading.Timer(SECONDS, parent.stdin.close)  # which would end the server as well
        timer.start()
        parent.stdin.write(frame(INITIALIZE))
        parent.stdin.flush()
        assert os.read(parent.stdout.fileno(), 16).startswith(b"Content-Length")
        parent.kill()
        said = parent.stderr.read().decode()  # ends when the server does, for it holds the pipe
        timer.cancel()
    assert "our parent process died" in said
    assert "hook ran" in said


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_server_ends_when_the_process_named_by_initialize_is_killed() -> None:
    with started("ours") as server, sleeper() as editor:
        server.initialize(editor.pid)
        editor.kill()
        code, said = server.ends()
        assert code == 1
        assert "the editor's process died" in said


def test_process_id_that_nobody_has_is_ignored() -> None:
    with sleeper() as gone:
        gone.kill()
    with started("ours") as server:
        server.initialize(gone.pid)
        server.send(request(1, "shutdown"), notification("exit"))
        code, said = server.ends()
        assert code == 0
        assert "cannot be seen from here" in said


@pytest.mark.parametrize("polling", [False, True])
def test_watch_ends_with_the_process_or_when_stopped(
    polling: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if polling:
        monkeypatch.setattr("festina.lsp.parent._open", lambda _: None)
        monkeypatch.setattr("festina.lsp.parent.POLL_SECONDS", 0.01)
    ended, never = threading.Event(), threading.Event()
    with sleeper() as process:
        watch, stopped = Watch(process.pid, ended.set), Watch(process.pid, never.set)
        stopped.stop()
        process.kill()
        process.wait()
        assert ended.wait(SECONDS)
        watch.stop()
        watch.stop()
    assert not never.is_set()


def test_our_parent_lives_and_is_not_watched_twice() -> None:
    watch = watch_parent(lambda: pytest.fail("our parent is alive"))
    if watch is not None:  # init is not watched
        watch.stop()
    for nobody in (None, 0, -1, os.getppid(), os.getpid(), 2**40):
        assert watch_client(nobody, lambda: None) is None
