"""The definitions behind the names that a region uses, wherever in the workspace they are."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from festina.context.files import Files
from festina.context.names import used
from festina.context.source import Binding, Block, Source, parsed

WHOLE_LINES = 12
"""A definition of so many lines is handed over whole, a longer one in short."""
MOST_HOPS = 5
"""How often a name is followed from a package that only passes it on."""
MOST_LINES = 80
"""Of what cannot be shortened, such as a table, so many lines."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A definition as it may be sent: ``text`` may be shorter than what stands in the file.

    ``line`` counts from 1.
    """

    path: str
    line: int
    name: str
    text: str


def places(
    files: Files, path: str, lines: list[str], first: int, *, own: bool
) -> list[tuple[str, Block, str]]:
    """Return where that is defined which a region of a Python file uses, by its first use.

    ``lines`` are the region's, ``first`` is its first line (zero-based). With ``own``, definitions
    in the file itself are among them: else the file is shown anyway.
    """
    source = files.source(path)
    if source is None:
        return []
    names = [*used(tuple(lines)), *_bases(source, first)]
    found: dict[tuple[str, int], tuple[str, Block, str]] = {}
    within = range(first, first + len(lines))
    modules: Modules = {}
    for name in names:
        for where, block, label in _Lookup(files, modules).of(path, name):
            if where != path or (own and block.start not in within):
                found.setdefault((where, block.start), (where, block, label))
    return list(found.values())


def excerpt(files: Files, path: str, block: Block, name: str) -> Excerpt:
    """Return a definition as it may be sent."""
    source = files.source(path)
    assert source is not None
    shown = files.masked(path)[block.start : block.end]
    outer = name.partition(".")[0] if "." in name else ""
    head = [f"class {outer}:  # in part"] if outer else []
    if block.end - block.start > WHOLE_LINES:
        shown = source.brief(block, shown)
    if len(shown) > MOST_LINES:
        shown = [*shown[:MOST_LINES], "..."]
    return Excerpt(path, block.start + 1, name, "\n".join([*head, *shown]))


def _bases(source: Source, line: int) -> Iterator[str]:
    """Yield the classes that the class around a line is derived from."""
    first = source.around(line)
    if first is None:
        return
    last = first + 1
    while not source.lines[last - 1].rstrip().endswith(":") and last < len(source.lines):
        last += 1
    tree = parsed([*source.lines[first:last], " " * 200 + "pass"])
    if tree is not None and tree.body and isinstance(tree.body[0], ast.ClassDef):
        for base in tree.body[0].bases:
            yield ast.unparse(base).partition("[")[0]


Modules = dict[tuple[str, str, int], list[str]]
"""The files that modules are in, by the folder that they are imported from."""


class _Lookup:
    """One search for a name, through the imports that lead to it."""

    def __init__(self, files: Files, modules: Modules) -> None:
        self._files = files
        self._known = modules
        self._seen: set[tuple[str, str]] = set()

    def of(self, path: str, name: str) -> list[tuple[str, Block, str]]:
        """Return path, place and name of what a dotted name stands for in a file."""
        return self._in_file(path, name.split("."), MOST_HOPS)

    def _in_file(self, path: str, parts: list[str], hops: int) -> list[tuple[str, Block, str]]:
        source = self._files.source(path)
        key = (path, ".".join(parts))
        if source is None or not parts or hops < 0 or key in self._seen:
            return []
        self._seen.add(key)
        if blocks := source.find(parts[0]):
            if len(parts) > 1 and (members := source.find(parts[1], parts[0])):
                return [(path, block, ".".join(parts[:2])) for block in members]
            return [(path, block, parts[0]) for block in blocks]
        imports = source.imports
        if (binding := imports.names.get(parts[0])) is not None:
            return self._bound(path, binding, parts[1:], hops)
        for star in imports.stars:
            for module in self._modules(path, star.module, star.level):
                if found := self._in_file(module, parts, hops - 1):
                    return found
        return []

    def _bound(
        self, path: str, binding: Binding, rest: list[str], hops: int
    ) -> list[tuple[str, Block, str]]:
        names = [binding.attribute, *rest] if binding.attribute else rest
        module = binding.module
        for taken in range(len(names), -1, -1):  # what looks like a name may be a module
            dotted = ".".join(part for part in (module, *names[:taken]) if part)
            for file in self._modules(path, dotted, binding.level):
                if found := self._in_file(file, names[taken:], hops - 1):
                    return found
        return []

    def _modules(self, path: str, module: str, level: int) -> list[str]:
        """Return the file of the workspace that a module's name means, if there is one."""
        key = (path.rpartition("/")[0], module, level)
        if key not in self._known:
            self._known[key] = list(self._look(path, module, level))
        return self._known[key]

    def _look(self, path: str, module: str, level: int) -> Iterator[str]:
        steps = [part for part in module.split(".") if part]
        if not steps and not level:
            return
        folder = path.split("/")[:-1]
        if level:
            if level - 1 <= len(folder):
                yield from self._file_of([*folder[: len(folder) - level + 1], *steps])
            return
        if steps[0] in sys.stdlib_module_names:
            return
        for root in self._roots(folder):
            if found := list(self._file_of([*root, *steps])):
                yield from found
                return

    def _file_of(self, parts: list[str]) -> Iterator[str]:
        at = "/".join(parts)
        for file in (f"{at}.py", f"{at}/__init__.py", f"{at}.pyi") if at else ("__init__.py",):
            if self._files.exists(file):
                yield file
                return

    def _roots(self, folder: list[str]) -> Iterator[list[str]]:
        """Yield folders that may be on the path of imports: a package's, src, then any."""
        top = len(folder)
        while top and self._files.exists("/".join([*folder[:top], "__init__.py"])):
            top -= 1
        yield folder[:top]
        yield []
        yield ["src"]
        for up in range(len(folder), -1, -1):
            yield folder[:up]
        for name in self._files.folders():
            yield [name]
