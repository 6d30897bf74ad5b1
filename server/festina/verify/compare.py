"""What of one tool's findings is new: the same findings move, and count what lines and characters.

Used by every gate whose tool also speaks about code that the edit did not touch.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Sequence

from festina.findings import Finding, Severity
from festina.text import Text
from festina.verify.base import Candidate

_NUMBER = re.compile(r"\d+")

Key = tuple[str, str, str]


def compared(
    candidate: Candidate,
    wanted: Iterable[Finding],
    new: Sequence[Finding],
    old: Sequence[Finding],
) -> tuple[list[Finding], list[Finding]]:
    """Return what counts against a candidate: what is new in its file, or is wanted to be gone.

    The second list is what was to be resolved and is not among ``old``: nobody can tell. Blocks.
    """
    added = subtract(new, candidate.new, old, candidate.old)
    left, unknown = unresolved(wanted, new, candidate.new, old, candidate.old)
    return added + [finding for finding in left if finding not in added], unknown


def subtract(
    new: Iterable[Finding], new_text: str, old: Iterable[Finding], old_text: str
) -> list[Finding]:
    """Return the findings in ``new`` that ``old`` does not account for.

    Lines move, so two findings are the same when code, message (its numbers aside: they count
    lines, characters or complexity) and the text of their line agree, or when both stand in the
    lines that the edit changed and code and message agree. Each old one accounts for one new one.
    """
    new = list(new)
    if not new:
        return []
    old_lines, new_lines = Text(old_text).lines, Text(new_text).lines
    added, gone = _pair(
        [(_key(f, new_lines), f) for f in new], [(_key(f, old_lines), f) for f in old]
    )
    start, end = changed(old_lines, new_lines)
    kept, _ = _pair(
        [(_key(f), f) for f in added if start < (f.line or 0) <= len(new_lines) - end],
        [(_key(f), f) for f in gone if start < (f.line or 0) <= len(old_lines) - end],
    )
    outside = [f for f in added if not start < (f.line or 0) <= len(new_lines) - end]
    order = {id(finding): at for at, finding in enumerate(added)}
    return sorted([*kept, *outside], key=lambda finding: order[id(finding)])


def _pair(
    some: Iterable[tuple[Key, Finding]], others: Iterable[tuple[Key, Finding]]
) -> tuple[list[Finding], list[Finding]]:
    """Pair findings by their keys, one to one; return those on both sides that have no match."""
    waiting: dict[Key, list[Finding]] = {}
    for key, finding in others:
        waiting.setdefault(key, []).append(finding)
    alone = []
    for key, finding in some:
        if waiting.get(key):
            waiting[key].pop(0)
        else:
            alone.append(finding)
    return alone, [finding for rest in waiting.values() for finding in rest]


def added_elsewhere(path: str, new: Iterable[Finding], old: Iterable[Finding]) -> list[Finding]:
    """Return the errors that are new in other files than the edited one, whose texts are equal."""

    def key(finding: Finding) -> Key:
        return finding.path, finding.code or "", _NUMBER.sub("0", finding.message)

    before = collections.Counter(key(finding) for finding in old)
    added = []
    for finding in new:
        if finding.path != path and finding.severity is Severity.ERROR:
            before[key(finding)] -= 1
            if before[key(finding)] < 0:
                added.append(finding)
    return added


def changed(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many lines at the start, and then at the end, are the same in both."""
    most = min(len(old), len(new))
    start = next((at for at in range(most) if old[at] != new[at]), most)
    most -= start
    return start, next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)


def _key(finding: Finding, lines: Sequence[str] = ()) -> Key:
    text = ""
    if finding.line is not None and 0 < finding.line <= len(lines):
        text = lines[finding.line - 1].strip()
    return finding.code or "", _NUMBER.sub("0", finding.message), text


def unresolved(
    wanted: Iterable[Finding],
    new: Sequence[Finding],
    new_text: str,
    old: Sequence[Finding],
    old_text: str,
) -> tuple[list[Finding], list[Finding]]:
    """Return which findings, to be resolved, are still there, and which were never seen.

    One that names a line of the old text means that one; else any of its code and message.
    """
    wanted = list(wanted)
    if not wanted:
        return [], []
    old_lines, new_lines = Text(old_text).lines, Text(new_text).lines
    before = collections.Counter(_key(finding, old_lines) for finding in old)
    after = collections.Counter(_key(finding, new_lines) for finding in new)
    left: list[Finding] = []
    unknown: list[Finding] = []
    for finding in wanted:
        key = _match(finding, old, old_lines)
        if key is None:
            unknown.append(finding)
        elif after[key] >= before[key]:
            left += [other for other in new if _key(other, new_lines) == key][:1]
        else:
            before[key] -= 1
    return left, unknown


def _match(finding: Finding, old: Sequence[Finding], lines: Sequence[str]) -> Key | None:
    alike = [other for other in old if other.code == finding.code]
    exact = [other for other in alike if other.line == finding.line] or [
        other
        for other in alike
        if _NUMBER.sub("0", other.message) == _NUMBER.sub("0", finding.message)
    ]
    return _key(exact[0], lines) if exact else None
