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

_MOST_BLOCKS = 50
"""More than any sensible answer has; it keeps absurd ones cheap."""

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
    known = _known(source)
    # in Markdown with blocks of its own, the text before the first one is no introduction
    text_is_code = any(FENCE.match(line) for line in source)
    at, quotes, in_code = 0, 0, False
    while at < len(lines) and len(found) < _MOST_BLOCKS:
        opening = FENCE.match(lines[at])
        if opening and (found or not (in_code or quotes % 2)):
            block, at = _read(lines, at, opening, source)
            found.append(block)
            continue
        line = lines[at]
        quotes += len(_TRIPLE.findall(line))
        in_code |= line.strip() in known or python.begins_code(line)
        in_code |= text_is_code and bool(line.strip())
        at += 1
    return found


def choose(found: Sequence[Block], source: Sequence[str], *, is_python: bool) -> Block | None:
    """Return the first plausible block: related code, in the right language, and not the source.

    Where none is plausible, the demands are given up one after the other, the same way each time.
    """
    wanted = [line.strip() for line in source]
    kept = [block for block in found if any(line.strip() for line in block.lines)]
    if len(kept) > 1:
        # `json` is another block beside Python, and the very thing in a JSON file
        kept = [
            block
            for block in kept
            if block.language not in _OTHER or (not is_python and related(block.lines, source))
        ] or kept
        kept = [block for block in kept if related(block.lines, source)] or kept
        kept = [block for block in kept if [x.strip() for x in block.lines] != wanted] or kept
    if len(kept) > 1 and is_python:
        kept = [block for block in kept if python.parses(block.lines)] or kept
    return kept[0] if kept else None


def related(lines: Iterable[str], source: Sequence[str]) -> bool:
    """Whether lines could be a new version of the source: a line or a definition in common."""
    lines = list(lines)
    known = _known(source)
    if any(line.strip() in known for line in lines):
        return True
    defined = python.names(source)
    return bool(defined & python.names(lines)) if defined else not known


def without_marks(lines: Sequence[str]) -> list[str]:
    """Return the lines that are no fences: what is left where the blocks hold nothing."""
    return [line for line in lines if not FENCE.match(line)]


def _known(source: Sequence[str]) -> set[str]:
    """Return the lines of the source that say something, as brackets alone do not."""
    return {line.strip() for line in source if re.search(r"\w{2,}", line)}


def _read(
    lines: Sequence[str], at: int, opening: re.Match[str], source: Sequence[str]
) -> tuple[Block, int]:
    language, _, rest = opening["info"].strip().partition(" ")
    first = [rest] if rest and (python.begins_code(rest) or rest in source) else []
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
    own = [match for line in source if (match := FENCE.match(line))]
    if any(not match["info"].strip() for match in own[::2]):
        # blocks inside may begin with a bare fence, so that only the last one is certain
        ends = [number for number, line in enumerate(body) if _closes(line, opening)]
        return ends[-1] if ends else None
    first, quotes, nested = None, 0, False
    for number, line in enumerate(body):
        match = FENCE.match(line)
        if match and own and (nested or match["info"].strip()):
            nested = bool(match["info"].strip())
        elif match and _closes(line, opening):
            if quotes % 2 == 0 or own:
                return number
            first = number if first is None else first
        quotes += len(_TRIPLE.findall(line))
    return first


def _closes(line: str, opening: re.Match[str]) -> bool:
    match = FENCE.match(line)
    return (
        match is not None
        and not match["info"].strip()
        and match["mark"].startswith(opening["mark"])
        and len(match["indent"]) <= len(opening["indent"])
    )
