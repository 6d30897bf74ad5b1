"""What the processes of one person may yet come to spend: a small file for each of them.

Each keeps its own file locked for as long as it lives, so what it holds lapses with it, however it
ends. Where there are no such locks (Windows), it lapses after a while without a change.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from festina.kept import fcntl
from festina.spending import Spent

LAPSE_SECONDS = 900.0
"""Where nobody can tell whether a process still lives."""
MOST_BYTES = 4096


class Holdings:
    """The files of a folder. Whoever calls it holds the ledger's lock; everything here blocks.

    Numbers only are written down: tokens and money.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine = folder / f"{secrets.token_hex(8)}.json"
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process has said anything yet."""
        return self._handle is not None

    def hold(self, most: Spent) -> None:
        """Say what this process may yet come to spend, in the place of what it said before.

        Raises:
            OSError: it cannot be written.
        """
        if self._handle is not None and not os.fstat(self._handle).st_nlink:
            self.close()  # somebody has taken the file away, so nobody else would see it
        if self._handle is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            handle = os.open(self._mine, flags, 0o600)
            try:
                if fcntl is not None:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                raise
            self._handle = handle
        data = json.dumps(most.to_json()).encode()
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, data)
        os.ftruncate(self._handle, len(data))

    def others(self) -> Spent:
        """Return what the other processes that live may yet come to spend, all together."""
        total = Spent()
        for path in self._files():
            if path != self._mine:
                total += _held(path)
        return total

    def close(self) -> None:
        """Hold nothing any more."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._mine.unlink()
            os.close(self._handle)
            self._handle = None

    def _files(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            yield from sorted(self._folder.glob("*.json"))


def _held(path: Path) -> Spent:
    """Return what a process holds, nothing where it has ended; then its file is taken away."""
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except OSError:
        return Spent()
    try:
        if _lapsed(handle):
            with contextlib.suppress(OSError):
                path.unlink()
            return Spent()
        return Spent.from_json(json.loads(os.read(handle, MOST_BYTES)))
    except (OSError, ValueError):
        return Spent()
    finally:
        os.close(handle)


def _lapsed(handle: int) -> bool:
    if fcntl is None:
        return time.time() - os.fstat(handle).st_mtime > LAPSE_SECONDS
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
