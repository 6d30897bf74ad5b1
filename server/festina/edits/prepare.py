"""What a model is given of a region, and how its lines become the document's again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from festina.edits import indent, prose, python
from festina.edits.region import Region
from festina.edits.rewrite import Opcode, ending, line_end, opcodes
from festina.text import BOM, Text

CONTEXT_LINES = 40


@dataclass(frozen=True, slots=True)
class Prepared:
    """A region as a model sees it: dedented, with plain line ends and no byte order mark.

    ``source`` is that text. ``before`` and ``after`` are the lines around the region, for context,
    as they stand in the document but without line ends. ``indent`` is what was taken off.
    ``is_python`` says that Python's own rules may be used to read an answer, ``is_text`` that the
    region is words and no code, so that an answer in words is none to be suspicious of.
    """

    text: Text
    region: Region
    source: str
    indent: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    is_python: bool = False
    is_text: bool = False

    @property
    def lines(self) -> list[str]:
        """The lines of ``source``, without line ends."""
        return self.source.split("\n")[:-1]

    def as_seen(self, region_text: str) -> str:
        """Return a text of the region in the document's form as the model would write it."""
        lines = [_body(line) for line in Text(region_text).lines]
        return "".join(f"{line}\n" for line in indent.remove(lines, self.indent))


def prepare(
    text: Text, region: Region, context: int = CONTEXT_LINES, *, language: str = ""
) -> Prepared:
    """Prepare a region for a model, with up to ``context`` lines before and after it.

    ``language`` is the document's LSP language id; where it is not known, a region counts as Python
    if it can be parsed.
    """
    bodies = [_body(line) for line in text.lines[region.start : region.end]]
    said = any(body.strip() for body in bodies)
    shared = indent.common(bodies) if said else _indent_at(text, region.start)
    lines = indent.remove(bodies, shared)
    before = text.lines[max(0, region.start - context) : region.start]
    after = text.lines[region.end : region.end + context]
    is_python = language == "python" if language else python.parses(lines)
    is_text = prose.is_text(lines, is_python=is_python)
    return Prepared(
        text=text,
        region=region,
        source="".join(f"{line}\n" for line in lines),
        indent=shared,
        before=tuple(map(_body, before)),
        after=tuple(map(_body, after)),
        is_python=is_python and not is_text,
        is_text=is_text,
    )


def restore(prepared: Prepared, answer: Sequence[str], *, so_far: bool = False) -> str:
    """Return the region's new text: indented, with the document's own line ends.

    Lines that were kept come back byte by byte, with the line end that each had. A changed line has
    the line end of the one that it replaces, a further line that of the line before it. A byte
    order mark and a missing last line end stay as they
    were. ``so_far`` is for an answer that is still coming, many times a second: then only the lines
    that were kept at its beginning are looked for.
    """
    text, region = prepared.text, prepared.region
    originals = text.lines[region.start : region.end]
    end = ending(text, region)
    out: list[str] = []
    codes = _prefix(prepared.lines, answer) if so_far else opcodes(prepared.lines, answer)
    for tag, i1, i2, j1, j2 in codes:
        kept = tag == "equal"
        new = originals[i1:i2] if kept else indent.add(answer[j1:j2], prepared.indent)
        for number, line in enumerate(new):
            if not kept and i1 + number < i2:
                end = line_end(originals[i1 + number]) or end
            ended = line if kept and line.endswith(("\r", "\n")) else line + end
            end = line_end(ended)
            out.append(ended)
    if out and originals and originals[0].startswith(BOM):
        out[0] = BOM + out[0].removeprefix(BOM)
    above = text.lines[max(0, region.start - 1) : region.end]
    if out and region.end == len(text.lines) and above and not line_end(above[-1]):
        out[-1] = out[-1].rstrip("\r\n")
    return "".join(out)


def _prefix(old: Sequence[str], new: Sequence[str]) -> list[Opcode]:
    """Return opcodes found in one pass: what is equal at the beginning, and the rest."""
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    return [("equal", 0, same, 0, same), ("replace", same, len(old), same, len(new))]


def _body(line: str) -> str:
    return line.rstrip("\r\n").removeprefix(BOM)


def _indent_at(text: Text, line: int) -> str:
    """Return the indentation of a new line here: that of the next line, or of the last."""
    for number in (*range(line, len(text.lines)), *range(line - 1, -1, -1)):
        if text.lines[number].strip():
            return indent.leading(_body(text.lines[number]))
    return ""
