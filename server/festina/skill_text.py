"""Writing a ``SKILL.md``: what :mod:`festina.skill_file` reads. Values only; no I/O."""

from __future__ import annotations

import json
from collections.abc import Sequence

from festina.skill_file import FILES_KEY, PLACES_KEY

SECTIONS = ("When to use", "Steps", "Bounds", "Checks")
"""The headings that a skill of ours has, so that a person finds in each what they look for."""


def write(
    name: str, description: str, body: str, *, files: Sequence[str], places: Sequence[str]
) -> str:
    """Return the text of a skill. ``files`` and ``places`` say where it is meant."""
    lines = ["---", f"name: {name}", f"description: {_quoted(description)}", "metadata:"]
    lines += [f"  {FILES_KEY}: {_quoted(' '.join(files))}", f"  {PLACES_KEY}: |-"]
    lines += [f"    {place}" for place in places]
    return "\n".join([*lines, "---", "", body.strip("\n"), ""])


def missing(body: str) -> list[str]:
    """Return the sections that a body does not have, or leaves empty."""
    return [section for section in SECTIONS if not _section(body, section)]


def _section(body: str, name: str) -> str:
    said: list[str] | None = None
    for line in body.split("\n"):
        if line.startswith("#") and not line.startswith("###"):
            if said is not None:
                break
            if line.strip("# \t:").lower() == name.lower():
                said = []
        elif said is not None:
            said.append(line)
    return "\n".join(said or ()).strip()


def _quoted(text: str) -> str:
    """Return a text between double quotes: what JSON writes, YAML reads as well."""
    return json.dumps(text, ensure_ascii=False)
