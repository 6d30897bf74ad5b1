"""Pure conversions between Festina's values and the protocol's types."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from lsprotocol import types as lsp

from festina.edits import LineEdit
from festina.findings import Finding, Gate, Severity
from festina.lsp.capabilities import Caps
from festina.text import Encoding, Position, Range, Text

_ANY_WIDTH = 1 << 31  # past the end of every line
_DRIVE = re.compile(r"/[A-Za-z]:")
_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.INFORMATION: lsp.DiagnosticSeverity.Information,
    Severity.HINT: lsp.DiagnosticSeverity.Hint,
}
_FROM_SEVERITIES = {value: key for key, value in _SEVERITIES.items()}


# -- positions ------------------------------------------------------------------------------


def from_position(position: lsp.Position) -> Position:
    """Take a position from the wire. It may lie outside the document."""
    return Position(position.line, position.character)


def to_position(position: Position) -> lsp.Position:
    """Bring a position to the wire."""
    return lsp.Position(line=position.line, character=position.character)


def from_range(wire: lsp.Range) -> Range:
    """Take a range from the wire; its ends are put in order."""
    start, end = sorted((from_position(wire.start), from_position(wire.end)))
    return Range(start, end)


def to_range(value: Range) -> lsp.Range:
    """Bring a range to the wire."""
    return lsp.Range(start=to_position(value.start), end=to_position(value.end))


def line_range(text: Text, start: int, end: int, encoding: Encoding) -> lsp.Range:
    """Return the range of whole lines ``[start, end)``, as positions that the document has.

    After a last line without a line end there is no further line: then the range ends (or, for an
    insertion at the end, also starts) where that line does.
    """
    return lsp.Range(start=_line_start(text, start, encoding), end=_line_start(text, end, encoding))


def _line_start(text: Text, line: int, encoding: Encoding) -> lsp.Position:
    if line < len(text.lines):
        return lsp.Position(line=line, character=0)
    return to_position(text.position(len(text.content), encoding))


def lines_range(text: Text, start: int, end: int, encoding: Encoding) -> lsp.Range:
    """Return a range to *show* for lines ``[start, end)``: without the last line's end."""
    last = min(max(start, end - 1), len(text.lines) - 1)
    if last < 0:
        zero = lsp.Position(line=0, character=0)
        return lsp.Range(start=zero, end=zero)
    finish = text.position(text.offset(Position(last, _ANY_WIDTH), encoding), encoding)
    begin = Position(min(start, last), 0)
    return lsp.Range(start=to_position(begin), end=to_position(finish))


# -- edits ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Annotation:
    """What an editor shows before it applies an edit. ``confirm`` makes it ask first."""

    label: str
    description: str = ""
    confirm: bool = False


def text_edits(text: Text, edits: Iterable[LineEdit], encoding: Encoding) -> list[lsp.TextEdit]:
    """Turn line edits of ``text`` into text edits with exactly the effect of ``edits.apply``."""
    return [
        lsp.TextEdit(range=line_range(text, edit.start, edit.end, encoding), new_text=edit.new_text)
        for edit in edits
    ]


@dataclass(frozen=True, slots=True)
class DocumentEdits:
    """Text edits of one document. ``version`` is None for one that is not open."""

    uri: str
    version: int | None
    edits: Sequence[lsp.TextEdit]


def workspace_edit(
    documents: Sequence[DocumentEdits], caps: Caps, annotation: Annotation | None = None
) -> lsp.WorkspaceEdit:
    """Build the richest edit that the client understands.

    ``documentChanges`` with versions where supported, else ``changes``; annotated, with the map
    that annotations need, only where supported.
    """
    if not caps.document_changes:
        return lsp.WorkspaceEdit(
            changes={document.uri: list(document.edits) for document in documents}
        )
    annotated = annotation is not None and caps.change_annotations
    return lsp.WorkspaceEdit(
        document_changes=[
            lsp.TextDocumentEdit(
                text_document=lsp.OptionalVersionedTextDocumentIdentifier(
                    uri=document.uri, version=document.version
                ),
                edits=[_annotate(edit) if annotated else edit for edit in document.edits],
            )
            for document in documents
        ],
        change_annotations={_ANNOTATION: _wire_annotation(annotation)}
        if annotation is not None and annotated
        else None,
    )


