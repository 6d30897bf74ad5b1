"""From a region's new text to minimal line edits, and back to a whole text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from festina.edits.region import Region
from festina.text import BOM, Text

Opcode = tuple[str, int, int, int, int]
"""As difflib has them: (tag, start in old, end in old, start in new, end in new)."""


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Replace the whole lines ``[start, end)`` by ``new_text``; where there are none, insert it."""

    start: int
    end: int
    new_text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """One line edit with an identity, so that a person can take it alone."""

    id: int
    start: int
    end: int
    new_text: str


def rewrite(text: Text, region: Region, new_region_text: str) -> tuple[LineEdit, ...]:
    """Return the smallest line edits that give the region its new text.

    Ordered and disjoint. Lines that did not change are not touched, so they keep their own line end
    byte by byte; the new text is taken as it is, but never glued to the lines around it, and never
    put before a byte order mark.
    """
    start, end = region.start, region.end
    new = new_region_text
    if new and not line_end(new) and end < len(text.lines):
        new += ending(text, region)
    if new and start == end == len(text.lines) and text.lines and not line_end(text.lines[-1]):
        start -= 1
        last = text.lines[start]
        new = last + ("" if last == BOM else ending(text, region)) + new  # a lone mark is no line
    if start == 0 and text.content.startswith(BOM):
        new = new.removeprefix(BOM)
        if end < len(text.lines) and not (new and end):
            new += text.lines[end].removeprefix(BOM)
            end += 1
        new = BOM + new
    lines = Text(new).lines
    return tuple(
        LineEdit(start + i1, start + i2, "".join(lines[j1:j2]))
        for tag, i1, i2, j1, j2 in opcodes(text.lines[start:end], lines)
        if tag != "equal"
    )


def apply(text: Text, edits: Iterable[LineEdit]) -> Text:
    """Return the text with line edits applied; they must be ordered and disjoint."""
    parts, at = [], 0
    for edit in edits:
        parts += [text.lines_text(at, edit.start), edit.new_text]
        at = edit.end
    parts.append(text.lines_text(at, len(text.lines)))
    return Text("".join(parts))


def hunks(old: Text, edits: Sequence[LineEdit]) -> tuple[Hunk, ...]:
    """Number the edits, so that each can be named."""
    del old
    return tuple(
        Hunk(number, edit.start, edit.end, edit.new_text) for number, edit in enumerate(edits)
    )


def subset(edits: Sequence[LineEdit], ids: Iterable[int]) -> tuple[LineEdit, ...]:
    """Return the edits with these ids (see :func:`hunks`), in order."""
    wanted = set(ids)
    return tuple(edit for number, edit in enumerate(edits) if number in wanted)


def ending(text: Text, region: Region) -> str:
    """Return the line end to use in a region: that of its own lines, else of the nearest ones."""
    inside = text.lines[region.start : region.end]
    before = text.lines[: region.start][::-1]
    after = text.lines[region.end :]
    return next(filter(None, map(line_end, (*inside, *before, *after))), "\n")


def line_end(line: str) -> str:
    """Return the line end of a line, or an empty string."""
    return line[len(line.rstrip("\r\n")) :]


def opcodes(old: Sequence[str], new: Sequence[str]) -> list[Opcode]:
    """Return difflib's opcodes for two runs of lines, after cutting what is equal at both ends."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    matcher = difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=False)
    codes: list[Opcode] = []
    if head:
        codes.append(("equal", 0, head, 0, head))
    codes += [
        (tag, i1 + head, i2 + head, j1 + head, j2 + head)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
    ]
    if tail:
        codes.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return codes
