"""A page that a person asks for: written where they say, and over nothing but a page like it."""

from __future__ import annotations

from pathlib import Path

from festina.commands import apply, target
from festina.commands.base import Stop
from festina.text import Text


def check(path: Path, mark: str, what: str) -> None:
    """See beforehand that a page can be written there.

    ``mark`` is in each page of the kind, and ``what`` is what a person calls it: a report.

    Raises:
        Stop: it cannot be, or something else is there already.
    """
    if not path.parent.is_dir():
        raise Stop(f"There is no folder {path.parent} to write {path.name} to.")
    if path.is_dir():
        raise Stop(f"{path} is a folder; name a file in it.")
    if path.exists() and mark not in target.read_text(path, str(path)).content:
        raise Stop(f"{path} is there already, and is no {what}. Name another file.")


def write(path: Path, page: str) -> None:
    """Write the page, in the place of one that is there.

    Raises:
        Stop: it cannot be written.
    """
    if path.exists():
        apply.write(path, target.read_text(path, str(path)), Text(page))
    else:
        apply.create(path, Text(page))