_ANNOTATION = "festina"


def _annotate(edit: lsp.TextEdit) -> lsp.AnnotatedTextEdit:
    return lsp.AnnotatedTextEdit(
        annotation_id=_ANNOTATION, range=edit.range, new_text=edit.new_text
    )


def _wire_annotation(annotation: Annotation) -> lsp.ChangeAnnotation:
    return lsp.ChangeAnnotation(
        label=annotation.label,
        needs_confirmation=annotation.confirm,
        description=annotation.description or None,
    )


# -- findings -------------------------------------------------------------------------------


def to_severity(severity: Severity) -> lsp.DiagnosticSeverity:
    """Bring a severity to the wire."""
    return _SEVERITIES[severity]


def finding_range(finding: Finding, text: Text | None, encoding: Encoding) -> lsp.Range:
    """Return where a finding is.

    ``text`` is the document's text, where it is at hand: columns count characters and are converted
    with it; without it they are taken for code units. A finding without a line is shown on the
    first, one without a column on its whole line.
    """
    line = max(0, (finding.line or 1) - 1)
    end_line = max(line, (finding.end_line or finding.line or 1) - 1)
    if text is not None and (finding.line is None or finding.column is None):
        return lines_range(text, line, end_line + 1, encoding)
    start = Position(line, max(0, (finding.column or 1) - 1))
    end = Position(end_line, max(0, (finding.end_column or finding.column or 1) - 1))
    end = max(start, end)
    if text is not None:
        start, end = (
            text.position(text.offset(position, Encoding.UTF32), encoding)
            for position in (start, end)
        )
    return to_range(Range(start, end))


_CHECKERS = frozenset(["mypy", "pyright", "basedpyright", "pylance", "ty"])
"""Whose diagnostics the types gate speaks about."""


def from_diagnostic(
    diagnostic: lsp.Diagnostic, path: str, text: Text, encoding: Encoding
) -> Finding:
    """Turn somebody's diagnostic of a document into a finding, such as one that is to be fixed."""
    where = from_range(diagnostic.range)
    start, end = (
        text.position(text.offset(position, encoding), Encoding.UTF32)
        for position in (where.start, where.end)
    )
    severity = diagnostic.severity or lsp.DiagnosticSeverity.Error
    source = (diagnostic.source or "").lower()
    tests = source == "pytest" or (source == "festina" and "::" in str(diagnostic.code))
    return Finding(
        gate=Gate.TESTS if tests else Gate.TYPES if source in _CHECKERS else Gate.LINT,
        path=path,
        message=diagnostic.message,
        line=start.line + 1,
        column=start.character + 1,
        end_line=end.line + 1,
        end_column=end.character + 1,
        severity=_FROM_SEVERITIES.get(severity, Severity.ERROR),
        code=str(diagnostic.code) if diagnostic.code is not None else None,
    )


# -- URIs -----------------------------------------------------------------------------------


def to_path(uri: str) -> Path | None:
    """Return the file that a URI names; None for ``untitled:``, notebook cells and the like.

    The path is not resolved. ``#`` and ``?`` are part of the name, since some clients do not escape
    them and no file URI of an editor has a fragment or a query.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme.lower() != "file":
        return None
    host, slash, tail = rest.partition("/")
    if not slash or "\x00" in (path := os.fsdecode(unquote_to_bytes(f"/{tail}"))):
        return None
    if host and host.lower() != "localhost":
        return Path(f"//{host}{path}") if os.name == "nt" else None
    if os.name == "nt" and _DRIVE.match(path):
        path = path[1:]
    return Path(path)


def to_uri(path: Path) -> str:
    """Return the file URI of an absolute path, percent-encoded as RFC 3986 wants."""
    name = path.as_posix()
    if not name.startswith("/"):  # a Windows drive
        name = f"/{name}"
    return "file://" + quote(os.fsencode(name), safe="/-._~!$&'()*+,;=:@")


def roots(params: lsp.InitializeParams) -> tuple[Path, ...]:
    """Return the folders that the editor has open: ``workspaceFolders``, else the older fields."""
    uris: list[str] = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    paths = [path for uri in uris if (path := to_path(uri)) is not None]
    if not uris and params.root_path:
        paths = [Path(params.root_path)]
    return tuple(dict.fromkeys(paths))
