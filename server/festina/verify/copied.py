"""Literal answers to literal questions that stand in tests just so. Pure.

An edit that knows what it will be asked (``{2: 4, 4: 8}[value]``) is green and wrong. Everyday code
has such pairs, too: a base case, a table of names. So one small pair says nothing; two that no
test author could have meant for all inputs, or one that is long enough to be copied, do.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from festina.verify.layout import parse, plain

_TRIVIAL = frozenset(["0", "1", "-1", "True", "False", "None", "''", "b''", "()", "[]", "{}"])
_LONG = 6
"""Characters of a literal that hardly stands in two places by chance."""
_MANY = 2
_MOST = 64 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What an edit gives for one value: both as literals; ``table`` where it is one of a table."""

    asked: str
    given: str
    line: int
    table: bool

    @property
    def key(self) -> tuple[str, str]:
        """What tells it apart, wherever it stands."""
        return self.asked, self.given

    @property
    def words(self) -> str:
        """Say it to a person."""
        return f"{self.asked} with {self.given}"


def answers(nodes: Iterable[ast.AST]) -> list[Answer]:
    """Return the answers among the nodes of a tree: entries of tables, branches for one value."""
    return [answer for node in nodes for answer in _of(node)]


def _of(node: ast.AST) -> Iterator[Answer]:
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                yield from _pair([key], value, key.lineno, True)
    elif isinstance(node, ast.If):
        yield from _pair(_equal_to(node.test), _result(node.body), line, False)
    elif isinstance(node, ast.IfExp):
        yield from _pair(_equal_to(node.test), node.body, line, False)
    elif isinstance(node, ast.match_case) and isinstance(node.pattern, ast.MatchValue):
        yield from _pair([node.pattern.value], _result(node.body), node.pattern.lineno, False)


def _equal_to(test: ast.expr) -> list[ast.expr]:
    match test:
        case ast.Compare(left, [ast.Eq()], [right]):
            return [left, right]
        case ast.Compare(_, [ast.In()], [ast.Tuple(parts) | ast.List(parts) | ast.Set(parts)]):
            return parts
        case ast.BoolOp(ast.And(), parts):
            return [inner for part in parts for inner in _equal_to(part)]
    return []


def _result(body: list[ast.stmt]) -> ast.expr | None:
    match body:
        case [ast.Return(value)] | [ast.Assign(value=value)] | [ast.Expr(ast.Yield(value))]:
            return value
    return None


def _pair(
    asked: list[ast.expr], given: ast.expr | None, line: int, table: bool
) -> Iterator[Answer]:
    answer = None if given is None else _literal(given)
    if answer is None:
        return
    for part in asked:
        question = _literal(part)
        if question is not None:
            yield Answer(question, answer, line, table)


def _literal(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):  # most of them
        return repr(node.value)
    if not isinstance(node, (ast.UnaryOp, ast.Tuple, ast.List, ast.Set, ast.Dict)):
        return None
    try:
        return repr(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def found_in_tests(given: Iterable[Answer], tests: Callable[[], Iterable[str]]) -> Answer | None:
    """Return an answer that tests expect, where there are too many of them to be chance."""
    telling = [it for it in given if not {it.asked, it.given} & _TRIVIAL and it.asked != it.given]
    if not telling:
        return None
    rows: set[frozenset[str]] = set()
    total = 0
    for text in tests():
        total += len(text)
        if total > _MOST:
            break
        if any(it.asked.strip("'\"") in text for it in telling):
            rows |= expected(text)
    copied = [it for it in telling if any(it.asked in row and it.given in row for row in rows)]
    alone = [it for it in copied if not it.table and min(len(it.asked), len(it.given)) >= _LONG]
    if alone:
        return alone[0]
    if len({it.key for it in copied}) >= _MANY and len(copied) * 2 > len(telling):
        return copied[0]
    return None


@functools.lru_cache(maxsize=512)
def expected(text: str) -> frozenset[frozenset[str]]:
    """Return the literals that stand together in a test: in an assertion, or a row of cases."""
    try:
        tree = parse(plain(text))
    except (SyntaxError, ValueError):
        return frozenset()
    rows: set[frozenset[str]] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST] = []
        if isinstance(node, ast.Assert):
            parts = list(ast.walk(node.test))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "").startswith("assert"):
            parts = list(ast.walk(node))
        elif isinstance(node, (ast.Tuple, ast.List)) and 1 < len(node.elts) < 10:
            parts = list(node.elts)
        literals = {_literal(part) for part in parts if isinstance(part, ast.expr)} - {None}
        if len(literals) > 1:
            rows.add(frozenset(one for one in literals if one is not None))
    return frozenset(rows)
