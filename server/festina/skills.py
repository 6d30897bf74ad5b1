"""Finding skills: in the folders where programs keep them, by the Agent Skills specification.

A place holds a folder for each skill, ``NAME/SKILL.md``. Those of the workspace come before the
person's own, and of one name the first that is found counts. A workspace's are read in a trusted
one alone: they tell a model what to write. Nothing that is found here is ever executed.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from festina.clean import visible
from festina.context.files import Files
from festina.globs import applies
from festina.masking import Masking
from festina.skill_file import NotASkill, Skill, read
from festina.text import NotText, decode
from festina.verify.base import Snapshot

IN_WORKSPACE = (".agents/skills", ".claude/skills", ".github/skills")
OF_PERSON = (".agents/skills", ".claude/skills")
PLACES = (*IN_WORKSPACE, *(f"~/{place}" for place in OF_PERSON))
"""Where is looked, in this order."""

FILE = "SKILL.md"
MOST_BYTES = 50_000
"""A skill is sent whole. The specification advises 5,000 tokens at most, which is half of that."""
MOST_IN_A_PLACE = 1000

_LEADS_OUT = "It is a link that leads out of {}, so it is not read."


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file, or a whole place, is not used. ``hidden``: another skill of its name is."""

    path: str
    message: str
    hidden: bool = False


class NoSkill(Exception):  # noqa: N818 - a sentence for the person who named it
    """There is no skill of that name that can be used; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Skills:
    """What was found. ``skills`` come in the order of their places, then by name."""

    skills: tuple[Skill, ...] = ()
    problems: tuple[Problem, ...] = ()
    trusted: bool = True

    def named(self, name: str) -> Skill:
        """Return the skill of a name.

        Raises:
            NoSkill: there is none.
        """
        for skill in self.skills:
            if skill.name == name:
                return skill
        shown = visible(name)
        for problem in self.problems:
            if problem.path.endswith(f"/{shown}/{FILE}") and not problem.hidden:
                raise NoSkill(
                    f"The skill {shown} cannot be used. {problem.path}: {problem.message}"
                )
        known = ", ".join(skill.name for skill in self.skills) or "none"
        untold = "" if self.trusted else f" {NOT_TRUSTED}"
        raise NoSkill(f"There is no skill {shown!r}; there are: {known}.{untold}")

    def offered(self, path: str, most: int) -> list[Skill]:
        """Return the skills to offer for a file of the workspace, those meant for it first.

        The workspace's are offered unless they name other files; the person's own, which may be
        for anything at all, only where they name this one.
        """
        meant = [one for one in self.skills if one.files and applies(one.files, path)]
        others = [one for one in self.skills if not one.files and one.in_workspace]
        return [*meant, *others][:most]


NOT_TRUSTED = "The workspace is not trusted, so its own skills are not read."


def look(snapshot: Snapshot) -> Skills:
    """Find all skills. Blocks for milliseconds: call it in a thread."""
    files = Files(snapshot, Masking())
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    found: dict[str, Skill] = {}
    problems: list[Problem] = []
    seen: set[str] = set()
    for one in itertools.chain(
        _in(snapshot.workspace, IN_WORKSPACE, "", files) if snapshot.trusted else (),
        _in(home, OF_PERSON, "~/", None) if home.is_absolute() else (),
    ):
        if isinstance(one, Problem):
            problems.append(one)
            continue
        real, path, folder, text = one
        if real in seen:  # a link to a skill that another program keeps elsewhere
            continue
        seen.add(real)
        try:
            skill = read(text, folder=folder, path=path, in_workspace=not path.startswith("~/"))
        except NotASkill as error:
            problems.append(Problem(path, str(error)))
            continue
        if (first := found.get(skill.name)) is not None:
            why = f"{skill.name} is there twice, and {first.path} comes first."
            problems.append(Problem(path, why, hidden=True))
        else:
            found[skill.name] = skill
    return Skills(tuple(found.values()), tuple(problems), snapshot.trusted)


_File = tuple[str, str, str, str]
"""A SKILL.md: its real path, its path for a person, its folder's name, and its text."""


def _in(
    root: Path, places: tuple[str, ...], prefix: str, files: Files | None
) -> Iterator[_File | Problem]:
    """Read the places below a folder; with ``files``, it is the workspace."""
    inside = "the workspace" if files is not None else "your home folder"
    real_root = os.path.realpath(root)
    for place in places:
        shown = f"{prefix}{place}"
        if not (root / place).is_dir():
            continue
        if not _below(real_root, os.path.realpath(root / place)):
            yield Problem(shown, _LEADS_OUT.format(inside))
            continue
        try:
            with os.scandir(root / place) as entries:
                names = [entry.name for entry in itertools.islice(entries, MOST_IN_A_PLACE + 1)]
        except OSError as error:
            yield Problem(shown, f"It cannot be read: {error.strerror}.")
            continue
        if len(names) > MOST_IN_A_PLACE:
            yield Problem(shown, f"It holds more than {MOST_IN_A_PLACE:,} files; none is read.")
            continue
        for name in sorted(names):
            path = f"{place}/{name}/{FILE}"
            if not os.path.lexists(root / path):
                continue
            told = visible(f"{prefix}{path}")
            real = os.path.realpath(root / path)
            if not _below(real_root, real):
                yield Problem(told, _LEADS_OUT.format(inside))
                continue
            try:
                text = _text(root / path) if files is None else _text_of(files, path)
            except NotASkill as error:
                yield Problem(told, str(error))
            else:
                yield real, told, name, text


def _text_of(files: Files, path: str) -> str:
    """Return the text of a workspace's skill, from an open buffer where there is one.

    Raises:
        NotASkill: it may not be sent to a model, or cannot be read.
    """
    text = files.read(path)
    if text is None:
        _text(files.workspace / path)  # says so where that is the reason
        raise NotASkill("Git ignores it, or an ignore file keeps it from language models.")
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise _too_large()
    return text


def _text(file: Path) -> str:
    """Read a file that may turn out to be anything.

    Raises:
        NotASkill: it is not an ordinary file, too large, or no text.
    """
    try:
        if file.exists() and not file.is_file():  # a named pipe would be waited for
            raise NotASkill("It is not an ordinary file.")
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise _too_large()
        return decode(content).content
    except OSError as error:
        raise NotASkill(f"It cannot be read: {error.strerror}.") from None
    except NotText as error:
        raise NotASkill(f"It is not text: {error}.") from None


def _too_large() -> NotASkill:
    return NotASkill(
        f"It is larger than {MOST_BYTES:,} bytes, and a skill is sent to a model whole. Move what "
        "an edit does not need into files beside it."
    )


def _below(root: str, path: str) -> bool:
    return Path(path).is_relative_to(root)
