"""Connections that are given back whenever making them is broken off, and that are read in batches.

A read brings as much as there is: chunks are joined, and so are the records of TLS; where many
streams are read, reads are spread over time.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

from festina.models.joining import ChunkJoiner
from festina.models.pace import Pace


class Backend(httpcore2.AnyIOBackend):
    """Like the library's own, which leaves the socket open where a TLS handshake is cancelled.

    For one event loop.
    """

    def __init__(self) -> None:
        self._pace = Pace()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect; see :class:`httpcore2.AsyncNetworkBackend`."""
        return _Stream(
            await super().connect_tcp(host, port, timeout, local_address, socket_options),
            self._pace,
        )


class _Stream(httpcore2.AsyncNetworkStream):
    def __init__(self, stream: httpcore2.AsyncNetworkStream, pace: Pace) -> None:
        self._stream = stream
        self._pace = pace
        self._joiner = ChunkJoiner()
        self._tls: ssl.SSLObject | None = stream.get_extra_info("ssl_object")
        self._broken: ssl.SSLError | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            if self._joiner.body:
                await self._pace.turn()
            data = await self._read(max_bytes, timeout)
            if not data or (data := self._joiner.feed(data)):
                return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._joiner.request()
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            secure = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self.aclose()
            raise
        return _Stream(secure, self._pace)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    async def _read(self, max_bytes: int, timeout: float | None) -> bytes:
        """Read once; with TLS, all records that have come by then instead of the first."""
        if self._broken is not None:
            raise httpcore2.ReadError(str(self._broken)) from self._broken
        try:
            data = await self._stream.read(max_bytes, timeout)
        except ssl.SSLError as error:  # the library lets it pass
            raise httpcore2.ReadError(str(error)) from error
        if self._tls is None or not data:
            return data
        records = [data]
        left = max_bytes - len(data)
        try:
            while left > 0 and (data := self._tls.read(left)):
                records.append(data)
                left -= len(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._broken = error  # for the next read: what came before it counts
        return b"".join(records)
