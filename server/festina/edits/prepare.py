"""What a model is given of a region, and how its lines become the document's again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from festina.edits import indent
from festina.edits.region import Region
from festina.edits.rewrite import ending, opcodes
from festina.text import BOM, Text

CONTEXT_LINES = 40


@dataclass(frozen=True, slots=True)
class Prepared:
    """A region as a model sees it: dedented, with plain line ends and no byte order mark.

    ``source`` is that text. ``before`` and ``after`` are the lines around the region, for context,
    as they stand in the document but without line ends. ``indent`` is what was taken off.
    """

    text: Text
    region: Region
    source: str
    indent: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The lines of ``source``, without line ends."""
        return self.source.split("\n")[:-1]


def prepare(text: Text, region: Region, context: int = CONTEXT_LINES) -> Prepared:
    """Prepare a region for a model, with up to ``context`` lines before and after it."""
    bodies = [_body(line) for line in text.lines[region.start : region.end]]
    shared = indent.common(bodies) if bodies else _indent_at(text, region.start)
    source = "".join(f"{line}\n" for line in indent.remove(bodies, shared))
    before = text.lines[max(0, region.start - context) : region.start]
    after = text.lines[region.end : region.end + context]
    return Prepared(
        text, region, source, shared, tuple(map(_body, before)), tuple(map(_body, after))
    )


def restore(prepared: Prepared, answer: Sequence[str]) -> str:
    """Return the region's new text: indented, with the document's own line ends.

    Lines that were kept come back byte by byte, with the line end that each had; new lines get the
    line end of their neighbours. A byte order mark and a missing last line end stay as they were.
    """
    text, region = prepared.text, prepared.region
    originals = text.lines[region.start : region.end]
    end = ending(text, region)
    out: list[str] = []
    for tag, i1, i2, j1, j2 in opcodes(prepared.lines, answer):
        if tag == "equal":
            out += originals[i1:i2]
        else:
            out += [line + end for line in indent.add(answer[j1:j2], prepared.indent)]
    if originals and originals[0].startswith(BOM) and out:
        out = [BOM + line.removeprefix(BOM) if n == 0 else line for n, line in enumerate(out)]
    out = [line if line.endswith(("\r", "\n")) else line + end for line in out]
    unfinished = originals and not originals[-1].endswith(("\r", "\n"))
    if out and unfinished:
        out[-1] = out[-1].rstrip("\r\n")
    return "".join(out)


def _body(line: str) -> str:
    return line.rstrip("\r\n").removeprefix(BOM)


def _indent_at(text: Text, line: int) -> str:
    """Return the indentation of a new line here: that of the next line, or of the last."""
    for number in (*range(line, len(text.lines)), *range(line - 1, -1, -1)):
        if text.lines[number].strip():
            return indent.leading(_body(text.lines[number]))
    return ""
