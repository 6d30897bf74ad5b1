"""A step of a plan, as values: what to do where, and within which bounds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

TITLE_CHARS = 60
MOST_PROBLEMS = 10
"""So many are told at once: a plan with more of them is read better once these are mended."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step works: a file, and a definition in it or lines of it (from 1, both included).

    ``path`` is relative to the workspace, with forward slashes. Neither name nor lines: all of it.
    """

    path: str
    name: str = ""
    start: int | None = None
    end: int | None = None

    @property
    def words(self) -> str:
        """Say it in short: ``pkg/mod.py, clamp``."""
        if self.name:
            return f"{self.path}, {self.name}"
        return self.path if self.start is None else f"{self.path}, {lines(self.start, self.end)}"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, without what was not said."""
        data = {"path": self.path, "name": self.name or None, "start": self.start, "end": self.end}
        return {key: value for key, value in data.items() if value is not None}


def lines(start: int, end: int | None) -> str:
    """Name lines: ``line 3``, ``lines 3-7``."""
    return f"line {start}" if end is None or end == start else f"lines {start}-{end}"


@dataclass(frozen=True, slots=True)
class Step:
    """One bounded step. Nothing in it is ever executed: ``gates`` and ``tests`` are names.

    ``instruction`` may have several lines, each without blanks at its end. ``most_lines`` bounds
    the diff, removed and added lines together; None where nothing was said. ``untouched`` are globs
    and names of definitions. A step without a place is a person's own: no model can be given it.
    """

    instruction: str
    places: tuple[Place, ...] = ()
    gates: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    most_lines: int | None = None
    untouched: tuple[str, ...] = ()
    done: bool = False

    @property
    def key(self) -> str:
        """What it is known by, wherever it stands and whether it is done: a hash of the rest."""
        said = json.dumps({**self.to_json(), "done": False}, sort_keys=True)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def title(self) -> str:
        """Its first line, in short."""
        first = self.instruction.partition("\n")[0]
        return first if len(first) <= TITLE_CHARS else f"{first[: TITLE_CHARS - 1]}…"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "instruction": self.instruction,
            "places": [place.to_json() for place in self.places],
            "gates": list(self.gates),
            "tests": list(self.tests),
            "most_lines": self.most_lines,
            "untouched": list(self.untouched),
            "done": self.done,
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a plan. ``line`` counts from 1; ``message`` says what to do."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}"


class Damaged(Exception):  # noqa: N818 - reads as the sentence it makes
    """A plan that cannot be understood, or written; ``str()`` is for a person, line by line."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        told = [str(problem) for problem in self.problems[:MOST_PROBLEMS]]
        if (more := len(self.problems) - MOST_PROBLEMS) > 0:
            told.append(f"And {more} more.")
        super().__init__("\n".join(told))
