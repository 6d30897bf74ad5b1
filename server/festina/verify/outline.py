"""The outermost functions of a Python text, with digests of their code. Pure."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

from festina.verify.digests import digest
from festina.verify.layout import layout, plain

MODULE = "<module>"
"""What stands for the code outside of all functions where function names are listed."""


@dataclass(frozen=True, slots=True)
class Function:
    """An outermost function: ``Class.name``, ``name#2`` for the second of the same name.

    Lines count from 1; ``first`` is that of its first decorator. ``digest`` is of its syntax tree,
    head and body, without positions.
    """

    name: str
    first: int
    last: int
    digest: str


@dataclass(frozen=True, slots=True)
class Outline:
    """The outermost functions of a text, in order, and a digest of all but their bodies.

    The bodies' docstrings count as outside of them: decorators read those while a module is
    imported.
    """

    functions: tuple[Function, ...]
    skeleton: str


def outline(text: str) -> Outline:
    """Return the outline of a text.

    Raises:
        SyntaxError: the text is no Python, for the Python that we run on.
        ValueError: it has a null byte, or is too deeply nested.
    """
    seen = layout(plain(text))
    functions = tuple(
        Function(name, part.first, part.last, digest([part.head, part.body]))
        for name, part in zip(seen.names, seen.parts, strict=True)
    )
    heads = [f"{part.head} {part.docstring}" for part in seen.parts]
    return Outline(functions, digest([seen.rest, *heads]))


def owner(outline: Outline, line: int) -> str:
    """Return the name of the outermost function that ``line`` is in, else ``"<module>"``."""
    functions = outline.functions
    index = bisect.bisect_right(functions, line, key=lambda function: function.first) - 1
    if index >= 0 and line <= functions[index].last:
        return functions[index].name
    return MODULE
