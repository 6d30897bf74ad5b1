"""Applying protocol edits to text, written apart from ``festina.text`` so that it can disagree."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsprotocol import types as lsp

UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
CODEC = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


def offset_of(text: str, position: lsp.Position, encoding: str) -> int:
    """Return the offset of a position, in characters, as the specification defines it."""
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
    if position.line >= len(starts):
        return len(text)
    start = starts[position.line]
    body = re.match(r"[^\r\n]*", text[start:])
    assert body
    units = 0
    for index, char in enumerate(body[0]):
        units += len(char.encode(CODEC[encoding], "surrogatepass")) // UNIT[encoding]
        if units > position.character:
            return start + index
    return start + len(body[0])


def apply_text_edits(text: str, edits: Iterable[lsp.TextEdit], encoding: str) -> str:
    """Apply edits that all refer to ``text``, as ``TextEdit[]`` of the specification says.

    Raises:
        ValueError: they overlap, or a range is the wrong way round.
    """
    spans = [
        (
            offset_of(text, edit.range.start, encoding),
            offset_of(text, edit.range.end, encoding),
            edit.new_text,
        )
        for edit in edits
    ]
    pieces, at = [], 0
    for start, end, new in sorted(spans, key=lambda span: span[:2]):
        if not at <= start <= end:
            raise ValueError("overlapping edits")
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])
