"""Which files a glob means, for paths in a workspace with forward slashes."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable


def applies(globs: Iterable[str], path: str) -> bool:
    """Whether one of the globs means ``path``; without any, every path is meant.

    ``*`` and ``?`` stay within a folder, ``**`` crosses folders, ``{a,b}`` is either. A glob
    without a slash means files of that name in any folder.
    """
    globs = tuple(globs)
    return not globs or any(_compiled(glob).fullmatch(path) for glob in globs)


@functools.lru_cache(256)
def _compiled(glob: str) -> re.Pattern[str]:
    glob = glob.removeprefix("./")
    if "/" not in glob:
        glob = f"**/{glob}"
    parts: list[str] = []
    at, depth = 0, 0
    while at < len(glob):
        character = glob[at]
        if glob.startswith("**/", at):
            parts.append("(?:[^/]+/)*")
            at += 3
            continue
        if glob.startswith("**", at):
            parts.append(".*")
            at += 2
            continue
        if character == "{" and "}" in glob[at:]:
            parts, depth = [*parts, "(?:"], depth + 1
        elif character == "}" and depth:
            parts, depth = [*parts, ")"], depth - 1
        elif character == "," and depth:
            parts.append("|")
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character)))
        at += 1
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:  # braces that do not belong together
        return re.compile(re.escape(glob))
