"""A plan that was understood, and where its steps stand in its text."""

from __future__ import annotations

from dataclasses import dataclass

from festina.plans.step import Step
from festina.text import BOM, Text

TITLE = "# Plan: "


@dataclass(frozen=True, slots=True)
class Entry:
    """A step and where it stands: the lines ``[start, end)``, zero-based.

    ``box`` are the columns between which its box stands on the first one. ``kept`` are the lines
    in it that are the person's: notes and comments.
    """

    step: Step
    start: int
    end: int
    box: tuple[int, int]
    pad: str
    bullet: str
    kept: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was understood: its text, and the steps in it."""

    text: Text
    entries: tuple[Entry, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, in their order."""
        return tuple(entry.step for entry in self.entries)

    def at(self, line: int) -> int | None:
        """Return the index of the step on a line (from 0); None where there is none."""
        return next((n for n, one in enumerate(self.entries) if one.start <= line < one.end), None)

    def find(self, step: Step) -> int | None:
        """Return where a step stands by now: the first that is to be done, else any."""
        same = [n for n, each in enumerate(self.steps) if each.key == step.key]
        open_ones = [n for n in same if not self.steps[n].done]
        return next(iter((*open_ones, *same)), None)

    @property
    def goal(self) -> str:
        """What it is for, as its title says; empty where it has none."""
        for line in self.text.lines:
            if line.removeprefix(BOM).startswith(TITLE):
                return line.removeprefix(BOM).removeprefix(TITLE).strip()
        return ""

    @property
    def next(self) -> int | None:
        """Return the index of the first step that is to be done."""
        return next((n for n, each in enumerate(self.steps) if not each.done), None)
