"""What a workspace differs in from an earlier state: the texts to lay over a base of that one.

A base copy, and the processes that hold its modules, cost seconds. Somebody who types changes a
file or two: those are laid over the base instead, for every run anew.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from festina.verify import shadow
from festina.verify.contents import FILE
from festina.verify.state import State

MOST_FILES = 40
MOST_BYTES = 4 << 20
CONFIGURATION = frozenset(
    ["pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "festina.toml"]
)
"""Read when pytest starts, before a file that is laid over the base could be seen."""

Files = dict[str, str | None]
"""Texts by path, relative to the workspace; None where there is no such file any more."""


def drift(base: State, now: State) -> Files | None:
    """Return what to lay over the copy of ``base`` to be in the state ``now``. Blocks.

    None where that cannot be said with texts alone, or where a new base is the better way.

    Raises:
        shadow.Changed: the workspace is no longer in the state ``now``.
    """
    if base.surroundings != now.surroundings or base.tree.shown != now.tree.shown:
        return None
    before, after = base.contents, now.contents
    paths = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    if len(paths) > MOST_FILES:
        return None
    files: Files = {}
    total = 0
    for path in sorted(paths):
        if not _is_text_alone(before.get(path), after.get(path)):
            return None
        if PurePosixPath(path).name in CONFIGURATION:
            return None
        text = None if path not in after else _text(now, path)
        if text is None and path in after:
            return None
        total += len(text or "")
        files[path] = text
    return files if total <= MOST_BYTES else None


def _is_text_alone(before: str | None, after: str | None) -> bool:
    """Whether two descriptions are of files that differ in their content and nothing else."""
    known = [one.split(" ") for one in (before, after) if one is not None]
    kinds = {one[0] for one in known}
    modes = {one[1] for one in known}
    return kinds == {FILE} and len(modes) == 1


def _text(state: State, path: str) -> str | None:
    """Return the text of a file in a state; None: it is not text."""
    if path in state.buffers:
        return state.buffers[path]
    file: Path = state.snapshot.workspace / path
    entry = next(one for one in state.tree.entries if one.path == path)
    try:
        data = file.read_bytes()
        status = file.stat()
    except OSError as error:
        raise shadow.Changed(path) from error
    if (status.st_size, status.st_mtime_ns) != (entry.size, entry.mtime_ns):
        raise shadow.Changed(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
