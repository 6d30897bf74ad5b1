"""Stand-ins, on loopback, of Hugging Face's hub and of a package index: real protocols, any fault.

The hub answers a file's address with a redirect that names its hash and size, as the real one
does, and serves the content elsewhere, in ranges. The index lists and serves wheels.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class FakeHub:
    """A context manager. ``files`` are the hub's (``repository/file``), ``wheels`` the index's.

    ``status`` and ``headers`` are the answer to a request for a file's address, if it is to fail;
    ``size`` is a lie about its size, ``sent`` what is sent in the place of its content.
    The first ``cuts`` transfers end after ``cut_bytes``. With ``hold``, a transfer stops there and
    waits for ``release``. ``heard``: method, path and range of each request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    wheels: dict[str, bytes] = field(default_factory=dict)
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    size: int | None = None
    sent: bytes | None = None
    cuts: int = 0
    cut_bytes: int = 1000
    hold: bool = False
    heard: list[tuple[str, str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.release = threading.Event()
        self.held = threading.Event()
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def elsewhere(self) -> str:
        """The same server under another name: the client follows redirects within a host."""
        return self.url.replace("127.0.0.1", "localhost")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(head=True)

    def do_GET(self) -> None:
        self._answer(head=False)

    def _answer(self, *, head: bool) -> None:
        hub = self.hub
        hub.heard.append((self.command, self.path, self.headers.get("Range", "")))
        if found := re.fullmatch(r"/(.+)/resolve/main/(.+)", self.path):
            return self._address(f"{found[1]}/{found[2]}")
        if self.path.startswith("/content/"):
            return self._content(hub.files[self.path.removeprefix("/content/")], head=head)
        if self.path.startswith("/simple/"):
            links = "".join(
                f'<a href="/wheels/{name}#sha256={hashlib.sha256(data).hexdigest()}">{name}</a>'
                for name, data in hub.wheels.items()
            )
            return self._send(200, f"<html><body>{links}</body></html>".encode(), "text/html")
        if (wheel := hub.wheels.get(self.path.removeprefix("/wheels/"))) is not None:
            return self._content(wheel, head=head)
        return self._send(404, b"not here")

    def _address(self, name: str) -> None:
        hub = self.hub
        if hub.status is not None:
            return self._send(hub.status, b"{}", **hub.headers)
        if name not in hub.files:
            return self._send(404, b"Entry not found", **{"X-Error-Code": "EntryNotFound"})
        content = hub.files[name]
        digest = hashlib.sha256(content).hexdigest()
        return self._send(
            302,
            b"",
            **{
                "Location": f"{hub.elsewhere}/content/{name}",
                "X-Repo-Commit": COMMIT,
                "X-Linked-ETag": f'"{digest}"',
                "X-Linked-Size": str(len(content) if hub.size is None else hub.size),
            },
        )

    def _content(self, content: bytes, *, head: bool) -> None:
        hub = self.hub
        data = content if hub.sent is None else hub.sent
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(found[1]) if found else 0
        self.send_response(206 if found else 200)
        if found:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if head:
            return
        part = data[start:]
        if hub.hold:
            self.wfile.write(part[: hub.cut_bytes])
            hub.held.set()
            hub.release.wait(60)
            part = part[hub.cut_bytes :]
        elif hub.cuts > 0:
            hub.cuts -= 1
            self.wfile.write(part[: hub.cut_bytes])
            self.wfile.flush()
            self.close_connection = True
            return
        try:
            self.wfile.write(part)
        except OSError:  # nobody wants it any more
            self.close_connection = True

    def _send(self, status: int, body: bytes, kind: str = "text/plain", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def wheel(name: str, files: dict[str, bytes]) -> bytes:
    """Return a wheel of version 1 with these files in it."""
    info = f"{name}-1.dist-info"
    everything = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in everything.items():
            archive.writestr(path, data)
    return buffer.getvalue()
