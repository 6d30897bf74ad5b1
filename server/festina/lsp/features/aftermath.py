"""An accepted edit that the whole suite refuted afterwards: diagnostics, a message, an action."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina.aftermath import Accepted
from festina.findings import Finding
from festina.lsp import convert, messages, render

if TYPE_CHECKING:
    from festina.documents import Document
    from festina.lsp.app import App


class AftermathShown:
    """Shows at the edit, and at each failing test, that what was accepted fails.

    No client knows of it otherwise: the proposal is over, so every client is shown it.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._shown: dict[str, set[str]] = {}
        app.lifecycle.aftermath.changed = self._changed
        app.board.sources.append(self._diagnostics)

    def superseded(self, workspace: Path) -> None:
        """The whole suite has run on what was saved since, and what fails is shown by that."""
        for accepted in self._app.lifecycle.aftermath.failures:
            path = convert.to_path(accepted.uri)
            if path is not None and path.is_relative_to(workspace):
                self._app.lifecycle.aftermath.forget(accepted.proposal)

    def _changed(self, accepted: Accepted) -> None:
        before = self._shown.pop(accepted.proposal, set())
        if accepted in self._app.lifecycle.aftermath.failures:
            uris = {accepted.uri, *(place.uri for _, place in self._places(accepted))}
            self._shown[accepted.proposal] = uris
            words = render.aftermath_news(accepted)
            self._app.client.show_message(words, lsp.MessageType.Error)
        for uri in sorted(before | self._shown.get(accepted.proposal, set())):
            self._app.board.changed(uri)

    def _diagnostics(self, uri: str) -> list[lsp.Diagnostic]:
        found = []
        for accepted in self._app.lifecycle.aftermath.failures:
            document = self._app.session.documents.get(accepted.uri)
            if document is None:
                continue
            edit = lsp.Location(accepted.uri, self._line_of(document, accepted))
            places = self._places(accepted)
            if uri == accepted.uri:
                message = render.aftermath(accepted)
                found.append(self._diagnostic(accepted, edit, message, places))
            for finding, place in places:
                if uri == place.uri:
                    back = [
                        (
                            Finding(
                                finding.gate, "", f"the accepted edit of {render.subject(accepted)}"
                            ),
                            edit,
                        )
                    ]
                    message = render.aftermath_test(accepted, finding)
                    found.append(self._diagnostic(accepted, place, message, back))
        return found

    def _diagnostic(
        self,
        accepted: Accepted,
        place: lsp.Location,
        message: str,
        related: list[tuple[Finding, lsp.Location]],
    ) -> lsp.Diagnostic:
        information = [
            lsp.DiagnosticRelatedInformation(location, render.shorten(finding.message, 200))
            for finding, location in related
        ]
        return lsp.Diagnostic(
            range=place.range,
            message=message,
            severity=lsp.DiagnosticSeverity.Error,
            source=messages.SOURCE,
            related_information=information if self._app.caps.related_information else None,
            data={"proposal": accepted.proposal, "state": "applied"},
        )

    def _places(self, accepted: Accepted) -> list[tuple[Finding, lsp.Location]]:
        findings = accepted.verdict.findings if accepted.verdict is not None else ()
        return [
            (finding, place)
            for finding in findings[: render.MOST_FINDINGS]
            if (place := self._app.location_of(accepted.uri, finding)) is not None
        ]

    def _line_of(self, document: Document, accepted: Accepted) -> lsp.Range:
        start = accepted.region.start
        return convert.lines_range(document.text, start, start + 1, self._app.caps.encoding)


def actions(app: App, uri: str, start: int, end: int) -> list[lsp.CodeAction]:
    """Return the actions for lines ``[start, end)`` of a document: put away what is shown there."""
    found = []
    for accepted in app.lifecycle.aftermath.failures:
        region = accepted.region
        if accepted.uri == uri and region.start < end and start < max(region.end, region.start + 1):
            title = f"Festina: dismiss what failed after accepting {render.subject(accepted)}"
            argument = {"proposal": accepted.proposal}
            command = lsp.Command(title=title, command=messages.DISMISS, arguments=[argument])
            data = {**argument, "static": True}
            found.append(
                lsp.CodeAction(title=title, kind=messages.QUICKFIX, command=command, data=data)
            )
    return found
