"""What a text defines, by name: functions, classes, methods, and what is assigned or imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from festina import parsing
from festina.edits.region import DEFINITION, Region, for_parser
from festina.text import Text

_ASSIGNED = re.compile(
    r"[ \t]*(?:(?:export|const|let|var|static|final|type|pub|readonly|mut|auto|local)[ \t]+)*"
    r"(?P<name>[A-Za-z_$][\w$]*)[ \t]*(?::[^=\n]+)?:?=(?![=>])"
)
_METHOD = re.compile(
    r"[ \t]+(?:(?:public|private|protected|static|async|get|set|override)[ \t]+)*"
    r"(?!(?:if|for|while|switch|catch|return|function|with|else|do|try)\b)"
    r"(?P<name>[A-Za-z_$#][\w$]*)[ \t]*(?:<[^>\n]*>)?\([^;\n]*\{[ \t]*[\r\n]*\Z"
)
"""In JavaScript and its like a method has no word before its name."""
_PYTHON = (".py", ".pyi", ".pyw")
MOST_LINES = 50_000
"""A text of more lines is data; looking through it would take long."""


def definitions(text: Text, path: str) -> tuple[tuple[str, Region], ...]:
    """Return the names that a text defines, each with its lines, in their order.

    What stands in a class or function has its name before its own: ``Cart.total``. Of Python that
    does not parse, and of other languages, lines and indentation tell. Blocks for milliseconds.
    """
    found = parsed(text, path)
    return by_lines(text) if found is None else found


def parsed(text: Text, path: str) -> tuple[tuple[str, Region], ...] | None:
    """Return what a text defines, for certain; None where it is no Python, or does not parse."""
    if len(text.lines) > MOST_LINES or not path.endswith(_PYTHON):
        return None
    found = _of_python(text)
    return None if found is None else _sorted(found)


def by_lines(text: Text) -> tuple[tuple[str, Region], ...]:
    """Return what a text seems to define, by its lines and their indentation."""
    return () if len(text.lines) > MOST_LINES else _sorted(_of_lines(text))


def _sorted(found: Iterable[tuple[str, Region]]) -> tuple[tuple[str, Region], ...]:
    return tuple(sorted(found, key=lambda each: (each[1].start, -each[1].end)))


def functions(text: Text, path: str) -> tuple[str, ...]:
    """Return the names of the functions, classes and methods of a text, for a table of contents."""
    return tuple(
        dict.fromkeys(
            name
            for name, region in definitions(text, path)
            if any(
                (match := DEFINITION.match(line)) and match["name"] == name.rpartition(".")[2]
                for line in text.lines[region.start : region.end]
            )
        )
    )


def means(wanted: str, name: str) -> bool:
    """Whether ``wanted`` names a definition: by its whole name, or the end of it."""
    wanted = wanted.replace("::", ".")
    return name == wanted or name.endswith(f".{wanted}")


def _of_python(text: Text) -> list[tuple[str, Region]] | None:
    try:
        tree = parsing.parse(for_parser(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: list[tuple[str, Region]] = []
    pending: list[tuple[ast.AST, str, Region]] = [(tree, "", Region(0, 0))]
    while pending:
        node, before, lines = pending.pop()
        inside = before
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(item.lineno for item in node.decorator_list)]) - 1
            lines = Region(first, node.end_lineno or node.lineno)
            found.append((before + node.name, lines))
            inside = f"{before}{node.name}."
        elif isinstance(node, ast.stmt):
            # of a loop or a block the first line alone: its body is no definition
            last = node.lineno if hasattr(node, "body") else node.end_lineno or node.lineno
            lines = Region(node.lineno - 1, last)
        found += [(before + name, lines) for name in _bound(node)]
        pending += [(child, inside, lines) for child in ast.iter_child_nodes(node)]
    return found


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node gives something to, or takes it from."""
    if isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        yield node.attr


def _of_lines(text: Text) -> Iterator[tuple[str, Region]]:
    above: list[tuple[int, int, str]] = []
    for number, line in enumerate(text.lines):
        match = DEFINITION.match(line) or _ASSIGNED.match(line) or _METHOD.match(line)
        if match is None:
            continue
        region = _extent(text.lines, number)
        width = _width(line)
        above = [each for each in above if each[0] < width and number < each[1]]
        yield ".".join([*(name for _, _, name in above), match["name"]]), region
        if region.end > number + 1:
            above.append((width, region.end, match["name"]))


def _extent(lines: Sequence[str], first: int) -> Region:
    """Return the lines of what begins on one: all that is deeper, up to its closing bracket."""
    depth, end = _width(lines[first]), first + 1
    for number in range(first + 1, len(lines)):
        bare = lines[number].strip()
        if not bare:
            continue
        outside = _width(lines[number]) <= depth
        if outside and bare[0] not in ")]}":
            break
        end = number + 1
        if outside and bare[0] == "}":
            break
    start = first
    while start and _width(lines[start - 1]) == depth and lines[start - 1].lstrip()[:1] == "@":
        start -= 1
    return Region(start, end)


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
