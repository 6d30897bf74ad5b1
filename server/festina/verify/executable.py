"""Which executable lines a change touches, and what must run for each to count as executed.

Runs inside the project's own interpreter (the line tables of the version that runs the tests are
the only right ones), beside the pytest plugin: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import ast
import dis
import functools
import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import CodeType

    Key = tuple[int, str]
    Need = tuple[int, str, int]
    Hunk = tuple[int, int, int, int]
    Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

ENTERED = 0
"""In a need, the line that stands for: this code object was entered at all."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_COMPREHENSIONS = frozenset(["<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"])
_LAZY = frozenset(["__annotate__", "__conditional_annotations__"])
_LINE_END = re.compile("\r\n|\r|\n")


def analyse(old: str, new: str, hunks: Iterable[Hunk]) -> dict[int, list[Need]] | None:
    """Return what must run for each changed executable line, or None where no code changed.

    ``hunks`` are ``(old start, old end, new start, new end)``, zero-based and half-open. The answer
    maps a line of ``new`` to needs ``(first line of the code object, its name, line)``; the line
    counts as executed when all of them were met. None: both texts mean the same code, they differ
    in comments, formatting or docstrings.

    Raises:
        SyntaxError: this interpreter cannot compile ``new``.
        ValueError: likewise, for a null byte.
    """
    hunks = list(hunks)
    # of a file's functions only one may be left, in its own lines: what is around it takes time
    old, new = (text.rstrip("\n") + "\n\n" for text in (old, new))
    skip = min(
        [_blank(old), _blank(new), *(start for hunk in hunks for start in (hunk[0], hunk[2]))]
    )
    if skip:
        moved = [(a - skip, b - skip, c - skip, d - skip) for a, b, c, d in hunks]
        needs = analyse(old[skip:], new[skip:], moved)
        return (
            None
            if needs is None
            else {
                line + skip: [(first + skip, name, at and at + skip) for first, name, at in wanted]
                for line, wanted in needs.items()
            }
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(new)
        before = _parsed(old)
        if before is not None and _same(before, tree):
            return None
        code = compile(new, "<candidate>", "exec", dont_inherit=True)
    change = _Change(_LINE_END.split(old), _LINE_END.split(new), before, tree, code)
    for hunk in hunks:
        change.add(*hunk)
    return change.needs


@functools.lru_cache(maxsize=4)
def _parsed(old: str) -> ast.Module | None:
    """Parse the text before an edit, which many edits have in common; None: it cannot be."""
    try:
        return ast.parse(old)
    except (SyntaxError, ValueError):
        return None


def _blank(text: str) -> int:
    """Return how many empty lines a text begins with."""
    return len(text) - len(text.lstrip("\n"))


class _Change:
    def __init__(
        self,
        old: Sequence[str],
        new: Sequence[str],
        before: ast.Module | None,
        tree: ast.Module,
        code: CodeType,
    ) -> None:
        self.old = dict(enumerate(old))
        self.new = dict(enumerate(new))
        self.before = before
        self.tree = tree
        self.codes: dict[int, set[Key]] = {}
        self.needs: dict[int, list[Need]] = {}
        self.module = (code.co_firstlineno, code.co_name)
        self._collect(code)
        self.headers: dict[int, Key] = {}
        for node in ast.walk(tree):
            if isinstance(node, _FUNCTIONS):
                first = _first_line(node)
                last = max(node.lineno, _first_line(node.body[0]) - 1)
                for line in range(first, last + 1):
                    self.headers[line] = (first, node.name)

    def _collect(self, code: CodeType) -> None:
        key = (code.co_firstlineno, code.co_name)
        if code.co_name not in _LAZY:
            for line in _code_lines(code):
                self.codes.setdefault(line, set()).add(key)
        for const in code.co_consts:
            if isinstance(const, type(code)):
                self._collect(const)

    def add(self, old_start: int, old_end: int, start: int, end: int) -> None:
        """Count the lines of one hunk; one that only takes code away counts its neighbours."""
        found = [self._count(line) for line in range(start + 1, end + 1)]
        if not any(found):
            gone = [line for line in range(old_start, old_end) if _is_code(self.old.get(line, ""))]
            if gone:
                self._around(start, _scope_path(self.before, gone[0] + 1))

    def _need(self, line: int) -> None:
        """Demand all that has code on ``line``; for a header, that its function was called."""
        keys = self.codes.get(line, set())
        keys = {key for key in keys if key[1] not in _COMPREHENSIONS} or keys
        needs = {
            (first, name, ENTERED if first == line and name != "<module>" else line)
            for first, name in keys
        }
        if line in self.headers:
            needs.add((*self.headers[line], ENTERED))
        self.needs[line] = sorted(needs)

    def _count(self, line: int) -> bool:
        """Count one changed line, by itself or by what stands for it; say whether it is code."""
        statement = _innermost(self.tree, line)
        if not _is_code(self.new.get(line - 1, "")) and not _in_string(statement, line):
            return False
        if statement is None or _is_docstring(statement, self.tree):
            return False
        if line in self.headers or line in self.codes:
            self._need(line)
            return True
        if not hasattr(statement, "body"):
            last = statement.end_lineno or statement.lineno
            inside = sorted(n for n in self.codes if statement.lineno <= n <= last)
            if inside:
                self._need(max([n for n in inside if n <= line], default=inside[0]))
                return True
        self._around(line, _scope_path(self.tree, line))
        return True

    def _around(self, line: int, path: Sequence[str]) -> None:
        """Count the executable lines just before and after ``line`` in the scope at ``path``."""
        scope = _find_scope(self.tree, path)
        key = self.module if scope is None else (_first_line(scope), scope.name)
        low = 1 if scope is None else _first_line(scope.body[0])
        lines = sorted(n for n, keys in self.codes.items() if n >= low and key in keys)
        for near in [n for n in lines if n <= line][-1:] + [n for n in lines if n > line][:1]:
            self.needs.setdefault(near, [(*key, near)])


def _code_lines(code: CodeType) -> set[int]:
    if hasattr(code, "co_lines"):
        return {line for _, _, line in code.co_lines() if line}
    return {line for _, line in dis.findlinestarts(code) if line}


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno] + [decorator.lineno for decorator in decorators])


