"""From ``FILE[:START[-END]]`` to a text and a region; each mistake gets a sentence."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from festina import checks, edits
from festina.commands.base import Stop
from festina.context import enclosing
from festina.edits import Region
from festina.text import NotText, Text, decode
from festina.workspaces import workspace_of

MOST_LINES = 2000

# a column, as tools print it, is no harm
_PLACE = re.compile(r"(?P<file>.+?):(?P<start>\d+)(?:-(?P<end>\d+)|:\d+)?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Target:
    """A file of a workspace as it was read. ``path`` keeps a link as its last part.

    ``workspace`` is a real path; ``relative`` is ``path`` in it, with forward slashes.
    """

    path: Path
    workspace: Path
    text: Text

    @property
    def relative(self) -> str:
        """The path in the workspace, with forward slashes."""
        return self.path.relative_to(self.workspace).as_posix()

    @property
    def language(self) -> str:
        """The language's name, by the file's suffix."""
        suffix = self.path.suffix.removeprefix(".").lower()
        return "python" if suffix in {"py", "pyi", "pyw"} else suffix or "text"

    def place(self, region: Region, name: str) -> str:
        """Return a region of it for a person: ``pkg/mod.py:40-58  clamp``."""
        return f"{self.relative}:{region.start + 1}-{region.end}  {name}".rstrip()

    def with_text(self, text: Text) -> Target:
        """Return the target with unsaved text in the place of what was read."""
        return replace(self, text=text)


@dataclass(frozen=True, slots=True)
class Lines:
    """Which lines were asked for, counted from 1 and inclusive; None where not said."""

    start: int | None = None
    end: int | None = None


def split(given: str) -> tuple[Path, Lines]:
    """Take ``FILE[:START[-END]]`` apart. A file of exactly that name comes first.

    Raises:
        Stop: the lines are none.
    """
    match = _PLACE.match(given)
    if Path(given).exists():
        return Path(given), Lines()
    if match is None:
        file, colon, lines = given.rpartition(":")
        if colon and Path(file).is_file():
            raise Stop(
                f"{lines!r} names no lines of {file}. Write {file}:START-END, or {file}:LINE for "
                "the function or class around a line."
            )
        return Path(given), Lines()
    start, end = int(match["start"]), int(match["end"]) if match["end"] else None
    if start < 1:
        raise Stop(f"Lines count from 1, and {given} names line 0.")
    if end is not None and end < start:
        raise Stop(f"{given} ends before it starts; write the smaller line first.")
    return Path(match["file"]), Lines(start, end)


def read(file: Path, workspace: Path | None = None) -> Target:
    """Read a file and find its workspace.

    Raises:
        Stop: it is not there, not text, or outside of the given workspace.
    """
    # the folder's real path, but the file's own name: a link is edited through its name
    path = Path(os.path.realpath(file.parent)) / file.name
    text = read_text(path, str(file))
    if path.suffix == ".ipynb":
        raise Stop(f"{file} is a notebook, which Festina cannot check. Edit code in a .py file.")
    root = (workspace or workspace_of(path)).resolve()
    if not root.is_dir():
        raise Stop(f"The workspace {workspace} is not a folder.")
    if not path.is_relative_to(root):
        raise Stop(
            f"{path} is outside the workspace {root}. Leave --workspace out, or name a folder that "
            "holds the file."
        )
    return Target(path, root, text)


def read_text(path: Path, shown: str) -> Text:
    """Read a text file.

    Raises:
        Stop: it is not there or cannot be read, or is not UTF-8 text.
    """
    try:
        if not path.is_file() and path.exists():
            kind = "a folder" if path.is_dir() else "not an ordinary file"
            raise Stop(f"{shown} is {kind}; name a file.")
        return decode(path.read_bytes())
    except FileNotFoundError:
        if os.path.lexists(path):
            raise Stop(f"{shown} is a link to a file that does not exist.") from None
        raise Stop(f"There is no file {shown}.") from None
    except OSError as error:
        raise Stop(f"{shown} cannot be read: {error.strerror}.") from None
    except NotText as reason:
        raise Stop(f"{shown} cannot be edited: {reason}.") from None


def region_of(target: Target, lines: Lines) -> tuple[Region, str]:
    """Return the region that was asked for, and its name where it has one.

    Raises:
        Stop: there are no such lines.
    """
    count = len(target.text.lines)
    shown = target.relative
    if count == 0:
        raise Stop(f"{shown} is empty, so there is nothing to edit.")
    name = ""
    if lines.start is None:
        region = Region(0, count)
    elif lines.start > count:
        raise Stop(f"{shown} has {_lines(count)}, so there is no line {lines.start}.")
    elif lines.end is None:
        found = enclosing(target.text, lines.start - 1, target.language)
        if found is None:
            raise Stop(
                f"Line {lines.start} of {shown} is in no function or class. Name the lines "
                f"themselves, such as {shown}:{lines.start}-{lines.start}."
            )
        region, name = found
    else:
        region = Region(lines.start - 1, min(lines.end, count))
    return region, name


def check_editable(target: Target, region: Region) -> None:
    """Refuse what no model may rewrite, and what none rewrites well.

    Raises:
        Stop: it says what must pass; or the region has too many lines, or they are too long.
    """
    if checks.is_target(target.workspace, target.path):
        raise Stop(checks.REFUSED)
    check_size(target, region)


def check_size(target: Target, region: Region) -> None:
    """Refuse what no model rewrites well.

    Raises:
        Stop: the region has too many lines, or they are too long.
    """
    size = region.end - region.start
    if size > MOST_LINES:
        shown = target.relative
        raise Stop(
            f"{size} lines are selected, and a model rewrites at most {MOST_LINES} at once, "
            f"{edits.MAX_REGION_LINES} well. Name fewer: {shown}:START-END, or {shown}:LINE for "
            "the function or class around a line."
        )
    chars = len(target.text.lines_text(region.start, region.end))
    if chars > edits.MAX_REGION_CHARS:
        raise Stop(
            f"The selected lines of {target.relative} hold {chars:,} characters, and a model "
            f"rewrites at most {edits.MAX_REGION_CHARS:,} at once. Name fewer lines."
        )


def _lines(count: int) -> str:
    return f"{count} line" if count == 1 else f"{count} lines"
