"""The open plans as they read now, and what is amiss in them, as diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina import plans
from festina.documents import Document
from festina.lsp import convert, messages
from festina.lsp.features.papers import NAME
from festina.plans import Damaged, Plan
from festina.text import Text

if TYPE_CHECKING:
    from festina.lsp.app import App

MOST_CHARS = 200_000
"""A text that is longer is no plan that a person follows; it is not looked at."""


class SeenPlans:
    """Reads each text of an open plan once."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._of: dict[str, tuple[Text, Plan | Damaged]] = {}
        app.board.sources.append(self._diagnostics)

    def changed(self, document: Document) -> None:
        """A document was opened or changed."""
        if self.is_plan(document):
            self._app.board.changed(document.uri)

    def closed(self, uri: str) -> None:
        """A document was closed."""
        self._of.pop(uri, None)

    def is_plan(self, document: Document) -> bool:
        """Whether a document is the plan of an open workspace."""
        path = document.path
        return (
            path is not None and path.name == NAME and path.parent in self._app.session.roots
        ) and len(document.text.content) <= MOST_CHARS

    def read(self, document: Document) -> Plan | Damaged:
        """Return an open plan as it reads now, or what is amiss in it."""
        known = self._of.get(document.uri)
        if known is None or known[0] != document.text:
            found: Plan | Damaged
            try:
                found = plans.read(document.text.content)
            except Damaged as damaged:
                found = damaged
            known = self._of[document.uri] = (document.text, found)
        return known[1]

    def _diagnostics(self, uri: str) -> list[lsp.Diagnostic]:
        document = self._app.session.documents.get(uri)
        if document is None or not self.is_plan(document):
            return []
        found = self.read(document)
        if isinstance(found, Plan):
            return []
        return [
            lsp.Diagnostic(
                range=convert.lines_range(
                    document.text, problem.line - 1, problem.line, self._app.caps.encoding
                ),
                message=problem.message,
                severity=lsp.DiagnosticSeverity.Error,
                source=messages.SOURCE,
                code="plan",
            )
            for problem in found.problems
        ]
