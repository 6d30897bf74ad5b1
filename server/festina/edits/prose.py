"""Taking off what models say around code where no fence tells them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from festina.edits import python, signs

_THINK = re.compile(
    r"\A\s*<(think|thinking|reasoning|thought)>.*?(?:</\1>|\Z)[ \t]*\n?", re.DOTALL | re.IGNORECASE
)
_THOUGHT = re.compile(r"\A.*?^[ \t]*</(?:think|thinking|reasoning|thought)>[ \t]*$\n?", re.M | re.S)
_SPECIAL = re.compile(r"(?:<\|[\w-]+\|>|</s>)\s*\Z")
_WORDS = "region|code|edit|answer|rewrite|output|selection|python|updated_code|result|file"
_TAG = re.compile(rf"[ \t]*(?:</?(?:{_WORDS})>|\[/?(?:{_WORDS})\])[ \t]*$", re.IGNORECASE)
_OPENS = re.compile(rf"[ \t]*<(?:{_WORDS})>(?=\S)", re.IGNORECASE)
_CLOSES = re.compile(rf"(?<=\S)[ \t]*</(?:{_WORDS})>[ \t]*$", re.IGNORECASE)
_LEAD = re.compile(
    r"(?:here(?:'s|\u2019s| is| are)|sure|certainly|of course|okay|ok,|below|to fix|"
    r"the (?:updated|rewritten|corrected|fixed|modified|following|new|code)|"
    r"i(?:'ve|\u2019ve| have)|updated|rewritten|answer)\b.*[:.!]\s*$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"[*_#\s]*(?:explanation|note|notes|changes|this (?:code|function|change|version|edit)|in this|"
    r"i (?:have|changed|added|fixed)|the (?:function|code|change|above)|let me know|hope)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"\s*(?:[-*\u2022] |\d+[.)] |#+ |\*\*)?"  # a list, a heading, bold words
    r"[A-Z][\w',\u2019*-]*:?(?: [\w'\"`\u2019\u201c\u201d(),/.*:-]+){2,}[.:!?]?\s*$"
)
_REFUSAL = re.compile(
    r"\s*(?:i(?:'m|\u2019m| am) sorry|i can(?:'t|\u2019t|not)|as an ai|sorry[,.])", re.I
)


_MARKED = re.compile(r"\s{0,6}(?:[-*\u2022] |\d+[.)] |#+ |> |\*\*)(?=.*\w)")
_WORD = re.compile(r"[\W_]*[^\W\d_]+(?:['\u2019-][^\W\d_]+)*[\W_]*\Z")
_RULE = re.compile(r"[-*_=]{3,}\s*\Z")
_STATEMENT = re.compile(r"(?:else|except|finally|del|pass|break|global|print|exec)\b")
_ENTRY = re.compile(r"\s*[\"'(\[{].*,\s*\Z")
"""A line of a list or a table, which by itself is no Python."""
_ENDS = (".", ":", "!", "?", "\u3002", "\uff01", "\uff1f", "\uff1a", "\u2026")


def without_reasoning(text: str) -> str:
    """Take off leading reasoning, also where it has not ended, or its beginning was not sent."""
    while (rest := _THINK.sub("", text)) != text:
        text = rest
    text = _THOUGHT.sub("", text)
    while (rest := _SPECIAL.sub("", text)) != text:
        text = rest
    return text


def without_tags(lines: list[str], source: Sequence[str], repairs: list[str]) -> list[str]:
    """Take off tags such as ``<region>`` or ``[PYTHON]`` around the code."""
    known = {line.strip() for line in source}
    start, end = 0, len(lines)
    while start < end and _is_tag_or_blank(lines[start], known):
        start += 1
    while end > start and _is_tag_or_blank(lines[end - 1], known):
        end -= 1
    kept = lines[start:end]
    tagged = any(line.strip() for line in (*lines[:start], *lines[end:]))
    if kept and kept[0].strip() not in known and _OPENS.match(kept[0]):
        kept[0], tagged = _OPENS.sub("", kept[0]), True
    if kept and kept[-1].strip() not in known and _CLOSES.search(kept[-1]):
        kept[-1], tagged = _CLOSES.sub("", kept[-1]), True
    if not tagged:
        return lines
    repairs.append("tags")
    return kept


def without_prose(
    lines: list[str], source: Sequence[str], repairs: list[str], *, is_python: bool
) -> list[str]:
    """Take off sentences before the code and after it.

    In Python what cannot be code and reads like a sentence is prose, provided that what is left is
    code: then it comes off. A broken line of code stays, so that it is not lost unseen.
    Elsewhere, and where the code itself is wrong, only the usual phrases are recognised.
    """
    if is_python and not python.parses(lines):
        known = {line.strip() for line in source if line.strip()}
        head = _run(lines, known)
        tail = len(lines) - _run(lines[::-1], known)
        for start, end in ((head, len(lines)), (0, tail), (head, tail)):
            kept = lines[start:end]
            if any(line.strip() for line in kept) and python.parses(kept):
                repairs.append("prose")
                return kept
    kept = _without_phrases(lines, source)
    if len(kept) == len(lines) or not any(line.strip() for line in kept):
        return lines
    repairs.append("prose")
    return kept


def is_prose(lines: Sequence[str], source: Sequence[str], *, is_python: bool = False) -> bool:
    """Whether lines are sentences rather than code. Lines that the source has are code."""
    known = {line.strip() for line in source}
    said = [line for line in lines if line.strip()]
    if not said or any(line.strip() in known for line in said):
        return False
    if _REFUSAL.match(said[0]):
        return True
    if is_python:
        talk = sum(map(_is_talk, said))
        return talk * 2 >= len(said) and not any(map(python.is_code, said))
    sentences = sum(1 for line in said if _SENTENCE.match(line))
    was = [line for line in source if line.strip()]
    prose_before = sum(1 for line in was if _SENTENCE.match(line))
    return sentences * 2 > len(said) and prose_before * 2 <= len(was)


def is_text(source: Sequence[str], *, is_python: bool) -> bool:
    """Whether a region's own lines are words, as in Markdown or in a part of a docstring."""
    if is_python:
        return is_prose(source, [], is_python=True)
    said = [line for line in source if line.strip()]
    return sum(1 for line in said if _SENTENCE.match(line)) * 2 > len(said)


