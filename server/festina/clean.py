"""Text of others, made harmless before a person sees it: no control characters, no reordering.

A model, a test's output or a file can hold escape sequences that a terminal obeys, and characters
that reorder or hide what stands beside them (Trojan Source, CVE-2021-42574).
"""

from __future__ import annotations

import re
import unicodedata

_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, the cursor
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)"  # OSC, DCS
    "|\x1b[ -/]*[0-~]"
)
"""Whole escape sequences (ECMA-48); what is left of a broken one goes character by character."""

_JOINERS = "\u200c\u200d"
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """Return text in which control characters and direction overrides are seen, not obeyed.

    For what a person is to judge: code, diffs, findings.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char in "\t\n" or char.isprintable() or unicodedata.category(char) == "Zs"
        else f"\\x{ord(char):02x}"
        if ord(char) < 0x100
        else f"\\u{ord(char):04x}"
        for char in text
    )


def stripped(text: str) -> str:
    """Return text without escape sequences, control characters, and what hides or reorders.

    Line ends become line feeds; tabs stay, and so do the joiners that emoji and some scripts need,
    where no ASCII stands beside them. For prose.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    kept = _SEQUENCE.sub("", text)
    return "".join(char for at, char in enumerate(kept) if _stays(kept, at, char))


def _stays(text: str, at: int, char: str) -> bool:
    if char in "\t\n":
        return True
    if char in _JOINERS:
        beside = text[at - 1 : at] + text[at + 1 : at + 2]
        return at > 0 and len(beside) == 2 and not any(c.isascii() for c in beside)
    return unicodedata.category(char) not in _UNWANTED
