"""What is wrong in the saved files of a workspace, as diagnostics of whatever file it is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina import edits
from festina.documents import Document
from festina.edits import Region
from festina.findings import Finding, Gate
from festina.lsp import convert, messages, render
from festina.text import NotText, Text, decode
from festina.verify.examination import Examination, Note, notes, spread

if TYPE_CHECKING:
    from festina.lsp.app import App

MESSAGE_CHARS = 300


@dataclass(frozen=True, slots=True)
class Noted:
    """The notes of a workspace by file, and the texts in which their lines count."""

    workspace: Path
    notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)

    def diagnostics(self, app: App, path: str) -> list[lsp.Diagnostic]:
        """Return what is to be shown in a file, in its lines as they are by now."""
        return [self._diagnostic(app, note) for note in self.notes.get(path, ())]

    def _diagnostic(self, app: App, note: Note) -> lsp.Diagnostic:
        finding = note.finding
        message = render.shorten(finding.message, MESSAGE_CHARS)
        related = [
            lsp.DiagnosticRelatedInformation(
                lsp.Location(app.uri_of(self.workspace / one.path), self._range(app, one)),
                render.shorten(one.message, 200),
            )
            for one in note.related
        ]
        if related and not app.caps.related_information:
            first = note.related[0]
            message += f"\n{first.path}:{first.line or 1}"
            related = []
        return lsp.Diagnostic(
            range=self._range(app, finding),
            message=message,
            severity=convert.to_severity(finding.severity),
            code=finding.code,
            source=messages.SOURCE,
            related_information=related or None,
            data={"test": finding.code} if finding.gate is Gate.TESTS else None,
        )

    def _range(self, app: App, finding: Finding) -> lsp.Range:
        """Return where a finding is; in an open buffer, where its lines have moved to since."""
        text = self.texts.get(finding.path)
        where = convert.finding_range(finding, text, app.caps.encoding)
        document = app.open_at(self.workspace / finding.path)
        if text is None or document is None or document.text == text:
            return where
        return _moved(where, text, document)


def _moved(where: lsp.Range, text: Text, document: Document) -> lsp.Range:
    start, end = where.start, where.end
    region = edits.rebase(text, document.text, Region(start.line, end.line + 1))
    if region is None:
        return where
    by = region.start - start.line
    return lsp.Range(
        lsp.Position(start.line + by, start.character), lsp.Position(end.line + by, end.character)
    )


def load(workspace: Path, shown: Examination, known: Mapping[str, str | None]) -> Noted:
    """Arrange what is to be shown, and read the files that it is in. Blocks."""
    by_path: dict[str, list[Note]] = {}
    found = notes(shown)
    for note in found:
        by_path.setdefault(note.finding.path, []).append(note)
    texts: dict[str, Text] = {}
    for path in {one.path for note in found for one in (note.finding, *note.related)}:
        content = known.get(path)
        text = _read(workspace / path) if content is None else Text(content)
        if text is not None:
            texts[path] = text

    def spread_over(finding: Finding) -> Finding:
        text = texts.get(finding.path)
        return finding if text is None else spread(finding, text.content)

    def whole(note: Note) -> Note:
        return Note(spread_over(note.finding), tuple(map(spread_over, note.related)))

    arranged = {path: tuple(map(whole, some)) for path, some in by_path.items()}
    return Noted(workspace, arranged, texts)


def _read(path: Path) -> Text | None:
    try:
        return decode(path.read_bytes())
    except (OSError, NotText):
        return None
