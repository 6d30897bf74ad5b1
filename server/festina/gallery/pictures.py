"""The pictures that gates have taken of pages: files in a cache, which may be gone some day."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

KIND = "image/png"
MOST_BYTES = 10_000_000
MOST_TOGETHER = 60_000_000
"""Of all that are put into one file."""

_PNG = b"\x89PNG\r\n\x1a\n"


def read(paths: Sequence[str]) -> list[bytes]:
    """Return the pictures of files, without those that are none. Blocks."""
    found = []
    for path in paths:
        try:
            with Path(path).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError:
            continue
        if data.startswith(_PNG) and len(data) <= MOST_BYTES:
            found.append(data)
    return found


def addresses(paths: Sequence[str]) -> list[str | None]:
    """Return pictures as addresses that hold them, None where there is none, or no room. Blocks."""
    room, found = MOST_TOGETHER, list[str | None]()
    for path in paths:
        data = next(iter(read([path])), b"")
        room -= len(data)
        held = f"data:{KIND};base64,{base64.b64encode(data).decode()}"
        found.append(held if data and room >= 0 else None)
    return found
