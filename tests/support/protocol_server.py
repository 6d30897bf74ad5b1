"""A small server for tests of the protocol alone: plain pygls, or ours, with the same features.

Run as a script it serves on standard input and output: ``protocol_server.py plain|ours``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from functools import cache
from typing import Any

from lsprotocol import types as lsp
from lsprotocol.converters import get_converter
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from festina.documents import Change, Document, Documents
from festina.lsp import convert, protocol
from festina.text import Text

logger = logging.getLogger("pygls.test")

SECRET = "sk-secret-source-text"


@cache
def _converter(plain: bool) -> Any:
    return default_converter() if plain else get_converter()


def plain() -> LanguageServer:
    """Return pygls as it comes, with our features."""
    logging.getLogger("pygls").setLevel(logging.NOTSET)
    server = LanguageServer("plain", "0", converter_factory=lambda: _converter(True))
    _common(server)

    @server.feature("test/text")
    def text(ls: LanguageServer, _: Any) -> list[str]:
        return [document.source for document in ls.workspace.text_documents.values()]

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(ls: LanguageServer, params: Any) -> None: ...

    return server


def ours() -> protocol.FestinaServer:
    """Return our server, with documents of our own."""
    server = protocol.create("ours", "0")
    _common(server)
    documents = Documents()

    @server.feature("test/text")
    def text(ls: protocol.FestinaServer, _: Any) -> list[str]:
        return [document.text.content for document in documents]

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: protocol.FestinaServer, params: lsp.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        path = convert.to_path(item.uri)
        documents.open(Document(item.uri, path, item.language_id, item.version, Text(item.text)))

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(
        ls: protocol.FestinaServer, params: lsp.DidChangeTextDocumentParams
    ) -> None:
        changes = [
            Change(convert.from_range(c.range), c.text)
            if isinstance(c, lsp.TextDocumentContentChangePartial)
            else Change(None, c.text)
            for c in params.content_changes
        ]
        item = params.text_document
        documents.change(item.uri, item.version, changes, ls.caps.encoding)

    return server


def _common(server: LanguageServer) -> None:  # noqa: C901 - a list of small handlers
    state: dict[str, Any] = {"started": [], "asked": None}

    @server.feature("test/ping")
    def ping(ls: LanguageServer, _: Any) -> str:
        return "pong"

    @server.feature("test/echo")
    def echo(ls: LanguageServer, params: Any) -> Any:
        return params

    @server.feature("test/boom")
    async def boom(ls: LanguageServer, _: Any) -> None:
        raise ValueError(SECRET)

    @server.feature("test/boomNote")
    def boom_note(ls: LanguageServer, _: Any) -> None:
        raise ValueError(SECRET)

    @server.feature("test/slow")
    async def slow(ls: LanguageServer, _: Any) -> None:
        state["started"].append(ls.protocol.msg_id)
        await asyncio.Event().wait()

    @server.feature("test/started")
    def started(ls: LanguageServer, _: Any) -> list[Any]:
        return list(state["started"])

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)
    def code_action(ls: LanguageServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return [lsp.CodeAction(title=d.message) for d in params.context.diagnostics]

    @server.feature("test/ask")
    async def ask(ls: LanguageServer, _: Any) -> Any:
        """Ask the client for its settings."""
        state["asked"] = asyncio.current_task()
        params = lsp.ConfigurationParams(items=[lsp.ConfigurationItem(section="a")])
        return await ls.workspace_configuration_async(params)

    @server.feature("test/changeMind")
    def change_mind(ls: LanguageServer, _: Any) -> None:
        """Cancel what test/ask waits for."""
        state["asked"].cancel()

    @server.feature("test/say")
    def say(ls: LanguageServer, _: Any) -> None:
        ls.window_log_message(lsp.LogMessageParams(type=lsp.MessageType.Log, message=SECRET))

    @server.feature("test/thread")
    async def thread(ls: LanguageServer, _: Any) -> None:
        """Keep a thread of the pool busy for ever, as a hung file system would."""
        asyncio.get_running_loop().run_in_executor(None, time.sleep, 3600)

    @server.feature("test/block")
    def block(ls: LanguageServer, _: Any) -> None:
        _tell("blocked")
        time.sleep(3600)

    @server.feature("test/print")
    def prints(ls: LanguageServer, _: Any) -> str:
        """Do what a careless library does; say what a child reads from standard input."""
        print("a stray print")
        os.write(1, b"a stray write\n")
        child = [sys.executable, "-c", "import sys; print(sys.stdin.read()); print('child')"]
        subprocess.run(child, check=True, timeout=30)
        return "printed"

    @server.feature("test/flood")
    def flood(ls: LanguageServer, params: Any) -> None:
        for _ in range(80):
            ls.window_log_message(
                lsp.LogMessageParams(type=lsp.MessageType.Log, message="x" * (1 << 20))
            )
        _tell("flooded")


def _tell(what: str) -> None:
    """Say something on standard error, for the test that reads it."""
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


def main() -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="log: %(message)s")
    if "--impatient" in sys.argv:
        protocol.EXIT_SECONDS = 0.5
    if sys.argv[1] == "plain":
        plain().start_io()
        return 0
    server = ours()

    async def stop() -> None:
        _tell(f"hook ran, {threading.active_count()} threads")

    server.on_shutdown(stop)
    return protocol.run_stdio(server)


if __name__ == "__main__":
    sys.exit(main())
