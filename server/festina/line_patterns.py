"""How a line reads in a place that a skill is meant for: text, with ``...`` for anything between.

Why no regular expressions: such a pattern comes with a workspace, often from a model, and one that
backtracks holds up the whole process. Here a line is looked through once for each piece of a
pattern; and whoever reads ``return round(..., 2)`` knows what it finds. Values only.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Sequence

ANYTHING = "..."
MOST = 10
MOST_CHARS = 200
LEAST_CHARS = 3
"""What fewer characters tell is found in every file."""
LINE_CHARS = 1000
"""A longer line is data; no more of it is looked at."""

_WORD = re.compile(r"\w")
_TOKEN = re.compile(r"\w+|[^\w\s]")


def split(text: str) -> tuple[str, ...]:
    """Return the patterns of a text that has one a line."""
    return tuple(dict.fromkeys(" ".join(line.split()) for line in text.split("\n") if line.strip()))


def amiss(patterns: Sequence[str]) -> str:
    """Say why patterns are not looked for; empty where they can be."""
    if len(patterns) > MOST:
        return f"There are {len(patterns)} patterns, and at most {MOST} are looked for."
    for pattern in patterns:
        if len(pattern) > MOST_CHARS:
            return f"A pattern is longer than {MOST_CHARS} characters."
        if sum(not char.isspace() for char in pattern.replace(ANYTHING, "")) < LEAST_CHARS:
            return f"The pattern `{pattern}` says too little: it would be found everywhere."
    return ""


def may_read(patterns: Iterable[str], text: str) -> bool:
    """Whether a text has all words and signs of one of the patterns: else no line reads like it."""
    return any(all(token in text for token in _tokens(pattern)) for pattern in patterns)


def reads(patterns: Iterable[str], line: str) -> bool:
    """Whether a line reads like one of the patterns.

    A pattern may stand anywhere in it; where it begins or ends with a word, that is a whole word.
    How many blanks there are does not matter, nor whether there are any beside brackets and signs.
    """
    line = line[:LINE_CHARS]
    return any(_found(pattern, line) for pattern in patterns)


def _found(pattern: str, line: str) -> bool:
    at = 0
    # of each piece the first place that comes leaves the most room for those behind it
    for piece in _pieces(pattern):
        match = piece.search(line, at)
        if match is None:
            return False
        at = match.end()
    return True


@functools.lru_cache(256)
def _tokens(pattern: str) -> tuple[str, ...]:
    found = {token for piece in pattern.split(ANYTHING) for token in _TOKEN.findall(piece)}
    return tuple(sorted(found, key=len, reverse=True))


@functools.lru_cache(256)
def _pieces(pattern: str) -> tuple[re.Pattern[str], ...]:
    texts = [piece.strip() for piece in pattern.split(ANYTHING)]
    first, last = bool(texts[0]), bool(texts[-1])
    texts = [text for text in texts if text]
    found = []
    for at, text in enumerate(texts):
        begins = r"(?<!\w)" if at == 0 and first and _WORD.match(text[0]) else ""
        ends = r"(?!\w)" if at == len(texts) - 1 and last and _WORD.match(text[-1]) else ""
        found.append(re.compile(begins + _spaced(text) + ends))
    return tuple(found)


def _spaced(text: str) -> str:
    """Return an expression for a piece: blanks tell words apart, and mean nothing beside signs."""
    tokens: list[str] = _TOKEN.findall(text)
    made = re.escape(tokens[0])
    for before, token in itertools.pairwise(tokens):
        words = _WORD.match(before) and _WORD.match(token)
        made += (r"\s+" if words else r"\s*") + re.escape(token)
    return made
