"""Regions: whole lines of a text, chosen by a person or by the definition around the cursor."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from festina import parsing
from festina.text import BOM, Encoding, Range, Text

MAX_REGION_LINES = 400
"""Above this many lines a fast model's rewrite is neither fast nor faithful."""

MAX_REGION_CHARS = 200_000
"""Few lines may hold much: generated or minified code. No model writes that in one piece."""


@dataclass(frozen=True, slots=True)
class Region:
    """Whole lines, zero-based, half-open: ``[start, end)``."""

    start: int
    end: int


def snap(text: Text, chosen: Range, encoding: Encoding) -> Region:
    """Widen a range to whole lines. A range that ends in column 0 excludes that line.

    An empty range gives an empty region on its line: the caller asks :func:`enclosing` then.
    """
    del encoding  # columns only matter for being zero or not, which is the same in every encoding
    start, end = sorted((chosen.start, chosen.end))
    count = len(text.lines)
    first = min(max(0, start.line), count)
    if start == end:
        return Region(first, first)
    last = end.line if end.character == 0 else end.line + 1
    return Region(first, max(first, min(last, count)))


def enclosing(text: Text, line: int) -> tuple[Region, str] | None:
    """Return the innermost Python definition around a line, decorators included, and its name.

    Where the file does not parse, indentation tells. None where the line is in no definition.
    """
    if not 0 <= line < len(text.lines):
        line = len(text.lines) - 1
    try:
        tree = parsing.parse(for_parser(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return enclosing_by_indentation(text, line)
    found: tuple[Region, str] | None = None
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = min([node.lineno, *(item.lineno for item in node.decorator_list)]) - 1
        region = Region(first, node.end_lineno or node.lineno)
        if region.start <= line < region.end and (
            found is None or region.end - region.start < found[0].end - found[0].start
        ):
            found = (region, node.name)
    return found


def name_of(text: Text, region: Region) -> str:
    """Return the name of the definition that a region begins with, or an empty string."""
    for line in text.lines[region.start : region.end]:
        if match := DEFINITION.match(line):
            return match["name"]
        if line.strip() and not line.lstrip().startswith(("@", "#")):
            return ""
    return ""


_BEFORE = r"(?:(?:export|default|declare|abstract|async|pub(?:\([^)\n]*\))?|unsafe)[ \t]+)*"
_WORDS = (
    r"(?:def|class|function\*?|interface|enum|namespace|fn|struct|trait|impl"
    r"|func(?:[ \t]*\([^)\n]*\))?)"
)
DEFINITION = re.compile(rf"(?P<indent>[ \t]*){_BEFORE}{_WORDS}[ \t]+(?P<name>[\w$]+)")
"""A line on which a definition begins, of Python and a few more languages."""


def enclosing_by_indentation(text: Text, line: int) -> tuple[Region, str] | None:
    """Return the innermost definition around a line as its indentation shows it, and its name.

    Also of other languages than Python, whose closing brackets stand as deep as the definition.
    """
    for first in range(min(line, len(text.lines) - 1), -1, -1):
        match = DEFINITION.match(text.lines[first])
        if match is None:
            continue
        indent = len(match["indent"])
        end = first + 1
        for number in range(first + 1, len(text.lines)):
            body = text.lines[number]
            if body.strip():
                bare = body.lstrip(" \t")
                outside = len(body) - len(bare) <= indent and not bare.startswith((")", "]"))
                if outside and not bare.startswith("}"):
                    break
                end = number + 1
                if outside:
                    break
        if line < end:
            start = first
            while start and text.lines[start - 1].startswith(match["indent"] + "@"):
                start -= 1
            return Region(start, end), match["name"]
    return None


def for_parser(text: Text) -> str:
    """Return the lines as we count them, for the parser: it would take a form feed for itself."""
    lines = [line.rstrip("\r\n").replace("\f", " ") for line in text.lines]
    return "\n".join(lines).removeprefix(BOM) + "\n"
