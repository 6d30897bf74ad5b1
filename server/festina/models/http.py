"""HTTP as Festina needs it; the only importer of the HTTP library.

The operating system's trust store, SSL_CERT_FILE and SSL_CERT_DIR; proxies from the environment,
never for this machine itself; no redirects, no compression; connections freed on cancellation.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import socket
import ssl
from collections.abc import AsyncGenerator, Iterator, Mapping
from types import TracebackType
from typing import Self

import httpx2

import festina
from festina.models.base import ModelError, Trouble
from festina.models.connecting import Backend
from festina.models.presets import is_loopback, origin_of
from festina.models.proxies import proxy_for, without_credentials

for _name in ("httpx2", "httpcore2"):
    # they log addresses and the headers of responses, in which servers may echo a key
    logging.getLogger(_name).setLevel(logging.WARNING)

CONNECTIONS = 96
"""Connections at once for each way out: 75 candidates and some to spare."""
CONNECT_SECONDS = 10.0
KEEPALIVE_SECONDS = 60.0
MAX_ERROR_BODY = 64 << 10
_ENCODINGS = frozenset({"identity", "gzip", "deflate"})

_HEADERS = {
    "Accept": "text/event-stream, application/json",
    "Accept-Encoding": "identity",  # a proxy that compresses also holds back
    "User-Agent": f"festina/{festina.__version__}",
}


class Response:
    """A response whose body is still to be read. Header names are in lower case."""

    def __init__(self, response: httpx2.Response, origin: str, proxy: str) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = {k.lower(): v for k, v in response.headers.items()}
        self._response = response
        self._origin = origin
        self._proxy = proxy
        self._chunks: AsyncGenerator[bytes] | None = None

    def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the body as it comes, once; ``aclose`` ends it.

        Raises:
            ModelError: the connection broke, or the body is not in the encoding it claims.
        """
        self._chunks = self._read()
        return self._chunks

    async def _read(self) -> AsyncGenerator[bytes]:
        encoding = self.headers.get("content-encoding", "identity").lower()
        body = self._response
        try:
            if encoding not in _ENCODINGS:  # the library would hand it on as it is
                raise httpx2.DecodingError(encoding)
            source = body.aiter_raw() if encoding == "identity" else body.aiter_bytes()
            async with contextlib.aclosing(source):
                async for chunk in source:
                    yield chunk
        except httpx2.RequestError as error:
            raise explain(error, self._origin, self._proxy) from None

    async def start(self) -> bytes:
        """Return the body's first ``MAX_ERROR_BODY`` bytes; what breaks on the way is left out."""
        body = bytearray()
        try:
            async for chunk in self.chunks():
                body += chunk
                if len(body) >= MAX_ERROR_BODY:
                    break
        except ModelError:
            pass
        return bytes(body[:MAX_ERROR_BODY])

    async def aclose(self) -> None:
        """Free the connection: back to the pool if the body was read, else closed."""
        try:
            if self._chunks is not None:  # else the garbage collector would, on no loop or another
                await self._chunks.aclose()
        finally:
            await self._response.aclose()


