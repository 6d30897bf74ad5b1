"""Signs that an answer is not the whole new text: placeholders, a broken end, odd characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_HIDDEN = frozenset(
    "\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
    "\u3164\ufeff\uffa0\ufff9\ufffa\ufffb"
) | frozenset(map(chr, range(0xE0000, 0xE0080)))
"""Characters that reorder text, end a line for some and not for others, or cannot be seen."""

_JOINER = re.compile("[\\x00-\\x7f][\u200c\u200d]|[\u200c\u200d](?:[\\x00-\\x7f]|\\Z)")
"""Joiners beside ASCII hide in names; between other letters and in emoji they have a meaning."""

_PLACEHOLDER = re.compile(
    r"(?:(?:the |your |all )?(?:rest|remainder|remaining (?:part|code|lines|methods?|functions?))"
    r"(?: of (?:the |your |this )?(?:\w+ )?"
    r"(?:code|function|method|class|file|module|implementation|body|lines|logic|region|document))?"
    r"(?: (?:here|omitted|unchanged|goes here|as (?:before|above|is)|"
    r"(?:is |are |stays? |remains? )(?:here|omitted|unchanged|(?:the )?same|as (?:before|is))))?"
    r"|(?:the |your )?(?:existing|previous|original|unchanged|other|same) "
    r"(?:code|implementation|lines|logic|methods|functions|content)"
    r"(?: (?:here|unchanged|continues|goes here|as before|(?:stays?|remains?)(?: the same)?))*"
    r"|(?:the )?(?:rest|remainder) of (?:the |your |this )?(?:\w+ ){1,3}"
    r"(?:(?:is |are |stays? |remains? )?(?:unchanged|omitted)|(?:stays?|remains?) the same)"
    r"|(?:your|add|insert|put)(?: \w+)? (?:code|logic|implementation)(?: goes)? here"
    r"|(?:same|unchanged)(?: as (?:before|above|original|the original))?|no changes?(?: here)?"
    r"|implementation (?:omitted|unchanged|goes here)|omitted(?: for brevity)?|snip)",
    re.IGNORECASE,
)
_REMARK = re.compile(r"\s*(?:#+|//+|--+|/\*+|<!--|;+|%+|\.{3}|…|\[|\()\s*(?P<words>.*)")
_TRIM = " \t.…()[]{}*/->!:,'\"#"
_ELLIPSIS = re.compile(r"\s*(?:(?:#|//|--)\s*)?(?:\.\.\.|…)\s*$")
_TO_DO = re.compile(r"\s*(?:#|//)\s*(?:todo|fixme|implement)\b", re.IGNORECASE)
_CLOSERS = ")]};, "
_DIFF = re.compile(r"@@ .*@@|diff --git |--- a/|<{7} |\*\*\* Begin Patch")


def odd_characters(lines: Sequence[str], source: Sequence[str]) -> str:
    """Return what kind of odd character lines add: its defect's name, or nothing.

    Those that the source has may stay, as often as it has them.
    """
    text = "\n".join(lines)
    added = Counter(text) - Counter("\n".join(source))
    if added["\0"]:
        return "nul"
    if any(char == "\ufffd" or "\ud800" <= char <= "\udfff" for char in added):
        return "replacement_char"
    if any(char in _HIDDEN for char in added):
        return "bidi"
    if (added["\u200c"] or added["\u200d"]) and _JOINER.search(text):
        return "bidi"
    if any(_is_control(char) for char in added):
        return "control_char"
    return ""


def has_placeholder(lines: Sequence[str], source: Sequence[str]) -> bool:
    """Whether code was left out: "rest unchanged", or an ellipsis in the place of lines."""
    known = {line.strip() for line in source}
    new = [line for line in lines if line.strip() and line.strip() not in known]
    if any(_stands_for_code(line) for line in new):
        return True
    said = sum(1 for line in lines if line.strip())
    was = sum(1 for line in source if line.strip())
    if said < was and any(_ELLIPSIS.match(line) for line in new):
        return True
    return said * 2 < was and any(_TO_DO.match(line) for line in new)


def is_diff(lines: Sequence[str], source: Sequence[str]) -> bool:
    """Whether an answer is a diff rather than the new text."""
    if any(_DIFF.match(line) for line in source):
        return False
    said = [line for line in lines if line.strip()]
    if any(_DIFF.match(line) for line in said[:3]):
        return True
    marked = [line for line in said if line[0] in "+-"]
    rest = {line[1:].rstrip() for line in said if line[0] in " -"}
    own = {line.rstrip() for line in source if line.strip()}
    return bool(marked) and all(line[0] in " +-" for line in said) and bool(own & rest)


def breaks_off(lines: Sequence[str], source: Sequence[str]) -> bool:
    """Whether text with brackets stops in the middle, in a language that we do not parse.

    Only where the source ends in closing brackets, has as many of them as opening ones, and the
    answer has fewer and ends in something else.
    """
    last, was = _last(lines), _last(source)
    if not was or was.strip(_CLOSERS) or not last.strip(_CLOSERS):
        return False
    return not any(_open("\n".join(source))) and any(n > 0 for n in _open("\n".join(lines)))


def _last(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _open(text: str) -> list[int]:
    """Return how many brackets of each kind are open at the end."""
    return [text.count(left) - text.count(right) for left, right in ("()", "[]", "{}")]


def _stands_for_code(line: str) -> bool:
    match = _REMARK.match(line)
    if match is None:
        return False
    words = " ".join(match["words"].strip(_TRIM).split())
    return _PLACEHOLDER.fullmatch(words) is not None


def _is_control(char: str) -> bool:
    code = ord(char)
    return (code < 0x20 and char not in "\t\n\f") or 0x7F <= code < 0xA0
