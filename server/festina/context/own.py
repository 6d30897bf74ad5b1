"""Files of a workspace that are the person's own: what says how to work, and what must pass.

A person may ask for an edit of their plan. What makes edits by itself, a step or a skill, changes
none of these.
"""

from __future__ import annotations

import os
from pathlib import Path

from festina.context import guidance

MEMORY = ("plan.md", "progress.md", "verify.md")
NAMES = (*guidance.NAMES, "SKILL.md")


def is_own(workspace: Path, path: str) -> bool:
    """Whether a path in a workspace leads to such a file, by whatever name. Blocks."""
    if is_named(path):
        return True
    return any(same(workspace / name, workspace / path) for name in MEMORY)


def is_named(path: str) -> bool:
    """Whether a path says by itself that it is such a file."""
    return path in MEMORY or path.rpartition("/")[2] in NAMES


def same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, or would if it were there. Blocks."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False
