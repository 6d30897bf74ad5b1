"""``festina:`` comments: an instruction that stands in the code itself, in any editor."""

from __future__ import annotations

import re

from festina.edits import Region
from festina.text import Text

_MARKER = re.compile(
    r"(?P<lead>^|[^\S\r\n]+)(?P<open>\#+|//+|--+|;+|%+|/\*+|<!--)[^\S\r\n]*festina:"
    r"[^\S\r\n]*(?P<words>[^\r\n]*?)[^\S\r\n]*(?:\*+/|-->)?[^\S\r\n]*(?=\r|\n|\Z)",
    re.IGNORECASE,
)


def may_hold(content: str) -> bool:
    """Whether a text can hold such a comment at all: told at once, for most texts."""
    return "festina:" in content.lower()


def instruction(text: Text, region: Region) -> str:
    """Return what the ``festina:`` comments of the region ask for, or an empty string."""
    found = [_search(line) for line in text.lines[region.start : region.end]]
    return " ".join(match["words"].strip() for match in found if match).strip()


def strip(text: Text, region: Region) -> tuple[Text, Region]:
    """Return the text without the region's ``festina:`` comments, and the region in it.

    A line that holds nothing else goes entirely; a comment behind code goes with the blanks before
    it. An accepted edit never contains the comment that asked for it (design, section 5).
    """
    kept = []
    for line in text.lines[region.start : region.end]:
        match = _search(line)
        if match is None:
            kept.append(line)
        elif line[: match.start()].strip():
            kept.append(line[: match.start()] + line[match.end() :])
    before = text.lines_text(0, region.start)
    after = text.lines_text(region.end, len(text.lines))
    content = before + "".join(kept) + after
    if content and not text.content.endswith(("\r", "\n")):  # the file's end stays as it was
        content = content.removesuffix("\n").removesuffix("\r")
    stripped = Text(content)
    end = min(region.start + len(kept), len(stripped.lines))
    return stripped, Region(min(region.start, end), end)


def strip_lines(region_text: str) -> str:
    """Return a region's new text without ``festina:`` comments that a model repeated."""
    text = Text(region_text)
    stripped, _ = strip(text, Region(0, len(text.lines)))
    return stripped.content


def _search(line: str) -> re.Match[str] | None:
    match = _MARKER.search(line)
    # inside a string literal it is data, not a comment; an odd number of quotes before tells
    if match and match["lead"] and _inside_string(line[: match.start()]):
        return None
    return match


def _inside_string(before: str) -> bool:
    return any(before.count(quote) % 2 for quote in "\"'")
