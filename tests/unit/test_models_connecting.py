"""Reading from connections: all that has come, in one piece, also where it came in TLS records."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore2
import pytest
import trustme

from festina.models.connecting import Backend

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b"data: {}\n\n"
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def connected(serve: Serve, tls: bool) -> AsyncIterator[httpcore2.AsyncNetworkStream]:
    """A connection to a server, once its answer has begun and more of it waits."""
    authority = trustme.CA()
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    served, writers = asyncio.Event(), list[asyncio.StreamWriter]()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.readexactly(1)
        try:
            await serve(reader, writer)
        finally:
            served.set()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=theirs if tls else None)
    stream = await Backend().connect_tcp("127.0.0.1", server.sockets[0].getsockname()[1])
    if tls:
        stream = await stream.start_tls(ours, "127.0.0.1")
    await stream.write(b"?")
    await served.wait()
    await asyncio.sleep(0.05)
    try:
        yield stream
    finally:
        await stream.aclose()
        for writer in writers:
            writer.transport.abort()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("tls", [False, True])
async def test_a_read_brings_all_that_has_come(tls: bool) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in (HEAD, *[CHUNK] * 100, b"0\r\n\r\n"):
            writer.write(part)
        writer.close()

    async with connected(serve, tls) as stream:
        came = await stream.read(1 << 16)
        assert came == HEAD + b"%x\r\n%b\r\n0\r\n\r\n" % (1000, EVENT * 100)
        assert await stream.read(1 << 16) == b""


async def test_no_more_records_than_asked_for() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(100):
            writer.write(b"x" * 1000)
        writer.close()

    async with connected(serve, tls=True) as stream:
        came = [await stream.read(2500)]
        while came[-1]:
            came.append(await stream.read(2500))
    assert b"".join(came) == b"x" * 100_000
    assert max(map(len, came)) == 2500
    assert len(came) < 60


async def test_what_came_before_a_damaged_record_counts() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + CHUNK)
        socket = writer.transport.get_extra_info("socket")
        await asyncio.sleep(0.05)
        os.write(socket.fileno(), b"\x17\x03\x03\x00\x20" + b"?" * 32)
        await asyncio.sleep(0.05)

    async with connected(serve, tls=True) as stream:
        assert await stream.read(1 << 16) == HEAD + CHUNK
        for _ in range(2):
            with pytest.raises(httpcore2.ReadError):
                await stream.read(1 << 16)
