"""What ruff's answer for a path rests on besides the text: configuration, and folders."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from festina.verify import surroundings
from festina.verify.lint import Ruff

_NAMES = ("ruff.toml", ".ruff.toml", "pyproject.toml", ".gitignore")


@dataclass(frozen=True, slots=True)
class Look:
    """What ruff's answer for a path rests on outside of the text, as it is now.

    ``files`` is its configuration, ``more`` those files that the configuration names in turn, as
    far as they were known (``of``). ``newest`` is the last change, in nanoseconds since the epoch.
    By ``folders`` isort tells a project's own modules from others; that is read for each text.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    more: tuple[str, ...]
    of: tuple[Path, ...]
    newest: int

    def differs(self, later: Look) -> bool:
        """Whether the configuration is not what it was."""
        return self.files != later.files or (self.of == later.of and self.more != later.more)


class Looks:
    """Looks that are shared by those who ask at the same time.

    Each began after everybody had asked who is given it, so it is as good as one of their own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[float, tuple[object, ...], Look] | None = None

    def at(self, asked: float, ruff: Ruff, path: str, extended: tuple[Path, ...]) -> Look:
        """Look as :func:`look_at` does, for one who asked at that time. Blocks.

        ``asked`` is of :func:`time.monotonic`.
        """
        of = (ruff.root, ruff.binary, tuple(sorted(ruff.environ.items())), path, extended)
        with self._lock:
            if self._last is None or self._last[0] <= asked or self._last[1] != of:
                self._last = time.monotonic(), of, look_at(ruff, path, extended)
            return self._last[2]


def look_at(ruff: Ruff, path: str, extended: tuple[Path, ...]) -> Look:
    """Look at all of it, by some thirty calls of ``stat``. Blocks."""
    inside = [at for at in (ruff.root / path).parents if at.is_relative_to(ruff.root)]
    newest = [0]

    def stamps(paths: Iterable[Path]) -> tuple[str, ...]:
        return tuple(filter(None, (_stamp(each, newest) for each in paths)))

    return Look(
        stamps([ruff.binary, *_places(ruff, path)]),
        stamps([*inside, ruff.root / "src"]),
        stamps(extended),
        extended,
        max(newest),
    )


def _places(ruff: Ruff, path: str) -> list[Path]:
    """List where configuration is looked for."""
    home = ruff.environ.get("XDG_CONFIG_HOME") or Path(ruff.environ.get("HOME", "/"), ".config")
    folders = [*(ruff.root / path).parents, Path(home, "ruff")]
    return [folder / name for folder in folders for name in _NAMES]


def _stamp(path: Path, newest: list[int]) -> str:
    """Describe a file; empty where there is none. Its last change is added to ``newest``."""
    try:
        status = path.stat()
    except OSError:
        return ""
    newest.append(status.st_ctime_ns)
    return f"{path} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def extended_by(ruff: Ruff, path: str) -> tuple[Path, ...]:
    """List the configuration that other configuration names. Blocks."""
    places = _places(ruff, path)
    found = surroundings.of_ruff((ruff.root / path).parent, ruff.environ)
    return tuple(file for file in found if file not in places)
