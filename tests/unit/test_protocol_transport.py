"""Frames in any portions, and a client that does not read."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pygls.io_ import StdoutWriter

from festina.lsp import transport
from festina.lsp.transport import GARBLED, Frames, Inbox, Outbox


def header(body: bytes, *others: bytes) -> bytes:
    lines = [*others, b"Content-Length: %d" % len(body)]
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def read(data: bytes, cuts: list[int] | None = None) -> list[Any]:
    frames, found, start = Frames(), [], 0
    for cut in sorted(cuts or []):
        found += frames.feed(data[start : cut % (len(data) + 1)])
        start = max(start, cut % (len(data) + 1))
    return found + list(frames.feed(data[start:]))


BODIES = st.lists(st.binary(max_size=60), max_size=8)
OTHERS = st.sampled_from([b"Content-Type: application/vscode-jsonrpc; charset=utf-8", b"X-A: b"])


@given(BODIES, st.lists(OTHERS, max_size=2), st.data())
def test_frames_do_not_depend_on_how_they_are_cut(
    bodies: list[bytes], others: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(header(body, *others) + body for body in bodies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    assert read(stream, cuts) == bodies


@given(st.binary(max_size=300), st.data())
@example(garbage=b"Content-Length: 5\r\n", data=None)
def test_any_input_is_read_the_same_in_any_portions(
    garbage: bytes, data: st.DataObject | None
) -> None:
    cuts = [] if data is None else data.draw(st.lists(st.integers(0, len(garbage)), max_size=9))
    assert read(garbage, sorted(cuts)) == read(garbage)


WORD = st.binary(max_size=40).filter(lambda word: b"content-length" not in word.lower())


@given(WORD, st.binary(max_size=40))
def test_after_garbage_the_next_frame_is_found(garbage: bytes, body: bytes) -> None:
    found = read(garbage + header(body) + body)
    assert found[-1] == body
    assert found[:-1] in ([], [GARBLED])


@pytest.mark.parametrize(
    "bad",
    [
        b"Content-Length: -1\r\n\r\n{}",
        b"Content-Length: 1e3\r\n\r\n{}",
        b"Content-Length:\r\n\r\n{}",
        b"Content-Length: %d\r\n\r\n{}" % (transport.MAX_BODY + 1),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b'{"jsonrpc": "2.0"}\n',
        b"x" * (3 * transport.MAX_HEADER),
    ],
)
def test_garbage_is_reported_once(bad: bytes) -> None:
    assert read(bad + header(b"{}") + b"{}" + header(b"[]") + b"[]") == [GARBLED, b"{}", b"[]"]


def test_bare_line_feeds_and_odd_case_are_understood() -> None:
    assert read(b"content-LENGTH:2 \n\n{}") == [b"{}"]


def test_endless_line_does_not_fill_the_memory() -> None:
    frames = Frames()
    for _ in range(50):
        list(frames.feed(b"x" * transport.MAX_HEADER))
    assert len(frames._buffer) <= 2 * transport.MAX_HEADER


# -- threads --------------------------------------------------------------------------------


def full_pipe() -> tuple[int, int]:
    """Return the ends of a pipe into which nothing more goes."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"\0" * 65536)
    except BlockingIOError:
        return reader, writer


def drain(reader: int) -> bytes:
    with os.fdopen(reader, "rb") as file:
        return file.read().lstrip(b"\0")


def test_plain_pygls_waits_for_a_client_that_does_not_read() -> None:
    reader, writer = full_pipe()

    class Stdout:
        def write(self, data: bytes) -> int:
            return os.write(writer, data)  # raises where a blocking descriptor would wait

    with pytest.raises(BlockingIOError):
        StdoutWriter(Stdout()).write(b"x")
    os.close(reader)
    os.close(writer)


def test_outbox_does_not_wait_for_a_client_that_does_not_read() -> None:
    reader, writer = full_pipe()
    outbox = Outbox(writer, lambda _: None)
    outbox.start()
    for number in range(100):
        outbox.write(b"%d" % number)
    received: list[bytes] = []
    client = threading.Thread(target=lambda: received.append(drain(reader)))
    client.start()  # only now does it read
    outbox.close(20)
    client.join(20)
    assert [int(body) for body in read(received[0])] == list(range(100))


def test_outbox_gives_up_on_a_client_that_never_reads() -> None:
    reader, writer = full_pipe()
    reasons: list[str] = []
    outbox = Outbox(writer, reasons.append, limit=1000)
    outbox.start()
    for _ in range(100):
        outbox.write(b"x" * 90)
    assert reasons == ["the editor does not read what it is sent"]
    client = threading.Thread(target=drain, args=(reader,))
    client.start()
    outbox.close(20)
    client.join(20)


def test_outbox_counts_only_what_is_unsent() -> None:
    reader, writer = os.pipe()
    reasons: list[str] = []
    outbox = Outbox(writer, reasons.append, limit=1000)
    outbox.start()
    frames = Frames()
    for number in range(100):  # ten times the limit, to a client that keeps up
        outbox.write(b"%90d" % number)
        while not (found := list(frames.feed(os.read(reader, 4096)))):
            pass
        assert [int(body) for body in found] == [number]
    outbox.close(20)
    os.close(reader)
    assert reasons == []


def test_outbox_says_once_that_the_client_is_gone() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    reasons: list[str] = []
    gone = threading.Event()
    outbox = Outbox(writer, lambda reason: (reasons.append(reason), gone.set()))
    outbox.start()
    outbox.write(b"{}")
    assert gone.wait(20)
    outbox.write(b"{}")
    outbox.close(20)
    assert reasons == ["the editor has closed the connection"]


def test_inbox_stops_reading_while_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_UNHANDLED", 3)
    reader, writer = os.pipe()
    taken: list[Any] = []
    ended, arrived = threading.Event(), threading.Semaphore(0)

    def take(frame: Any) -> None:
        taken.append(frame)
        arrived.release()

    inbox = Inbox(reader, take, ended.set)
    inbox.start()
    with os.fdopen(writer, "wb") as file:
        for _ in range(10):
            file.write(header(b"{}") + b"{}")
    for _ in range(3):
        assert arrived.acquire(timeout=20)
    assert len(taken) == 3
    for _ in range(10):
        inbox.handled()
    assert ended.wait(20)
    assert taken == [b"{}"] * 10
