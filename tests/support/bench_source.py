"""Source text for the benchmarks' edits: a parsed file, its functions, and pieces put in place."""

from __future__ import annotations

import ast
import functools
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Placed = ast.expr | ast.stmt | ast.arg
Made = tuple[str, str] | None
"""What was done, and the file's new text; None where an operator does not apply."""


@dataclass(frozen=True)
class Source:
    """A file of a project, parsed."""

    path: str
    text: str
    tree: ast.Module
    functions: tuple[Function, ...]

    def seg(self, node: ast.AST) -> str:
        """Return a node's own text."""
        assert isinstance(node, Placed)
        start, end = self._span(node)
        return self._data[start:end].decode()

    def replace(self, node: Placed, new: str) -> str:
        """Return the file's text with other text in a node's place."""
        start, end = self._span(node)
        return (self._data[:start] + new.encode() + self._data[end:]).decode()

    def _span(self, node: Placed) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        starts = self._starts
        start = starts[node.lineno - 1] + node.col_offset
        return start, starts[node.end_lineno - 1] + node.end_col_offset

    @functools.cached_property
    def _data(self) -> bytes:
        return self.text.encode()

    @functools.cached_property
    def _starts(self) -> list[int]:
        lengths = map(len, self._data.splitlines(keepends=True))
        return list(itertools.accumulate(lengths, initial=0))

    def insert(self, line: int, new: str) -> str:
        """Return the file's text with whole lines before a line, counted from 1."""
        lines = self.text.splitlines(keepends=True)
        lines.insert(line - 1, new)
        return "".join(lines)


Operator = Callable[[Source, Function, random.Random], Made]


@functools.cache
def sources(root: Path, package: str) -> tuple[Source, ...]:
    """Parse the Python files of a package, tests and what is not importable aside."""
    found = []
    for file in sorted((root / package).rglob("*.py")):
        path = file.relative_to(root)
        if "tests" in path.parts or file.name.startswith(("test_", "_test", "conftest")):
            continue
        text = file.read_text(encoding="utf-8")
        if "\r" in text or "\f" in text:
            continue
        tree = ast.parse(text)
        functions = tuple(
            node
            for node in ast.walk(tree)
            if isinstance(node, Function) and len(node.body) > _documented(node)
        )
        found.append(Source(path.as_posix(), text, tree, functions))
    return tuple(found)


def _documented(function: Function) -> int:
    return int(ast.get_docstring(function) is not None)


def body_of(function: Function) -> list[ast.stmt]:
    """Return a function's statements without its docstring."""
    return function.body[_documented(function) :]


def inside(function: Function, *kinds: type[ast.AST]) -> list[ast.AST]:
    """Return the nodes of some kinds in a function's body, but for those in f-strings.

    Python 3.11 does not know where those stand.
    """
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(body_of(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, kinds):
            found.append(node)
        if not isinstance(node, ast.JoinedStr):
            waiting += ast.iter_child_nodes(node)
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))  # type: ignore[attr-defined]


def blocks(function: Function) -> list[list[ast.stmt]]:
    """Return every run of statements in a function."""
    found = [body_of(function)]
    for node in inside(function, ast.stmt, ast.ExceptHandler):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                found.append(block)
    return found


def alone(source: Source, statement: ast.stmt) -> bool:
    """Tell whether a statement has its lines to itself."""
    lines = source.text.splitlines()
    before = lines[statement.lineno - 1].encode()[: statement.col_offset]
    assert statement.end_lineno is not None
    after = lines[statement.end_lineno - 1].encode()[statement.end_col_offset :]
    return not before.strip() and not after.strip().rstrip(b"\\")
