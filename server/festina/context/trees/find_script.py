"""JavaScript and TypeScript: from an import to the file that it means, and through its exports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from festina.context.trees.finding import (
    MOST_HOPS,
    Finder,
    Found,
    folder_of,
    joined,
    under,
    upwards,
)
from festina.context.trees.outline import Binding

_ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs")
_WRITTEN_IN = {
    ".js": (".ts", ".tsx", ".d.ts"),
    ".jsx": (".tsx",),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
}
"""What an import calls by the name that it will have once it is compiled."""
_CONFIGS = ("tsconfig.json", "jsconfig.json")
_MOST_PACKAGES = 300
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)
_ALIAS = re.compile(r"[@~#]/|[~#]\w")
"""What no package of a registry is called."""


_Known: TypeAlias = dict[str, list[tuple[str, dict[str, Any]]]]
"""Folders with what a file in each says."""


class ScriptFinder(Finder):
    """Follows ``import``, ``require``, ``export ... from`` and ``export *``."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._known: _Known | None = None
        self._configs: _Known = {}

    def resolve(self, parts: tuple[str, ...]) -> list[Found]:
        """Return the definitions of a name; see the class above."""
        if found := self._in_file(self.path, parts, MOST_HOPS):
            return found
        binding = self.outline(self.path).imports.get(parts[0])
        if binding is None:
            return self.anywhere(parts)
        names = self._names(binding, parts[1:])
        if _ALIAS.match(binding.module) and names[0] != "default":
            return self.anywhere(names)
        return []

    def _in_file(self, path: str, parts: tuple[str, ...], hops: int) -> list[Found]:
        if hops < 0 or not self.first_time(path, parts):
            return []
        if found := self.here(path, parts):
            return found
        binding = self.outline(path).imports.get(parts[0])
        return [] if binding is None else self._bound(path, binding, parts[1:], hops)

    def _bound(self, path: str, binding: Binding, rest: tuple[str, ...], hops: int) -> list[Found]:
        for file in self._modules(path, binding.module):
            return self._exported(file, self._names(binding, rest), hops - 1)
        return []

    def _names(self, binding: Binding, rest: tuple[str, ...]) -> tuple[str, ...]:
        return ((binding.name, *rest) if binding.name else rest) or ("default",)

    def _exported(self, path: str, names: tuple[str, ...], hops: int) -> list[Found]:
        if hops < 0 or not self.first_time(f"{path}:", names):
            return []
        outline = self.outline(path)
        binding = outline.exports.get(names[0])
        if binding is not None:
            if binding.module:
                return self._bound(path, binding, names[1:], hops)
            return self._in_file(path, (binding.name, *names[1:]), hops - 1)
        if found := self.here(path, names):
            return found
        for star in outline.star_exports:
            for file in self._modules(path, star):
                if found := self._exported(file, names, hops - 1):
                    return found
        return []

    def _modules(self, path: str, module: str) -> Iterator[str]:
        """Yield the file that a module is in, if it is one of the workspace."""
        for at in self._places(path, module):
            if at is not None and (file := self._file_of(at)):
                yield file
                return

    def _places(self, path: str, module: str) -> Iterator[str | None]:
        if module.startswith("."):
            yield joined(folder_of(path), module)
            return
        yield from self._by_config(folder_of(path), module)
        name = "/".join(module.split("/")[: 2 if module.startswith("@") else 1])
        for folder, package in self._packages.get(name, ()):
            inner = module[len(name) + 1 :]
            exports = package.get("exports")
            if not isinstance(exports, dict) or not any(key.startswith(".") for key in exports):
                exports = {".": exports}
            for entry in _strings(exports.get(f"./{inner}" if inner else ".")):
                yield joined(folder, entry)
            if inner:
                yield joined(folder, inner)
                yield joined(folder, "src", inner)
                continue
            for key in ("source", "types", "module", "main"):
                for entry in _strings(package.get(key)):
                    yield joined(folder, entry)
            yield joined(folder, "src/index")
            yield joined(folder, "index")

    def _file_of(self, at: str) -> str:
        for ending, others in _WRITTEN_IN.items():
            if at.endswith(ending):
                stem = at.removesuffix(ending)
                return next(filter(self.files.exists, (at, *(stem + each for each in others))), "")
        if at.endswith(_ENDINGS) and self.files.exists(at):
            return at
        tried = (
            *(at + each for each in _ENDINGS if at),
            *(under(at, f"index{e}") for e in _ENDINGS),
        )
        return next(filter(self.files.exists, tried), "")

    def _by_config(self, folder: str, module: str) -> Iterator[str | None]:
        """Yield what ``paths`` and ``baseUrl`` of the nearest configuration make of a module."""
        for base, options in self._configured(folder):
            root = joined(base, _string(options.get("baseUrl")) or ".")
            if root is None:
                continue
            paths = options.get("paths")
            for pattern, targets in paths.items() if isinstance(paths, dict) else ():
                before, star, after = pattern.partition("*")
                if not (module.startswith(before) and module.endswith(after)) or (
                    not star and module != pattern
                ):
                    continue
                inner = module[len(before) : len(module) - len(after)] if star else ""
                for target in targets if isinstance(targets, list) else ():
                    yield joined(root, _string(target).replace("*", inner))
            if options.get("baseUrl"):
                yield joined(root, module)

    def _configured(self, folder: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the compiler's options for a folder, the nearest first, each with its folder."""
        for up in upwards(folder):
            for name in _CONFIGS:
                if self.files.exists(under(up, name)):
                    return self._extended(under(up, name))
        return []

    def _extended(self, path: str) -> list[tuple[str, dict[str, Any]]]:
        if path not in self._configs:
            found: list[tuple[str, dict[str, Any]]] = []
            self._configs[path] = found
            pending = [path]
            while pending and len(found) < MOST_HOPS:
                at = pending.pop(0)
                data = _loosely(self.files.read(at) or "")
                options = data.get("compilerOptions")
                found.append((folder_of(at), options if isinstance(options, dict) else {}))
                above = data.get("extends")
                for each in above if isinstance(above, list) else [above]:
                    name = _string(each)
                    target = joined(folder_of(at), name) if name.startswith(".") else None
                    if target is not None:
                        pending.append(target if target.endswith(".json") else f"{target}.json")
        return self._configs[path]

    @property
    def _packages(self) -> _Known:
        if self._known is None:
            self._known = {}
            for path in self.workspace.manifests()[:_MOST_PACKAGES]:
                data = _loosely(self.files.read(path) or "")
                if name := _string(data.get("name")):
                    self._known.setdefault(name, []).append((folder_of(path), data))
        return self._known


def _strings(value: object) -> Iterator[str]:
    """Yield what an entry leads to, under whichever condition."""
    pending = [value]
    while pending:
        at = pending.pop(0)
        if isinstance(at, str):
            yield at
        elif isinstance(at, dict | list):
            pending += at.values() if isinstance(at, dict) else at


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _loosely(text: str) -> dict[str, Any]:
    """Read JSON with comments and commas that are one too many, as these files may have them."""
    for expression in (_COMMENT, _COMMA):
        text = expression.sub(lambda match: match[1] or " ", text)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
