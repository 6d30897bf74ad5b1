"""Small JSON files in the user's state folder: shared by processes, replaced as a whole."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import platformdirs

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows has no such locks; a change may be lost there, never half made
    fcntl = None

logger = logging.getLogger(__name__)

LOCK_SECONDS = 2.0
"""Others keep it for milliseconds. One that was stopped meanwhile holds nobody up for longer."""
_PAUSE = 0.002


def state_folder() -> Path:
    """Return where the user's state is kept."""
    return platformdirs.user_state_path("festina", appauthor=False)


class KeptFile:
    """One file that holds a JSON object. Everything here blocks for a moment."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """Return what is in it; nothing where there is no file, or none that can be read."""
        try:
            data = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            logger.warning("%s cannot be read; it is taken to be empty", self.path)
            return {}
        return data if isinstance(data, dict) else {}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing the file between our reading and writing it.

        Raises:
            OSError: its folder cannot be made, or it stays locked for ``LOCK_SECONDS``.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if fcntl is None:
            yield
            return
        handle = os.open(self.path.parent, os.O_RDONLY)
        try:
            _lock(handle, self.path)
            yield
        finally:
            os.close(handle)

    def write(self, data: dict[str, Any], *, flush: bool = True) -> None:
        """Put ``data`` in the place of what is there. Whoever reads it sees the one or the other.

        ``flush``: it outlasts a power failure at any moment.

        Raises:
            OSError: it cannot be written.
        """
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.stem}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
                if flush:
                    file.flush()
                    os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


def _lock(handle: int, path: Path) -> None:
    assert fcntl is not None
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                words = "another process keeps it locked"
                raise TimeoutError(errno.ETIMEDOUT, words, str(path)) from None
        else:
            return
        time.sleep(_PAUSE)
