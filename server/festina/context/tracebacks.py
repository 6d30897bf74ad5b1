"""What failing tests say, without the lines of files that no model may be shown.

A traceback quotes the source of every file that it passes through: of one that is kept from
models, only the place is left. Python's own form, pytest's long and short ones, that of Node.js,
and that of compilers such as rustc.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_NATIVE = re.compile(r'^(?P<before>[ |+]*)File "(?P<path>.+)", line \d+')
_PLACE = re.compile(r"^(?P<path>[^\s:>][^:\n]*):\d+:(?P<rest> in .*|.*)$")
_NODE = re.compile(r"^(?P<path>[^\s:][^:\n]*):\d+$")
_ARROW = re.compile(r"^ *(?:-->|:::) (?P<path>[^:\n]+):\d+")
_MARGIN = re.compile(r"^ *(?:\d+ *)?\|")
"""What rustc and others put before the lines that they quote, below an arrow with their place."""
_BREAK = re.compile(r"^(?:_ ){3,}|^[_=-]{10,}")


def without(text: str, hidden: Callable[[str], bool]) -> str:
    """Return a traceback without the source of files for which ``hidden`` is true of their path."""
    kept: list[str] = []
    since = 0
    depth: int | None = None
    margin = node = False
    for line in text.split("\n"):
        if (margin and _MARGIN.match(line)) or (node and line.strip()):
            continue
        margin = node = False
        if match := _ARROW.match(line):
            margin = hidden(match["path"])
        elif match := _NODE.match(line):
            node = hidden(match["path"])
        if match := _NATIVE.match(line):
            depth = len(match["before"]) if hidden(match["path"]) else None
            kept.append(line)
            continue
        if depth is not None:
            if _depth(line) > depth and not line.startswith("E "):
                continue
            depth = None
        if match := _PLACE.match(line):
            secret = hidden(match["path"])
            if match["rest"].startswith(" in "):
                depth = 0 if secret else None
            elif secret:
                kept[since:] = [each for each in kept[since:] if not _quoted(each)]
            kept.append(line)
            since = len(kept)
            continue
        kept.append(line)
        if _BREAK.match(line):
            since = len(kept)
    return "\n".join(kept)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" |+"))


def _quoted(line: str) -> bool:
    """Whether a line of pytest's long form quotes the source, or shows what it was called with."""
    return bool(line.strip()) and not line.startswith("E ")
