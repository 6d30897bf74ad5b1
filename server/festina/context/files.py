"""The files of a workspace that may be read to a model: never secrets, never what is ignored."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from festina.config import VerifySettings
from festina.context import tracebacks
from festina.context.source import Source, source_of
from festina.ignoring import Ignores
from festina.masking import Masking
from festina.text import NotText, decode
from festina.verify.base import Snapshot
from festina.verify.secret_files import holds_secrets
from festina.verify.shadow import Outside, locate

MOST_BYTES = 400_000
"""A file that is larger is generated, or data."""


class Files:
    """The files of one snapshot, open buffers laid over them. Each is read once. Blocks."""

    def __init__(self, snapshot: Snapshot, masking: Masking) -> None:
        self._snapshot = snapshot
        self._ignores = Ignores(snapshot.workspace)
        self.masking = masking
        self._texts: dict[str, str | None] = {}
        self._workspace = str(snapshot.workspace)
        self._masked: dict[str, list[str]] = {}
        self._sources: dict[str, Source | None] = {}
        self._existing: dict[str, bool] = {}
        self._folders: list[str] | None = None
        self._hides: dict[str, bool] = {}
        self._listings: dict[str, list[str]] = {}

    @property
    def workspace(self) -> Path:
        """The workspace's folder."""
        return self._snapshot.workspace

    @property
    def settings(self) -> VerifySettings:
        """The settings of the workspace, with the person's own bounds."""
        return self._snapshot.settings

    @property
    def buffers(self) -> Mapping[str, str]:
        """The texts of the open files, by their paths in the workspace."""
        return self._snapshot.buffers

    def skipped(self, folder: str) -> bool:
        """Whether git ignores a folder, where none above it is: there is no need to look there."""
        return self._ignores.folder_by_git(folder)

    def told(self, said: str) -> str:
        """Return what a program said as it may be sent, without the source of what is hidden."""
        return self.masking.shorten(tracebacks.without(said, self._hidden))

    def _hidden(self, place: str) -> bool:
        """Whether nothing of a file may be sent that a traceback names.

        Tests may have run in a copy of the workspace, or below the path that a link to it leads to:
        so any end of an absolute path may be a path in the workspace.
        """
        if place not in self._hides:
            path = place.removeprefix(f"{self._workspace}{os.sep}").replace(os.sep, "/")
            parts = path.split("/")
            ends = ["/".join(parts[at:]) for at in range(1, len(parts))]
            may_be = [path, *filter(self.exists, ends)] if path else []
            self._hides[place] = any(map(self.kept_back, may_be))
        return self._hides[place]

    def kept_back(self, path: str) -> bool:
        """Whether nothing of a file goes to a model that nobody named: ignored, or secret."""
        return any(
            self._ignores.by_git(each) or self.withheld(each)
            for each in dict.fromkeys([path, self._real(path) or path])
        )

    def withheld(self, path: str) -> str:
        """Say in a sentence why a file must not be sent, whoever asks for it; empty if it may."""
        for each in dict.fromkeys([path, self._real(path) or path]):
            if name := self._ignores.by_person(each):
                return (
                    f"{path} is kept from language models by {name}, so nothing of it was sent. "
                    "Take it out of that file to have it edited."
                )
            if holds_secrets(self._snapshot.workspace, each):
                return f"{path} is a file of secrets, so nothing of it was sent to a model."
        return ""

    def put(self, path: str, text: str) -> None:
        """Take a text for that of a file: the one that is edited, as it was asked for."""
        self._texts[path] = text

    def learn(self, path: str) -> None:
        """Note the secrets of a file before anything is shown of any."""
        if (source := self.source(path)) is not None:
            self.masking.learn(source.text)

    def read(self, path: str) -> str | None:
        """Return a file's text, or None where there is none that may be sent as context."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def source(self, path: str) -> Source | None:
        """Return what is known of a Python file."""
        if path not in self._sources:
            text = self.read(path)
            self._sources[path] = None if text is None else source_of(text)
        return self._sources[path]

    def masked(self, path: str) -> list[str]:
        """Return a file's lines as they may be sent.

        The whole file is looked at: a line alone may not show that it is a part of a secret. Once
        all files were learned (`learn`), so that a secret of one is known in the others, too.
        """
        if path not in self._masked:
            source = self.source(path)
            text = source.text if source is not None else ""
            self._masked[path] = self.masking.mask(text).split("\n")
        return self._masked[path]

    def exists(self, path: str) -> bool:
        """Whether there is such a file, open or on disk."""
        if path not in self._existing:
            file = os.path.join(self._workspace, path)  # noqa: PTH118 - hundreds of them
            self._existing[path] = path in self._snapshot.buffers or os.path.isfile(file)  # noqa: PTH113
        return self._existing[path]

    def listing(self, folder: str) -> list[str]:
        """Return the paths of the files in a folder, those that are only open included."""
        if folder not in self._listings:
            try:
                with os.scandir(os.path.join(self._workspace, folder)) as entries:  # noqa: PTH118
                    names = {entry.name for entry in entries if entry.is_file()}
            except OSError:
                names = set()
            at = f"{folder}/" if folder else ""
            opened = {path[len(at) :] for path in self.buffers if path.startswith(at)}
            names |= {name for name in opened if "/" not in name}
            self._listings[folder] = [f"{at}{name}" for name in sorted(names)]
        return self._listings[folder]

    def folders(self) -> list[str]:
        """Return the workspace's outermost folders."""
        if self._folders is None:
            try:
                with os.scandir(self._workspace) as entries:
                    names = [entry.name for entry in entries if entry.is_dir()]
            except OSError:
                names = []
            self._folders = sorted(name for name in names if not name.startswith((".", "_")))
        return self._folders

    def _read(self, path: str) -> str | None:
        real = self._real(path)
        if real is None:
            return None
        buffer = self._snapshot.buffers.get(path, self._snapshot.buffers.get(real))
        file = self._snapshot.workspace / real
        try:
            if buffer is None and not (file.is_file() and file.stat().st_size <= MOST_BYTES):
                return None
            if self.kept_back(path):
                return None
            if buffer is not None:
                return buffer if len(buffer) <= MOST_BYTES else None
            return decode(file.read_bytes()).content
        except (OSError, NotText):
            return None

    def _real(self, path: str) -> str | None:
        """Return where a path leads inside the workspace; None where it leads out of it."""
        try:
            real = locate(self._snapshot.workspace, path)
            root = self._snapshot.workspace.resolve()
            return real if (root / real).is_relative_to(root) else None
        except (Outside, OSError, ValueError, RuntimeError):
            return None
