"""Where the pages come from: files of the workspace's copy with texts laid over, or a program.

Used by ``inside/browser.py``, in the sandbox: the addresses are those of its own loopback.
"""

from __future__ import annotations

import asyncio
import http.server
import mimetypes
import os
import posixpath
import socket
import socketserver
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence

HOST = "127.0.0.1"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".htm": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Whatever the machine's own list says: without the right type, no module is run."""
_TAIL = 2000


class Unready(Exception):  # noqa: N818 - reads as the sentence it makes
    """The program serves nothing; ``str()`` says what is known of it."""


class Folder:
    """Serves a folder of ``place``, with ``texts`` over its files (None: there is none).

    One that does not listen has an origin all the same: whoever drives the browser answers for it.
    """

    def __init__(
        self, place: str, folder: str, texts: Mapping[str, str | None], *, listens: bool = True
    ) -> None:
        self._place = os.path.realpath(place)
        self._root = os.path.normpath(os.path.join(self._place, folder))
        self._texts = texts
        self.asked: set[str] = set()
        """What was asked for, as paths in the workspace, whether it is there or not."""
        self.listens = listens
        self.origin = f"http://{HOST}"
        self._server: _Server | None = None
        if listens:
            self._server = _Server((HOST, 0), _Handler)
            self._server.folder = self
            self.origin = f"http://{HOST}:{self._server.server_address[1]}"
            threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return what a request is answered with: status, type and content."""
        found = self.read(path)
        if found is None:
            return 404, "text/plain; charset=utf-8", b"Not found.\n"
        return 200, found[1], found[0]

    def read(self, path: str, *, ask: bool = True) -> tuple[bytes, str] | None:
        """Return what is at the path of an address, and its type; None where nothing is."""
        file = self._file(path)
        if file is None:
            return None
        name = os.path.relpath(file, self._place)
        if ask:
            self.asked.add(name)
        if name in self._texts:
            text = self._texts[name]
            data = None if text is None else text.encode("utf-8", "surrogatepass")
        else:
            data = _content(file)
        if data is None:
            return None
        suffix = posixpath.splitext(file)[1].lower()
        kind = _TYPES.get(suffix) or mimetypes.guess_type(file)[0] or "application/octet-stream"
        return data, kind

    def _file(self, path: str) -> str | None:
        """Find the file: a folder's is its ``index.html``, and ``/about`` can be ``about.html``."""
        parts = urllib.parse.unquote(urllib.parse.urlsplit(path).path).split("/")
        if ".." in parts or "\0" in path:
            return None
        file = os.path.realpath(os.path.join(self._root, *filter(None, parts)))
        if os.path.isdir(file) or not parts[-1]:
            file = os.path.join(file, "index.html")
        elif "." not in parts[-1] and not os.path.exists(file):
            file += ".html"
        inside = file.startswith(self._place + os.sep)
        # what is linked to from outside, such as packages, is the workspace's own business
        return file if inside or os.path.exists(file) else None

    async def status(self, path: str) -> int:
        """Return what a request would be answered with."""
        found = await asyncio.to_thread(self.read, path, ask=False)
        return 404 if found is None else 200

    def close(self) -> None:
        """Serve no longer."""
        if self._server is not None:
            threading.Thread(target=_close, args=(self._server,), daemon=True).start()


def _close(server: _Server) -> None:
    server.shutdown()
    server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    """Not ``HTTPServer``, which asks for its own name: without a network that takes seconds."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64
    folder: Folder

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        status, kind, data = self.server.folder.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is inherited
        """Say nothing: nobody reads it."""


class Program:
    """A program that serves pages on a port of its own choice or on the one that it is given."""

    listens = True

    def __init__(self, argv: Sequence[str], place: str) -> None:
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port: int = free.getsockname()[1]
        self.origin = f"http://{HOST}:{self.port}"
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - for as long as it runs
        environ = {**os.environ, "PORT": str(self.port), "HOST": HOST, "BROWSER": "none"}
        self._process = subprocess.Popen(
            [part.replace("{port}", str(self.port)) for part in argv],
            cwd=place,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )

    async def ready(self, seconds: float) -> None:
        """Wait until it answers.

        Raises:
            Unready: it has ended, or does not answer in that time.
        """
        try:
            async with asyncio.timeout(seconds):
                while not await asyncio.to_thread(self._listens):
                    if self._process.poll() is not None:
                        code = self._process.returncode
                        raise Unready(f"it ended with exit code {code}{self._tail()}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            why = f"nothing listened on port {self.port} (it is given as {{port}} and $PORT)"
            raise Unready(f"{why} after {seconds:.0f} s{self._tail()}") from None

    def _listens(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), 1):
                return True
        except OSError:
            return False

    def _tail(self) -> str:
        self._said.seek(0)
        said = self._said.read()[-_TAIL:].decode("utf-8", "replace").split()
        return f": {' '.join(said)[-300:]}" if said else ""

    async def status(self, path: str) -> int:
        """Return what a request is answered with; 0 where it is not."""
        return await asyncio.to_thread(_ask, f"{self.origin}{path}")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._said.close()


def _ask(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - on loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _content(file: str) -> bytes | None:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError:
        return None
