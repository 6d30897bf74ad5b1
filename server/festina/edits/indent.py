"""Indentation: taken off before a model sees a region, put back on what it answers."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence

WIDTH = 4
"""Columns of a level where nothing in the code tells."""


def leading(line: str) -> str:
    """Return a line's leading blanks and tabs."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def common(lines: Sequence[str]) -> str:
    """Return the longest indentation that every line with something on it starts with."""
    shared: str | None = None
    for line in lines:
        if not line.strip():
            continue
        indent = leading(line)
        if shared is None:
            shared = indent
        while not indent.startswith(shared):
            shared = shared[:-1]
    return shared or ""


def remove(lines: Sequence[str], indent: str) -> list[str]:
    """Take ``indent`` off each line; a blank line that has less of it becomes empty."""
    return [
        line.removeprefix(indent) if line.startswith(indent) or line.strip() else ""
        for line in lines
    ]


def add(lines: Sequence[str], indent: str) -> list[str]:
    """Put ``indent`` before each line with something on it."""
    return [indent + line if line.strip() else line for line in lines]


def realign(source: Sequence[str], answer: Sequence[str]) -> list[str]:
    """Undo a shift of the whole answer against the source; anything else is left alone.

    A model that was given dedented code often answers with indented code. That is a shift, and is
    undone, only where every line of the answer is indented and every line that it kept moved by as
    much, or where it kept none. Code that moved in part was moved on purpose, or cannot be guessed:
    unless the first line is one that moved as all did, for what stands above it is the same.
    """
    extra = common(answer)
    if not extra or common(source):
        return list(answer)
    moved = _shifts(source, answer)
    partly = len(moved) > 1 or min(moved, default=len(extra)) < len(extra)
    if partly and _first(answer) != extra + _first(source):
        return list(answer)
    return remove(answer, extra)


def below_first(source: Sequence[str], answer: Sequence[str], indent: str) -> list[str]:
    """Return the answer with all lines but the first moved back by the region's ``indent``.

    A frequent slip: the first line as it was given, without indentation, and those below it as they
    stand in the document. It counts as one only where the first line is the source's own and every
    line below that was kept moved by exactly so much, one of them at least; else nothing is moved.
    """
    said = [number for number, line in enumerate(answer) if line.strip()]
    if not indent or len(said) < 2 or answer[said[0]].rstrip() != _first(source):
        return list(answer)
    below = answer[said[0] + 1 :]
    if any(line.strip() and not line.startswith(indent) for line in below):
        return list(answer)
    kept = [line for line in source if line.strip()][1:]
    if _shifts(kept, below) != {len(indent)}:
        return list(answer)
    return [*answer[: said[0] + 1], *remove(below, indent)]


def same_characters(source: Sequence[str], answer: Sequence[str]) -> list[str]:
    """Indent the answer with tabs where the source does, and with blanks where it does."""
    ours, theirs = _kind(source), _kind(answer)
    if not ours or not theirs or ours == theirs or " \t" in (ours, theirs):
        return list(answer)
    if ours == "\t":
        unit = _unit(answer)
        return [_tabs(line, unit) for line in answer]
    unit = _unit(source)
    return [_blanks(line, unit) for line in answer]


def _shifts(source: Sequence[str], answer: Sequence[str]) -> set[int]:
    """Return by how many characters the lines moved that the answer kept from the source."""
    old, new = [line.strip() for line in source], [line.strip() for line in answer]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return {
        len(leading(answer[j + k])) - len(leading(source[i + k]))
        for i, j, size in matcher.get_matching_blocks()
        for k in range(size)
        if old[i + k]
    }


def _first(lines: Sequence[str]) -> str:
    return next((line.rstrip() for line in lines if line.strip()), "")


def _kind(lines: Sequence[str]) -> str:
    """Return which characters indent: blanks, tabs, both (a blank first) or none."""
    used = {char for line in lines if line.strip() for char in leading(line)}
    return "".join(sorted(used, reverse=True)) if len(used) < 2 else " \t"


def _unit(lines: Sequence[str]) -> int:
    widths = [len(leading(line)) for line in lines if line.strip() and leading(line)]
    unit = math.gcd(*widths) if widths else WIDTH
    return unit if unit in {2, 4, 8} else WIDTH


def _tabs(line: str, unit: int) -> str:
    width = len(leading(line))
    return "\t" * (width // unit) + " " * (width % unit) + line.lstrip(" \t")


def _blanks(line: str, unit: int) -> str:
    return " " * (len(leading(line)) * unit) + line.lstrip(" \t")
