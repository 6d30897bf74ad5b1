"""Unified diffs, for people."""

from __future__ import annotations

from festina.edits.rewrite import Opcode, opcodes
from festina.text import Text

NO_NEWLINE = "\\ No newline at end of file\n"


def unified(old: Text, new: Text, path: str, context: int = 3) -> str:
    r"""Return the unified diff from ``old`` to ``new``; empty where they are equal.

    Line ends are shown as ``\n``; a line whose end alone changed appears as removed and added.
    """
    groups = _groups(opcodes(old.lines, new.lines), context)
    if not groups:
        return ""
    out = [f"--- a/{path}\n", f"+++ b/{path}\n"]
    for group in groups:
        first, last = group[0], group[-1]
        out.append(f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@\n")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                out += [_line(" ", line) for line in old.lines[i1:i2]]
                continue
            out += [_line("-", line) for line in old.lines[i1:i2]]
            out += [_line("+", line) for line in new.lines[j1:j2]]
    return "".join(out)


def _groups(codes: list[Opcode], context: int) -> list[list[Opcode]]:
    """Split opcodes into hunks with at most ``context`` equal lines around each change."""
    if all(code[0] == "equal" for code in codes):
        return []
    groups: list[list[Opcode]] = [[]]
    for number, (tag, i1, i2, j1, j2) in enumerate(codes):
        if tag != "equal":
            groups[-1].append((tag, i1, i2, j1, j2))
            continue
        first, last = number == 0, number == len(codes) - 1
        length = i2 - i1
        if not first and not last and length <= 2 * context:
            groups[-1].append((tag, i1, i2, j1, j2))
            continue
        if not first:
            keep = min(context, length)
            groups[-1].append((tag, i1, i1 + keep, j1, j1 + keep))
        if not last:
            keep = min(context, length)
            groups.append([(tag, i2 - keep, i2, j2 - keep, j2)])
    return [group for group in groups if any(code[0] != "equal" for code in group)]


def _span(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"


def _line(mark: str, line: str) -> str:
    body = line.rstrip("\r\n")
    return f"{mark}{body}\n" + ("" if body != line else NO_NEWLINE)