def _same(one: object, other: object) -> bool:
    """Whether two trees mean the same code, whatever their positions and docstrings."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        assert isinstance(other, list)
        return len(one) == len(other) and all(map(_same, one, other))
    if not isinstance(one, ast.AST):
        return repr(one) == repr(other)  # -0.0 is not 0.0, and nan is nan
    for name in one._fields:
        ours, theirs = getattr(one, name, None), getattr(other, name, None)
        if name == "body" and isinstance(one, (*_SCOPES, ast.Module)):
            assert isinstance(ours, list)
            assert isinstance(theirs, list)
            ours, theirs = _undocumented(ours), _undocumented(theirs)
        if not _same(ours, theirs):
            return False
    return True


def _undocumented(body: list[ast.stmt]) -> list[ast.stmt]:
    """Leave a docstring out, also where only one of two texts has it: no line of it can run."""
    return body[1:] if body and _is_string(body[0]) else body


def _is_string(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_docstring(statement: ast.stmt, tree: ast.Module) -> bool:
    return _is_string(statement) and any(
        node.body and node.body[0] is statement
        for node in ast.walk(tree)
        if isinstance(node, (*_SCOPES, ast.Module))
    )


def _is_code(text: str) -> bool:
    stripped = text.strip()
    return bool(stripped) and not stripped.startswith("#")


def _in_string(statement: ast.stmt | None, line: int) -> bool:
    """Whether ``line`` lies within a string of several lines, where ``#`` starts no comment."""
    return statement is not None and any(
        isinstance(node, (ast.Constant, ast.JoinedStr))
        and node.lineno < line <= (node.end_lineno or node.lineno)
        for node in ast.walk(statement)
        if isinstance(node, ast.expr)
    )


def _innermost(tree: ast.Module, line: int) -> ast.stmt | None:
    found: ast.stmt | None = None
    inner: list[ast.AST] = [tree]
    while inner:  # parents come before children, and what stands first before what follows
        node = inner.pop()
        if isinstance(node, ast.stmt):
            if not _first_line(node) <= line <= (node.end_lineno or node.lineno):
                continue
            found = node
        inner += reversed(list(ast.iter_child_nodes(node)))
    return found


def _scope_path(tree: ast.Module | None, line: int) -> list[str]:
    """Return the names of the functions and classes around ``line``, outermost first."""
    path: list[str] = []
    body: list[ast.stmt] = [] if tree is None else [tree]  # type: ignore[list-item]
    while body:
        parent = body.pop()
        for node in ast.iter_child_nodes(parent):
            if not isinstance(node, (ast.stmt, ast.ExceptHandler)) and not hasattr(node, "body"):
                continue
            last = getattr(node, "end_lineno", None)
            if last is None or not _start(node) <= line <= last:
                continue
            if isinstance(node, _SCOPES):
                path.append(node.name)
            body.append(node)  # type: ignore[arg-type]
            break
    return path


def _start(node: ast.AST) -> int:
    return _first_line(node) if isinstance(node, ast.stmt) else getattr(node, "lineno", 0)


def _find_scope(tree: ast.Module, path: Sequence[str]) -> Scope | None:
    """Return the scope at ``path``, or the innermost of those around it that there still is."""
    found: Scope | None = None
    for name in path:
        parent: ast.AST = found if found is not None else tree
        inner = next((node for node in _scopes_in(parent) if node.name == name), None)
        if inner is None:
            break
        found = inner
    return found


def _scopes_in(parent: ast.AST) -> Iterable[Scope]:
    """Yield the functions and classes directly in ``parent``, through ``if`` and ``try``."""
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, _SCOPES):
            yield node
        else:
            yield from _scopes_in(node)
