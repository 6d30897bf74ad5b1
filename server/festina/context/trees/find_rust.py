"""Rust: paths through the modules of a crate, and of the workspace's other crates."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from festina.context.trees.finding import MOST_HOPS, Finder, Found, folder_of, under, upwards

_ROOTS = ("lib.rs", "main.rs")
_FOLDERS = ("mod.rs", *_ROOTS)
"""Files whose modules are beside them, not in a folder of their name."""
_MOST_CRATES = 300
_APART = ("bin", "examples", "benches", "tests")
"""In these folders each file is a crate of its own."""


class RustFinder(Finder):
    """Follows ``crate``, ``self``, ``super``, ``mod`` and ``use``; a type brings its functions."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._crates: dict[str, str] | None = None

    def resolve(self, parts: tuple[str, ...]) -> list[Found]:
        """Return the definitions of a name; see the class above."""
        if found := self._path(self.path, parts, MOST_HOPS):
            return found
        outline = self.outline(self.path)
        known = parts[0] in outline.imports or parts[0].endswith("::")
        return [] if known or len(parts) > 2 else self.anywhere(parts)

    def here(self, path: str, parts: tuple[str, ...]) -> list[Found]:
        """Return what a file defines, with the functions of a type that are called."""
        found = super().here(path, parts)
        called = self.called | set(parts[1:2])
        if found and called:
            for each in self.outline(path).methods(parts[0], called):
                found.append((path, each, f"{parts[0]}::{each.name}"))
        return found

    def _path(self, path: str, parts: tuple[str, ...], hops: int) -> list[Found]:
        if not parts or hops < 0 or not self.first_time(path, parts):
            return []
        first, rest = parts[0], parts[1:]
        if first in ("crate::", "self::", "super::"):
            for file in self._start(path, first):
                if found := self._path(file, rest, hops):
                    return found
            return []
        if found := self.here(path, parts):
            return found
        outline = self.outline(path)
        if (binding := outline.imports.get(first)) is not None:
            whole = (*_split(binding.module), binding.name, *rest)
            if found := self._path(path, whole, hops - 1):
                return found
        if rest and (child := self._child(path, first)):
            return self._path(child, rest, hops - 1)
        if rest and (root := self._crate(first)):
            return self._path(root, rest, hops - 1)
        for star in outline.stars:
            if found := self._path(path, (*_split(star), *parts), hops - 1):
                return found
        return []

    def _start(self, path: str, first: str) -> Iterator[str]:
        if first == "self::":
            yield path
        elif first == "super::":
            yield from self._parent(path)
        else:
            yield from self._root(path)

    def _root(self, path: str) -> Iterator[str]:
        """Yield the files that may be the root of the crate a file is in."""
        if _alone(path):
            yield path
            return
        for up in upwards(folder_of(path)):
            if self.files.exists(under(up, "Cargo.toml")):
                for name in _ROOTS:
                    if self.files.exists(root := under(up, "src", name)):
                        yield root
                return

    def _parent(self, path: str) -> Iterator[str]:
        folder, _, name = path.rpartition("/")
        if name == "mod.rs":
            folder = folder_of(folder)
        tried = [under(folder, each) for each in _FOLDERS]
        yield from filter(
            self.files.exists, (each for each in [*tried, f"{folder}.rs"] if each != path)
        )

    def _child(self, path: str, name: str) -> str:
        """Return the file of a module that a file declares; empty if it is in no file."""
        folder, _, file = path.rpartition("/")
        if file not in _FOLDERS and not _alone(path):
            folder = under(folder, file.removesuffix(".rs"))
        tried = (under(folder, f"{name}.rs"), under(folder, name, "mod.rs"))
        return next(filter(self.files.exists, tried), "")

    def _crate(self, name: str) -> str:
        """Return the root of a crate of the workspace; empty if there is none of that name."""
        if self._crates is None:
            self._crates = {}
            for path in self.workspace.manifests()[:_MOST_CRATES]:
                root = under(folder_of(path), "src", "lib.rs")
                if self.files.exists(root) and (found := _named(self.files.read(path) or "")):
                    self._crates.setdefault(found, root)
        return self._crates.get(name, "")


def _alone(path: str) -> bool:
    parts = path.split("/")
    return len(parts) > 1 and parts[-2] in _APART


def _split(module: str) -> list[str]:
    """Return a path's parts, the words that begin one marked as such."""
    return [
        f"{part}::" if part in ("crate", "self", "super") else part for part in module.split("::")
    ]


def _named(manifest: str) -> str:
    """Return what code calls a crate."""
    try:
        data = tomllib.loads(manifest)
    except (ValueError, RecursionError):
        return ""
    for table in (data.get("lib"), data.get("package")):
        if isinstance(table, dict) and isinstance(name := table.get("name"), str):
            return name.replace("-", "_")
    return ""
