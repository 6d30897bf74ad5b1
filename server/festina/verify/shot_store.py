"""Pictures of pages, and pages as they stood, in the user's cache for whoever shows a verdict."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

_MOST_BYTES = 256 << 20
_TRIM_EACH = 200
_PNG = b"\x89PNG\r\n\x1a\n"


class ShotStore:
    """Files that are named by what is in them, so that equal ones are one. Used from threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saved = 0

    def save(self, data: bytes) -> str:
        """Keep a picture and return its path. Blocks.

        Raises:
            OSError: the cache cannot be written to.
            ValueError: it is no picture.
        """
        if not data.startswith(_PNG):
            raise ValueError("what the browser sent is no PNG")
        return self._save(data, "png")

    def save_page(self, text: str) -> str:
        """Keep a page and return its path; "" for one that is empty. Blocks.

        Raises:
            OSError: the cache cannot be written to.
        """
        return self._save(text.encode("utf-8", "replace"), "html") if text else ""

    def _save(self, data: bytes, ending: str) -> str:
        path = self._folder / f"{hashlib.sha256(data).hexdigest()[:32]}.{ending}"
        if path.exists():
            os.utime(path)  # it is used again: not among the oldest
            return str(path)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._saved % _TRIM_EACH == 0:
            self._trim()
        self._saved += 1
        new = path.with_name(f".{secrets.token_hex(8)}")
        try:
            new.write_bytes(data)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
        return str(path)

    def _trim(self) -> None:
        """Remove the oldest ones, beyond what may be kept."""
        found = []
        for path in (*self._folder.glob("*.png"), *self._folder.glob("*.html")):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= _MOST_BYTES:
                break
            total -= size
            with contextlib.suppress(OSError):
                path.unlink()
