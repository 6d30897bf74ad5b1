"""``festina edit --filter``: a region on standard input, its edited text on standard output.

Made for ``:!`` in Vim, ``|`` in Kakoune and Helix: whatever is printed replaces the person's lines.
So exactly one of two texts is printed: the one that passed, or the input as it came.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from festina.commands.base import Stop
from festina.commands.target import Lines, Target
from festina.edits import Region
from festina.text import NotText, Text, decode


def errors_are_separate() -> bool:
    """Whether standard error is not what standard output is.

    Vim runs filters with both in one file: a sentence there would end up in the person's code.
    """
    try:
        out, err = os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return True
    return (out.st_dev, out.st_ino) != (err.st_dev, err.st_ino) or sys.stdout.isatty()


def locate(target: Target, lines: Lines, given: bytes) -> tuple[Target, Region]:
    """Find the lines of standard input in the file.

    Where they differ from what is on the disk (the buffer was not saved), they stand in its place.

    Raises:
        Stop: the input is no text, or it is not clear where it stands.
    """
    try:
        part = decode(given)
    except NotText as reason:
        raise Stop(f"Standard input cannot be edited: {reason}.") from None
    if not part.lines:
        raise Stop("Standard input is empty: pass the lines that are to be edited.")
    if lines.start is not None and lines.end is not None:
        region = Region(lines.start - 1, min(lines.end, len(target.text.lines)))
        if _alike(target.text.lines[region.start : region.end], part.lines):
            return target, region
        before = target.text.lines_text(0, region.start)
        after = target.text.lines_text(region.end, len(target.text.lines))
        middle = part.content
        if after and not middle.endswith(("\n", "\r")):
            middle += "\n"
        text = Text(before + middle + after)
        return target.with_text(text), Region(region.start, region.start + len(part.lines))
    places = _places(target.text.lines, part.lines)
    if len(places) == 1:
        return target, Region(places[0], places[0] + len(part.lines))
    found = "are not in" if not places else f"are {len(places)} times in"
    raise Stop(
        f"The lines on standard input {found} {target.relative} as it is on the disk. Save it, "
        f"or name the lines: {target.relative}:START-END."
    )


def like_input(text: str, given: bytes) -> bytes:
    """Return a region's new text with the line ends that the input had."""
    if b"\r\n" not in given:
        text = text.replace("\r\n", "\n")
    if not given.endswith((b"\n", b"\r")):
        text = text.removesuffix("\n").removesuffix("\r")
    return text.encode("utf-8", "surrogatepass")


def _places(lines: Sequence[str], part: Sequence[str]) -> list[int]:
    last = len(lines) - len(part)
    return [at for at in range(last + 1) if _alike(lines[at : at + len(part)], part)]


def _alike(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether lines are the same but for their ends: editors pass lines on with their own."""
    return len(some) == len(others) and all(
        one.rstrip("\r\n") == other.rstrip("\r\n") for one, other in zip(some, others, strict=True)
    )
