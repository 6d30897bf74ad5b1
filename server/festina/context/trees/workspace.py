"""Which files of a workspace may define a name: a quick look at all of them, kept by file.

It only says where to look: what is found there is parsed, and nothing of an ignored file is sent.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import Lock

from festina.context.files import MOST_BYTES, Files
from festina.context.trees.grammars import suffixes
from festina.context.trees.readers import defined

MOST_FILES = 4_000
MOST_TOTAL = 40_000_000
"""Bytes. In a workspace of more files than this, names are found through imports alone: that one is
defined only once could not be told."""
MOST_PLACES = 8

LEFT_OUT = frozenset(
    (
        *("node_modules", "bower_components", "target", "dist", "build", "out", "coverage"),
        *("vendor", "venv", "env", "__pycache__", "testdata", "generated"),
    )
)
"""Folders of what nobody of the project wrote."""
_MANIFESTS = {"script": "package.json", "go": "go.mod", "rust": "Cargo.toml"}

_known: OrderedDict[tuple[str, int, int], str] = OrderedDict()
_lock = Lock()


class Workspace:
    """The files of one family of grammars in a workspace. Blocks; make one for each look."""

    def __init__(self, files: Files, family: str) -> None:
        self._files = files
        self._family = family
        self._suffixes = suffixes(family)
        self._paths: list[tuple[str, int, int]] | None = None
        self._manifests: list[str] = []

    def defining(self, name: str) -> list[str]:
        """Return the files that may define a name, at most a few; none where there are more."""
        found = []
        for path, mtime_ns, size in self._walked():
            if f"\n{name}\n" in self._names(path, mtime_ns, size):
                found.append(path)
                if len(found) > MOST_PLACES:
                    return []
        return found

    def names(self, path: str) -> list[str]:
        """Return the names that a file may define, a method also with its type before it."""
        if path in self._files.buffers:
            return self._names(path, 0, -1).split()
        try:
            status = (self._files.workspace / path).stat()
        except OSError:
            return []
        return self._names(path, status.st_mtime_ns, status.st_size).split()

    def manifests(self) -> list[str]:
        """Return the files that say what the packages of the workspace are called."""
        self._walked()
        return self._manifests

    def _walked(self) -> list[tuple[str, int, int]]:
        """Return path, time of change and size of each file, buffers without the two latter."""
        if self._paths is None:
            buffers = self._files.buffers
            found = [each for each in self._walk() if each[0] not in buffers]
            if len(found) > MOST_FILES or sum(size for _, _, size in found) > MOST_TOTAL:
                found = []
            else:
                found += [(path, 0, -1) for path in buffers if path.endswith(self._suffixes)]
            self._paths = sorted(found)
            self._manifests.sort()
        return self._paths

    def _walk(self) -> list[tuple[str, int, int]]:
        found: list[tuple[str, int, int]] = []
        manifest = _MANIFESTS[self._family]
        pending = [""]
        while pending and len(found) <= MOST_FILES:
            folder = pending.pop()
            before = f"{folder}/" if folder else ""
            try:
                with os.scandir(self._files.workspace / folder) as entries:
                    inside = list(entries)
            except OSError:
                continue
            for entry in inside:
                name = entry.name
                path = before + name
                try:
                    if name.endswith(self._suffixes):
                        if entry.is_file(follow_symlinks=False):
                            status = entry.stat(follow_symlinks=False)
                            found.append((path, status.st_mtime_ns, status.st_size))
                    elif name == manifest:
                        self._manifests.append(path)
                    elif entry.is_dir(follow_symlinks=False) and not self._left_out(name, path):
                        pending.append(path)
                except OSError:
                    continue
        return found

    def _left_out(self, name: str, path: str) -> bool:
        return name.startswith(".") or name in LEFT_OUT or self._files.skipped(path)

    def _names(self, path: str, mtime_ns: int, size: int) -> str:
        if size < 0:
            return _names_of(self._files.buffers.get(path, ""), self._family)
        if size > MOST_BYTES:
            return ""
        file = self._files.workspace / path
        key = (str(file), mtime_ns, size)
        with _lock:
            if (kept := _known.get(key)) is not None:
                _known.move_to_end(key)
                return kept
        try:
            found = _names_of(file.read_bytes().decode("utf-8", "replace"), self._family)
        except OSError:
            found = ""
        with _lock:
            _known[key] = found
            if len(_known) > 2 * MOST_FILES:
                _known.popitem(last=False)
        return found


def _names_of(text: str, family: str) -> str:
    names = {name for _, name in defined(text, family)}
    return "\n".join(["", *sorted(names), ""])
