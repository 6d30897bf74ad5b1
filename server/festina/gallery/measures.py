"""What can be said of a candidate's text by looking at it: imports, complexity, what it uses; pure.

Python is parsed; of other languages the words are counted, which is enough to compare candidates of
one region with each other.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

from festina import edits, parsing
from festina.edits import Region
from festina.text import Text

_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.IfExp, ast.ExceptHandler, ast.match_case)
_WORDS = {
    "if": ("if", "elif"),
    "loops": ("for", "while", "loop"),
    "handles errors": ("except", "catch", "rescue", "recover"),
    "raises": ("raise", "throw", "panic"),
    "cases": ("case", "match", "switch"),
}
_BRANCHING = re.compile(
    r"\b(?:if|elif|for|while|loop|case|catch|except|and|or)\b|&&|\|\||\?\?|(?<![?.\w])\?(?![?.])"
)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_CALL = re.compile(r"([^\W\d]\w*)\s*!?\(")
_IMPORTS = re.compile(
    r"""^\s*(?:import\s[^;"']*?from\s*["']([^"']+)["']|import\s*["']([^"']+)["']"""
    r"""|(?:pub\s+)?use\s+([\w:]+)|\#include\s*([<"][^>"]+[>"]))|\brequire\(\s*["']([^"']+)["']""",
    re.MULTILINE,
)
_BLANKED = re.compile(
    r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|//[^\n]*|/\*.*?\*/|\#[^\n]*",
    re.DOTALL,
)
_NO_CALLS = frozenset(name for names in _WORDS.values() for name in names) | {"return", "def"}


@dataclass(frozen=True, slots=True)
class Look:
    """What one text has: the modules it imports, how many ways lead through it, what it uses."""

    imports: frozenset[str]
    complexity: int
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a candidate changes: lines to read, imports, complexity, and what it newly uses."""

    lines: int
    imports: tuple[str, ...]
    complexity: int
    uses: frozenset[str]


def measure(before: str, after: str, language: str) -> Measure:
    """Compare a candidate's text with what was there."""
    old, new = look(before, language), look(after, language)
    text = Text(before)
    lines = edits.size(edits.rewrite(text, Region(0, len(text.lines)), after))
    imports = tuple(sorted(new.imports - old.imports))
    return Measure(lines, imports, new.complexity - old.complexity, new.uses - old.uses)


def look(text: str, language: str) -> Look:
    """Look at a text."""
    if language == "python" and (tree := _tree(text)) is not None:
        return _of_python(tree)
    code = _BLANKED.sub(" ", text)
    imports = {next(filter(None, found)) for found in _IMPORTS.findall(text)}
    words = set(_IDENTIFIER.findall(code))
    uses = {what for what, names in _WORDS.items() if words.intersection(names)}
    calls = {f"{name}()" for name in _CALL.findall(code) if name not in _NO_CALLS}
    complexity = 1 + len(_BRANCHING.findall(code))
    return Look(frozenset(imports), complexity, frozenset(uses | calls))


def _tree(text: str) -> ast.Module | None:
    try:
        return parsing.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _of_python(tree: ast.Module) -> Look:
    imports: set[str] = set()
    uses: set[str] = set()
    complexity = 1
    for node in ast.walk(tree):
        if isinstance(node, _BRANCHES):
            complexity += 1
        elif isinstance(node, ast.BoolOp):
            complexity += len(node.values) - 1
        elif isinstance(node, ast.comprehension):
            complexity += 1 + len(node.ifs)
        imports |= _imports(node)
        uses |= _uses(node)
    return Look(frozenset(imports), complexity, frozenset(uses))


def _imports(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {"." * node.level + (node.module or "")}
    return set()


def _uses(node: ast.AST) -> set[str]:
    """Return what tells one way of doing something from another."""
    if isinstance(node, ast.Call):
        called = node.func
        name = getattr(called, "id", None) or getattr(called, "attr", None)
        return {f"{name}()"} if name else set()
    if isinstance(node, (ast.If, ast.IfExp)):
        return {"if"}
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return {"loops"}
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return {"comprehension"}
    if isinstance(node, ast.Try):
        return {"handles errors"}
    if isinstance(node, ast.Raise):
        return {"raises"}
    if isinstance(node, ast.Match):
        return {"cases"}
    return set()
