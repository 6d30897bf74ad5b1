"""What the person trusts: workspaces, commands of their ``verify.md``, origins of models.

Kept in the user's state folder, never in a workspace (design, invariants 8 and 9).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from festina.kept import KeptFile, state_folder


def default_file() -> Path:
    """Return where the user's trust is kept."""
    return state_folder() / "trust.json"


class TrustStore:
    """A small JSON file, read at each question and replaced as a whole at each change.

    A file that cannot be read trusts nothing. Folders are kept by their real path, so a link to
    a trusted folder is trusted and a folder put in its place is not more than that.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or default_file()
        self._kept = KeptFile(self.file)

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
        with self._kept.locked():
            self._write("folders", sorted({*self._read("folders"), real}))
        return Path(real)

    def untrust(self, folder: Path) -> bool:
        """Take trust back; whether the folder was trusted itself.

        Raises:
            OSError: the file cannot be written.
        """
        real = os.path.realpath(folder)
        with self._kept.locked():
            folders = self._read("folders")
            if real not in folders:
                return False
            self._write("folders", [other for other in folders if other != real])
            kept = [line for line in self._read("commands") if not _is_below(line, real)]
            self._write("commands", kept)
        return True

    def approve(self, folder: Path, run: Sequence[str]) -> None:
        """Remember that a command of a folder's ``verify.md`` may be run for its checks.

        Raises:
            OSError: the file cannot be written.
        """
        line = json.dumps([os.path.realpath(folder), *run])
        with self._kept.locked():
            self._write("commands", sorted({*self._read("commands"), line}))

    def approved(self, folder: Path) -> list[tuple[str, ...]]:
        """Return the commands of a folder that the person has approved."""
        real = os.path.realpath(folder)
        return [run for place, run in self.commands() if place == real]

    def commands(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return all approved commands, each with its folder."""
        found = []
        for line in self._read("commands"):
            try:
                place, *run = json.loads(line)
            except ValueError:  # somebody has written it by hand
                continue
            if run and all(isinstance(part, str) for part in (place, *run)):
                found.append((place, tuple(run)))
        return found

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
        with self._kept.locked():
            self._write("origins", sorted({*self._read("origins"), origin}))

    def _load(self) -> dict[str, list[str]]:
        return {
            key: [item for item in value if isinstance(item, str)]
            for key, value in self._kept.read().items()
            if isinstance(value, list)
        }

    def _read(self, key: str) -> list[str]:
        return self._load().get(key, [])

    def _write(self, key: str, values: list[str]) -> None:
        self._kept.write({**self._load(), key: values})


def _is_below(line: str, folder: str) -> bool:
    """Whether an approved command is of a folder, or of one below it."""
    try:
        return Path(json.loads(line)[0]).is_relative_to(folder)
    except (ValueError, LookupError, TypeError):
        return True  # nobody can say what it approves
