"""Where a region is after its document changed, unless the region itself was touched."""

from __future__ import annotations

from festina.edits.region import Region
from festina.text import Text


def rebase(old: Text, new: Text, region: Region) -> Region | None:
    """Return the region's lines in ``new``, or None when a change touched them.

    The two texts are compared from both ends: what differs lies in one stretch. A region above or
    below that stretch is untouched and moves by the difference in lines; one that overlaps it, or
    has something inserted inside it, is touched. A change of its neighbours does not touch it.
    """
    head = 0
    limit = min(len(old.lines), len(new.lines))
    while head < limit and old.lines[head] == new.lines[head]:
        head += 1
    tail = 0
    while tail < limit - head and old.lines[-1 - tail] == new.lines[-1 - tail]:
        tail += 1
    if old.content == new.content or region.end <= head:
        return region
    if region.start >= len(old.lines) - tail:
        moved = len(new.lines) - len(old.lines)
        return Region(region.start + moved, region.end + moved)
    return None
