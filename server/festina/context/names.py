"""Which names some lines of Python use, as they would be looked up outside of them."""

from __future__ import annotations

import ast
import builtins
import functools
import keyword
import re
from collections.abc import Iterator, Sequence

from festina.context.source import parsed

MOST = 60
_DOTTED = re.compile(r"(?<![\w.\"'])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_KNOWN = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | {"self", "cls"}


@functools.lru_cache(maxsize=64)
def used(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return dotted names, in the order of their first use, without those of the lines' own.

    Lines that are no Python (somebody is writing them) are taken apart as words.
    """
    tree = parsed(lines)
    found = _of_words(lines) if tree is None else _of_tree(tree)
    return tuple(dict.fromkeys(name for name in found if _root(name) not in _KNOWN))[:MOST]


def _root(name: str) -> str:
    return name.partition(".")[0]


def _of_words(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield from _DOTTED.findall(line.partition("#")[0])


def _of_tree(tree: ast.AST) -> list[str]:
    own: set[str] = set()
    found: list[tuple[int, int, str]] = []
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if id(node) not in inner and (name := _dotted(node, inner)):
                found.append((node.lineno, node.col_offset, name))
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store | ast.Del):
                own.add(node.id)
            elif id(node) not in inner:
                found.append((node.lineno, node.col_offset, node.id))
        elif isinstance(node, ast.arg):
            own.add(node.arg)
            found += _quoted(node.annotation)
        elif isinstance(node, ast.AnnAssign):
            found += _quoted(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
            found += _quoted(getattr(node, "returns", None))
    found.sort()
    return [name for _, _, name in found if _root(name) not in own]


def _dotted(node: ast.Attribute, inner: set[int]) -> str:
    parts = [node.attr]
    value: ast.expr = node.value
    chain: list[ast.expr] = []
    while isinstance(value, ast.Attribute):
        chain.append(value)
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name):
        return ""
    inner.update(id(part) for part in (*chain, value))
    return ".".join([value.id, *reversed(parts)])


def _quoted(annotation: ast.expr | None) -> list[tuple[int, int, str]]:
    """Return the names of annotations that are written as strings."""
    found = []
    for node in ast.walk(annotation) if annotation is not None else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [(node.lineno, node.col_offset, name) for name in _of_words([node.value])]
    return found
