"""Adding lines to a workspace's ``progress.md``: only beside a plan, only at its end.

A line is first written down in the memory and then into the file, so whatever is killed in between,
it stands there once; that of an accept together with the accept. Everything in here blocks for a
moment.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from festina.kept import fcntl
from festina.masking import without_secrets
from festina.memory import Note, Store
from festina.progress_file import NAME, addition
from festina.text import NotText, decode

PLAN = "plan.md"
LOCK_SECONDS = 2.0

Append = Callable[[Path, Sequence[Note]], None]


class Unwritten(Exception):  # noqa: N818 - reads as the sentence it makes
    """The file cannot be written; ``str()`` says why, and what to do."""


def beside_plan(workspace: Path) -> bool:
    """Whether a workspace has a plan: without one, nothing is written."""
    return (workspace / PLAN).is_file()


def lines(workspace: Path, *said: str) -> tuple[str, ...]:
    """Return what is to be written down with an accept: where there is a plan, without secrets."""
    return tuple(map(without_secrets, said)) if beside_plan(workspace) else ()


def begin(store: Store, line: str, accept: int | None = None) -> Note | None:
    """Write a line down, where there is a plan; secrets are taken out.

    It takes the place of what was written down with an ``accept``.

    Raises:
        Trouble: the memory cannot be used.
    """
    if not beside_plan(store.workspace):
        return None
    return store.notes.begin(without_secrets(line), accept=accept)


def unkept(line: str) -> Note:
    """Return a note that no memory holds: it goes into the file, or is lost."""
    return Note(0, time.time(), without_secrets(line))


def catch_up(store: Store) -> None:
    """Write what processes that have ended were to write, and have not.

    Raises:
        Trouble: the memory cannot be used.
        Unwritten: the file cannot be written; that is told once, and the lines are given up.
    """
    if notes := left(store):
        try:
            append(store.workspace, notes)
        finally:
            store.notes.done(notes)


def left(store: Store) -> list[Note]:
    """Return what processes that have ended were to write, and have not.

    Raises:
        Trouble: the memory cannot be used.
    """
    notes = store.notes.left()
    if notes and not beside_plan(store.workspace):
        store.notes.done(notes)
        return []
    return notes


def append(workspace: Path, notes: Sequence[Note]) -> None:
    """Add lines at the end of the file; what stands there already is not added again.

    Raises:
        Unwritten: it cannot be written; it is as it was.
    """
    path = workspace / NAME
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(workspace)):
        raise Unwritten(f"{path} is a link that leads out of the workspace, so nothing is added.")
    try:
        if real.exists() and not real.is_file():
            raise Unwritten(f"{path} is no file, so nothing is added.")
        if real.exists() and not real.stat().st_mode & stat.S_IWUSR:
            raise Unwritten(f"{path} is read-only. Make it writable, or remove it.")
        handle = os.open(real, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            _lock(handle)
            _add(real, handle, notes)
        finally:
            os.close(handle)
    except NotText as reason:
        raise Unwritten(f"{path} is left as it is: {reason}.") from None
    except OSError as error:
        raise Unwritten(f"{path} could not be written: {error.strerror or error}.") from None


def _add(path: Path, handle: int, notes: Sequence[Note]) -> None:
    data = path.read_bytes()
    content, added = decode(data).content, ""
    for note in notes:
        added += addition(content + added, datetime.fromtimestamp(note.at), note.line)
    if not added:
        return
    whole = added.encode("utf-8", "surrogatepass")
    try:
        if os.write(handle, whole) != len(whole):
            raise OSError(28, "No space left on device")
        os.fsync(handle)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, len(data))
        raise


def _lock(handle: int) -> None:
    """Keep other processes of ours from adding something meanwhile."""
    if fcntl is None:
        return
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
        else:
            return
        time.sleep(0.01)
