"""Writing one file of a change of several: it is checked with the others, not by itself.

What it can be told of at once is: its bounds, syntax, lint and format. The tests may pass only
when all files are as they are to be.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from festina.calls import Call
from festina.edits import Region, rewrite
from festina.events import Called, Event, Finished, Parsed, Refused
from festina.findings import Gate, Status
from festina.models.base import Model
from festina.models.runner import Runner
from festina.pipeline import propose
from festina.plans import Change
from festina.task import Task
from festina.text import Text
from festina.verify.base import Verifier

ALONE = (str(Gate.SYNTAX), str(Gate.LINT), str(Gate.FORMAT))
"""The gates that a file can pass for itself."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written for one file: the region's new text in the text that it was made for."""

    path: str
    base: Text
    region: Region
    name: str
    text: str
    calls: tuple[Call, ...] = ()

    @property
    def change(self) -> Change:
        """What it does to the file."""
        return Change(self.path, self.base, rewrite(self.base, self.region, self.text))


@dataclass(frozen=True, slots=True)
class Drafted:
    """What came of it: a draft, or why there is none."""

    draft: Draft | None
    why: str = ""
    calls: tuple[Call, ...] = ()


def alone(task: Task) -> Task:
    """Return the task with the gates that a file can pass for itself."""
    settings = task.snapshot.settings
    gates = tuple(gate for gate in settings.gates if gate in ALONE) or ALONE[:1]
    snapshot = replace(task.snapshot, settings=replace(settings, gates=gates))
    return replace(task, snapshot=snapshot, count=1, eager=True)


async def draft(
    task: Task,
    name: str,
    model: Model,
    runner: Runner,
    verifier: Verifier,
    tell: Callable[[Event], None] = lambda _: None,
) -> Drafted:
    """Have one file written. Never raises for what a model does."""
    texts: dict[int, str] = {}
    calls: list[Call] = []
    refused = ""
    finished: Finished | None = None
    stream = propose(alone(task), model, runner, verifier)
    async with aclosing(stream):
        async for event in stream:
            tell(event)
            if isinstance(event, Parsed):
                texts[event.candidate] = event.region_text
            elif isinstance(event, Called):
                calls.append(event.call)
            elif isinstance(event, Refused) and event.code == "no_change":
                refused = event.code
            elif isinstance(event, Finished):
                finished = event
    assert finished is not None
    best = finished.best
    if best is None and refused:  # this file of them needs no change
        return Drafted(None, "", tuple(calls))
    if best is None or finished.status is Status.FAILED:
        return Drafted(None, f"{task.path}: {finished.message}", tuple(calls))
    made = Draft(task.path, task.text, task.region, name, texts[best], tuple(calls))
    return Drafted(made, "", made.calls)
