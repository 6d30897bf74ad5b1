"""Open documents: text, version and language, exactly as the editor last said."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from festina.text import Encoding, Range, Text

AT_ONCE_SECONDS = 0.2
"""Changes that come within this time are taken for one: some editors say in two messages that a
formatter wrote the file anew."""


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one open document. ``path`` is None for documents that are not files."""

    uri: str
    path: Path | None
    language: str
    version: int
    text: Text


@dataclass(frozen=True, slots=True)
class Change:
    """One content change; ``range`` is None when ``text`` is the whole new document."""

    range: Range | None
    text: str


class Documents:
    """The store of open documents. Only the event loop's thread touches it."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._before: dict[str, tuple[float, Text]] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._documents.values()))

    def get(self, uri: str) -> Document | None:
        """Return the open document, or None."""
        return self._documents.get(uri)

    def open(self, document: Document) -> None:
        """Take a document under our care; opening twice replaces it."""
        self._documents[document.uri] = document

    def change(
        self, uri: str, version: int, changes: Iterable[Change], encoding: Encoding
    ) -> Document | None:
        """Apply changes in order and return the new document; None when it was never opened."""
        document = self._documents.get(uri)
        if document is None:
            return None
        text = document.text
        now = time.monotonic()
        if uri not in self._before or now - self._before[uri][0] > AT_ONCE_SECONDS:
            self._before[uri] = now, text
        for change in changes:
            text = text.replace(change.range, change.text, encoding)
        document = replace(document, version=version, text=text)
        self._documents[uri] = document
        return document

    def shortly_before(self, uri: str) -> Text | None:
        """Return the text as it was before the last changes that came at once."""
        before = self._before.get(uri)
        return before and before[1]

    def close(self, uri: str) -> Document | None:
        """Forget a document and return its last version."""
        self._before.pop(uri, None)
        return self._documents.pop(uri, None)

    def buffers(self, workspace: Path) -> dict[str, str]:
        """Return the open files below ``workspace``: relative path to text."""
        found = {}
        for document in self._documents.values():
            if document.path is not None and document.path.is_relative_to(workspace):
                relative = document.path.relative_to(workspace).as_posix()
                found[relative] = document.text.content
        return found
