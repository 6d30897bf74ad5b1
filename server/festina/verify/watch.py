"""The changed file as a test run is to watch it: where it differs, and how it may be imported."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from festina.text import Text
from festina.verify.base import Candidate
from festina.verify.ends import shared_end, shared_start
from festina.verify.judge import Target
from festina.verify.syntax import is_python

_TEST_FOLDERS = frozenset(["test", "tests"])


@dataclass(frozen=True, slots=True)
class Watch:
    """The file whose lines are watched: its texts before and after, and where they differ."""

    target: Target
    old: str
    new: str
    hunks: tuple[tuple[int, int, int, int], ...]

    def in_tests(self) -> Watch:
        """Return the same, for a file that holds tests or configures them."""
        return dataclasses.replace(self, target=dataclasses.replace(self.target, in_tests=True))


def watch_of(workspace: Path, path: str, candidate: Candidate) -> Watch:
    """Describe a candidate for ``path``, where its file really lies. Blocks."""
    target = Target(
        path,
        candidate.digest,
        module_names(workspace, path),
        python=is_python(path),
    )
    old, new = (text.removeprefix("\ufeff") for text in (candidate.old, candidate.new))
    return Watch(target, old, new, hunks(old, new))


def is_of_tests(path: str, files: Iterable[str]) -> bool:
    """Whether a file holds tests, prepares them, or is there for them alone.

    ``path`` is relative to the workspace; ``files`` are those of which tests were collected.
    """
    *folders, name = path.split("/")
    return name == "conftest.py" or path in set(files) or not _TEST_FOLDERS.isdisjoint(folders)


def hunks(old: str, new: str) -> tuple[tuple[int, int, int, int], ...]:
    """Return where two texts differ: (old start, old end, new start, new end), half-open lines."""
    start = old.rfind("\n", 0, shared_start(old, new)) + 1
    alike = shared_end(old, new, min(len(old), len(new)) - start)
    first = old.find("\n", len(old) - alike) + 1  # what both have after a line's end is whole lines
    alike = len(old) - first if first else 0
    shared = len(Text(old[:start]).lines) if "\r" in old[:start] else old.count("\n", 0, start)
    before = Text(old[start : len(old) - alike]).lines
    after = Text(new[start : len(new) - alike]).lines
    head = 0
    for ours, theirs in zip(before, after, strict=False):
        if ours != theirs:
            break
        head += 1
    tail = 0
    most = min(len(before), len(after)) - head
    while tail < most and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    middle = (before[head : len(before) - tail], after[head : len(after) - tail])
    head += shared
    matcher = difflib.SequenceMatcher(None, *middle, autojunk=False)
    return tuple(
        (head + i1, head + i2, head + j1, head + j2)
        for kind, i1, i2, j1, j2 in matcher.get_opcodes()
        if kind != "equal"
    )


def module_names(workspace: Path, path: str) -> tuple[str, ...]:
    """Return the dotted names under which a file may be imported, shortest first."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    least = 1
    folder = (workspace / path).parent
    while (folder / "__init__.py").is_file() and least < len(parts):
        least += 1
        folder = folder.parent
    if parts[-1] == "__init__":
        parts.pop()
        least = max(1, least - 1)
    return tuple(
        ".".join(parts[-count:])
        for count in range(least, len(parts) + 1)
        if all(part.isidentifier() for part in parts[-count:])
    )


def import_folder(workspace: Path, path: str) -> str:
    """Return the folder, relative to the workspace, from which a file's package is imported."""
    pure = PurePosixPath(path)
    if pure.parts[0] == "src" and not (workspace / "src" / "__init__.py").is_file():
        return "src"
    folder = pure.parent
    while folder.parts and (workspace / folder / "__init__.py").is_file():
        folder = folder.parent
    return str(folder)
