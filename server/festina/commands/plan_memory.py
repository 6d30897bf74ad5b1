"""What is kept of a plan that runs on the command line: tries of steps, and accepted edits.

A step is ticked after its files are written. What ends between the two is found here.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from festina import leftovers, tried
from festina.commands import accepting
from festina.commands.base import Exit, Stop
from festina.memory import Kept, Store, Trouble, Try
from festina.plans import Change, Step


class PlanMemory:
    """The memory of one run. Everything here blocks for a moment."""

    def __init__(self, workspace: Path, warn: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._warn = warn
        self._store = Store(workspace)
        self._run = secrets.token_hex(4)
        self._count = 0
        self._try: Try | None = None

    def begin(self, step: Step) -> None:
        """A step is tried."""
        self._count += 1
        proposal = f"{self._run}-{self._count}"
        self._try = None
        try:
            self._try = self._store.steps.begin(tried.PLAN, step.key, proposal)
        except Trouble as trouble:
            self._warn(str(trouble))

    def end(self, outcome: str) -> None:
        """The try has come to its end."""
        if self._try is not None:
            with contextlib.suppress(Trouble):
                self._store.steps.end(self._try.id, outcome)
        self._try = None

    def write(self, step: Step, changes: Sequence[Change], lines: Sequence[str]) -> None:
        """Write the files of an accepted step down, then into their places.

        ``lines`` are for ``progress.md``.

        Raises:
            Stop: a file changed meanwhile or cannot be written.
        """
        files = [(self._workspace / one.path, Kept(one.path, one.old, one.new)) for one in changes]
        proposal = "" if self._try is None else self._try.proposal
        accepting.accept(
            self._store, files, name=step.title, lines=lines, warn=self._warn, proposal=proposal
        )

    def accepted(self) -> list[tried.Lost]:
        """Return the steps that were accepted when everything ended.

        What was to be said of them in ``progress.md`` is written.

        Raises:
            Stop: one of them is not in its files.
        """
        try:
            for entry, files in leftovers.look(self._store):
                if self._store.steps.of(entry.proposal, entry.session) is None:
                    continue  # not of a plan
                raise Stop(
                    f"A step that you accepted ({entry.name}) is not in its files yet. "
                    f"{leftovers.remedy(entry, files)}",
                    Exit.FAILED,
                )
            found = tried.settle(self._store)
            accepting.catch_up(self._store, self._warn)
            return found
        except Trouble as trouble:
            self._warn(str(trouble))
            return []

    def ticked(self, lost: tried.Lost) -> None:
        """The tick of such a step is on the disk."""
        with contextlib.suppress(Trouble):
            tried.end(self._store, lost.tries)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()