class Http:
    """Connections to model servers, for any number of event loops.

    With ``reuse`` off, each request has a connection of its own.
    """

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        connect_seconds: float = CONNECT_SECONDS,
        reuse: bool = True,
    ) -> None:
        self._limits = httpx2.Limits(
            max_connections=connections,
            max_keepalive_connections=connections if reuse else 0,
            keepalive_expiry=KEEPALIVE_SECONDS,
        )
        # how long to wait for bytes is the caller's business: comments must not count as life
        self._timeout = httpx2.Timeout(None, connect=connect_seconds, write=30.0)
        self._clients: dict[tuple[asyncio.AbstractEventLoop, str], httpx2.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Response:
        """Send a request and return the response once its headers are there.

        Raises:
            ModelError: there was no response (network, TLS, proxy).
        """
        origin = origin_of(url)
        proxy = proxy_for(url)
        shown = without_credentials(proxy)
        client = await self._client(proxy)
        try:
            request = client.build_request(method, url, headers=dict(headers), content=body)
            response = await client.send(request, stream=True)
        except httpx2.RequestError as error:
            raise explain(error, origin, shown) from None
        except httpx2.InvalidURL:
            raise ModelError(
                Trouble.BAD_REQUEST, f"{origin} is not an address that can be called."
            ) from None
        return Response(response, origin, shown)

    async def aclose(self) -> None:
        """Close every connection, each on the event loop that it lives on."""
        here = asyncio.get_running_loop()
        clients, self._clients = self._clients, {}
        for (loop, _), client in clients.items():
            if loop is here:
                await client.aclose()
            elif loop.is_running():
                closing = asyncio.run_coroutine_threadsafe(client.aclose(), loop)
                await asyncio.wrap_future(closing)

    async def _client(self, proxy: str) -> httpx2.AsyncClient:
        key = (asyncio.get_running_loop(), proxy)
        client = self._clients.get(key)
        if client is None:
            context = await asyncio.to_thread(ssl_context)
            client = self._clients.get(key)
        if client is None:
            client = self._clients[key] = self._make(proxy, context)
        return client

    def _make(self, proxy: str, context: ssl.SSLContext) -> httpx2.AsyncClient:
        unusable = ModelError(
            Trouble.PROXY,
            "The proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) is not "
            "an address that can be used. Set it to one such as http://proxy.example.com:3128.",
        )
        if proxy and not without_credentials(proxy):
            raise unusable
        try:
            transport = httpx2.AsyncHTTPTransport(
                verify=context,
                trust_env=False,  # proxies are chosen here, so that messages can name them
                proxy=httpx2.Proxy(proxy) if proxy else None,
                limits=self._limits,
            )
            # there is no public way; tests/chaos cancels handshakes
            transport._pool._network_backend = Backend()
            return httpx2.AsyncClient(
                transport=transport,
                trust_env=False,
                timeout=self._timeout,
                headers=_HEADERS,
                follow_redirects=False,
            )
        except ImportError:
            raise ModelError(
                Trouble.PROXY,
                "The environment asks for a SOCKS proxy, which needs one more package. Run "
                "`pip install socksio` where Festina is installed, or set HTTPS_PROXY to an "
                "HTTP proxy.",
            ) from None
        except (ValueError, httpx2.InvalidURL):
            raise unusable from None


@functools.cache
def _ssl_context(cafile: str, capath: str) -> ssl.SSLContext:
    try:
        return httpx2.create_ssl_context()
    except OSError:
        named = f"SSL_CERT_FILE ({cafile})" if cafile else f"SSL_CERT_DIR ({capath})"
        raise ModelError(
            Trouble.TLS,
            f"The certificates that {named} names cannot be read. "
            "Correct the variable or remove it.",
        ) from None


def ssl_context() -> ssl.SSLContext:
    """Return the context for TLS: SSL_CERT_FILE, SSL_CERT_DIR, else the system's trust store.

    Raises:
        ModelError: what the environment names cannot be read.
    """
    return _ssl_context(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


def explain(error: httpx2.RequestError, origin: str, proxy: str = "") -> ModelError:
    """Return the error for a person: what stood in the way to ``origin``, and the remedy."""
    causes = list(_causes(error))
    through = f" through the proxy {proxy}" if proxy else ""
    certificate = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        why = (certificate.verify_message or "not trusted").rstrip(".")
        return ModelError(
            Trouble.TLS,
            f"The certificate of {origin} was not accepted{through}: {why}. "
            "If your network inspects TLS, set SSL_CERT_FILE to its CA certificate.",
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return ModelError(
            Trouble.TLS,
            f"No secure connection to {origin} could be made{through}. "
            "Check that base_url should start with https:// and that nothing intercepts it.",
        )
    if isinstance(error, httpx2.ProxyError):
        return ModelError(
            Trouble.PROXY,
            f"The proxy {proxy or 'that the environment names'} refused the way to {origin}. "
            "Check HTTPS_PROXY and its credentials, or add the host to NO_PROXY.",
        )
    return _unreachable(error, causes, origin, proxy)


def _unreachable(
    error: httpx2.RequestError, causes: list[BaseException], origin: str, proxy: str
) -> ModelError:
    trouble = Trouble.PROXY if proxy else Trouble.NETWORK
    target = f"The proxy {proxy} on the way to {origin}" if proxy else origin
    remedy = "Check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY." if proxy else ""
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        text = f"{target} could not be found: its name does not resolve."
        remedy = remedy or "Check the network connection and base_url."
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        text = f"{target} refused the connection."
        remedy = remedy or (
            "Start the model server, or check the port in base_url."
            if is_loopback(origin)
            else "Check base_url and the firewall."
        )
    elif isinstance(error, httpx2.ConnectTimeout | httpx2.ConnectError):
        text = f"{target} could not be reached."
        remedy = remedy or "Check the network connection, base_url and the firewall."
    elif isinstance(error, httpx2.DecodingError):
        trouble = Trouble.DAMAGED
        text = f"{origin} sent a body whose compression cannot be undone."
        remedy = "A proxy in between may be at fault; try again without it."
    elif isinstance(error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
        trouble = Trouble.BAD_REQUEST
        text = f"No valid request to {origin} could be made."
        remedy = "Check base_url and the key for stray characters."
    else:
        trouble = Trouble.NETWORK
        text = f"The connection to {origin} broke."
        remedy = "Try again; if it stays, check the network and the server's log."
    return ModelError(trouble, f"{text} {remedy}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
