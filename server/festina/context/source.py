"""One Python text: where its definitions are, what it imports, how they read in short.

Only the lines in question are parsed. That takes a fraction of what the whole file would (whose
parser keeps every thread waiting), and finds what is asked for in a file with a mistake elsewhere.
"""

from __future__ import annotations

import ast
import hashlib
import re
import textwrap
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from festina import parsing
from festina.text import BOM

KEPT = 128
"""Texts whose findings are kept. Of each, the text itself is the larger part."""

MOST_OF_A_NAME = 4
"""Overloads, and one definition for each platform."""

_DEF = r"(?:async[ \t]+)?def[ \t]+{name}\b|class[ \t]+{name}\b|{name}[ \t]*(?::[^=\n]+)?=(?!=)"
_TYPE = r"|type[ \t]+{name}\b"
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+[.\w]+[ \t]+import\b|import[ \t]+\w)", re.MULTILINE)
_MOST_IMPORT_LINES = 200
_MOST_DOUBTS = 20
_ENDS = (")", "]", "}", '"""', "'''")


@dataclass(frozen=True, slots=True)
class Binding:
    """What an import gives a name to: a module, or (with ``attribute``) something in it.

    ``level`` is how many dots stand before a relative one.
    """

    module: str
    level: int = 0
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Imports:
    """The names that a text imports, and the modules of which it imports everything."""

    names: dict[str, Binding] = field(default_factory=dict)
    stars: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one definition, decorators included: zero-based, half-open."""

    start: int
    end: int


class Source:
    """What was found out about one text. Any thread may use it."""

    def __init__(self, text: str) -> None:
        self.text = (
            text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
        )
        self.lines = self.text.split("\n")
        self._imports: Imports | None = None
        self._found: dict[tuple[str, str], tuple[Block, ...]] = {}
        self._brief: dict[Block, list[str]] = {}

    @property
    def imports(self) -> Imports:
        """What the text imports, also inside of functions and conditions."""
        if self._imports is None:
            self._imports = _imports(self)
        return self._imports

    def find(self, name: str, inside: str = "") -> tuple[Block, ...]:
        """Return where a name is defined at the text's outermost level, or in a class there."""
        key = (inside, name)
        if key not in self._found:
            self._found[key] = tuple(self._search(name, inside))[:MOST_OF_A_NAME]
        return self._found[key]

    def _search(self, name: str, inside: str) -> Iterator[Block]:
        if not name.isidentifier():
            return
        expression = re.compile((_DEF + _TYPE).format(name=re.escape(name)))
        if not inside:
            for match in re.finditer(rf"^(?:{expression.pattern})", self.text, re.MULTILINE):
                yield self.block(self.text.count("\n", 0, match.start()))
            return
        for outer in self.find(inside):
            depth = 0
            for number in range(outer.start + 1, outer.end):
                line = self.lines[number]
                width = len(line) - len(line.lstrip())
                if not depth and line.strip() and not self.lines[outer.start].startswith("@"):
                    depth = width
                if width and (not depth or width == depth) and expression.match(line.lstrip()):
                    yield self.block(number)

    def block(self, first: int) -> Block:
        """Return the definition that begins on a line, as its indentation shows it."""
        indent = _width(self.lines[first])
        start = first
        while start and _is_decorator(self.lines, start - 1, indent):
            start -= 1
        end = shown = first + 1
        doubts = 0
        for number in range(first + 1, len(self.lines)):
            line = self.lines[number]
            if not line.strip():
                continue
            if _width(line) <= indent and not line.lstrip().startswith(_ENDS):
                if parsed(self.lines[first:end]) is not None:
                    return Block(start, end)
                # a string in it may have shallower lines; or it is no Python
                shown = shown if doubts else end
                doubts += 1
                if doubts > _MOST_DOUBTS:
                    return Block(start, shown)
            end = number + 1
        return Block(start, end)

    def brief(self, block: Block, shown: Sequence[str]) -> list[str]:
        """Return a definition in short; ``shown`` are its lines as they may be sent."""
        lines = self.lines[block.start : block.end]
        if shown != lines:
            return brief(lines, shown)
        if block not in self._brief:
            self._brief[block] = brief(lines, shown)
        return self._brief[block]

    def around(self, line: int) -> int | None:
        """Return the line on which the class begins that a line stands in, or None."""
        depth = next((_width(t) for t in self.lines[line:] if t.strip()), 0)
        for number in range(min(line, len(self.lines)) - 1, -1, -1):
            text = self.lines[number]
            if not text.strip() or (width := _width(text)) >= depth:
                continue
            depth = width
            if text.lstrip().startswith("class "):
                return number
        return None


