"""Unified diffs: one form for people, one for ``patch`` and ``git apply``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from festina.edits.rewrite import Opcode, opcodes
from festina.text import Text

NO_NEWLINE = "\\ No newline at end of file\n"

_LINES = re.compile(r"[^\n]*\n|[^\n]+\Z")
_ODD = re.compile(r'[\x00-\x1f\x7f"\\]')


def unified(old: Text, new: Text, path: str, context: int = 3) -> str:
    r"""Return the unified diff from ``old`` to ``new`` to show; empty where they are equal.

    Line ends are shown as ``\n``; a line whose end alone changed appears as removed and added.
    """
    return _diff(old.lines, new.lines, (f"a/{path}", f"b/{path}"), context, _shown)


def patch(old: Text, new: Text, path: str, context: int = 3) -> str:
    r"""Return the diff by which ``git apply`` and ``patch`` make ``new`` of ``old``, to the byte.

    For them a line ends in ``\n`` and nothing else: a carriage return is part of the line, and
    stays. ``path`` is quoted as git does it where it must be.
    """
    ours, theirs = (_LINES.findall(text.content) for text in (old, new))
    return _diff(ours, theirs, (_name(f"a/{path}"), _name(f"b/{path}")), context, _exact)


def _diff(
    old: Sequence[str],
    new: Sequence[str],
    names: tuple[str, str],
    context: int,
    show: Callable[[str, str], str],
) -> str:
    groups = _groups(opcodes(old, new), context)
    if not groups:
        return ""
    out = [f"--- {names[0]}\n", f"+++ {names[1]}\n"]
    for group in groups:
        first, last = group[0], group[-1]
        out.append(f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@\n")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                out += [show(" ", line) for line in old[i1:i2]]
                continue
            out += [show("-", line) for line in old[i1:i2]]
            out += [show("+", line) for line in new[j1:j2]]
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


def _shown(mark: str, line: str) -> str:
    body = line.rstrip("\r\n")
    return f"{mark}{body}\n" + ("" if body != line else NO_NEWLINE)


def _exact(mark: str, line: str) -> str:
    return f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n{NO_NEWLINE}"


def _name(path: str) -> str:
    """Write a path as git does: in quotes where it must be, and ended by a tab after a blank."""
    if _ODD.search(path):
        return '"' + _ODD.sub(lambda match: _escape(match[0]), path) + '"'
    return path + "\t" if " " in path else path


def _escape(char: str) -> str:
    return "\\" + char if char in '"\\' else f"\\{ord(char):03o}"
