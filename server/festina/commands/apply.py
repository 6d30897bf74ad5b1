"""Writing an accepted edit to its file, with the exit codes of the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from festina import replacing
from festina.commands.base import Exit, Stop
from festina.replacing import NotWritten
from festina.text import Text


def check_writable(path: Path, otherwise: str = ", or use --diff to see the edit") -> None:
    """See beforehand whether :func:`write` has a chance. ``otherwise``: what else can be done.

    Raises:
        Stop: the file or its folder is read-only.
    """
    with _stopping():
        replacing.check_writable(path, otherwise)


def write(path: Path, old: Text, new: Text) -> None:
    """Replace the content of ``path``, which must still be ``old``: :func:`replacing.write`.

    Raises:
        Stop: the file changed meanwhile or cannot be written; it is as it was.
    """
    with _stopping():
        # that it is read-only was to be seen beforehand, and what else can be done then
        check_writable(path)
        replacing.write(path, old, new)


def finish(path: Path, torn: bytes, new: Text) -> None:
    """Put ``new`` into a file that was being written when everything ended.

    Raises:
        Stop: the file changed meanwhile or cannot be written.
    """
    with _stopping():
        check_writable(path)
        replacing.finish(path, torn, new)


def create(path: Path, new: Text) -> None:
    """Write a file that is not there yet: :func:`replacing.create`.

    Raises:
        Stop: there is one by now, or it cannot be written.
    """
    with _stopping():
        replacing.create(path, new)


@contextlib.contextmanager
def _stopping() -> Iterator[None]:
    try:
        yield
    except NotWritten as error:
        raise Stop(str(error), Exit.FAILED if error.permitted else Exit.USAGE) from None