def without_language(lines: list[str], source: Sequence[str], repairs: list[str]) -> list[str]:
    """Take off a first line that only names the language: a fence's, without its marks."""
    start = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    named = start + 1 < len(lines) and lines[start].strip().lower() in {"python", "python3", "py"}
    if not named or lines[start].strip() in {line.strip() for line in source}:
        return lines
    repairs.append("fence")
    return lines[start + 1 :]


def introduction(lines: Sequence[str], source: Sequence[str]) -> int:
    """Return how many first lines speak about the code, going by their looks alone."""
    known = {line.strip() for line in source if line.strip()}
    count = 0
    for number, line in enumerate(lines):
        if line.strip() in known or line[:1] in {" ", "\t"}:
            break
        if _LEAD.match(line) or _SENTENCE.match(line):
            count = number + 1
        elif line.strip():
            break
    return count


def _without_phrases(lines: list[str], source: Sequence[str]) -> list[str]:
    known = {line.strip() for line in source}
    start = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    if start < len(lines) and _LEAD.match(lines[start]) and lines[start].strip() not in known:
        lines = lines[start + 1 :]
    for number in range(1, len(lines)):
        blank_before = not lines[number - 1].strip()
        if blank_before and _TAIL.match(lines[number]) and is_prose(lines[number:], source):
            return lines[:number]
    return lines


def _run(lines: Sequence[str], known: set[str]) -> int:
    """Return how many first lines are blank or talk and no Python, the source's own excepted."""
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        if line.strip() in known or python.is_code(line) or not _is_talk(line):
            return number
    return len(lines)


def _is_talk(line: str) -> bool:
    """Whether a line that is no Python reads like words to a person, in any language."""
    if signs.odd_characters([line], []):
        return False
    if _MARKED.match(line) or _RULE.match(line):
        return True
    if line.startswith(("    ", "\t")) or _STATEMENT.match(line) or _ENTRY.match(line):
        return False
    parts = line.split()
    words = sum(1 for part in parts if _WORD.match(part))
    ended = line.rstrip(" \t*_`)\"'").endswith(_ENDS)
    return words > 0 and (ended or (words > 2 and words * 2 > len(parts) and " = " not in line))


def _is_tag_or_blank(line: str, known: set[str]) -> bool:
    return not line.strip() or (_TAG.match(line) is not None and line.strip() not in known)
