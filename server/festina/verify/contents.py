"""What the files of a workspace hold, whether it is saved or not: one hash for all of them.

Saving a file, touching it, or opening it in the editor changes nothing of what tests see, so it
must not outdate a verdict. Times say only when a content has to be read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from festina.verify.digests import of_source, sha
from festina.verify.shadow import Entry, Tree

LARGEST = 1 << 20
"""Bytes up to which a file is read; of larger ones size and time have to do."""
_NEW_FILE = 0o644
FILE = "file"
"""The word that a description of a file begins with."""

_Known = dict[str, tuple[int, int, str]]


class Contents:
    """Hashes of contents, kept for as long as size and time of a file stay. Used from threads."""

    def __init__(self) -> None:
        self._known: dict[Path, _Known] = {}

    def of(self, tree: Tree, workspace: Path, buffers: Mapping[str, str]) -> dict[str, str]:
        """Describe each path by kind, mode and content, with buffers laid over the files. Blocks.

        ``buffers`` need not hold those that read as the file does.
        """
        before = self._known.get(workspace, {})
        known: _Known = {}
        found = {}
        for entry in tree.entries:
            if entry.kind != "file":
                found[entry.path] = f"{entry.kind} {entry.mode} {entry.link}"
                continue
            stamp = (entry.size, entry.mtime_ns)
            kept = before.get(entry.path)
            if kept is None or kept[:2] != stamp:
                kept = (*stamp, _read(workspace, entry))
            known[entry.path] = kept
            content = of_source(buffers[entry.path]) if entry.path in buffers else kept[2]
            found[entry.path] = f"{FILE} {entry.mode} {content}"
        unsaved = buffers.keys() - known.keys()
        found |= {path: f"{FILE} {_NEW_FILE} {of_source(buffers[path])}" for path in unsaved}
        self._known[workspace] = known
        return found


def digest(contents: Mapping[str, str], shown: Iterable[str]) -> str:
    """Hash descriptions, and which parts of the workspace are not copied but shown."""
    text = "\n".join([*(f"{path} {contents[path]}" for path in sorted(contents)), "shown", *shown])
    return sha(text)


def _read(workspace: Path, entry: Entry) -> str:
    if entry.size <= LARGEST:
        path = workspace / entry.path
        try:
            content = path.read_bytes()
            status = path.stat()
        except OSError:
            return f"{entry.size} {entry.mtime_ns}"
        if (status.st_size, status.st_mtime_ns) == (entry.size, entry.mtime_ns):
            return hashlib.sha256(content).hexdigest()
    return f"{entry.size} {entry.mtime_ns}"
