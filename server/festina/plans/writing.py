"""Writing plans: a new one, a tick, another step in the place of one. All else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from festina.plans import fields
from festina.plans.fields import NOTE
from festina.plans.plan import TITLE, Plan
from festina.plans.reading import read
from festina.plans.step import Damaged, Problem, Step
from festina.text import BOM


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


def replaced(plan: Plan, index: int, *steps: Step) -> Plan:
    """Return the plan with another step, or several, in the place of one.

    Its bullet, its depth, its line ends and the person's own lines in it stay: notes and comments,
    below the first of them.

    Raises:
        Damaged: a step would not be read again as it is.
    """
    entry, lines = plan.entries[index], list(plan.text.lines)
    first = lines[entry.start]
    end = first[len(first.rstrip("\r\n")) :] or "\n"
    new: list[str] = []
    for number, step in enumerate(steps):
        new += [f"{line}{end}" for line in _lines(step, entry.pad, entry.bullet)]
        if number == 0:
            new += [_ended(lines[at], end) for at in entry.kept]
    if first.startswith(BOM):
        new[0] = BOM + new[0]
    if not lines[entry.end - 1].endswith(("\r", "\n")):
        new[-1] = new[-1].rstrip("\r\n")
    lines[entry.start : entry.end] = new
    now = list(plan.steps)
    now[index : index + 1] = steps
    return _check("".join(lines), now)


def _ended(line: str, end: str) -> str:
    return line if line.endswith(("\r", "\n")) else f"{line}{end}"


def noted(plan: Plan, index: int, note: str) -> Plan:
    """Return the plan with one more note below a step; all else stays."""
    entry, lines = plan.entries[index], list(plan.text.lines)
    first = lines[entry.start]
    end = first[len(first.rstrip("\r\n")) :] or "\n"
    inside = entry.pad + " " * (len(entry.bullet) + 1)
    new = f"{inside}- {NOTE}: {note}"
    last = lines[entry.end - 1]
    lines[entry.end - 1] = _ended(last, end)
    lines.insert(entry.end, f"{new}{end}" if last.endswith(("\r", "\n")) else new)
    return _check("".join(lines), plan.steps)


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


def written(step: Step) -> list[str]:
    """Return the lines of a step, as it is written into a new plan."""
    return _lines(step)


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
