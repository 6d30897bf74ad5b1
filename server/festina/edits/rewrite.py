"""From a region's new text to minimal line edits, and back to a whole text."""

from __future__ import annotations

import difflib
import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from festina.edits.region import Region
from festina.text import BOM, Text

Opcode = tuple[str, int, int, int, int]
"""As difflib has them: (tag, start in old, end in old, start in new, end in new)."""

MANY_PAIRS = 30_000
"""Pairs of equal lines above which a comparison would take a tenth of a second or more."""


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
    if new and not line_end(new) and text.lines[end:] not in ((), (BOM,)):  # a lone mark is no line
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


def hunks(edits: Sequence[LineEdit]) -> tuple[Hunk, ...]:
    """Number the edits, so that each can be named."""
    return tuple(
        Hunk(number, edit.start, edit.end, edit.new_text) for number, edit in enumerate(edits)
    )


def subset(edits: Sequence[LineEdit], ids: Iterable[int]) -> tuple[LineEdit, ...]:
    """Return the edits with these ids (see :func:`hunks`), in order."""
    wanted = set(ids)
    return tuple(edit for number, edit in enumerate(edits) if number in wanted)


def size(edits: Iterable[LineEdit]) -> int:
    """Count the lines that edits take away and add: what a person has to read."""
    return sum(edit.end - edit.start + len(Text(edit.new_text).lines) for edit in edits)


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
    middle = _compare(tuple(old[head : len(old) - tail]), tuple(new[head : len(new) - tail]))
    codes: list[Opcode] = []
    if head:
        codes.append(("equal", 0, head, 0, head))
    codes += [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in middle]
    if tail:
        codes.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return codes


@functools.lru_cache(maxsize=64)  # what is on show is compared again with each step that it takes
def _compare(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[Opcode, ...]:
    counts = Counter(old)
    pairs = sum(counts[line] for line in new)
    # difflib looks at all pairs of equal lines, again and again: where hundreds of lines are equal,
    # it is told to begin with the rarer ones
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=pairs > MANY_PAIRS)
    return tuple(matcher.get_opcodes())
