"""Old and new text side by side, line by line; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from festina.clean import visible
from festina.edits.rewrite import opcodes
from festina.text import Text

CONTEXT = 3
"""Equal lines that are shown around a change."""
WHOLE = 40
"""A text of so few lines is shown whole: what surrounds a change helps to judge it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of each side. ``kind``: ``=``, ``~`` (changed), ``-``, ``+``, or ``:`` for a gap.

    Numbers count from 1, and are None where a side has nothing. ``marks`` are the parts of the two
    lines that differ, ``[start, end)`` in characters of what is shown.
    """

    kind: str
    old_number: int | None = None
    old: str = ""
    new_number: int | None = None
    new: str = ""
    marks: tuple[int, int, int, int] | None = None

    def to_json(self) -> list[Any]:
        """Return the JSON form: a list, since there are thousands of them."""
        row = [self.kind, self.old_number, self.old, self.new_number, self.new]
        return row if self.marks is None else [*row, list(self.marks)]


def rows(old: str, new: str, first_line: int = 1) -> list[Row]:
    """Return two texts side by side; lines count from ``first_line``.

    Nothing in them is obeyed by a display: control characters and direction overrides are seen.
    """
    ours, theirs = Text(old).lines, Text(new).lines
    found: list[Row] = []
    for tag, i1, i2, j1, j2 in opcodes(ours, theirs):
        pairs = zip_longest(range(i1, i2), range(j1, j2))
        found += [_row(tag, i, j, ours, theirs, first_line) for i, j in pairs]
    return found if len(found) <= WHOLE else list(_without_the_rest(found))


def _row(
    tag: str,
    i: int | None,
    j: int | None,
    ours: tuple[str, ...],
    theirs: tuple[str, ...],
    first: int,
) -> Row:
    old = "" if i is None else _shown(ours[i])
    new = "" if j is None else _shown(theirs[j])
    kind = "=" if tag == "equal" else "-" if j is None else "+" if i is None else "~"
    if kind == "~" and old == new:  # their ends alone differ, which nobody would see
        old, new = f"{old}{_end(ours[i or 0])}", f"{new}{_end(theirs[j or 0])}"
    number = (None if i is None else i + first, None if j is None else j + first)
    return Row(kind, number[0], old, number[1], new, _marks(old, new) if kind == "~" else None)


def _shown(line: str) -> str:
    return visible(line.rstrip("\r\n"))


def _end(line: str) -> str:
    end = line[len(line.rstrip("\r\n")) :]
    return f" [{visible(end) if end != chr(10) else 'line feed'}]" if end else " [no line end]"


def _marks(old: str, new: str) -> tuple[int, int, int, int]:
    """Return where two lines begin and cease to differ."""
    most = min(len(old), len(new))
    head = next((n for n in range(most) if old[n] != new[n]), most)
    tail = 0
    while tail < most - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, len(old) - tail, head, len(new) - tail


def _without_the_rest(found: list[Row]) -> Iterator[Row]:
    """Leave out equal lines that are far from every change."""
    near = {
        at
        for number, row in enumerate(found)
        if row.kind != "="
        for at in range(number - CONTEXT, number + CONTEXT + 1)
    }
    skipped = False
    for number, row in enumerate(found):
        if number in near:
            yield row
        elif not skipped:
            yield Row(":")
        skipped = number not in near
