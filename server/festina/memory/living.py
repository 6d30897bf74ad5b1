"""Which of the processes that have begun something still live: a locked file for each of them.

A lock lapses with its process, however that ends, and a number of a process may be given twice.
Where there are no such locks (Windows), a process counts as ended after a while without a change.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from pathlib import Path

from festina.kept import fcntl

LAPSE_SECONDS = 900.0
"""Where nobody can tell whether a process still lives."""
TRIES = 50


class Living:
    """The files of a folder. Everything here blocks for a moment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None
        self.token = secrets.token_hex(8)
        """Who we are, for as long as this process lives."""

    def show(self) -> str:
        """See to it that others know that we live; return our token.

        Raises:
            OSError: the folder cannot be written.
        """
        file = self._folder / self.token
        if self._handle is not None:
            if fcntl is None:
                os.utime(file)
            return self.token
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._handle = self._locked(file)
        for other in self._folder.iterdir():
            self.lives(other.name)  # else the file of one that was killed would stay
        return self.token

    def _locked(self, file: Path) -> int:
        """Make our file. Others who look at it in that moment may hold its lock, or remove it."""
        for _ in range(TRIES):
            handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            if fcntl is None:
                return handle
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(handle).st_nlink:
                    return handle
            os.close(handle)
            time.sleep(0.01)
        raise BlockingIOError(errno.EAGAIN, "its lock is held by others", str(file))

    def lives(self, token: str) -> bool:
        """Whether the process of a token still lives. Where it does not, its file goes."""
        if token == self.token:
            return True
        file = self._folder / token
        try:
            handle = os.open(file, os.O_RDWR)
        except OSError:
            return False
        try:
            if fcntl is None:
                ended = time.time() - os.fstat(handle).st_mtime > LAPSE_SECONDS
            else:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    ended = True
                except OSError:
                    ended = False
            if ended:
                with contextlib.suppress(OSError):
                    file.unlink()
            return not ended
        finally:
            os.close(handle)

    def close(self) -> None:
        """This process has nothing under way any more."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                (self._folder / self.token).unlink()
            os.close(self._handle)
            self._handle = None
