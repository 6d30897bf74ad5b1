"""What the person trusts: workspaces whose code may run, and origins that code may be sent to.

Kept in the user's state folder, never in a workspace (design, invariants 8 and 9).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import platformdirs

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows has no such locks; a change may be lost there, never half made
    fcntl = None

logger = logging.getLogger(__name__)


def default_file() -> Path:
    """Return where the user's trust is kept."""
    return platformdirs.user_state_path("festina", appauthor=False) / "trust.json"


class TrustStore:
    """A small JSON file, read at each question and replaced as a whole at each change.

    A file that cannot be read trusts nothing. Folders are kept by their real path, so a link to
    a trusted folder is trusted and a folder put in its place is not more than that.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or default_file()

    def is_trusted(self, folder: Path) -> bool:
        """Whether code of ``folder``, or of a trusted folder around it, may be executed."""
        real = Path(os.path.realpath(folder))
        trusted = set(self.folders())
        return any(str(place) in trusted for place in (real, *real.parents))

    def folders(self) -> list[str]:
        """Return the trusted folders, as real paths."""
        return self._read("folders")

    def trust(self, folder: Path) -> Path:
        """Trust a folder and all below it; return its real path.

        Raises:
            OSError: the file cannot be written.
        """
        real = os.path.realpath(folder)
        with self._locked():
            self._write("folders", sorted({*self._read("folders"), real}))
        return Path(real)

    def untrust(self, folder: Path) -> bool:
        """Take trust back; whether the folder was trusted itself.

        Raises:
            OSError: the file cannot be written.
        """
        real = os.path.realpath(folder)
        with self._locked():
            folders = self._read("folders")
            if real not in folders:
                return False
            self._write("folders", [other for other in folders if other != real])
        return True

    def may_send(self, origin: str) -> bool:
        """Whether the person once agreed to send code to ``origin`` (scheme, host and port)."""
        return origin in self._read("origins")

    def origins(self) -> list[str]:
        """Return the origins that code may be sent to though they were only discovered."""
        return self._read("origins")

    def allow_send(self, origin: str) -> None:
        """Remember that code may be sent to ``origin``.

        Raises:
            OSError: the file cannot be written.
        """
        with self._locked():
            self._write("origins", sorted({*self._read("origins"), origin}))

    def _load(self) -> dict[str, list[str]]:
        try:
            data = json.loads(self.file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            logger.warning("%s cannot be read; nothing is trusted", self.file)
            return {}
        if not isinstance(data, dict):
            return {}
        return {
            key: [item for item in value if isinstance(item, str)]
            for key, value in data.items()
            if isinstance(value, list)
        }

    def _read(self, key: str) -> list[str]:
        return self._load().get(key, [])

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes from changing the file between our reading and writing it."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if fcntl is None:
            yield
            return
        handle = os.open(self.file.parent, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, key: str, values: list[str]) -> None:
        data = {**self._load(), key: values}
        handle, name = tempfile.mkstemp(dir=self.file.parent, prefix=".trust-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.file)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
