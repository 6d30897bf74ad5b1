"""Trees of texts that are no Python: tree-sitter's, where the extra ``languages`` is installed.

tree-sitter finds its way through broken code, and takes 40 ms for each 100,000 characters. It holds
Python's lock meanwhile, but for the moments in which it calls back: for the next slice of the text,
and to ask whether to go on. There other threads get their turn.
"""

from __future__ import annotations

import functools
import importlib
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tree_sitter import Language, Node

GRAMMARS = {
    "go": ("tree_sitter_go", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
}
"""The module of each grammar, and its function."""

FAMILIES = {"javascript": "script", "typescript": "script", "tsx": "script"}
"""Grammars whose files import each other; each of the others is alone."""

_BY_SUFFIX = {
    **dict.fromkeys(("js", "mjs", "cjs", "jsx"), "javascript"),
    **dict.fromkeys(("ts", "mts", "cts"), "typescript"),
    "tsx": "tsx",
    "go": "go",
    "rs": "rust",
}
_BY_LANGUAGE = {
    **_BY_SUFFIX,
    "javascript": "javascript",
    "javascriptreact": "javascript",
    "typescript": "typescript",
    "typescriptreact": "tsx",
    "rust": "rust",
}

MOST_CHARS = 250_000
"""What is longer is generated."""
MOST_LINE_CHARS = 5_000
"""So is a text with a line of so many, as a minified bundle has."""
MOST_SECONDS = 2.0
"""Of badly broken texts a few take their parser far longer than others."""
SLICE = 2048
KEPT = 4
"""Trees that are kept. They are many times as large as their texts."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A text's tree: ``root``, and the bytes that its nodes count in."""

    root: Node
    data: bytes

    def text(self, node: Node) -> str:
        """Return what a node stands for."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def grammar_of(language: str, path: str = "") -> str:
    """Return the grammar for an LSP language id (or a suffix, as the command line has it).

    Empty where there is none. ``path`` decides where the two disagree about JSX.
    """
    found = _BY_LANGUAGE.get(language.lower(), "")
    return "tsx" if found == "typescript" and path.endswith(".tsx") else found


def grammar_of_file(path: str) -> str:
    """Return the grammar for a file, by its suffix; empty where there is none."""
    return _BY_SUFFIX.get(path.rpartition(".")[2].lower(), "")


def family_of(grammar: str) -> str:
    """Return which grammars' files use each other."""
    return FAMILIES.get(grammar, grammar)


def suffixes(family: str) -> tuple[str, ...]:
    """Return the endings of a family's files."""
    return tuple(
        f".{suffix}" for suffix, grammar in _BY_SUFFIX.items() if family_of(grammar) == family
    )


def missing() -> str:
    """Return the first of tree-sitter's modules that cannot be imported; empty if all can."""
    for module, _ in (("tree_sitter", ""), *GRAMMARS.values()):
        try:
            importlib.import_module(module)
        except (ImportError, OSError):
            return module
    return ""


_trees: OrderedDict[tuple[str, str], Tree] = OrderedDict()
_lock = Lock()


def tree_of(text: str, grammar: str) -> Tree | None:
    r"""Return the tree of a text whose line ends are ``\n``. Blocks: call it in a thread.

    None where there can be none: tree-sitter is not installed, the text is generated, or it takes
    too long.
    """
    key = (grammar, text)
    with _lock:
        if (kept := _trees.get(key)) is not None:
            _trees.move_to_end(key)
            return kept
    tree = _parsed(text, grammar)
    if tree is not None:
        with _lock:
            _trees[key] = tree
            if len(_trees) > KEPT:
                _trees.popitem(last=False)
    return tree


def generated(text: str) -> bool:
    """Whether nobody wrote a text by hand: too long, or in lines that are."""
    if len(text) > MOST_CHARS:
        return True
    return len(text) > MOST_LINE_CHARS and max(map(len, text.split("\n"))) > MOST_LINE_CHARS


def _parsed(text: str, grammar: str) -> Tree | None:
    if generated(text) or (found := _language(grammar)) is None:
        return None
    from tree_sitter import Parser

    data = text.encode("utf-8", "surrogatepass")
    until = time.monotonic() + MOST_SECONDS
    try:
        tree = Parser(found).parse(
            lambda at, _: data[at : at + SLICE],
            progress_callback=lambda _, __: time.monotonic() > until,
        )
    except ValueError:  # it took too long
        return None
    return Tree(tree.root_node, data)


@functools.cache
def _language(grammar: str) -> Language | None:
    module, function = GRAMMARS[grammar]
    try:
        from tree_sitter import Language

        made: Any = getattr(importlib.import_module(module), function)
        return Language(made())
    except (ImportError, OSError, ValueError):  # not installed, or not made for each other
        return None


def below(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the text."""
    pending = [node]
    while pending:
        at = pending.pop()
        yield at
        pending += reversed(at.children)
