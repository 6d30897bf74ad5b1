"""A Python text as the classifier sees it: outermost functions, and what is around them. Pure.

Texts are compared by digests of their syntax trees without positions, so neither comments nor blank
lines nor line ends make a difference. What a function was read from is digested once: a second text
that holds the same lines costs only its own parse.
"""

from __future__ import annotations

import array
import ast
import functools
import itertools
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from festina import parsing
from festina.verify.digests import digest, hashed

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COOKIE = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF8 = frozenset(["utf-8", "utf8", "utf_8", "u8", "utf-8-sig", "ascii", "us-ascii"])
_KEPT = 1_000
_known: dict[bytes, tuple[bytes, bytes]] = {}
"""The digests of functions by that of their lines, which would take several times the memory."""


@dataclass(frozen=True, slots=True)
class Block:
    """What stands around a function: a class of some name, or (no name) an ``if`` or the like."""

    line: int
    column: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """An outermost function as the classifier sees it.

    ``path`` is its dotted name without a number. ``head`` and ``body`` are digests; ``odd`` says
    why its code depends on more than its own lines and the names of the classes around it.
    """

    path: str
    leaf: str
    first: int
    last: int
    column: int
    around: tuple[Block, ...]
    head: str
    body: str
    docstring: str | None
    one_line: bool
    odd: str


@dataclass(frozen=True, slots=True)
class Layout:
    """All parts of a text in order, a digest of what is around them, and where that stands.

    ``future`` is where it first imports from the future, and what; ``imports`` are the names that
    it imports outside of functions and classes: compilers treat calls of what these hold otherwise.
    """

    parts: tuple[Part, ...]
    names: tuple[str, ...]
    rest: str
    places: tuple[tuple[int, int], ...]
    future: tuple[int, tuple[str, ...]] | None
    imports: tuple[str, ...]
    starts: Sequence[int] = field(repr=False, compare=False)

    def text_of(self, text: str, first: int, last: int) -> str:
        """Return the lines from ``first`` to ``last`` of the text that this is the layout of."""
        return text[self.starts[first - 1] : self.starts[last]]


def plain(text: str) -> str:
    r"""Return a text without byte order mark, with ``\n`` as its only line end and at its end."""
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") or not text else text + "\n"


def is_encoded(text: str) -> bool:
    """Whether a coding line gives the text's bytes another meaning than UTF-8."""
    for line in text.removeprefix("\ufeff").split("\n", 2)[:2]:
        if found := _COOKIE.match(line):
            return found[1].lower() not in _UTF8
        if line.strip() and not line.lstrip().startswith("#"):
            return False
    return False


