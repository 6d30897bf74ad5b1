"""Pages for a person to read, as files in a private folder that is gone when we are."""

from __future__ import annotations

import os
from pathlib import Path

from festina.verify import sweep


class Pages:
    """Writes pages. All methods block: not for the event loop."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def write(self, name: str, text: str) -> Path:
        """Write a page, in the place of one of that name, and return where it is.

        The folder and the file can be read by this user alone.

        Raises:
            OSError: the user's cache cannot be written to.
        """
        if self._folder is None or not self._folder.is_dir():
            self._folder = sweep.new_scratch()
        path = self._folder / name
        with open(path, "w", encoding="utf-8", opener=_private) as file:
            file.write(text)
        return path

    def close(self) -> None:
        """Remove every page."""
        if self._folder is not None:
            sweep.remove(self._folder)
            self._folder = None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
