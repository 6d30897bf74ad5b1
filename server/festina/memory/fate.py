"""What became of an accepted edit, told from nothing but the file as it is now. No I/O."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace

from festina.edits.rewrite import opcodes
from festina.text import NotText, Text, decode, encode


class Fate(enum.StrEnum):
    """Where an accepted edit is: in the file, not in it, or a part of it is."""

    APPLIED = "applied"
    ABSENT = "absent"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Found:
    """What a file says. ``changed``: it was edited since by somebody; ``gone``: it is not there.

    ``torn``: it was being written when everything ended, so that it holds the beginning of the new
    text and the end of the old one, and nothing else. ``now`` is what was looked at.
    """

    fate: Fate
    changed: bool = False
    gone: bool = False
    torn: bool = False
    now: bytes = field(default=b"", repr=False, compare=False)


def fate(before: Text, after: Text, on_disk: str, now: bytes | None) -> Found:
    """Say what became of an edit from ``before`` to ``after``.

    ``on_disk`` is the digest of what the file held when the edit was accepted, where that was
    another text than ``before``: an editor's buffer need not have been saved. ``now`` are its
    bytes, None where there is no such file. Takes milliseconds for a large file.
    """
    if now is None:
        return Found(Fate.ABSENT, gone=True)
    return replace(_fate(before, after, on_disk, now), now=now)


def _fate(before: Text, after: Text, on_disk: str, now: bytes) -> Found:
    old, new = encode(before), encode(after)
    if now == new:
        return Found(Fate.APPLIED)
    if now == old:
        return Found(Fate.ABSENT)
    if is_torn(old, new, now):
        return Found(Fate.PARTIAL, torn=True)
    try:
        text = decode(now)
    except NotText:
        return Found(Fate.PARTIAL, changed=True)
    if text.digest == on_disk:
        return Found(Fate.ABSENT)
    taken, all_of_them = _hunks(before, after, text)
    if taken == all_of_them:
        return Found(Fate.APPLIED, changed=True)
    return Found(Fate.PARTIAL if taken else Fate.ABSENT, changed=True)


def is_torn(old: bytes, new: bytes, now: bytes) -> bool:
    """Whether writing ``new`` over ``old``, from the beginning on, was broken off at ``now``."""
    if now in (old, new):
        return False
    if len(now) > len(old):
        return new.startswith(now)
    if len(now) != len(old):
        return False
    same = next((at for at, byte in enumerate(now) if at >= len(new) or new[at] != byte), len(now))
    return same > 0 and now[same:] == old[same:]


def _hunks(before: Text, after: Text, now: Text) -> tuple[int, int]:
    """Return how many changes of an edit a text holds, and how many there are."""
    place: list[int | None] = [None] * len(after.lines)
    for tag, i1, i2, j1, _ in opcodes(after.lines, now.lines):
        if tag == "equal":
            place[i1:i2] = range(j1, j1 + i2 - i1)
    place = [-1, *place, len(now.lines)]  # of each line, at its number: before the first one is 0
    taken = count = 0
    for tag, _, _, j1, j2 in opcodes(before.lines, after.lines):
        if tag == "equal":
            continue
        count += 1
        # where lines went, those around them have come together
        run = place[j1 + 1 : j2 + 1] if j1 < j2 else place[j1 : j1 + 2]
        known = [each for each in run if each is not None]
        taken += len(known) == len(run) and known == list(range(known[0], known[0] + len(run)))
    return taken, count
