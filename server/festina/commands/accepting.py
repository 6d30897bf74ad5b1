"""An accept on the command line: written down, then into its files, then beside the plan.

Whatever ends the process between two of these, the next one finds the rest in the memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from festina import noting
from festina.commands import apply
from festina.commands.base import Stop
from festina.memory import Kept, State, Store, Trouble
from festina.memory.fate import Fate

Warn = Callable[[str], None]


def accept(
    store: Store,
    files: Sequence[tuple[Path, Kept]],
    *,
    name: str,
    lines: Sequence[str],
    warn: Warn,
    proposal: str = "",
) -> None:
    """Write an accepted edit into its files, as one; ``lines`` are for ``progress.md``. Blocks.

    Raises:
        Stop: a file changed meanwhile or cannot be written.
    """
    kept, number = [one for _, one in files], None
    lines = noting.lines(store.workspace, *lines)
    try:
        number = store.journal.begin(kept, proposal=proposal, name=name, how="command", lines=lines)
    except Trouble as trouble:
        warn(str(trouble))
    try:
        for path, one in files:
            apply.write(path, one.before, one.after)
    except Stop:
        none = all(one.found(store.workspace).fate is Fate.ABSENT for one in kept)
        if number is not None and none:
            store.journal.take_back([number])  # the person is told of it now
        raise
    if number is not None:
        with contextlib.suppress(Trouble):  # the files say it, too
            store.journal.move(number, State.APPLIED)
    _note(store, number, lines, warn)


def _note(store: Store, number: int | None, lines: Sequence[str], warn: Warn) -> None:
    notes = [noting.unkept(line) for line in lines]
    with contextlib.suppress(Trouble):
        notes = notes if number is None else store.notes.of(number)
    if not notes:
        return
    try:
        noting.append(store.workspace, notes)
    except noting.Unwritten as unwritten:
        warn(str(unwritten))
    with contextlib.suppress(Trouble):
        store.notes.done(notes)


def catch_up(store: Store, warn: Warn) -> None:
    """Write the lines that earlier processes were to write. Nothing fails for want of them."""
    try:
        noting.catch_up(store)
    except noting.Unwritten as unwritten:
        warn(str(unwritten))
    except Trouble:
        pass  # it is told where it is needed