_sources: OrderedDict[bytes, Source] = OrderedDict()
_lock = threading.Lock()


def source_of(text: str) -> Source:
    """Return what is known of a text, by its content's hash."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    with _lock:
        source = _sources.get(digest)
        if source is None:
            source = _sources[digest] = Source(text)
            if len(_sources) > KEPT:
                _sources.popitem(last=False)
        _sources.move_to_end(digest)
    return source


def parsed(lines: Sequence[str]) -> ast.Module | None:
    """Parse a few lines, whatever their indentation; None where they are no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return parsing.parse(textwrap.dedent("\n".join(lines)) + "\n")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def brief(lines: Sequence[str], shown: Sequence[str]) -> list[str]:
    """Return a definition in short: its head, the first line of its docstring, a class's members.

    ``shown`` are the same lines as they may be sent; positions come from ``lines``.
    """
    tree = parsed(lines)
    if tree is None or not tree.body:
        return list(shown[:1])
    node = tree.body[-1]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return _function(node, shown)
    if isinstance(node, ast.ClassDef):
        return _class(node, shown)
    return list(shown)


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, shown: Sequence[str], *, docs: bool = True
) -> list[str]:
    head = _head(node, shown)
    if not head[-1].rstrip().endswith(":"):
        return head  # it stands on one line
    indent = " " * (_width(head[0]) + 4)
    words = _first_line(node, shown) if docs else ""
    return [*head, *([f'{indent}"""{words}"""'] if words else []), f"{indent}..."]


def _class(node: ast.ClassDef, shown: Sequence[str]) -> list[str]:
    lines = _head(node, shown)
    indent = " " * (_width(lines[-1]) + 4)
    if words := _first_line(node, shown):
        lines.append(f'{indent}"""{words}"""')
    for part in node.body:
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            lines += _function(part, shown, docs=False)
        elif isinstance(part, ast.AnnAssign | ast.Assign) and part.end_lineno == part.lineno:
            lines.append(shown[part.lineno - 1])
    return lines if len(lines) > 1 else [*lines, f"{indent}..."]


def _head(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, shown: Sequence[str]
) -> list[str]:
    first = min([node.lineno, *(item.lineno for item in node.decorator_list)]) - 1
    last = max(node.lineno, node.body[0].lineno - 1)
    lines = list(shown[first:last])
    while len(lines) > 1 and not lines[-1].rstrip().endswith(":"):
        lines.pop()  # a comment or an empty line between the head and the body
    return lines


def _first_line(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, shown: Sequence[str]
) -> str:
    """Return the docstring's first line as it may be sent: from the lines, not from the value."""
    if ast.get_docstring(node, clean=False) is None:
        return ""
    first = node.body[0]
    for line in shown[first.lineno - 1 : first.end_lineno]:
        if words := line.strip().lstrip("rRuU").strip("\"' \\"):
            return words
    return ""


def _imports(source: Source) -> Imports:
    names: dict[str, Binding] = {}
    stars: list[Binding] = []
    for match in _IMPORT.finditer(source.text):
        first = source.text.count("\n", 0, match.start())
        for node in _statement(source.lines, first):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.asname:
                        names[alias.asname] = Binding(alias.name)
                    else:
                        top = alias.name.partition(".")[0]
                        names.setdefault(top, Binding(top))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    binding = Binding(node.module or "", node.level, alias.name)
                    if alias.name == "*":
                        stars.append(Binding(node.module or "", node.level))
                    else:
                        names[alias.asname or alias.name] = binding
    return Imports(names, tuple(stars))


def _statement(lines: Sequence[str], first: int) -> list[ast.stmt]:
    """Return the import that begins on a line; nothing where those words only look like one."""
    end = first + 1
    if "(" in lines[first]:
        while ")" not in lines[end - 1] and end < min(len(lines), first + _MOST_IMPORT_LINES):
            end += 1
    while lines[end - 1].rstrip().endswith("\\") and end < len(lines):
        end += 1
    tree = parsed(lines[first:end])
    return tree.body if tree is not None else []


def _is_decorator(lines: Sequence[str], number: int, indent: int) -> bool:
    line = lines[number]
    if _width(line) == indent and line.lstrip().startswith("@"):
        return True
    # the end of one that goes over several lines
    if not line.strip().startswith((")", "]")) and _width(line) <= indent:
        return False
    for above in range(number, max(-1, number - 20), -1):
        text = lines[above]
        if _width(text) == indent and text.lstrip().startswith("@"):
            return True
        if not text.strip() or (
            _width(text) <= indent and not text.lstrip().startswith((")", "]"))
        ):
            return False
    return False


def _width(line: str) -> int:
    return len(line) - len(line.lstrip())
