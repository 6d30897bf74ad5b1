"""Go: the other files of a package, and the packages of the workspace's modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from festina.context.trees.finding import Finder, Found, folder_of, joined, under, upwards

_MODULE = re.compile(r"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)
_MOST_OF_A_PACKAGE = 300
_MOST_OF_A_NAME = 4
"""A definition for each platform."""


class GoFinder(Finder):
    """Follows imports by the paths in ``go.mod``; a type brings the methods that are called."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._modules: list[tuple[str, str]] | None = None

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
        found: list[Found] = []
        for name in self.members:
            alike = [
                (path, each, f"{each.of}.{name}")
                for path in self._files(folder_of(self.path), own=True)
                if self.workspace.may_define(path, name)
                for each in self.outline(path).definitions
                if each.of and each.name == name
            ]
            found += alike if len(alike) == 1 else []
        return found

    def _in_package(self, folder: str, parts: tuple[str, ...], *, own: bool = False) -> list[Found]:
        found: list[Found] = []
        for path in self._files(folder, own=own):
            if path == self.path or self.workspace.may_define(path, parts[0]):
                found += self.here(path, parts[:1])
        found = found[:_MOST_OF_A_NAME]
        if found and self.called:
            found += self._methods(folder, parts[0], own=own)
        return found

    def _methods(self, folder: str, name: str, *, own: bool) -> Iterator[Found]:
        for path in self._files(folder, own=own):
            source = self.files.source(path)
            if source is not None and re.search(
                rf"^func[^)\n]*\b{name}\b", source.text, re.MULTILINE
            ):
                for each in self.outline(path).methods(name, self.called):
                    yield path, each, f"{name}.{each.name}"

    def _files(self, folder: str, *, own: bool) -> list[str]:
        """Return a package's files, those of its tests where a test asks; the own one first."""
        tests = own and self.path.endswith("_test.go")
        found = [
            path
            for path in self.files.listing(folder)
            if path.endswith(".go") and (tests or not path.endswith("_test.go"))
        ]
        found.sort(key=lambda path: path != self.path)
        return found[:_MOST_OF_A_PACKAGE]

    def _folder(self, module: str) -> str | None:
        """Return the folder of the package that an import means; None if it is not here."""
        for name, folder in self._named():
            if module == name or module.startswith(f"{name}/"):
                return joined(folder, module[len(name) + 1 :])
        return None

    def _named(self) -> Iterator[tuple[str, str]]:
        """Yield modules with their folders: the file's own, then all of the workspace."""
        for up in upwards(folder_of(self.path)):
            if self.files.exists(under(up, "go.mod")):
                yield from self._module(under(up, "go.mod"))
                break
        if self._modules is None:
            found = [each for path in self.workspace.manifests() for each in self._module(path)]
            self._modules = sorted(found, key=lambda each: (-len(each[0]), each))
        yield from self._modules

    def _module(self, path: str) -> Iterator[tuple[str, str]]:
        if match := _MODULE.search(self.files.read(path) or ""):
            yield match[1], folder_of(path)
