"""The part of two texts in which they differ, widened to whole functions, and excerpts. Pure."""

from __future__ import annotations

import ast
import bisect
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from festina.verify.ends import difference
from festina.verify.layout import Block, Layout, Part, layout, layout_of, parse


@dataclass(frozen=True, slots=True)
class Window:
    """The functions that an edit touches, alone, from both texts, each in its own lines.

    What is before and after the window is the same in both texts, and both windows are whole
    statements: the new text compiles if the new window does. ``index`` is that of the first of the
    functions among all of the old text, ``names`` are theirs there; ``lines`` is how many lines the
    texts have.
    """

    index: int
    names: tuple[str, ...]
    old: str
    new: str
    before: Layout
    after: Layout
    tree: ast.Module
    lines: tuple[int, int]


@functools.lru_cache(maxsize=4)
def window(old: str, new: str) -> Window | None:
    """Return the functions that differ between two plain texts; None: that is not so simple.

    What is inside of one function leaves the rest of the text alone, provided that the lines before
    end in no backslash, and that the function ends as it began: in whole lines, at the same depth.
    The last answers are kept.

    Raises:
        SyntaxError, ValueError: as :func:`festina.verify.layout.layout` of ``old``.
    """
    seen = layout(old)
    start, old_end, new_end = difference(old, new)
    low = bisect.bisect_right(seen.starts, start)
    high = low + old.count("\n", start, old_end) - 1
    # a line that is put in after the last one of a function may belong to it, or may not
    after_last = 1 if high < low else 0
    touched = [
        index
        for index, part in enumerate(seen.parts)
        if part.first <= max(high, low - 1) and low <= part.last + after_last
    ]
    if not touched:
        return None
    parts = seen.parts[touched[0] : touched[-1] + 1]
    if low < parts[0].first or high > parts[-1].last or any(part.odd for part in parts):
        return None
    begin, end = seen.starts[parts[0].first - 1], seen.starts[parts[-1].last]
    lines = new[begin : end + new_end - old_end]
    if old[max(0, begin - 2) : begin] == "\\\n" or lines.endswith("\\\n") or "\f" in lines:
        return None
    heads = _heads(old, seen, parts[:1])
    before = _laid({**heads, parts[0].first: old[begin:end]}, seen.imports)
    after = _laid({**heads, parts[0].first: lines}, seen.imports)
    try:
        tree = parse(after)
        names = seen.names[touched[0] : touched[-1] + 1]
        count = len(seen.starts) - 1
        by = new.count("\n", start, new_end) - old.count("\n", start, old_end)
        return Window(
            touched[0],
            names,
            before,
            after,
            layout(before),
            layout_of(after, tree),
            tree,
            (count, count + by),
        )
    except (SyntaxError, ValueError):
        return None


def excerpt(text: str, seen: Layout, parts: Sequence[Part]) -> str:
    """Return a plain text with nothing but some of its functions, in their own lines.

    Classes around them are bare, other blocks an ``if 1:``; imports from the future stay, and the
    names that the text imports are imported in the line after the last function.
    """
    pieces = {part.first: seen.text_of(text, part.first, part.last) for part in parts}
    return _laid({**_heads(text, seen, parts), **pieces}, seen.imports)


def _heads(text: str, seen: Layout, parts: Sequence[Part]) -> dict[int, str]:
    heads: dict[int, str] = {}
    if seen.future is not None:
        heads[seen.future[0]] = f"from __future__ import {', '.join(seen.future[1])}\n"
    for part in parts:
        kept: list[Block] = []
        for block in part.around:  # an `elif` stands in the column of its `if`
            while kept and kept[-1].column >= block.column:
                kept.pop()
            kept.append(block)
        for block in kept:
            start = seen.starts[block.line - 1]
            head = "if 1" if block.name is None else f"class {block.name}"
            heads[block.line] = f"{text[start : start + block.column]}{head}:\n"
    return heads


def _laid(pieces: dict[int, str], imports: Iterable[str]) -> str:
    """Put pieces into the lines where they begin, with blank lines between them, imports last."""
    parts: list[str] = []
    line = 1
    for first, lines in sorted(pieces.items()):
        parts += ["\n" * (first - line), lines]
        line = first + lines.count("\n")
    used = [name for name in imports if any(name in lines for lines in pieces.values())]
    if used:
        parts.append(f"import {', '.join(used)}\n")
    return "".join(parts)
