"""Writing a person's file: all of it or nothing, and nothing else changed.

The one place outside an editor where that is done (design, invariant 1).
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from festina import leftovers
from festina.text import Text, encode


class NotWritten(Exception):  # noqa: N818 - reads as the sentence it makes
    """A file is as it was; ``str()`` says why. ``permitted``: nobody's permission was missing."""

    def __init__(self, message: str, *, permitted: bool = True) -> None:
        super().__init__(message)
        self.permitted = permitted


def check_writable(path: Path, otherwise: str = "") -> None:
    """See beforehand whether :func:`write` has a chance. ``otherwise``: what else can be done.

    Raises:
        NotWritten: the file or its folder is read-only.
    """
    real = Path(os.path.realpath(path))
    # for root everything is writable, but a person who took the permission away meant it
    if not real.stat().st_mode & 0o222 or not os.access(real, os.W_OK):
        raise NotWritten(f"{path} is read-only. Make it writable{otherwise}.", permitted=False)
    if not real.parent.stat().st_mode & 0o222 or not os.access(real.parent, os.W_OK):
        raise NotWritten(
            f"The folder {real.parent} is read-only, so {real.name} cannot be replaced safely. "
            f"Make it writable{otherwise}.",
            permitted=False,
        )


def write(path: Path, old: Text, new: Text) -> None:
    """Replace the content of ``path``, which must still be ``old``, by ``new``.

    A link stays a link: the file that it leads to is written. The new content is complete on the
    disk before it takes the old one's place in one step, with the old one's permissions, owner and
    extended attributes. A file with further names (hard links) is written in place instead, after
    its old content was put beside it, so that it stays one file.

    Raises:
        NotWritten: the file changed meanwhile or cannot be written; it is as it was.
    """
    real = Path(os.path.realpath(path))
    check_writable(path)
    try:
        status = real.stat()
        keep = encode(old)
        with _temporary(real, status) as temporary:
            if status.st_nlink > 1 or not _take_over(real, temporary, status):
                _in_place(real, keep, encode(new), temporary)
                return
            _fill(temporary, encode(new))
            _check_unchanged(real, keep)
            temporary.replace(real)
            _sync(real.parent)
    except OSError as error:
        raise NotWritten(
            f"{path} could not be written: {error.strerror or error}. It is as it was."
        ) from None


def finish(path: Path, torn: bytes, new: Text) -> None:
    """Put ``new`` into a file that was being written when everything ended, and holds ``torn``.

    Raises:
        NotWritten: the file changed meanwhile or cannot be written.
    """
    real = Path(os.path.realpath(path))
    check_writable(path)
    _check_unchanged(real, torn)
    try:
        _fill(real, encode(new))
    except OSError as error:
        raise NotWritten(f"{path} could not be written: {error.strerror or error}.") from None


def create(path: Path, new: Text) -> None:
    """Write a file that is not there yet: all of it, or none.

    Raises:
        NotWritten: there is one by now, or it cannot be written.
    """
    try:
        with path.open("xb"):
            pass
    except FileExistsError:
        raise NotWritten(
            f"{path} was made by somebody else meanwhile, so nothing was written."
        ) from None
    except OSError as error:
        raise NotWritten(f"{path} could not be written: {error.strerror or error}.") from None
    try:
        write(path, Text(""), new)
    except BaseException:
        _remove_if_empty(path)
        raise


def _remove_if_empty(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.stat().st_size == 0:
            path.unlink()


def _check_unchanged(real: Path, old: bytes) -> None:
    try:
        unchanged = real.read_bytes() == old
    except FileNotFoundError:
        unchanged = False
    if not unchanged:
        raise NotWritten(
            f"{real} changed while the edit was made, so nothing was written. Ask for it again.",
        )


@contextlib.contextmanager
def _temporary(real: Path, status: os.stat_result) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=real.parent, prefix=leftovers.prefix(real))
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.chmod(stat.S_IMODE(status.st_mode))
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _take_over(real: Path, temporary: Path, status: os.stat_result) -> bool:
    """Give the new file the old one's owner and attributes; False where that is not allowed."""
    own = temporary.stat()
    try:
        if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
            os.chown(temporary, status.st_uid, status.st_gid)
            temporary.chmod(stat.S_IMODE(status.st_mode))  # changing the owner clears some bits
        if hasattr(os, "listxattr"):
            for attribute in os.listxattr(real):
                os.setxattr(temporary, attribute, os.getxattr(real, attribute))
    except PermissionError:
        return False
    return True


def _in_place(real: Path, old: bytes, new: bytes, temporary: Path) -> None:
    """Write into the file itself; what it held lies beside it until that is done."""
    _fill(temporary, old)
    _check_unchanged(real, old)
    try:
        _fill(real, new)
    except OSError as error:
        try:
            _fill(real, old)
        except OSError:
            saved = real.with_name(f"{real.name}.before-festina")
            temporary.rename(saved)
            raise NotWritten(
                f"Writing {real} failed halfway ({error.strerror}). Its old content is in {saved}.",
            ) from None
        raise


def _fill(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make the new name survive a power cut; not every file system can be asked to."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
