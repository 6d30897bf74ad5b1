"""Following a name to where it is defined: what the ways of all grammars share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from festina.context.files import Files
from festina.context.trees.grammars import family_of, grammar_of_file
from festina.context.trees.outline import NOTHING, Definition, Outline, outline_of
from festina.context.trees.readers import reader_of
from festina.context.trees.workspace import Workspace

MOST_HOPS = 6
"""How often a name is followed from a file that only passes it on."""
MOST_FILES = 60
MOST_CHARS = 1_500_000
"""Files that are read for the names of one region, and how much in all."""

Found: TypeAlias = tuple[str, Definition, str]
"""A path, what is defined there, and how it is called."""


class Finder(ABC):
    """One search, for all names of a region. Its subclasses know what an import means."""

    def __init__(self, files: Files, path: str, grammar: str, members: tuple[str, ...]) -> None:
        self.files = files
        self.path = path
        self.grammar = grammar
        self.members = members
        self.called = frozenset(members)
        self.workspace = Workspace(files, family_of(grammar))
        self._outlines: dict[str, Outline] = {}
        self._left = MOST_CHARS
        self._seen: set[tuple[str, tuple[str, ...]]] = set()

    def outline(self, path: str) -> Outline:
        """Return what a file defines; nothing where it may not be read, or many were already."""
        if path not in self._outlines:
            self._outlines[path] = self._read(path)
        return self._outlines[path]

    def find(self, parts: tuple[str, ...]) -> list[Found]:
        """Return where a name is defined that the file uses, or nothing."""
        self._seen.clear()
        return list(self.resolve(parts))

    def methods(self) -> list[Found]:
        """Return methods that are called on what nothing tells the type of."""
        return []

    @abstractmethod
    def resolve(self, parts: tuple[str, ...]) -> Iterable[Found]:
        """Return the definitions of a name: by the rules of its language."""

    def first_time(self, path: str, parts: tuple[str, ...]) -> bool:
        """Whether this was not looked for before: files import each other in circles."""
        key = (path, parts)
        if key in self._seen or len(self._seen) > MOST_HOPS * MOST_HOPS:
            return False
        self._seen.add(key)
        return True

    def here(self, path: str, parts: tuple[str, ...]) -> list[Found]:
        """Return what a file itself defines under a name, or a member of that."""
        found: list[Found] = []
        for each in self.outline(path).named(parts[0]):
            if len(parts) > 1 and (
                members := [one for one in each.members if one.name == parts[1]]
            ):
                found += [(path, one, ".".join(parts[:2])) for one in members]
            else:
                found.append((path, each, parts[0]))
        return found

    def anywhere(self, parts: tuple[str, ...]) -> list[Found]:
        """Return the one definition of a name in the workspace, where there is only one."""
        found: list[Found] = []
        for path in self.workspace.defining(parts[0]):
            found += self.here(path, parts)
            if len({where for where, _, _ in found}) > 1:
                return []
        return found

    def _read(self, path: str) -> Outline:
        grammar = self.grammar if path == self.path else grammar_of_file(path)
        if not grammar or family_of(grammar) != family_of(self.grammar):
            return NOTHING
        if len(self._outlines) >= MOST_FILES or (source := self.files.source(path)) is None:
            return NOTHING
        self._left -= len(source.text)
        if self._left < 0:
            return NOTHING
        return outline_of(source.text, grammar, reader_of(grammar))


def joined(*parts: str) -> str | None:
    """Return a path in the workspace from its parts, `.` and `..` followed; None if outside."""
    steps: list[str] = []
    for step in "/".join(parts).split("/"):
        if step == "..":
            if not steps:
                return None
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def under(folder: str, *names: str) -> str:
    """Return the path of something in a folder, which is empty for the workspace's own."""
    return "/".join([*([folder] if folder else []), *names])


def folder_of(path: str) -> str:
    """Return the folder that a file is in; empty for the workspace's own."""
    return path.rpartition("/")[0]


def upwards(folder: str) -> Iterator[str]:
    """Yield a folder and those it is in, the workspace's own last."""
    while folder:
        yield folder
        folder = folder_of(folder)
    yield ""
