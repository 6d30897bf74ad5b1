"""Go: the other files of a package, and the packages of the workspace's modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from festina.context.trees.finding import Finder, Found, folder_of, joined, under, upwards

_MODULE = re.compile(r"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)
_WORDS = re.compile(r"[_.]")
_MOST_OF_A_PACKAGE = 300
_MOST_OF_A_NAME = 4
"""A definition for each platform."""


class GoFinder(Finder):
    """Follows imports by the paths in ``go.mod``; a type brings the methods that are called."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._modules: list[tuple[str, str]] | None = None
        self._packages: dict[tuple[str, bool], dict[str, list[str]]] = {}

    def resolve(self, parts: tuple[str, ...]) -> list[Found]:
        """Return the definitions of a name; see the class above."""
        outline = self.outline(self.path)
        folder = folder_of(self.path)
        binding = outline.imports.get(parts[0])
        if binding is not None:
            at = self._folder(binding.module)
            return [] if at is None or len(parts) < 2 else self._in_package(at, parts[1:])
        if found := self._in_package(folder, parts, own=True):
            return found
        for star in outline.stars:
            at = self._folder(star)
            if at is not None and (found := self._in_package(at, parts)):
                return found
        exported = parts[-1][:1].isupper()
        return self.anywhere(parts[-1:]) if exported and len(parts) < 3 else []

    def methods(self) -> list[Found]:
        """Return methods of the package that are called, where only one type has one of a name."""
        folder = folder_of(self.path)
        found: list[Found] = []
        for name in self.members:
            paths = self._defining(folder, name, own=True)
            alike = [
                (path, each, f"{each.of}.{name}")
                for path in (paths if len(paths) < _MOST_OF_A_NAME else ())
                for each in self.outline(path).definitions
                if each.of and each.name == name
            ]
            found += alike if len(alike) == 1 else []
        return found

    def _in_package(self, folder: str, parts: tuple[str, ...], *, own: bool = False) -> list[Found]:
        found: list[Found] = []
        for path in self._defining(folder, parts[0], own=own)[:_MOST_OF_A_NAME]:
            found += self.here(path, parts[:1])
        for name in self.members if found else ():
            for path in self._defining(folder, f"{parts[0]}.{name}", own=own)[:_MOST_OF_A_NAME]:
                for each in self.outline(path).methods(parts[0], frozenset([name])):
                    found.append((path, each, f"{parts[0]}.{name}"))
        return found

    def _defining(self, folder: str, name: str, *, own: bool) -> list[str]:
        """Return the files of a package that may define a name, those of a platform first."""
        key = (folder, own)
        if key not in self._packages:
            found: dict[str, list[str]] = {}
            self._packages[key] = found
            for path in self._files(folder, own=own):
                for each in self.workspace.names(path):
                    found.setdefault(each, []).append(path)
        return sorted(self._packages[key].get(name, ()), key=self._far)

    def _far(self, path: str) -> tuple[bool, int, str]:
        words = set(_WORDS.split(self.path.rpartition("/")[2]))
        return path != self.path, -len(words & set(_WORDS.split(path.rpartition("/")[2]))), path

    def _files(self, folder: str, *, own: bool) -> list[str]:
        """Return a package's files, those of its tests where a test asks."""
        tests = own and self.path.endswith("_test.go")
        found = [
            path
            for path in self.files.listing(folder)
            if path.endswith(".go") and (tests or not path.endswith("_test.go"))
        ]
        return found[:_MOST_OF_A_PACKAGE]

    def _folder(self, module: str) -> str | None:
        """Return the folder of the package that an import means; None if it is not here."""
        for name, folder in self._named("." in module.partition("/")[0]):
            if module == name or module.startswith(f"{name}/"):
                return joined(folder, module[len(name) + 1 :])
        return None

    def _named(self, everywhere: bool) -> Iterator[tuple[str, str]]:
        """Yield modules with their folders: the file's own, then all (not for Go's own library)."""
        for up in upwards(folder_of(self.path)):
            if self.files.exists(under(up, "go.mod")):
                yield from self._module(under(up, "go.mod"))
                break
        if not everywhere:
            return
        if self._modules is None:
            found = [each for path in self.workspace.manifests() for each in self._module(path)]
            self._modules = sorted(found, key=lambda each: (-len(each[0]), each))
        yield from self._modules

    def _module(self, path: str) -> Iterator[tuple[str, str]]:
        if match := _MODULE.search(self.files.read(path) or ""):
            yield match[1], folder_of(path)
