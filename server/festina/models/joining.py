"""Joins the small chunks of a chunked response before the HTTP library takes them apart.

A model server sends each token as a chunk of its own, and the library handles each chunk as an
event of its own: about 20 microseconds, where a fast model sends a thousand a second and there are
75 of them. What one read of the socket brought is handed on as one chunk instead. The library still
rules on everything: whatever is not plain is passed on as it came, to be refused there.

Source: RFC 9112, sections 2.1 (the head) and 7.1 (chunks).
"""

from __future__ import annotations

import enum
import re

MOST_OF_A_HEAD = 64 << 10
"""Bytes of a head after which the response is passed on as it is."""

_CRLF = b"\r\n"
_END_OF_HEAD = re.compile(rb"\n\r?\n")  # the library takes bare line feeds, too
_INTERIM = re.compile(rb"HTTP/1\.1 1(?!01)[0-9][0-9][ \r]")
_GOOD = re.compile(rb"HTTP/1\.1 200[ \r]")
_CODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,7})\r\n")
_OPEN_SIZE = re.compile(rb"[0-9A-Fa-f]{0,7}\r?")
_BAD_END = b"!" + _CRLF
"""Stands where the size of a chunk should, in place of a bad end of the chunk before."""


class _State(enum.Enum):
    HEAD = enum.auto()
    CHUNKS = enum.auto()
    AS_IT_IS = enum.auto()


class ChunkJoiner:
    """The bytes of one connection. Cuts never change what the library makes of them."""

    def __init__(self) -> None:
        self._state = _State.AS_IT_IS
        self._head = bytearray()
        self._open = b""  # what may yet become the end of a chunk, or the size of one
        self._left = 0  # of a chunk
        self._ending = False  # a chunk is complete but for its line end

    @property
    def body(self) -> bool:
        """Whether the answer to the last request has got beyond its head."""
        return self._state is not _State.HEAD

    def request(self) -> None:
        """Say that a request is sent: what comes next is the head of a response."""
        self._state = _State.HEAD
        self._head.clear()
        self._open = b""
        self._left = 0
        self._ending = False

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return what to hand on, b"" where nothing is complete yet."""
        if self._state is _State.HEAD:
            return self._in_head(data)
        return self._join(data) if self._state is _State.CHUNKS else data

    def _in_head(self, data: bytes) -> bytes:
        self._head += data
        while end := _END_OF_HEAD.search(self._head):
            head = bytes(self._head[: end.end()])
            del self._head[: end.end()]
            if _INTERIM.match(head):
                continue  # the response itself follows
            rest = bytes(self._head)
            self._head.clear()
            if not _is_chunked(head):
                self._state = _State.AS_IT_IS
                return data
            self._state = _State.CHUNKS
            return data[: len(data) - len(rest)] + self._join(rest)
        if len(self._head) > MOST_OF_A_HEAD:
            self._head.clear()
            self._state = _State.AS_IT_IS
        return data

    def _join(self, data: bytes) -> bytes:
        if self._open:
            data = self._open + data
            self._open = b""
        pieces: list[bytes] = []
        at = self._rest_of_chunk(data, pieces)
        while at < len(data) and not self._left and not self._ending:
            size = _SIZE.match(data, at)
            if size is None:
                break
            left = int(size[1], 16)
            if not left:
                break
            start = size.end()
            at = start + left
            if data[at : at + 2] == _CRLF:
                pieces.append(data[start:at])
                at += 2
            else:
                self._left = left
                at = self._rest_of_chunk(data, pieces, start)
        return _chunk(pieces) + self._remainder(data[at:])

    def _rest_of_chunk(self, data: bytes, pieces: list[bytes], at: int = 0) -> int:
        """Take what is there of the chunk that is open; return where it ended."""
        if self._left:
            piece = data[at : at + self._left]
            at += len(piece)
            self._left -= len(piece)
            self._ending = not self._left
            if piece:
                pieces.append(piece)
        if self._ending and data.startswith(_CRLF, at):
            self._ending = False
            at += 2
        return at

    def _remainder(self, rest: bytes) -> bytes:
        """Keep the start of something that the next bytes complete; hand on all else as it is."""
        if self._left:
            return b""
        unfinished = rest in (b"", b"\r") if self._ending else _OPEN_SIZE.fullmatch(rest)
        if unfinished:
            self._open = rest
            return b""
        self._state = _State.AS_IT_IS
        return _BAD_END if self._ending else rest


def _is_chunked(head: bytes) -> bool:
    return (
        _GOOD.match(head) is not None
        and head.count(b"\n") == head.count(b"\r\n")
        and head.lower().count(b"transfer-encoding") == 1
        and _CODING.search(head) is not None
    )


def _chunk(pieces: list[bytes]) -> bytes:
    if not pieces:
        return b""
    joined = b"".join(pieces)
    return b"%x\r\n%b\r\n" % (len(joined), joined)
