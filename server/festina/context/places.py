"""The places that a skill is meant for: definitions in which a line reads as the skill says.

A skill names files by globs and lines by patterns (`festina-files`, `festina-places`). What is
found is what a model is asked about: it may still answer that nothing is to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from festina import edits, line_patterns
from festina.context.definitions import enclosing
from festina.context.files import Files
from festina.context.overview import MOST_FILES, paths_of
from festina.context.own import is_own
from festina.edits import Region
from festina.globs import applies
from festina.masking import Masking
from festina.plans.bounds import left_alone
from festina.text import Text
from festina.verify.base import Snapshot

MOST = 500
"""So many places are work for days; the others are found once these are done."""


@dataclass(frozen=True, slots=True)
class Place:
    """A definition, or a line that is in none: ``region`` of ``text``, the content of ``path``.

    ``line`` is the first one there, from 1, that reads as the skill says.
    """

    path: str
    language: str
    text: Text = field(repr=False)
    region: Region
    name: str
    line: int

    @property
    def shown(self) -> str:
        """The place for a person: ``pkg/mod.py:12 clamp``."""
        return f"{self.path}:{self.line} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Found:
    """All places; ``more`` says that not the whole workspace could be looked through.

    ``kept`` are those that the person's own bounds keep from edits (``edits.leave_alone``).
    """

    places: tuple[Place, ...] = ()
    files: int = 0
    more: bool = False
    kept: int = 0


def find(
    snapshot: Snapshot,
    globs: Sequence[str],
    patterns: Sequence[str],
    under: Sequence[str] = (),
) -> Found:
    """Look a workspace through. Blocks for up to seconds: call it in a thread.

    Files that git ignores, that are kept from models, hidden or secret are not looked at, and in
    those that are the person's own is no place. With ``under``, only these files and what is in
    these folders (paths in the workspace).
    """
    files = Files(snapshot, Masking())
    listed = paths_of(files)
    found: list[Place] = []
    looked = 0
    for path in listed:
        if not applies(globs, path) or (under and not any(_is_in(path, one) for one in under)):
            continue
        text = files.read(path)
        if text is None or "\0" in text:
            continue
        looked += 1
        if line_patterns.may_read(patterns, text) and not is_own(snapshot.workspace, path):
            found += _in(path, Text(text), patterns)
    settings = snapshot.settings
    free = [one for one in found if not left_alone(settings, one.path, one.name)]
    more = len(listed) >= MOST_FILES or len(free) > MOST
    return Found(tuple(free[:MOST]), looked, more, len(found) - len(free))


def current(snapshot: Snapshot, place: Place) -> Place | None:
    """Return a place as it is by now; None where its lines are others. Blocks."""
    content = Files(snapshot, Masking()).read(place.path)
    if content is None:
        return None
    text = Text(content)
    region = edits.rebase(place.text, text, place.region)
    if region is None:
        return None
    line = place.line + region.start - place.region.start
    return replace(place, text=text, region=region, line=line)


def language_of(path: str) -> str:
    """Return the language of a file, by its suffix."""
    suffix = path.rpartition("/")[2].rpartition(".")[2].lower() if "." in path else ""
    return "python" if suffix in {"py", "pyi", "pyw"} else suffix or "text"


def _is_in(path: str, folder: str) -> bool:
    return folder in {"", "."} or path == folder or path.startswith(f"{folder}/")


def _in(path: str, text: Text, patterns: Sequence[str]) -> list[Place]:
    language = language_of(path)
    found: list[Place] = []
    for number, line in enumerate(text.lines):
        if not line_patterns.reads(patterns, line):
            continue
        if any(one.region.start <= number < one.region.end for one in found):
            continue  # its definition is there already
        around = enclosing(text, number, language, path)
        if around is None or not _fits(text, around[0]):
            around = Region(number, number + 1), ""
        place = Place(path, language, text, *around, number + 1)
        # no two are of the same lines: a function takes in those that are defined in it
        found = [one for one in found if not _holds(place.region, one.region)]
        found.append(place)
    return found


def _holds(one: Region, other: Region) -> bool:
    return one.start <= other.start and other.end <= one.end


def _fits(text: Text, region: Region) -> bool:
    """Whether a model can rewrite a definition in one piece."""
    lines = text.lines_text(region.start, region.end)
    size = region.end - region.start
    return size <= edits.MAX_REGION_LINES and len(lines) <= edits.MAX_REGION_CHARS
