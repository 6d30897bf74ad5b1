"""Bytes in, bytes out: LSP frames over two file descriptors, each served by its own thread.

Neither a client that stops reading nor one that stops writing can block the event loop.
"""

from __future__ import annotations

import enum
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator

MAX_BODY = 256 * 1024 * 1024
"""Bytes of one message; a header that announces more is taken for garbage."""
MAX_HEADER = 16 * 1024
"""Bytes without a line end outside a body."""
MAX_UNSENT = 64 * 1024 * 1024
"""Bytes that wait for a client that does not read; beyond, the connection is closed."""
MAX_UNHANDLED = 256
"""Messages read but not yet looked at by the event loop."""

_CONTENT_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,15})[ \t]*$", re.IGNORECASE)
_OTHER_HEADER = re.compile(rb"[A-Za-z][A-Za-z-]*:[^{]*$")
_LONGEST_HEADER = 64


class Garbled(enum.Enum):
    """A stretch of input that is not an LSP frame; reading goes on at the next header."""

    GARBLED = "garbled"


GARBLED = Garbled.GARBLED


class Frames:
    """Incremental reader of LSP frames (base protocol: header lines, an empty line, a body).

    Never raises and never waits for bytes that nobody announced: after a header that makes no sense
    it looks for the next ``Content-Length:``, even in the middle of a line, and reports the stretch
    once as ``GARBLED``.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None
        self._in_body = False
        self._lost = False

    def feed(self, data: bytes) -> Iterator[bytes | Garbled]:
        """Take the next bytes and yield the bodies that are now complete, in order."""
        self._buffer += data
        while True:
            if self._in_body:
                body = self._body()
                if body is None:
                    return
                yield body
                continue
            end = self._buffer.find(b"\n")
            if end < 0:
                if len(self._buffer) > MAX_HEADER:
                    del self._buffer[:-_LONGEST_HEADER]
                    if self._lose():
                        yield GARBLED
                return
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            if self._header(line) and self._lose():
                yield GARBLED

    def _body(self) -> bytes | None:
        assert self._length is not None
        if len(self._buffer) < self._length:
            return None
        body = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        self._length, self._in_body, self._lost = None, False, False
        return body

    def _header(self, line: bytes) -> bool:
        """Take one header line; True when it makes no sense."""
        if not line.strip():
            self._in_body = self._length is not None
            return False
        if match := _CONTENT_LENGTH.search(line):
            length = int(match[1])
            self._length = length if length <= MAX_BODY else None
            return match.start() > 0 or self._length is None
        return not _OTHER_HEADER.match(line) or line.lower().startswith(b"content-length")

    def _lose(self) -> bool:
        """Note that the place is lost; True the first time."""
        first, self._lost = not self._lost, True
        return first


class Inbox:
    """A thread that reads frames from a descriptor, which it owns and closes.

    Args:
        source: descriptor to read from.
        on_frame: called with each body (or ``GARBLED``), in this thread.
        on_end: called once at the end of input, in this thread.
    """

    def __init__(
        self,
        source: int,
        on_frame: Callable[[bytes | Garbled], None],
        on_end: Callable[[], None],
    ) -> None:
        self._source = source
        self._on_frame = on_frame
        self._on_end = on_end
        self._room = threading.Semaphore(MAX_UNHANDLED)
        self._thread = threading.Thread(target=self._run, name="festina-inbox", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        os.set_blocking(self._source, True)
        self._thread.start()

    def handled(self) -> None:
        """Say that one frame has been looked at, which makes room for another."""
        self._room.release()

    def _run(self) -> None:
        frames = Frames()
        try:
            # os.read rather than a buffered reader: a daemon thread that holds such a reader's lock
            # brings the interpreter down at exit.
            while data := os.read(self._source, 1 << 16):
                for frame in frames.feed(data):
                    self._room.acquire()
                    self._on_frame(frame)
        except (OSError, RuntimeError):
            pass  # the descriptor or the event loop is gone: the end of input as well
        finally:
            os.close(self._source)
            self._on_end()


class Outbox:
    """A thread that writes messages to a descriptor, which it owns and closes.

    ``write`` never blocks. When the client does not read and ``MAX_UNSENT`` bytes have piled up, or
    when it has gone away, ``on_broken`` is called once (in any thread) and everything further is
    dropped.
    """

    def __init__(
        self, sink: int, on_broken: Callable[[str], None], limit: int = MAX_UNSENT
    ) -> None:
        self._sink = sink
        self._on_broken = on_broken
        self._limit = limit
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._unsent = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="festina-outbox", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        os.set_blocking(self._sink, True)
        self._thread.start()

    def write(self, body: bytes) -> None:
        """Queue one message body; its header is added."""
        frame = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        with self._lock:
            if self._closed:
                return
            self._unsent += len(frame)
            full = self._closed = self._unsent > self._limit
        if full:
            self._on_broken("the editor does not read what it is sent")
        else:
            self._queue.put(frame)

    def close(self, seconds: float) -> None:
        """Take nothing further, and wait at most ``seconds`` until all is written."""
        with self._lock:
            self._closed = True
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while (frame := self._queue.get()) is not None:
                rest = memoryview(frame)
                while rest:
                    rest = rest[os.write(self._sink, rest) :]
                with self._lock:
                    self._unsent -= len(frame)
        except OSError:
            with self._lock:
                first, self._closed = not self._closed, True
            if first:
                self._on_broken("the editor has closed the connection")
        finally:
            os.close(self._sink)
