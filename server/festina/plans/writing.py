"""Writing plans: a new one, a tick, another step in the place of one. All else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from festina.plans import fields
from festina.plans.reading import Plan, read
from festina.plans.step import Damaged, Problem, Step
from festina.text import BOM

TITLE = "# Plan: "


def write(goal: str, steps: Sequence[Step]) -> str:
    """Return the text of a new plan.

    Raises:
        Damaged: a step would not be read again as it is.
    """
    title = TITLE + " ".join(goal.split())
    text = "\n".join([title, "", *(line for step in steps for line in _lines(step)), ""])
    _check(text, steps)
    return text


def tick(plan: Plan, index: int, *, done: bool = True) -> Plan:
    """Return the plan with one step ticked, or no longer. Nothing but its box changes."""
    entry = plan.entries[index]
    lines = list(plan.text.lines)
    start, end = entry.box
    line = lines[entry.start]
    lines[entry.start] = f"{line[:start]}[{'x' if done else ' '}]{line[end:]}"
    return read("".join(lines))


def replaced(plan: Plan, index: int, step: Step) -> Plan:
    """Return the plan with another step in the place of one.

    Its bullet, its depth, its line ends and the person's own lines in it stay: notes and comments.

    Raises:
        Damaged: the step would not be read again as it is.
    """
    entry, lines = plan.entries[index], list(plan.text.lines)
    first = lines[entry.start]
    end = first[len(first.rstrip("\r\n")) :] or "\n"
    new = [f"{line}{end}" for line in _lines(step, entry.pad, entry.bullet)]
    if first.startswith(BOM):
        new[0] = BOM + new[0]
    new += [lines[at] for at in entry.kept]
    if not lines[entry.end - 1].endswith(("\r", "\n")):
        new[-1] = new[-1].rstrip("\r\n")
    lines[entry.start : entry.end] = new
    steps = list(plan.steps)
    steps[index] = step
    return _check("".join(lines), steps)


def _check(text: str, steps: Sequence[Step]) -> Plan:
    """See to it that a text says these steps and no others.

    Raises:
        Damaged: it does not.
    """
    plan = read(text)
    if plan.steps != tuple(steps):
        pairs = zip(plan.entries, steps, strict=False)
        at = next((entry.start for entry, step in pairs if entry.step != step), 0)
        raise Damaged(
            Problem(at + 1, "This step cannot be written as it is; say it in other words.")
        )
    return plan


def _lines(step: Step, pad: str = "", bullet: str = "-") -> list[str]:
    inside = pad + " " * (len(bullet) + 1)
    first, *more = step.instruction.split("\n")
    return [
        f"{pad}{bullet} [{'x' if step.done else ' '}] {first}",
        *(f"{inside}{line}" if line else "" for line in more),
        *(f"{inside}- {told}" for told in fields.written(step)),
    ]


def without_ticks(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return steps as they are before any of them is done."""
    return tuple(replace(step, done=False) for step in steps)
