"""Accepted edits that are not in their files after everything ended: which, and what is said."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import datetime
from pathlib import Path

from festina.memory import Entry, State, Store
from festina.memory.fate import Fate, Found

RESTED_SECONDS = 10.0
"""A file of so many seconds that was to take another one's place, and has not, never will."""

Left = tuple[Entry, dict[str, Found]]
"""An accept, and what each of its files says now."""


def look(store: Store) -> list[Left]:
    """Return the accepts of which something is not in its file. Blocks for a moment.

    What processes that were killed have left beside the files is taken away, and beside the plan.

    Raises:
        Trouble: the memory cannot be used.
    """
    sweep(store.workspace / "plan.md", rested=RESTED_SECONDS)
    looked = store.journal.look(store.workspace)
    busy = store.journal.busy() if looked else set()
    for _, files in looked:
        for path, found in files.items():
            if path not in busy and not found.torn:
                sweep(store.workspace / path)
    return [one for one in looked if any(f.fate is not Fate.APPLIED for f in one[1].values())]


def prefix(real: Path) -> str:
    """Return how the name of a file begins that is to take the place of another one."""
    return f".{real.name[:60]}.festina-"


def sweep(path: Path, *, rested: float = 0.0) -> None:
    """Take away what was to take the place of a file, and was left beside it.

    ``rested``: not what was written in the last seconds, by somebody who may be about to use it.
    """
    real = Path(os.path.realpath(path))
    with contextlib.suppress(OSError):
        for left in real.parent.iterdir():
            ours = left.name.startswith(prefix(real))
            if ours and left.stat().st_mtime <= time.time() - rested:
                left.unlink()


def untold(left: list[Left]) -> list[Left]:
    """Return those that the person is to be told of: accepted for sure, and not told yet."""
    return [one for one in left if not one[0].told and one[0].state is not State.OFFERED]


def applicable(files: dict[str, Found]) -> bool:
    """Whether an edit can still be written as it was accepted: nobody has changed its files."""
    rest = [one for one in files.values() if one.fate is not Fate.APPLIED]
    return all(one.torn or not (one.changed or one.gone) for one in rest)


def news(left: list[Left]) -> str:
    """Say in a sentence or two that something is left, and what to do."""
    if len(left) == 1:
        entry, files = left[0]
        partly = any(found.fate is Fate.PARTIAL for found in files.values())
        how = "only in part in its file" if partly else "not in its file"
        told = f"An edit that you accepted ({what(entry)}, {when(entry.at)}) is {how}"
    else:
        told = f"{len(left)} edits that you accepted are not in their files"
    return f"{told}. `festina recover` in the project's folder shows what to do."


def words(found: Found) -> str:
    """Say what a file says of an edit."""
    if found.gone:
        return "There is no such file any more."
    if found.torn:
        return "It was being written when everything ended: its end is still the old one."
    if found.fate is Fate.ABSENT and not found.changed:
        return "It is as it was before the edit."
    told = {
        Fate.APPLIED: "The edit is in it.",
        Fate.ABSENT: "The edit is not in it.",
        Fate.PARTIAL: "A part of the edit is in it.",
    }[found.fate]
    return f"{told} Somebody has changed it since." if found.changed else told


def remedy(entry: Entry, files: dict[str, Found]) -> str:
    """Say what a person can do."""
    forget = f"--forget {entry.id} puts it away."
    if applicable(files):
        write_it = f"`festina recover --apply {entry.id}` checks it again and writes it"
        return f"{write_it}; --show {entry.id} prints it; {forget}"
    shown = f"`festina recover --show {entry.id}` prints it, to be asked for again"
    return f"{shown}; {forget}"


def what(entry: Entry) -> str:
    """Name an edit: ``clamp in calc/core.py``."""
    return f"{entry.name} in {paths(entry)}" if entry.name else paths(entry)


def paths(entry: Entry) -> str:
    """Name the files of an edit."""
    return ", ".join(kept.path for kept in entry.files)


def how(entry: Entry) -> str:
    """Say where an edit was accepted."""
    if entry.state is State.OFFERED:
        return "given to the editor"
    return "accepted in the editor" if entry.how == "editor" else "accepted on the command line"


def when(at: float) -> str:
    """Say when something was: ``on 28 November at 11:02``."""
    moment = datetime.fromtimestamp(at)
    return f"on {moment.day} {moment:%B} at {moment:%H:%M}"
