"""What Python itself can tell about lines: whether they are code, and whether they are complete."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Sequence

from festina import parsing
from festina.edits import indent

_MOST_LINES = 2000
"""More lines than any region has: above it nothing is parsed, to keep answers cheap."""

HEAD = re.compile(
    r"\s*(?:(?:async|def|class|import|from|return|if|elif|for|while|with|try|assert|raise|yield)\b"
    r"|@\w)"
)
"""How lines of code begin; few sentences do."""

_UNFINISHED = re.compile(
    r"[(\[{\\]$|\"\"\"|'''|^[\w.\[\]\"']+(?:: [\w.\[\], |]+)? ?[-+*/|&%^@]*= ?\S"
)
"""An open bracket, a long string, or an assignment of something."""

_DEFINITION = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+(\w+)")
_FRAMES = ("{}", "{} pass", "if 1: pass\n{} pass", "try: pass\n{} pass", "try: pass\n{}\n pass")
"""A line alone may be a statement, or the head of a block that needs a body, or go on from one."""


def parses(lines: Sequence[str]) -> bool:
    """Whether lines, at whatever indentation they all have, are Python."""
    if len(lines) > _MOST_LINES:
        return False
    return _parses(_alone(lines))


def is_code(line: str) -> bool:
    """Whether a line can be code: by itself, or as the beginning or end of something longer.

    Most sentences cannot. Code that breaks off counts as code, so that it is not taken for talk.
    """
    text = line.strip()
    if HEAD.match(text) or _UNFINISHED.search(text) or not text.strip(")]},:;\\\"'"):
        return True
    return any(_parses(frame.format(text)) for frame in _FRAMES)


def begins_code(line: str) -> bool:
    """Whether a line is a statement that begins with a keyword, or the beginning of one."""
    text = line.strip()
    if not HEAD.match(text):
        return False
    return text[-1] in "([{,\\" or any(_parses(frame.format(text)) for frame in _FRAMES)


def ends_open(lines: Sequence[str]) -> bool:
    """Whether Python ends in a bracket, a long string or a joined line, or with a block's head."""
    depth, last = 0, ""
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
            if token.type not in _SILENT:
                last = token.string
    except tokenize.TokenError as error:
        # the words differ from version to version; a string in one line is no sign of an end
        in_string = "multi-line string" in str(error) or "triple-quoted" in str(error)
        return in_string or depth > 0 or lines[-1].rstrip(" \t").endswith("\\")
    except (SyntaxError, ValueError):
        return False  # not incomplete, but wrong: the syntax gate can show where
    return depth == 0 and last == ":"


_SILENT = {
    tokenize.NEWLINE,
    tokenize.NL,
    tokenize.COMMENT,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def same(lines: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two runs of lines are the same program."""
    if max(len(lines), len(others)) > _MOST_LINES:
        return False
    trees = [_tree(_alone(run)) for run in (lines, others)]
    return None not in trees and len({ast.dump(tree) for tree in trees if tree}) == 1


def names(lines: Sequence[str]) -> set[str]:
    """Return the names of the functions and classes that lines define."""
    return {match[1] for line in lines if (match := _DEFINITION.match(line))}


def _alone(lines: Sequence[str]) -> str:
    return "\n".join(indent.remove(lines, indent.common(lines))) + "\n"


def _parses(source: str) -> bool:
    return _tree(source) is not None


def _tree(source: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a doubtful escape in a string is not our concern
        try:
            return parsing.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
