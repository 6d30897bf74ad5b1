"""Follows the person's own list of trusted folders, for editors that say nothing of trust.

``festina trust`` and ``festina trust --revoke`` in a terminal are heard of within a second or two.
What an editor says stands above the list, which is not looked at then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from festina.lsp.app import App

EVERY_SECONDS = 1.0
_Stamp = tuple[int, ...]
_Commands = list[tuple[str, tuple[str, ...]]]


class Trusting:
    """Knows which folders of the editor were trusted when the list was last looked at."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stamp: _Stamp | None = None
        self._known: dict[Path, bool] = {}
        self._begun: tuple[_Stamp, _Commands] = ((), [])

    async def begin(self) -> None:
        """Look at the list before anything rests on it: no change of it is missed then."""
        self._begun = await asyncio.to_thread(self._commands)
        self._app.checked.look_again()

    async def follow(self) -> None:
        """Look at the list for as long as the server runs, from when `begin` did."""
        stamp, commands = self._begun
        while True:
            if self._app.session.trusted_by_editor is None:
                await self._look()
            await asyncio.sleep(EVERY_SECONDS)
            if await asyncio.to_thread(self._stamp_now) != stamp:
                before = commands
                stamp, commands = await asyncio.to_thread(self._commands)
                if commands != before:
                    await self._app.checked.commands_changed()

    async def _look(self) -> None:
        session = self._app.session
        now = await asyncio.to_thread(self._read, session.roots)
        if session.trusted_by_editor is not None:
            return  # the editor has said something meanwhile
        before, self._known = self._known, now
        if any(before.get(root) and not trusted for root, trusted in now.items()):
            self._app.trust_changed(trusted=False)
        if any(before.get(root) is False and trusted for root, trusted in now.items()):
            self._app.trust_changed(trusted=True)

    def _read(self, roots: Sequence[Path]) -> dict[Path, bool]:
        """Ask the list, where it or the folders are others than last time. Blocks."""
        trust = self._app.session.trust
        stamp = self._stamp_now()
        if stamp == self._stamp and self._known.keys() == set(roots):
            return self._known
        self._stamp = stamp
        return {root: trust.is_trusted(root) for root in roots}

    def _commands(self) -> tuple[_Stamp, _Commands]:
        """Return the commands of verify.md files that are approved, and when that was. Blocks."""
        return self._stamp_now(), self._app.session.trust.commands()

    def _stamp_now(self) -> _Stamp:
        """Return what changes whenever the list does. Blocks."""
        try:
            status = self._app.session.trust.file.stat()
        except OSError:
            return ()  # nobody has trusted anything yet
        return (status.st_ino, status.st_size, status.st_mtime_ns)
