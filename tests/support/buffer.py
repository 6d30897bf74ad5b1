"""One open document in an editor: text, version and undo steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types as lsp

from support.edits_on_text import CODEC, UNIT, apply_text_edits, offset_of

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass
class Buffer:
    """A document as its editor holds it. ``undo`` holds the texts that undo steps lead back to."""

    uri: str
    path: Path
    text: str
    language: str = "python"
    version: int = 1
    undo: list[str] = field(default_factory=list)

    def edit(
        self, edits: Sequence[lsp.TextEdit], encoding: str, *, change_per_edit: bool
    ) -> list[lsp.TextDocumentContentChangeEvent]:
        """Apply edits as one undo step; return the content changes that tell the server."""
        old = self.text
        new = apply_text_edits(old, edits, encoding)
        self.undo.append(old)
        self.text, self.version = new, self.version + 1
        if change_per_edit:
            last_first = sorted(
                edits, key=lambda edit: offset_of(old, edit.range.start, encoding), reverse=True
            )
            return [
                lsp.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text)
                for edit in last_first
            ]
        return [difference(old, new, encoding)]


def difference(old: str, new: str, encoding: str) -> lsp.TextDocumentContentChangePartial:
    """Return one content change, of whole lines, that leads from ``old`` to ``new``."""
    before, after = _LINE.findall(old), _LINE.findall(new)
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    span = lsp.Range(
        start=_start_of(before, head, encoding),
        end=_start_of(before, len(before) - tail, encoding),
    )
    text = "".join(after[head : len(after) - tail])
    return lsp.TextDocumentContentChangePartial(range=span, text=text)


def _start_of(lines: list[str], number: int, encoding: str) -> lsp.Position:
    """Return where a line starts; after a last line without an end, where that line ends."""
    if number == len(lines) and lines and not lines[-1].endswith(("\r", "\n")):
        units = len(lines[-1].encode(CODEC[encoding], "surrogatepass")) // UNIT[encoding]
        return lsp.Position(line=number - 1, character=units)
    return lsp.Position(line=number, character=0)
