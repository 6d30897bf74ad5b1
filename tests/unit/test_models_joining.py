"""Joining chunks changes nothing but how many there are: the HTTP library is the judge."""

from __future__ import annotations

from itertools import pairwise

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from festina.models.joining import MOST_OF_A_HEAD, ChunkJoiner

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
HEADS = [
    HEAD,
    HEAD.replace(b"Transfer-Encoding: c", b"transfer-encoding:\t C"),
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HEAD,
    HEAD.replace(b"200 OK", b"503 No"),
    HEAD.replace(b"200 OK", b"204 No Content"),
    HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"),
    HEAD.replace(b"\r\n\r\n", b"\r\n\n"),
    HEAD.replace(b"\r\n", b"\n"),
    HEAD.replace(b"chunked", b"gzip, chunked"),
    HEAD.replace(b"chunked\r\n", b"chunked\r\n gzip\r\n"),
    HEAD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"),
    HEAD.replace(b"Transfer-Encoding: chunked", b"X: transfer-encoding: chunked"),
    HEAD.replace(b"Transfer-Encoding: chunked", b"Content-Length: 40"),
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"not HTTP at all\r\n\r\n",
]
PIECES = [b"a", b"data: x\n\n", b"data: {}\r\n\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b"x" * 300]


def framed(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


chunks = st.one_of(
    st.sampled_from(PIECES).map(framed),
    st.sampled_from(PIECES).map(lambda piece: b"0%X\r\n%b\r\n" % (len(piece), piece)),
)
odd = st.sampled_from(
    [
        b"4;name=value\r\nabcd\r\n",  # an extension, which may be
        b"4 \r\nabcd\r\n",
        b"4\r\nabcdXY",  # none of these may
        b"4\r\nabcd0\r\n\r\n",
        b"4\r\nabcd\rX",
        b"4\nabcd\n",
        b"0x4\r\nabcd\r\n",
        b"+4\r\nabcd\r\n",
        b"1_0\r\n" + b"x" * 16 + b"\r\n",
        b"\r\n",
        b"-1\r\n",
        b"fffffffffffffffffffffffff\r\nabc",
        b"ffffffff\r\nabc",
        b"<html>",
        b"0\r\nTrailer: x\r\n\r\n",
        b"0\r\n\r\nmore",
    ]
)
bodies = st.tuples(st.lists(chunks, max_size=12), st.lists(odd, max_size=1), st.lists(chunks))


def heard(pieces: list[bytes], joiner: ChunkJoiner | None) -> tuple[list[str], bytes, str, int]:
    """What the library makes of an answer: its heads, its body, its end, how many pieces."""
    library = h11.Connection(h11.CLIENT)
    library.send(h11.Request(method="POST", target="/", headers=[("Host", "x")]))
    library.send(h11.EndOfMessage())
    if joiner is not None:
        joiner.request()
    heads, body, count = list[str](), b"", 0
    left = [*pieces, b""]
    while True:
        try:
            found = library.next_event()
            if found is h11.NEED_DATA:
                data = left.pop(0)
                if data and joiner is not None:
                    data = joiner.feed(data)
                    if not data:
                        continue
                library.receive_data(data)
                continue
        except h11.RemoteProtocolError:
            return heads, body, "refused", count
        if isinstance(found, h11.Data):
            body += found.data
            count += 1
        elif isinstance(found, h11.InformationalResponse | h11.Response):
            heads.append(f"{found.status_code} {found.headers!r}")
        else:
            return heads, body, type(found).__name__, count


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(HEADS), bodies, st.booleans(), st.data())
@example(HEAD, ([b"4\r\nabcd0\r\n\r\n"], [], []), True, None)
def test_the_library_makes_the_same_of_it(
    head: bytes, parts: tuple[list[bytes], ...], whole: bool, draw: st.DataObject | None
) -> None:
    raw = head + b"".join(b"".join(part) for part in parts) + (b"0\r\n\r\n" if whole else b"")
    if draw is None:
        cuts = range(1, len(raw))
    else:
        cuts = sorted(draw.draw(st.sets(st.integers(1, len(raw) - 1), max_size=20)))
    pieces = [raw[i:j] for i, j in pairwise([0, *cuts, len(raw)])]
    assert heard(pieces, ChunkJoiner())[:3] == heard(pieces, None)[:3]


@settings(max_examples=300, deadline=None)
@given(st.lists(chunks, min_size=1, max_size=8), st.data())
def test_damage_is_the_same_damage(parts: list[bytes], draw: st.DataObject) -> None:
    raw = bytearray(HEAD + b"".join(parts) + b"0\r\n\r\n")
    at = draw.draw(st.integers(len(HEAD), len(raw) - 1))
    raw[at : at + draw.draw(st.integers(0, 3))] = draw.draw(st.binary(max_size=3))
    cuts = sorted(draw.draw(st.sets(st.integers(1, len(raw) - 1), max_size=8)))
    pieces = [bytes(raw[i:j]) for i, j in pairwise([0, *cuts, len(raw)])]
    assert heard(pieces, ChunkJoiner())[:3] == heard(pieces, None)[:3]


def test_what_one_read_brings_is_one_chunk() -> None:
    reads = [HEAD, *[framed(b"data: x\n\n") * 50] * 4, framed(b"end") + b"0\r\n\r\n"]
    assert heard(reads, None)[3] == 201
    assert heard(reads, ChunkJoiner())[3] == 5


def test_a_connection_is_used_again() -> None:
    joiner = ChunkJoiner()
    for head in (HEAD, HEADS[-2], HEAD):
        assert heard([head, framed(b"a") * 9, b"0\r\n\r\n"], joiner)[3] in (1, 2)
        assert joiner.body


def test_before_the_head_is_there_it_is_no_body() -> None:
    joiner = ChunkJoiner()
    joiner.request()
    assert joiner.feed(HEAD[:-1]) == HEAD[:-1]
    assert not joiner.body
    joiner.feed(HEAD[-1:])
    assert joiner.body


@pytest.mark.parametrize("endless", [b"x" * 1000, b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_an_endless_head_is_not_kept(endless: bytes) -> None:
    joiner = ChunkJoiner()
    joiner.request()
    for _ in range(2 * MOST_OF_A_HEAD // len(endless)):
        assert joiner.feed(endless) == endless
    joiner.feed(b"\r\n")
    assert len(joiner._head) <= MOST_OF_A_HEAD
