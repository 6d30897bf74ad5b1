"""Where a region is after its document changed, unless the region itself was touched."""

from __future__ import annotations

from collections.abc import Sequence

from festina.edits.region import Region
from festina.text import Text


def rebase(old: Text, new: Text, region: Region) -> Region | None:
    """Return the region's lines in ``new``, or None when a change touched them.

    The two texts are compared from both ends: what differs lies in one stretch. A region above that
    stretch stays, one below it moves by the difference in lines, and one that overlaps it, or has
    something inserted in it, is touched. A change of its neighbours does not touch it.

    Where lines repeat, the stretch can lie in several places (which of two equal lines was
    deleted?). Then a region counts as untouched only if it is in all of them, and at the same
    place: an edit never moves onto other lines that read the same. For the same reason give this
    one change at a time where there are several.
    """
    if old.content == new.content:
        return region
    count = min(len(old.lines), len(new.lines))
    same_above = _common(old.lines, new.lines)
    same_below = _common(old.lines[::-1], new.lines[::-1])
    # where the two overlap, the stretch can slide along the overlap: neither side may claim it
    head = min(same_above, count - same_below)
    tail = min(same_below, count - same_above)
    bottom = len(old.lines) - tail
    moved = len(new.lines) - len(old.lines)
    only_inserted = moved > 0 and same_above + same_below >= len(old.lines)
    if only_inserted and region.start == region.end and head <= region.start <= bottom:
        return None  # nobody can tell on which side of an empty region lines were inserted
    if region.end <= head:
        return region
    return Region(region.start + moved, region.end + moved) if region.start >= bottom else None


def find_again(lines: Sequence[str], old: Text, new: Text) -> Region | None:
    """Return where a region's lines are in ``new``, if both texts have them exactly once.

    For what writes a whole file anew, as a formatter may (``:%!ruff format -``): change by change,
    no line was left alone. Where one stretch differs in the end, ``rebase`` says whether it touched
    them; where they lie in that stretch, something must have changed on both sides of them. Never
    are they lines that only read the same.
    """
    lines = tuple(lines)
    if not "".join(lines).strip():
        return None
    before, after = _places(old.lines, lines), _places(new.lines, lines)
    if len(before) != 1 or len(after) != 1:
        return None
    region = Region(before[0], before[0] + len(lines))
    if (untouched := rebase(old, new, region)) is not None:
        return untouched
    above, below = region.start, len(old.lines) - region.end
    around = _common(old.lines, new.lines) < max(above, 1) and _common(
        old.lines[::-1], new.lines[::-1]
    ) < max(below, 1)
    return Region(after[0], after[0] + len(lines)) if around else None


def _places(text: Sequence[str], lines: tuple[str, ...]) -> list[int]:
    return [
        place
        for place, line in enumerate(text)
        if line == lines[0] and tuple(text[place : place + len(lines)]) == lines
    ]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many first lines are equal."""
    count = 0
    for ours, theirs in zip(old, new, strict=False):
        if ours != theirs:
            break
        count += 1
    return count
