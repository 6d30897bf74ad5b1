"""Definitions, for every language that has them read: Python here, others by their trees.

The seam between languages: where that is defined which some lines use, how a definition reads in
short, what is in a long file, and what is around a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from festina import edits
from festina.context import related
from festina.context.files import Files
from festina.context.source import Block
from festina.context.trees import enclosing as around
from festina.context.trees import lookup
from festina.context.trees.grammars import grammar_of
from festina.edits import Region
from festina.text import BOM, Text

Place = tuple[str, Block, str]
"""A path, the lines there, and how what they define is called."""


def places(
    files: Files, path: str, language: str, text: Text, region: Region, *, own: bool
) -> list[Place]:
    """Return where that is defined which a region uses, by its first use; see `related.places`."""
    if language == "python":
        lines = [line.rstrip("\r\n") for line in text.lines[region.start : region.end]]
        return related.places(files, path, lines, region.start, own=own)
    grammar = grammar_of(language, path)
    if not grammar:
        return []
    return lookup.places(files, path, grammar, range(region.start, region.end), own=own)


def excerpt(files: Files, language: str, place: Place) -> related.Excerpt:
    """Return a definition as it may be sent."""
    path, block, name = place
    if language == "python":
        return related.excerpt(files, path, block, name)
    return lookup.excerpt(files, path, grammar_of(language, path), block, name)


def heads(own: Sequence[str], shown: Sequence[str], language: str, path: str) -> list[str]:
    """Return the lines of a long file that say what is in it; ``shown`` as they may be sent."""
    if language == "python":
        return _heads(own, shown)
    grammar = grammar_of(language, path)
    return lookup.heads(own, shown, grammar) if grammar else []


def enclosing(text: Text, line: int, language: str, path: str = "") -> tuple[Region, str] | None:
    """Return the innermost definition around a line, and its name. Blocks: call it in a thread.

    Where tree-sitter is not installed, indentation tells. None where the line is in none.
    """
    grammar = grammar_of(language, path)
    if not grammar:
        return edits.enclosing(text, line)
    plain = "\n".join(each.rstrip("\r\n") for each in text.lines).removeprefix(BOM)
    line = min(max(0, line), max(0, len(text.lines) - 1))
    return around.enclosing(plain, line, grammar) or edits.enclosing_by_indentation(text, line)


def _heads(own: Sequence[str], shown: Sequence[str]) -> list[str]:
    """Return imports, definitions, and constants of one line."""
    kept = []
    for line, masked in zip(own, shown, strict=False):
        bare = line.lstrip()
        outermost = bare == line
        if (
            bare.startswith(("def ", "async def ", "class ", "@"))
            or (outermost and bare.startswith(("import ", "from ", "if TYPE_CHECKING")))
            or (outermost and bare[:1].isidentifier() and " = " in bare and len(bare) < 100)
        ):
            kept.append(masked)
    return kept
