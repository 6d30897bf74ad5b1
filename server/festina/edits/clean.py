"""Taking off what models put around code: fences, tags, prose, reasoning, repeated context."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Sequence
from typing import TYPE_CHECKING

from festina.text import BOM

if TYPE_CHECKING:
    from festina.edits.prepare import Prepared

BIDI = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069"
)
"""Characters that reorder or hide text ("Trojan Source"), and zero-width ones."""

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_THINK = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?(?:</\1>|\Z)\s?", re.DOTALL)
_TAG = re.compile(r"[ \t]*</?(?:region|code|edit|answer|rewrite|output|selection)>[ \t]*$", re.I)
_LEAD = re.compile(
    r"(?:here(?:'s| is| are)|sure|certainly|of course|okay|ok,|below|the (?:updated|rewritten|"
    r"corrected|fixed|modified|following|new|code)|i(?:'ve| have)|updated|rewritten|answer)\b.*"
    r"[:.!]\s*$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:explanation|note|notes|changes|this (?:code|function|change|version|edit)|in this|"
    r"i (?:have|changed|added|fixed)|the (?:function|code|change|above)|let me know|hope)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"\s*(?:[-*] |\d+[.)] )?[A-Z][\w',-]*(?: [\w'\"`(),/.-]+){2,}[.:!?]?\s*$")
_REFUSAL = re.compile(r"\s*(?:i(?:'m| am) sorry|i can(?:'t|not)|as an ai|sorry[,.])", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"\s*(?:#|//|--|/\*|<!--|;)?\s*(?:\.{3}|…|\[)?\s*"
    r"(?:the |your )?(?:rest|remaining|remainder|"
    r"existing|other|previous|same|original|unchanged)\b[\w ,()']*?\b(?:unchanged|as (?:before|"
    r"above|is)|(?:stays|remains?) (?:the )?same|goes here|here|code|omitted|"
    r"of (?:the |your )?[\w ]+)\b"
    r"[^\w=(]*$",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"\s*(?:(?:#|//|--)\s*)?(?:\.\.\.|…)\s*$")


def lines_of(text: str, *, partial: bool = False) -> list[str]:
    """Split an answer into lines without line ends, whatever line ends it uses."""
    text = text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines and not lines[-1] and not partial:
        lines.pop()
    return lines[:-1] if partial and lines and not lines[-1] else lines


def without_reasoning(text: str) -> str:
    """Take off a leading block of reasoning, also one that has not ended yet."""
    return _THINK.sub("", text)


def unfence(lines: list[str], source: Sequence[str], repairs: list[str]) -> list[str]:
    """Return what the answer's code block holds, or the answer where it is not in one.

    With several blocks the first that says something new counts. Fences that belong to the code
    (in a docstring, in Markdown) are recognised by standing in the source too.
    """
    own = {line.strip() for line in source if _FENCE.match(line)}
    first = next((n for n, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return lines
    if own and not _FENCE.match(lines[first]):
        return lines
    blocks = _blocks(lines, greedy=bool(own))
    if not blocks:
        return lines
    repairs.append("fence")
    wanted = [line.strip() for line in source]
    for block in blocks:
        stripped = [line.strip() for line in block]
        if any(stripped) and stripped != wanted:
            return block
    return blocks[0]


def _blocks(lines: list[str], *, greedy: bool) -> list[list[str]]:
    """Return the fenced blocks; ``greedy`` ends a block at its last possible fence."""
    blocks: list[list[str]] = []
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        at += 1
        if opening is None:
            continue
        closing = [n for n in range(at, len(lines)) if _closes(lines[n], opening)]
        end = (closing[-1] if greedy else closing[0]) if closing else len(lines)
        blocks.append(_unindent(lines[at:end], opening["indent"]))
        at = end + 1
    return blocks


def _closes(line: str, opening: re.Match[str]) -> bool:
    match = _FENCE.match(line)
    return (
        match is not None
        and not match["info"].strip()
        and match["mark"].startswith(opening["mark"])
        and len(match["indent"]) <= len(opening["indent"])
    )


def _unindent(lines: list[str], indent: str) -> list[str]:
    if indent and all(line.startswith(indent) or not line.strip() for line in lines):
        return [line[len(indent) :] for line in lines]
    return lines


def without_tags(lines: list[str], source: Sequence[str], repairs: list[str]) -> list[str]:
    """Take off tags such as ``<region>`` that stand alone around the code."""
    kept = trim(lines, ())
    known = {line.strip() for line in source}
    start, end = 0, len(kept)
    while start < end and _TAG.match(kept[start]) and kept[start].strip() not in known:
        start += 1
    while end > start and _TAG.match(kept[end - 1]) and kept[end - 1].strip() not in known:
        end -= 1
    if (start, end) == (0, len(kept)):
        return lines
    repairs.append("tags")
    return kept[start:end]


def without_prose(lines: list[str], source: Sequence[str], repairs: list[str]) -> list[str]:
    """Take off a sentence before the code and an explanation after it."""
    known = {line.strip() for line in source}
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    if start < end and _LEAD.match(lines[start]) and lines[start].strip() not in known:
        repairs.append("prose")
        lines = lines[start + 1 :]
    for number in range(1, len(lines)):
        blank_before = not lines[number - 1].strip()
        if blank_before and _TAIL.match(lines[number]) and is_prose(lines[number:], source):
            repairs.append("prose")
            return lines[:number]
    return lines


def is_prose(lines: Sequence[str], source: Sequence[str]) -> bool:
    """Whether lines are sentences rather than code. Lines that the source has are code."""
    known = {line.strip() for line in source}
    said = [line for line in lines if line.strip()]
    if not said or any(line.strip() in known for line in said):
        return False
    if _REFUSAL.match(said[0]):
        return True
    sentences = sum(1 for line in said if _SENTENCE.match(line))
    was = [line for line in source if line.strip()]
    prose_before = sum(1 for line in was if _SENTENCE.match(line))
    return sentences * 2 > len(said) and prose_before * 2 <= len(was)


def without_context(
    lines: list[str], prepared: Prepared, repairs: list[str], *, ends: bool = True
) -> list[str]:
    """Take off lines that exactly repeat what stands before or after the region."""
    source = [line.strip() for line in prepared.lines]
    start = _overlap(lines, prepared.before, source)
    lines = lines[start:]
    end = 0
    if ends:
        end = _overlap(lines[::-1], prepared.after[::-1], source[::-1])
        lines = lines[: len(lines) - end]
    if start or end:
        repairs.append("context")
    return lines


def _overlap(lines: Sequence[str], context: Sequence[str], source: Sequence[str]) -> int:
    """Return how many first lines repeat the last lines of the context.

    None where the source begins with the same lines (then they are the region's own) or where the
    lines say too little, such as a lone bracket.
    """
    for size in range(min(len(lines), len(context)), 0, -1):
        head = [line.strip() for line in lines[:size]]
        if head != [line.strip() for line in context[-size:]]:
            continue
        if not any(re.search(r"\w{2,}", line) for line in head) or list(source[:size]) == head:
            return 0
        return size
    return 0


def trim(lines: Sequence[str], source: Sequence[str]) -> list[str]:
    """Make the answer begin and end with as many blank lines as the source does."""
    kept = list(lines)
    while kept and not kept[0].strip():
        kept.pop(0)
    while kept and not kept[-1].strip():
        kept.pop()
    if not kept or not any(line.strip() for line in source):
        return kept
    first = next(n for n, line in enumerate(source) if line.strip())
    last = next(n for n, line in enumerate(reversed(source)) if line.strip())
    return [*source[:first], *kept, *source[len(source) - last :]]


def has_placeholder(lines: Sequence[str], source: Sequence[str]) -> bool:
    """Whether code was left out: "rest unchanged", or an ellipsis in the place of lines."""
    known = {line.strip() for line in source}
    new = [line for line in lines if line.strip() and line.strip() not in known]
    if any(_PLACEHOLDER.match(line) for line in new):
        return True
    shorter = sum(map(bool, map(str.strip, lines))) < sum(map(bool, map(str.strip, source)))
    return shorter and any(_ELLIPSIS.match(line) for line in new)


def breaks_off(lines: Sequence[str], source: Sequence[str]) -> bool:
    """Whether Python code ends inside a bracket or a string, where the source did not."""
    return _open_ended(lines) and not _open_ended(source)


def _open_ended(lines: Sequence[str]) -> bool:
    reader = io.StringIO("\n".join(lines) + "\n").readline
    depth = 0
    try:
        for token in tokenize.generate_tokens(reader):
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
    except tokenize.TokenError as error:
        return depth > 0 or "string" in str(error)
    except (SyntaxError, ValueError):
        return False
    return False
