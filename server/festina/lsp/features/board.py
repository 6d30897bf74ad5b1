"""The diagnostics of each document: several features have some, and an editor takes one list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina.lsp.throttle import Throttle

if TYPE_CHECKING:
    from festina.lsp.app import App

DIAGNOSTICS_PER_SECOND = 4

Source = Callable[[str], list[lsp.Diagnostic]]
"""Returns what a feature has to show in the document of a URI, open or not."""


class Board:
    """Publishes what all sources have for a document, whenever one of them says it changed."""

    def __init__(self, app: App) -> None:
        self.sources: list[Source] = []
        self._app = app
        self._throttle = Throttle[None](1 / DIAGNOSTICS_PER_SECOND, self._send)
        self._urgent: dict[str, asyncio.Handle] = {}

    def changed(self, uri: str) -> None:
        """Show what there is for a document, now or as soon as its editor has had a rest."""
        self._throttle.offer(uri, None)

    def soon(self, uri: str) -> None:
        """Show what there is for a document as soon as what goes on now is over: it matters.

        So many proposals that one keystroke ends are shown once.
        """
        if uri not in self._urgent:
            loop = asyncio.get_running_loop()
            self._urgent[uri] = loop.call_soon(self._send_urgent, uri)

    def now(self, uri: str) -> None:
        """Show what there is for a document at once: it was closed."""
        self._send(uri, None)

    def close(self) -> None:
        """Publish nothing any more."""
        for handle in self._urgent.values():
            handle.cancel()
        self._urgent.clear()
        self._throttle.close()

    def _send_urgent(self, uri: str) -> None:
        del self._urgent[uri]
        self._throttle.now(uri, None)

    def _send(self, uri: str, _: None) -> None:
        document = self._app.session.documents.get(uri)
        found = [diagnostic for source in self.sources for diagnostic in source(uri)]
        version = document.version if document else None
        self._app.client.publish_diagnostics(uri, found, version)
