"""Which files git ignores, and which ones the person keeps from language models.

There is no standard for the second; each tool has a file of its own, in git's syntax. What one of
them names is meant for all of them here. Git itself is not asked: it runs programs that a
repository's configuration names.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

GIT = (".gitignore",)
AI = (
    ".aiignore",
    ".aiexclude",
    ".agentignore",
    ".llmignore",
    ".cursorignore",
    ".codeiumignore",
    ".windsurfignore",
    ".geminiignore",
    ".copilotignore",
    ".aiderignore",
    ".clineignore",
    ".rooignore",
    ".kilocodeignore",
    ".continueignore",
    ".augmentignore",
)
FOLDS = sys.platform in {"darwin", "win32"}
"""Whether `a` and `A` are the same file as a rule, and therefore for git, too (core.ignoreCase)."""

_CORE = re.compile(r"^[ \t]*\[core\](?P<body>[^\[]*)", re.MULTILINE | re.IGNORECASE)
_EXCLUDES = re.compile(
    r"^[ \t]*excludesfile[ \t]*=[ \t]*\"?(?P<path>[^\"\n#;]+?)\"?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
NO_AI = ".noai"
"""A file of this name, whatever it holds, keeps models from its folder and all below it."""


class Ignores:
    """The ignore files of one workspace, each read once. Blocks; make a new one for a new look.

    They count from the workspace's folder downwards and, where it is a part of a git repository,
    from that one's.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._top = _top(workspace)
        self._above = workspace.relative_to(self._top).parts
        self._read: dict[tuple[tuple[str, ...], str], GitIgnoreSpec | None] = {}
        self._without_ai: dict[tuple[str, ...], bool] = {}
        self._outside: Sequence[GitIgnoreSpec] | None = None

    def by_git(self, path: str) -> bool:
        """Whether git ignores a file (relative to the workspace, with forward slashes)."""
        return self._decided(path, ".gitignore")

    def folder_by_git(self, path: str) -> bool:
        """Whether git ignores a folder (relative to the workspace), where none above it is."""
        return self._last_word((*self._above, *path.split("/")), ".gitignore", folder=True)

    def by_person(self, path: str) -> str:
        """Return the name of an ignore file that keeps a file from models; empty if none does."""
        parts = (*self._above, *path.split("/"))
        for depth in range(len(parts)):
            folder = parts[:depth]
            if folder not in self._without_ai:
                self._without_ai[folder] = _is_file(self._top.joinpath(*folder, NO_AI))
            if self._without_ai[folder]:
                return NO_AI
        return next((name for name in AI if self._decided(path, name)), "")

    def _decided(self, path: str, name: str) -> bool:
        """Whether a file or a folder above it is ignored: nothing below that is taken back."""
        parts = (*self._above, *path.split("/"))
        return any(
            self._last_word(parts[:end], name, folder=end < len(parts))
            for end in range(1, len(parts) + 1)
        )

    def _last_word(self, parts: tuple[str, ...], name: str, *, folder: bool) -> bool:
        """What the last pattern says that matches; the deeper file of patterns comes later."""
        for depth in range(len(parts) - 1, -1, -1):
            spec = self._spec(parts[:depth], name)
            if spec is None:
                continue
            said = spec.check_file(_asked(parts[depth:], folder=folder)).include
            if said is not None:
                return said
        for spec in self._apart() if name == ".gitignore" else ():
            said = spec.check_file(_asked(parts, folder=folder)).include
            if said is not None:
                return said
        return False

    def _apart(self) -> Sequence[GitIgnoreSpec]:
        """Return what git is told outside of the tree: the repository's own, then the person's."""
        if self._outside is None:
            files = (_folder_of_git(self._top) / "info" / "exclude", _persons_file())
            self._outside = [spec for file in files if (spec := _parsed(file)) is not None]
        return self._outside

    def _spec(self, folder: tuple[str, ...], name: str) -> GitIgnoreSpec | None:
        if (folder, name) not in self._read:
            self._read[folder, name] = _parsed(self._top.joinpath(*folder, name))
        return self._read[folder, name]


def _asked(parts: tuple[str, ...], *, folder: bool) -> str:
    return _folded("/".join(parts) + ("/" if folder else ""))


def _folded(text: str) -> str:
    return text.lower() if FOLDS else text


def _top(workspace: Path) -> Path:
    """Return the folder of the git repository that a workspace is in, or the workspace."""
    for folder in (workspace, *workspace.parents):
        try:
            if (folder / ".git").exists():
                return folder
        except OSError:  # a folder that is not ours to look into
            break
    return workspace


def _folder_of_git(top: Path) -> Path:
    """Return the folder of what a repository knows; a worktree has a file that names it."""
    folder = top / ".git"
    try:
        if folder.is_file():
            folder = top / folder.read_text("utf-8", "replace").removeprefix("gitdir:").strip()
            if (common := folder / "commondir").is_file():
                folder /= common.read_text("utf-8", "replace").strip()
    except (OSError, ValueError):
        pass
    return folder


def _persons_file() -> Path:
    """Return the ignore file for all of a person's repositories (gitignore(5))."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    configured = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "git"
    for file in (home / ".gitconfig", configured / "config"):
        try:
            text = file.read_text("utf-8", "replace")
        except OSError:
            continue
        if (section := _CORE.search(text)) and (match := _EXCLUDES.search(section["body"])):
            return home / Path(match["path"].removeprefix("~/"))
    return configured / "ignore"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _parsed(file: Path) -> GitIgnoreSpec | None:
    try:
        status = file.stat()
        return _compiled(file, status.st_mtime_ns, status.st_size, FOLDS)
    except OSError:
        return None


@functools.lru_cache(maxsize=256)
def _compiled(file: Path, mtime_ns: int, size: int, folds: bool) -> GitIgnoreSpec:
    del mtime_ns, size, folds  # they tell one content of the file from the next
    lines = []
    for line in file.read_text("utf-8-sig", "replace").splitlines():
        try:
            GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            continue  # git takes it for no pattern either
        lines.append(_folded(line))
    return GitIgnoreSpec.from_lines(lines)
