"""The pictures that gates have taken of pages: files in a cache, which may be gone some day."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from festina.clean import visible

KIND = "image/png"
MOST_BYTES = 10_000_000
MOST_TOGETHER = 60_000_000
"""Of all that are put into one file."""

_PNG = b"\x89PNG\r\n\x1a\n"


class Album:
    """Gives files numbers: by these a page asks for pictures, and learns no paths."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, by their numbers."""
        return tuple(self._numbers)

    def of(self, verdict: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """Return what a card shows: first what is wrong, then the pages, at all widths.

        A finding's picture is left out where it is that of a whole page, which is there anyway.
        """
        data = verdict or {}
        shots = [shot for gate in data.get("gates", ()) for shot in gate.get("shots", ())]
        pages = {shot["path"] for shot in shots}
        wrong: dict[str, str] = {}
        for one in data.get("findings", ()):
            if (path := one.get("screenshot")) and path not in pages:
                wrong.setdefault(path, visible(one["message"]))
        return [
            *({"wrong": words, "picture": self._number(path)} for path, words in wrong.items()),
            *(
                {
                    "page": visible(shot["page"]),
                    "width": shot["width"],
                    "picture": self._number(shot["path"]),
                    "before": self._number(shot["before"]) if shot.get("before") else None,
                }
                for shot in shots
            ),
        ]

    def still(self, verdict: Mapping[str, Any] | None) -> int | None:
        """Return the number of the first page that was kept as it stood; None where none was."""
        for gate in (verdict or {}).get("gates", ()):
            for shot in gate.get("shots", ()):
                if shot.get("still"):
                    return self._number(shot["still"])
        return None

    def _number(self, path: str) -> int:
        return self._numbers.setdefault(path, len(self._numbers))


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


def read_page(paths: Sequence[str]) -> str | None:
    """Return the first of pages that gates have kept; None where it is gone, or none. Blocks."""
    for path in paths:
        if not path.endswith(".html"):
            return None
        try:
            with Path(path).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError:
            return None
        return data.decode("utf-8", "replace") if len(data) <= MOST_BYTES else None
    return None


def addresses(paths: Sequence[str]) -> list[str | None]:
    """Return pictures as addresses that hold them, None where there is none, or no room. Blocks."""
    room, found = MOST_TOGETHER, list[str | None]()
    for path in paths:
        data = next(iter(read([path])), b"")
        room -= len(data)
        held = f"data:{KIND};base64,{base64.b64encode(data).decode()}"
        found.append(held if data and room >= 0 else None)
    return found