def parse(text: str) -> ast.Module:
    """Parse a text without a word about its doubtful escapes.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it has a null byte, or is too deeply nested.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return parsing.parse(text)
        except (RecursionError, MemoryError) as error:
            raise ValueError("too deeply nested to compile") from error


@functools.lru_cache(maxsize=32)
def layout(text: str) -> Layout:
    """Return the layout of a plain text. Raises what :func:`parse` does."""
    return layout_of(text, parse(text))


def layout_of(text: str, tree: ast.Module) -> Layout:
    """Return the layout of a plain text that was parsed already.

    Raises:
        ValueError: it is too deeply nested.
    """
    starts = line_starts(text)
    found = sorted(_find(tree.body, (), "", ""), key=lambda item: item[1].lineno)
    stops = {id(node) for _, node, _, _ in found}
    places: list[tuple[int, int]] = []
    try:
        parts = tuple(_part(text, starts, *item) for item in found)
        rest = digest(_flat(tree, stops, places))
    except RecursionError as error:
        raise ValueError("too deeply nested to compile") from error
    names: list[str] = []
    count: dict[str, int] = {}
    for part in parts:
        count[part.path] = number = count.get(part.path, 0) + 1
        names.append(part.path if number == 1 else f"{part.path}#{number}")
    return Layout(
        parts, tuple(names), rest, tuple(places), _future(tree), _imports(tree.body), starts
    )


def line_starts(text: str) -> Sequence[int]:
    """Return where each line of a plain text begins, and last where the text ends."""
    blank = len(text) - len(text.lstrip("\n"))  # most of an excerpt
    starts = array.array("Q", range(blank))  # an eighth of what a tuple of a long text's takes
    lengths = map(len, text[blank:].split("\n"))
    starts.extend(itertools.accumulate(map((1).__add__, lengths), initial=blank))
    starts.pop()
    return starts


_Found = tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, tuple[Block, ...], str]


def _find(
    body: Iterable[ast.stmt], around: tuple[Block, ...], prefix: str, odd: str
) -> Iterator[_Found]:
    for node in body:
        if isinstance(node, _FUNCTIONS):
            why = "it has type parameters" if getattr(node, "type_params", None) else odd
            yield prefix, node, around, why
        elif isinstance(node, ast.ClassDef):
            block = Block(node.lineno, node.col_offset, node.name)
            why = odd or _odd(node)
            yield from _find(node.body, (*around, block), f"{prefix}{node.name}.", why)
        else:
            for inner in _bodies(node):
                block = Block(node.lineno, node.col_offset, None)
                yield from _find(inner, (*around, block), prefix, odd)


def _bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        if inner := getattr(node, name, None):
            yield inner
    for name in ("handlers", "cases"):
        for part in getattr(node, name, ()):
            yield part.body


def _odd(node: ast.ClassDef) -> str:
    """Say why code in a class is not what a bare class of its name would make of it."""
    if getattr(node, "type_params", None):
        return "its class has type parameters"
    queue: list[ast.stmt] = list(node.body)
    while queue:
        inner = queue.pop()
        if isinstance(inner, (ast.Global, ast.Nonlocal)):
            return "its class declares global names"
        if not isinstance(inner, (*_FUNCTIONS, ast.ClassDef)):
            queue += [deeper for body in _bodies(inner) for deeper in body]
    return ""


def _part(
    text: str,
    starts: Sequence[int],
    prefix: str,
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    around: tuple[Block, ...],
    odd: str,
) -> Part:
    first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
    last = node.end_lineno or node.lineno
    lines = hashed([text[starts[first - 1] : starts[last]]])
    digests = _known.get(lines)
    if digests is None:
        digests = _known[lines] = (
            hashed(_flat(node, {id(part) for part in node.body}, None)),
            hashed(word for part in node.body for word in _flat(part, frozenset(), None)),
        )
        if len(_known) > _KEPT:
            for old in list(_known)[: _KEPT // 4]:  # other threads add to it, too
                _known.pop(old, None)
    return Part(
        prefix + node.name,
        node.name,
        first,
        last,
        node.col_offset,
        around,
        digests[0].hex(),
        digests[1].hex(),
        docstring=ast.get_docstring(node, clean=False),
        one_line=not _begins_line(text, starts, node.body[0]),
        odd=odd,
    )


def _begins_line(text: str, starts: Sequence[int], node: ast.stmt) -> bool:
    start = starts[node.lineno - 1]
    return not text[start : start + node.col_offset].strip()


def _future(tree: ast.Module) -> tuple[int, tuple[str, ...]] | None:
    found = [
        node
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    if not found:
        return None
    names = sorted({alias.name for node in found for alias in node.names})
    return found[0].lineno, tuple(names)


def _imports(body: Iterable[ast.stmt]) -> tuple[str, ...]:
    names: set[str] = set()
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if getattr(node, "module", None) != "__future__":
                names |= {(it.asname or it.name).partition(".")[0] for it in node.names}
        elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            for inner in _bodies(node):
                names.update(_imports(inner))
    return tuple(sorted(names - {"*"}))


def _flat(node: ast.AST, stops: Iterable[int], places: list[tuple[int, int]] | None) -> list[str]:
    """Return a tree as words, without positions and without the nodes in ``stops``.

    ``places``, for a whole text, takes line and column of each statement and lambda.
    """
    words: list[str] = []
    add = words.append

    def walk(node: ast.AST) -> None:
        if id(node) in stops:
            if isinstance(node, _FUNCTIONS) and places is not None:
                add(f"def {node.name}")
            return
        if places is not None and isinstance(node, (ast.stmt, ast.Lambda)):
            places.append((node.lineno, node.col_offset))
        kind = type(node)
        add(kind.__name__)
        for name in kind._fields:
            if name == "ctx":
                continue
            value = getattr(node, name, None)
            if isinstance(value, list):
                add("[")
                for item in value:
                    if isinstance(item, ast.AST):
                        walk(item)
                    else:
                        add(_word(item))
                add("]")
            elif isinstance(value, ast.AST):
                walk(value)
            else:
                add(_word(value))

    walk(node)
    return words


def _word(value: object) -> str:
    if type(value) is int:
        return hex(value)  # numbers of thousands of digits have no decimal form here
    return repr(value)
