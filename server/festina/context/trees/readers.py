"""How each grammar's files are read, also where broken code leaves its tree in pieces."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import replace

from festina.context.source import Block
from festina.context.trees import golang, rust, script
from festina.context.trees.grammars import Tree, family_of
from festina.context.trees.outline import NOTHING, Definition, Outline, Reader

_READERS: dict[str, Reader] = {"go": golang.read, "rust": rust.read, "script": script.read}
_MOST_LINES = 12
"""Of a definition whose end is not known, so many lines."""

_DEFINED = {
    "script": re.compile(
        r"^(?:export[ \t]+)?(?:default[ \t]+)?(?:declare[ \t]+)?(?:abstract[ \t]+|async[ \t]+)?"
        r"(?:function[ \t]*\*?|class|interface|type|enum|const(?:[ \t]+enum)?|let|var|namespace)"
        r"[ \t]+([A-Za-z_$][\w$]*)",
        re.MULTILINE,
    ),
    "go": re.compile(
        r"^(?:func|type|var|const)[ \t]+([A-Za-z_]\w*)"
        r"|^func[ \t]*\([^)\n]*?(\w+)(?:\[[^\]\n]*\])?\)[ \t]*([A-Za-z_]\w*)"
        r"|^\t([A-Za-z_]\w*)(?=[ \t]*(?:$|=|,|[ \t][\w\[*]))",
        re.MULTILINE,
    ),
    "rust": re.compile(
        r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:(?:default|async|const|unsafe|extern)[ \t]+"
        r"(?:\"[^\"\n]*\"[ \t]+)?)*(?:fn|struct|enum|union|trait|type|const|static|macro_rules!)"
        r"[ \t]+(?:mut[ \t]+)?([A-Za-z_]\w*)",
        re.MULTILINE,
    ),
}
"""Lines that may define a name. There may be more of them than definitions, never fewer."""


def defined(text: str, family: str) -> Iterator[tuple[int, str]]:
    """Yield where a text may define a name (an offset), and the name: a quick look."""
    for match in _DEFINED[family].finditer(text):
        name = match[match.lastindex or 0]
        yield match.start(), name
        if family == "go" and match[2]:
            yield match.start(), f"{match[2]}.{name}"


@functools.cache
def reader_of(grammar: str) -> Reader:
    """Return what makes an outline of a grammar's tree."""
    return functools.partial(_read, family_of(grammar))


def _read(family: str, tree: Tree) -> Outline:
    try:
        outline = _READERS[family](tree)
    except RecursionError:  # modules in modules, thousands deep
        return NOTHING
    return _pieced(outline, tree, family) if tree.root.has_error else outline


def _pieced(outline: Outline, tree: Tree, family: str) -> Outline:
    """Return an outline with the definitions that a mistake hid from the parser, by their lines."""
    text = tree.data.decode("utf-8", "replace")
    lines = text.split("\n")
    known = {definition.name for definition in outline.definitions}
    more = []
    first = before = 0
    for at, name in defined(text, family):
        first, before = first + text.count("\n", before, at), at
        if name not in known and not lines[first].startswith((" ", "\t", "func (")):
            known.add(name)
            end = first + 1
            while end < min(len(lines), first + _MOST_LINES) and lines[end][:1].isspace():
                end += 1
            end += end < len(lines) and lines[end].startswith(("}", ")"))
            more.append(Definition(name, Block(first, end), first))
    return replace(outline, definitions=(*outline.definitions, *more)) if more else outline
