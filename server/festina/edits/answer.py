"""From a model's answer to a region's new text: repaired where that is safe, else a named defect.

Everything here is deterministic. Nothing is guessed: a fence or a repeated context line is taken
off only where it cannot be part of the code, and indentation is corrected only where all of it
moved.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from festina.edits import context, fences, indent, prose, python, signs
from festina.edits.prepare import Prepared, restore
from festina.text import BOM


class DefectCode(enum.StrEnum):
    """Why an answer cannot be used."""

    EMPTY = "empty"
    NO_CHANGE = "no_change"
    PROSE = "prose"
    PLACEHOLDER = "placeholder"
    DIFF = "diff"
    TRUNCATED = "truncated"
    NUL = "nul"
    BIDI = "bidi"
    REPLACEMENT_CHAR = "replacement_char"
    CONTROL_CHAR = "control_char"
    SECRET = "secret"  # noqa: S105 - a defect of that name


_SENTENCES = {
    DefectCode.EMPTY: "The model answered with no code.",
    DefectCode.NO_CHANGE: "The model returned the lines unchanged.",
    DefectCode.PROSE: "The model answered in prose instead of code.",
    DefectCode.PLACEHOLDER: "The model left code out and put a placeholder in its place.",
    DefectCode.DIFF: "The model answered with a diff instead of the new text.",
    DefectCode.TRUNCATED: "The answer breaks off in the middle of the code.",
    DefectCode.NUL: "The answer holds a NUL character.",
    DefectCode.BIDI: "The answer adds invisible characters that can reorder or hide code.",
    DefectCode.REPLACEMENT_CHAR: "The answer holds characters that were damaged on the way.",
    DefectCode.CONTROL_CHAR: "The answer adds control characters.",
    DefectCode.SECRET: "The answer changes a line that holds a secret.",
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
    """Turn a complete answer into the region's new text, or say why that is impossible.

    Code that is wrong is returned as it is: the syntax gate can show where. Only the signs of an
    incomplete answer, an unfinished bracket, string or block at its end, are looked for here.
    """
    repairs: list[str] = []
    source, is_python = prepared.lines, prepared.is_python
    lines = _unwrapped(prepared, _lines(prose.without_reasoning(answer)), repairs)
    if not any(line.strip() for line in lines):
        return _defect(DefectCode.EMPTY)
    if signs.is_diff(lines, source):
        return _defect(DefectCode.DIFF)
    if not prepared.is_text and prose.is_prose(lines, source, is_python=is_python):
        return _defect(DefectCode(signs.odd_characters(lines, source) or DefectCode.PROSE))
    lines = context.without_context(lines, prepared, repairs)
    lines = trim(_straight(prepared, lines, repairs), source)
    lines = _without_blanks(prepared, lines, repairs)
    if code := signs.odd_characters(lines, source):
        return _defect(DefectCode(code))
    if signs.has_placeholder(lines, source):
        return _defect(DefectCode.PLACEHOLDER)
    if _cut_short(prepared, lines):
        return _defect(DefectCode.TRUNCATED)
    if lines == source:
        return _defect(DefectCode.NO_CHANGE)
    return Parsed(restore(prepared, lines), tuple(dict.fromkeys(repairs)))


def preview(prepared: Prepared, partial: str) -> str:
    """Return the region's text so far, to show while the answer streams.

    Fences, tags, reasoning and sentences before the code are never part of it; a last line that may
    yet turn out to be one of those is held back.
    """
    text = prose.without_reasoning(partial)
    lines = _lines(text)
    if lines and not text.endswith(("\n", "\r")):
        last = lines.pop().rstrip("`~")
        if lines and last.strip() and last.lstrip()[0] not in "<[`~":
            lines.append(last)
    source = prepared.lines
    found = fences.blocks(lines, source)
    if found:
        block = next((block for block in found if any(map(str.strip, block.lines))), found[0])
        lines = block.lines
    else:
        lines = prose.without_tags(lines, source, [])
        if prepared.is_python:
            lines = prose.without_language(lines, source, [])
        if not prepared.is_text:
            lines = lines[prose.introduction(lines, source) :]
            if prose.is_prose(lines, source):
                return ""
    lines = context.without_context(lines, prepared, [], ends=False)
    if not any(line.strip() for line in lines):
        return ""
    lines = indent.same_characters(source, lines)
    if _first_indent(lines) != _first_indent(source):  # else less indented lines may yet come
        lines = indent.realign(source, lines)
    return restore(
        prepared, [*source[: _edges(source)[0]], *lines[_edges(lines)[0] :]], so_far=True
    )


def _cut_short(prepared: Prepared, lines: Sequence[str]) -> bool:
    if not prepared.is_python:
        return signs.breaks_off(lines, prepared.lines)
    if python.parses(lines):
        return False
    return python.ends_open(lines) and not python.ends_open(prepared.lines)


def trim(lines: Sequence[str], source: Sequence[str]) -> list[str]:
    """Make the answer begin and end with as many blank lines as the source does."""
    first, last = _edges(lines)
    kept = list(lines[first:last])
    if not kept or not any(line.strip() for line in source):
        return kept
    first, last = _edges(source)
    return [*source[:first], *kept, *source[last:]]


def _unwrapped(prepared: Prepared, lines: list[str], repairs: list[str]) -> list[str]:
    """Return the code of an answer, without what models put around it."""
    source, is_python = prepared.lines, prepared.is_python
    found = fences.blocks(lines, source)
    block = fences.choose(found, source, is_python=is_python)
    if block is not None:
        repairs.append("fence")
        return prose.without_tags(block.lines, source, repairs)
    if found:
        repairs.append("fence")
        lines = fences.without_marks(lines)
    lines = prose.without_tags(lines, source, repairs)
    if is_python:
        lines = prose.without_language(lines, source, repairs)
    if signs.is_diff(lines, source):
        return lines
    return prose.without_prose(lines, source, repairs, is_python=is_python)


def _straight(prepared: Prepared, lines: list[str], repairs: list[str]) -> list[str]:
    """Return the lines indented as the source is."""
    source = prepared.lines
    given = indent.same_characters(source, lines)
    straight = indent.realign(source, given)
    if straight != given and _mends(prepared, given, straight):
        straight = given
    moved = indent.below_first(source, straight, prepared.indent)
    if prepared.is_python and moved != straight and python.parses(moved):
        straight = moved
    if straight != lines:
        repairs.append("indentation")
    return straight


def _mends(prepared: Prepared, given: Sequence[str], straight: Sequence[str]) -> bool:
    """Whether a document is Python with an answer as it was given, and would not be else.

    Then the indentation is what was to be mended.
    """
    text, region = prepared.text, prepared.region
    above = _lines("".join(text.lines[: region.start]))
    below = _lines("".join(text.lines[region.end :]))

    def parses(lines: Sequence[str]) -> bool:
        return python.parses([*above, *indent.add(lines, prepared.indent), *below])

    return prepared.is_python and parses(given) and not parses(straight)


def _without_blanks(prepared: Prepared, lines: list[str], repairs: list[str]) -> list[str]:
    """Take off blanks at line ends, in Python that has none and where they mean nothing."""
    bare = [line.rstrip(" \t") for line in lines]
    if bare == lines or not prepared.is_python:
        return lines
    if any(line != line.rstrip(" \t") for line in prepared.lines) or not python.same(bare, lines):
        return lines
    repairs.append("trailing blanks")
    return bare


def _first_indent(lines: Sequence[str]) -> str:
    return next((indent.leading(line) for line in lines if line.strip()), "")


def _lines(text: str) -> list[str]:
    """Split an answer into lines without line ends, whatever line ends it uses."""
    text = text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _edges(lines: Sequence[str]) -> tuple[int, int]:
    """Return the first line that says something, and the end of the last."""
    said = [number for number, line in enumerate(lines) if line.strip()]
    return (said[0], said[-1] + 1) if said else (0, 0)


def _defect(code: DefectCode) -> Defect:
    return Defect(code, _SENTENCES[code])
