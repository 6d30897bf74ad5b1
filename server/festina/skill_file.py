"""What one ``SKILL.md`` says, by the rules of the Agent Skills specification.

A skill is text that a person chose: it becomes part of an instruction, and nothing in it is ever
executed. Scripts and further files that lie beside it are not read. Values only; no I/O.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from festina import front_matter, line_patterns
from festina.clean import stripped
from festina.front_matter import FrontMatter, NotUnderstood
from festina.text import BOM

NAME_CHARS = 64
DESCRIPTION_CHARS = 1024
COMPATIBILITY_CHARS = 500

FILES_KEY = "festina-files"
"""The key below ``metadata`` that says for which files a skill is meant: globs, with blanks between
them. ``metadata`` is where the specification has clients put what it does not name itself."""

PLACES_KEY = "festina-places"
"""The key that says how a line reads where a skill is meant: patterns, one a line, with ``...`` for
anything in between (:mod:`festina.line_patterns`)."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class NotASkill(ValueError):  # noqa: N818 - a sentence about a file, for who wrote it
    """The file cannot be used; ``str()`` says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill that can be used.

    ``path`` is where it stands, as a person knows it; ``in_workspace`` whether it came with the
    workspace. ``files`` are globs of the files that it is meant for, none where it does not say;
    ``places`` are patterns of lines in the places there.
    ``cautions`` are sentences about what the specification has otherwise.
    """

    name: str
    description: str
    body: str
    path: str
    in_workspace: bool
    files: tuple[str, ...] = ()
    compatibility: str = ""
    cautions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    def asked(self, further: str = "") -> str:
        """Return the instruction to follow it, with what else a person said."""
        words = f"Follow the skill {self.name}"
        return f"{words}: {further}" if further.strip() else words


def read(text: str, *, folder: str, path: str, in_workspace: bool) -> Skill:
    """Read a ``SKILL.md`` that lies in a folder of the name ``folder``.

    Of the text stays what a person sees who reads it: a model is to read no more than that.

    Raises:
        NotASkill: it does not say what a skill must say.
    """
    try:
        front = front_matter.read(stripped(text.removeprefix(BOM)))
        name = _field(front, "name")
        description = _field(front, "description")
    except NotUnderstood as error:
        raise NotASkill(str(error)) from None
    if not name:
        raise NotASkill(f"Its front matter has no name; write `name: {_like(folder)}`.")
    if len(name) > NAME_CHARS or not _NAME.fullmatch(name):
        raise NotASkill(
            f"Its name must be of at most {NAME_CHARS} small letters a to z, digits, and single "
            "hyphens between them."
        )
    if not description:
        raise NotASkill("Its front matter has no description: what it does, and when to use it.")
    if not front.body.strip():
        raise NotASkill("Below its front matter stands nothing that could be followed.")
    cautions = []
    if name != folder:
        cautions.append(f"Its folder should have its name, {name}.")
    cautions += _too_long("description", description, DESCRIPTION_CHARS)
    compatibility = _optional(front, "compatibility", cautions)
    cautions += _too_long("compatibility", compatibility, COMPATIBILITY_CHARS)
    metadata = _metadata(front, cautions)
    places = line_patterns.split(metadata.get(PLACES_KEY, ""))
    if why := line_patterns.amiss(places):
        cautions.append(f"Its {PLACES_KEY} are not looked for. {why}")
        places = ()
    return Skill(
        name,
        " ".join(description.split()),
        front.body.strip("\n"),
        path,
        in_workspace,
        files=tuple(metadata.get(FILES_KEY, "").split()),
        compatibility=" ".join(compatibility.split()),
        cautions=tuple(cautions),
        places=places,
    )


def is_name(name: str) -> bool:
    """Whether a name is one of those that skills have, but for its length."""
    return _NAME.fullmatch(name) is not None


def _field(front: FrontMatter, name: str) -> str:
    field = front.fields.get(name)
    # cleaned once more: an escape in quotes makes a control character of harmless ones
    return stripped(field.text()).strip() if field is not None else ""


def _optional(front: FrontMatter, name: str, cautions: list[str]) -> str:
    try:
        return _field(front, name)
    except NotUnderstood as error:
        cautions.append(f"Its {name} is not understood. {error}")
        return ""


def _metadata(front: FrontMatter, cautions: list[str]) -> dict[str, str]:
    """Return what is ours below ``metadata``."""
    metadata = front.fields.get("metadata")
    try:
        entries = metadata.fields() if metadata is not None else {}
        return {
            key: stripped(entries[key].text()) for key in (FILES_KEY, PLACES_KEY) if key in entries
        }
    except NotUnderstood as error:
        cautions.append(f"Its metadata is not understood. {error}")
        return {}


def _too_long(name: str, text: str, most: int) -> list[str]:
    if len(text) <= most:
        return []
    return [f"Its {name} has {len(text):,} characters, and may have {most:,}."]


def _like(folder: str) -> str:
    """Return a name that could be a folder's; ``NAME`` where that is far from one."""
    return folder if _NAME.fullmatch(folder) else "NAME"
