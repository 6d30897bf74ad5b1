"""Programs of the person's choice that judge candidates: what a setting may say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from festina import allowed

VERIFY_COMMANDS = "verify.commands"


@dataclass(frozen=True, slots=True)
class Command:
    """A program of the person's choice that judges candidates by its exit code.

    ``run`` is its command line, with ``{file}`` and ``{workspace}`` to be filled in; ``when`` are
    globs for the files whose edits it judges (none: all). ``timeout_seconds`` of 0 means that of
    all tests. ``matcher`` says in which form its output names problems. ``withheld`` says why it
    may not be run; then nothing passes that it is to judge. ``origin`` is where it is written.
    """

    name: str
    run: tuple[str, ...]
    when: tuple[str, ...] = ()
    timeout_seconds: float = 0.0
    matcher: str = "auto"
    withheld: str = ""
    origin: str = VERIFY_COMMANDS


MATCHERS = ("auto", "none", "tsc", "eslint", "rustc", "go", "gcc")
"""The forms in which problems are named: see :mod:`festina.verify.problems`."""

_COMMAND = {
    "name": allowed.word,
    "run": allowed.command,
    "when": allowed.globs,
    "timeout_seconds": allowed.number(1, 86400),
    "matcher": allowed.one_of(*MATCHERS),
}


def read(value: Any) -> tuple[Command, ...]:
    """Read a list of commands; each needs ``name`` and ``run``."""
    given = [Command(**table) for table in allowed.tables(value, _COMMAND, ("name", "run"))]
    names = [command.name for command in given]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise allowed.Invalid(f"has two commands of the name {twice!r}; give each its own")
    return tuple(given)
