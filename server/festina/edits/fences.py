"""Code blocks: which fences wrap the answer, which are part of the code, and which block counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from festina.edits import indent, python

FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_ENDS_IN_FENCE = re.compile(r"(?P<code>.*[^`~\s].*?)[ \t]*(?:`{3,}|~{3,})[ \t]*$")
_OTHER = frozenset(
    {"bash", "sh", "shell", "console", "shell-session", "zsh", "text", "txt", "plaintext"}
    | {"output", "log", "diff", "patch", "json"}
)
"""What blocks beside the code hold: commands, output, a diff."""

_TRIPLE = re.compile(r"\"\"\"|'''")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the lines ``[first, last)`` of an answer, without its fences."""

    lines: list[str]
    language: str
    start: int


def blocks(lines: Sequence[str], source: Sequence[str]) -> list[Block]:
    """Return the blocks that wrap the answer or parts of it.

    A fence that stands in the middle of code, such as one in a docstring, opens no block.
    """
    found: list[Block] = []
    at = 0
    while at < len(lines):
        opening = FENCE.match(lines[at])
        if opening is None or (not found and _in_code(lines[:at], source)):
            at += 1
            continue
        block, at = _read(lines, at, opening, source)
        found.append(block)
    return found


def choose(found: Sequence[Block], source: Sequence[str], *, is_python: bool) -> Block | None:
    """Return the first plausible block: related code, in the right language, and not the source.

    Where none is plausible, the demands are given up one after the other, the same way each time.
    """
    wanted = [line.strip() for line in source]
    kept = [block for block in found if any(line.strip() for line in block.lines)]
    kept = [block for block in kept if block.language not in _OTHER] or kept
    if len(kept) > 1:
        kept = [block for block in kept if related(block.lines, source)] or kept
        kept = [block for block in kept if [x.strip() for x in block.lines] != wanted] or kept
    if len(kept) > 1 and is_python:
        kept = [block for block in kept if python.parses(block.lines)] or kept
    return kept[0] if kept else None


def related(lines: Iterable[str], source: Sequence[str]) -> bool:
    """Whether lines could be a new version of the source: a line or a definition in common."""
    lines = list(lines)
    known = {line.strip() for line in source if re.search(r"\w{2,}", line)}
    if any(line.strip() in known for line in lines):
        return True
    defined = python.names(source)
    return bool(defined & python.names(lines)) if defined else not known


def without_marks(lines: Sequence[str]) -> list[str]:
    """Return the lines that are no fences: what is left where the blocks hold nothing."""
    return [line for line in lines if not FENCE.match(line)]


def _in_code(before: Sequence[str], source: Sequence[str]) -> bool:
    """Whether what stands before a fence is code already, so that the fence is part of it."""
    if sum(len(_TRIPLE.findall(line)) for line in before) % 2:
        return True
    if any(FENCE.match(line) for line in source) and any(line.strip() for line in before):
        return True  # Markdown: the text before its first block is no introduction
    known = {line.strip() for line in source if re.search(r"\w{2,}", line)}
    return any(line.strip() in known or python.HEAD.match(line) for line in before)


def _read(
    lines: Sequence[str], at: int, opening: re.Match[str], source: Sequence[str]
) -> tuple[Block, int]:
    language, _, rest = opening["info"].strip().partition(" ")
    first = [rest] if rest and (python.HEAD.match(rest) or rest in source) else []
    body = [*first, *lines[at + 1 :]]
    end = _end(body, opening, source)
    if end is not None:
        kept = body[:end]
    else:
        end, kept = _glued_end(body, opening)
    after = at + 2 + end - len(first)
    shared = opening["indent"]
    if shared and all(line.startswith(shared) or not line.strip() for line in kept):
        kept = indent.remove(kept, shared)
    return Block(kept, language.lower(), at), after


def _glued_end(body: list[str], opening: re.Match[str]) -> tuple[int, list[str]]:
    """Find the end of a block whose last fence stands behind the last code, on its line."""
    for number, line in enumerate(body):
        if opening["mark"] in line and (match := _ENDS_IN_FENCE.match(line)):
            return number, [*body[:number], match["code"]]
    return len(body), body


def _end(body: Sequence[str], opening: re.Match[str], source: Sequence[str]) -> int | None:
    """Return where a block ends: not in a string, and not at the end of a block inside it."""
    ends = [number for number, line in enumerate(body) if _closes(line, opening)]
    if not ends:
        return None
    if any(FENCE.match(line) for line in source):
        return _end_of_nested(body, opening, source, ends)
    for end in ends:
        if sum(len(_TRIPLE.findall(line)) for line in body[:end]) % 2 == 0:
            return end
    return ends[0]


def _end_of_nested(
    body: Sequence[str], opening: re.Match[str], source: Sequence[str], ends: Sequence[int]
) -> int:
    """Return the end of a block that holds blocks, as Markdown does."""
    fences = [match for line in source if (match := FENCE.match(line))]
    if any(not match["info"].strip() for match in fences[::2]):
        return ends[-1]  # blocks inside may begin with a bare fence, so only the last is certain
    inside = False
    for number, line in enumerate(body):
        match = FENCE.match(line)
        if match is None:
            continue
        if match["info"].strip():
            inside = True
        elif inside:
            inside = False
        elif _closes(line, opening):
            return number
    return ends[-1]


def _closes(line: str, opening: re.Match[str]) -> bool:
    match = FENCE.match(line)
    return (
        match is not None
        and not match["info"].strip()
        and match["mark"].startswith(opening["mark"])
        and len(match["indent"]) <= len(opening["indent"])
    )
