"""From a model's answer to a region's new text: repaired where that is safe, else a named defect.

Everything here is deterministic. Nothing is guessed: a fence or a repeated context line is taken
off only where it cannot be part of the code, and indentation is corrected only where all of it
moved.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from festina.edits import clean, indent
from festina.edits.prepare import Prepared, restore


class DefectCode(enum.StrEnum):
    """Why an answer cannot be used."""

    EMPTY = "empty"
    NO_CHANGE = "no_change"
    PROSE = "prose"
    PLACEHOLDER = "placeholder"
    TRUNCATED = "truncated"
    NUL = "nul"
    BIDI = "bidi"
    REPLACEMENT_CHAR = "replacement_char"
    CONTROL_CHAR = "control_char"


_SENTENCES = {
    DefectCode.EMPTY: "The model answered with no code.",
    DefectCode.NO_CHANGE: "The model returned the lines unchanged.",
    DefectCode.PROSE: "The model answered in prose instead of code.",
    DefectCode.PLACEHOLDER: "The model left code out and put a placeholder in its place.",
    DefectCode.TRUNCATED: "The answer breaks off in the middle of the code.",
    DefectCode.NUL: "The answer holds a NUL character.",
    DefectCode.BIDI: "The answer adds invisible characters that can reorder or hide code.",
    DefectCode.REPLACEMENT_CHAR: "The answer holds characters that were damaged on the way.",
    DefectCode.CONTROL_CHAR: "The answer adds control characters.",
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A usable answer. ``text`` is the region's new text; ``repairs`` says what was put right."""

    text: str
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Defect:
    """An answer that cannot be used, and why, in a sentence."""

    code: DefectCode
    message: str


def finish(prepared: Prepared, answer: str) -> Parsed | Defect:
    """Turn a complete answer into the region's new text, or say why that is impossible."""
    if code := _bad_character(prepared, answer):
        return _defect(code)
    repairs: list[str] = []
    lines = clean.lines_of(clean.without_reasoning(answer))
    source = prepared.lines
    lines = clean.unfence(lines, source, repairs)
    lines = clean.without_tags(lines, source, repairs)
    lines = clean.without_prose(lines, source, repairs)
    if not any(line.strip() for line in lines):
        return _defect(DefectCode.EMPTY)
    if clean.is_prose(lines, source):
        return _defect(DefectCode.PROSE)
    lines = clean.without_context(lines, prepared, repairs)
    straight = indent.realign(source, indent.same_characters(source, lines))
    if straight != lines:
        repairs.append("indentation")
    lines = clean.trim(straight, source)
    if not lines:
        return _defect(DefectCode.EMPTY)
    if clean.has_placeholder(lines, source):
        return _defect(DefectCode.PLACEHOLDER)
    if clean.breaks_off(lines, source):
        return _defect(DefectCode.TRUNCATED)
    if lines == source:
        return _defect(DefectCode.NO_CHANGE)
    return Parsed(restore(prepared, lines), tuple(repairs))


def preview(prepared: Prepared, partial: str) -> str:
    """Return the region's text so far, to show while the answer streams.

    Fences, tags, reasoning and prose around them are never part of it; a last line that may yet
    turn out to be one of those is held back.
    """
    lines = clean.lines_of(clean.without_reasoning(partial), partial=True)
    unfinished = lines and not partial.endswith("\n")
    if unfinished and (len(lines) == 1 or lines[-1].lstrip()[:1] in {"`", "~", "<"}):
        lines = lines[:-1]
    source = prepared.lines
    lines = clean.unfence(lines, source, [])
    lines = clean.without_prose(clean.without_tags(lines, source, []), source, [])
    if not lines or clean.is_prose(lines, source):
        return ""
    lines = clean.without_context(lines, prepared, [], ends=False)
    lines = indent.realign(source, indent.same_characters(source, lines))
    return restore(prepared, lines) if any(line.strip() for line in lines) else ""


def _bad_character(prepared: Prepared, answer: str) -> DefectCode | None:
    """Return the defect of a character that the answer adds; those of the document may stay."""
    known = set(prepared.text.content)
    added = set(answer) - known
    if "\0" in added:
        return DefectCode.NUL
    if "\ufffd" in added:
        return DefectCode.REPLACEMENT_CHAR
    if added & clean.BIDI:
        return DefectCode.BIDI
    if any(ord(char) < 0x20 and char not in "\t\n\r\f" for char in added) or "\x7f" in added:
        return DefectCode.CONTROL_CHAR
    return None


def _defect(code: DefectCode) -> Defect:
    return Defect(code, _SENTENCES[code])
