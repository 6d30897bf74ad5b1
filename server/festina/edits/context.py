"""Taking off lines that a model repeated from around the region."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from festina.edits import indent, python

if TYPE_CHECKING:
    from festina.edits.prepare import Prepared

_SAYS_SOMETHING = re.compile(r"\w{2,}")


def without_context(
    lines: list[str], prepared: Prepared, repairs: list[str], *, ends: bool = True
) -> list[str]:
    """Take off lines that exactly repeat what stands before or after the region.

    A model repeats them either as they stand in the document, and then the code between them should
    be indented as it is there, or all of it without the region's indentation. Anything else, such
    as the same words at another depth, is code that it meant. ``ends`` False leaves the end alone:
    while an answer streams, more may follow.
    """
    for dedented in (False, True) if prepared.indent else (False,):
        before = _as_repeated(prepared.before, prepared.indent, dedented=dedented)
        after = _as_repeated(prepared.after, prepared.indent, dedented=dedented)
        kept = lines[_overlap(lines, before, prepared.lines) :]
        kept = kept[_headers(kept, prepared) :]
        if ends:
            extra = _overlap(kept[::-1], after[::-1], prepared.lines[::-1])
            kept = kept[: len(kept) - extra]
        if len(kept) == len(lines) or not any(line.strip() for line in kept):
            continue
        if dedented or _as_in_document(kept, prepared.indent) or _evident(lines, kept, prepared):
            repairs.append("context")
            return kept
    return lines


def _as_in_document(lines: Sequence[str], shared: str) -> bool:
    """Whether lines are indented as the region is in its document."""
    return all(line.startswith(shared) for line in lines if line.strip())


def _evident(lines: Sequence[str], kept: Sequence[str], prepared: Prepared) -> bool:
    """Whether Python tells that lines around dedented code are a repetition.

    Either the answer is no program with them and is one without them, or they begin with the next
    definition.
    """
    if not prepared.is_python or not python.parses(kept):
        return False
    after = next((line.strip() for line in prepared.after if line.strip()), "")
    return not python.parses(lines) or after.startswith(("def ", "async def ", "class ", "@"))


def _as_repeated(context: Sequence[str], shared: str, *, dedented: bool) -> list[str]:
    """Return the context as a repetition of it reads; shallower lines end a dedented one."""
    lines = [line.rstrip() for line in context]
    if not dedented:
        return lines
    return [
        line[len(shared) :] if line.startswith(shared) else ("" if not line else "\0")
        for line in lines
    ]


def _overlap(lines: Sequence[str], context: Sequence[str], source: Sequence[str]) -> int:
    """Return how many first lines repeat the last lines of the context, blank lines aside.

    None where the source begins with the same lines (then they are the region's own), or where the
    lines say too little, such as a lone bracket.
    """
    blank = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    said = [line.rstrip() for line in lines[blank:]]
    near = list(context)
    while near and not near[-1]:
        near.pop()
    own = [line.rstrip() for line in source if line.strip()]
    for size in range(min(len(said), len(near)), 0, -1):
        if said[0] != near[-size]:
            continue
        head = said[:size]
        # the blank lines at the edge of the context may have been repeated or not
        if head != near[-size:] or not any(map(_SAYS_SOMETHING.search, head)):
            continue
        spoken = [line for line in head if line]
        shared = indent.common(spoken)
        begins_alike = own[: len(spoken)] == indent.remove(spoken, shared)
        return 0 if begins_alike else blank + size
    return 0


def _headers(lines: Sequence[str], prepared: Prepared) -> int:
    """Return 1 where the first line is the head of a block that the region stands in."""
    depth = len(prepared.indent)
    said = next((n for n, line in enumerate(lines) if line.strip()), None)
    if said is None or not depth:
        return 0
    first = lines[said].rstrip()
    for line in reversed(prepared.before):
        width = len(indent.leading(line))
        if not line.strip() or width >= depth:
            continue
        if line.rstrip() == first and first not in [own.rstrip() for own in prepared.lines]:
            return said + 1
        depth = width
        if not depth:
            break
    return 0
