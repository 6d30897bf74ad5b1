"""A workspace at a glance, for who plans: its conventions, its files, and what they define."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from festina.context import guidance
from festina.context.files import MOST_BYTES, Files
from festina.context.trees.grammars import GRAMMARS, grammar_of
from festina.context.trees.workspace import LEFT_OUT
from festina.edits.defined import functions
from festina.masking import Masking
from festina.models.base import ModelError, Trouble
from festina.text import Text
from festina.verify.base import Snapshot

CHARS_PER_TOKEN = 4
MOST_FILES = 4_000
"""So many files are looked at; a larger workspace is shown in part."""
MOST_READ = 400
"""Of so many files the definitions are looked up: those that the goal's words are nearest to."""
MOST_NAMES = 80
LEAST_ROOM = 10
"""So few characters that hardly any file's definitions fit: none is looked up for them."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_GLUE = re.compile(r"(?<=[a-z])(?=[A-Z])|_")


@dataclass(frozen=True, slots=True)
class Overview:
    """What a planner is shown, every secret replaced. ``files`` are for checking what it says."""

    goal: str
    guidance: str
    guidance_path: str
    listing: str
    files: Files


def overview(snapshot: Snapshot, goal: str, tokens: int) -> Overview:
    """Collect what is shown. Blocks for up to seconds in a large workspace: call it in a thread.

    The budget is estimated at four characters a token: a fifth for the conventions, the rest for
    the files. Their paths come first, as far as half of that; definitions fill what is left.

    Raises:
        ModelError: ``WITHHELD``: the goal holds a secret.
    """
    masking = Masking()
    if kind := masking.holds(goal):
        raise ModelError(
            Trouble.WITHHELD,
            f"The goal holds what looks like {kind}, so nothing was sent. Say it without that.",
        )
    files = Files(snapshot, masking)
    rules = guidance.place(files, "", trusted=snapshot.trusted)
    if rules:
        files.learn(rules)
    chars = max(0, tokens) * CHARS_PER_TOKEN
    said = guidance.text_of(files, rules, chars=chars // 5)
    listing = masking.mask(_listing(files, goal, chars - len(said)))
    return Overview(goal, said, rules, listing, files)


def _listing(files: Files, goal: str, chars: int) -> str:
    words = {word.lower() for word in _WORD.findall(goal)}
    paths = paths_of(files)
    ranked = sorted(
        paths,
        key=lambda path: (-_score(path, words), not _is_code(path), path.count("/"), path),
    )
    shown: dict[str, str] = {}
    room = chars // 2
    for path in ranked:
        if (room := room - len(path) - 1) < 0:
            break
        shown[path] = path
    room = chars - sum(map(len, shown)) - len(shown)
    for path in [path for path in shown if _is_code(path)][:MOST_READ]:
        if room < LEAST_ROOM:
            break
        names = _names(files, path)
        if names and len(names) + 2 <= room:
            shown[path] = f"{path}: {names}"
            room -= len(names) + 2
    lines = [shown[path] for path in sorted(shown)]
    if (more := len(paths) - len(shown)) > 0:
        lines.append(f"[and {more}{' or more' if len(paths) >= MOST_FILES else ''} other files]")
    return "\n".join(lines)


def paths_of(files: Files) -> list[str]:
    """Return the files that may be shown: none that is hidden, ignored, secret, or a link."""
    found = {path for path in files.buffers if not files.kept_back(path)}
    pending = [""]
    while pending and len(found) < MOST_FILES:
        folder = pending.pop(0)
        before = f"{folder}/" if folder else ""
        try:
            with os.scandir(files.workspace / folder) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in inside:
            path = before + entry.name
            if entry.name.startswith(".") or not path.isprintable():
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in LEFT_OUT and not files.skipped(path):
                        pending.append(path)
                elif entry.is_file(follow_symlinks=False) and not files.kept_back(path):
                    found.add(path)
            except OSError:
                continue
    return sorted(found)[:MOST_FILES]


def _is_code(path: str) -> bool:
    suffix = path.rpartition(".")[2]
    return suffix in {"py", "pyi"} or grammar_of(suffix, path) in GRAMMARS


def _names(files: Files, path: str) -> str:
    text = files.read(path)
    if text is None or len(text) > MOST_BYTES:
        return ""
    names = [name for name in functions(Text(text), path) if _tells(name)]
    more = ["..."] if len(names) > MOST_NAMES else []
    return ", ".join([*names[:MOST_NAMES], *more])


def _tells(name: str) -> bool:
    """Whether a definition says something of its file: not one inside of a function, nor __init__.

    That a class begins with a capital is good enough for a table of contents.
    """
    above, _, own = name.rpartition(".")
    inside = above.rpartition(".")[2].lstrip("_")[:1].islower()
    return not inside and not (own.startswith("__") and own.endswith("__"))


def _score(path: str, words: set[str]) -> int:
    """Count the words of a goal that a path has, too."""
    parts = {part.lower() for part in _WORD.findall(_GLUE.sub(" ", path))}
    return len(parts & words)
