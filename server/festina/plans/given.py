"""From a step's lines, sorted into words and fields, to its value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from festina.plans import fields
from festina.plans.fields import LEAVE, MOST, NOTE, PASS, WHERE, Wrong
from festina.plans.step import Place, Step

_T = TypeVar("_T")


@dataclass(slots=True)
class Given:
    """A field as it was given: its line, its depth and its value so far."""

    name: str
    label: str
    line: int
    width: int
    value: str
    open: bool = True


def step_of(
    said: Iterable[str], given: Iterable[Given], *, done: bool, amiss: Callable[[int, str], None]
) -> Step:
    """Return the step; ``amiss`` is told of each line that cannot be understood, from 0."""
    places: list[Place] = []
    gates: list[str] = []
    tests: list[str] = []
    untouched: list[str] = []
    most: int | None = None
    for one in given:
        try:
            if one.name != NOTE and not one.value:
                raise Wrong(f"`{one.label}` says nothing; fill it in, or take the line out")
            if one.name == WHERE:
                places.append(fields.place(one.value))
            elif one.name == PASS:
                more_gates, more_tests = fields.must_pass(one.value)
                gates += more_gates
                tests += more_tests
            elif one.name == LEAVE:
                untouched += fields.items(one.value)
            elif one.name == MOST and most is not None:
                raise Wrong(f"`{MOST}` stands here a second time; keep one of the two")
            elif one.name == MOST:
                most = fields.most(one.value)
        except Wrong as wrong:
            amiss(one.line, f"{wrong}.")
    instruction = "\n".join(said).rstrip("\n")
    return Step(
        instruction, _once(places), _once(gates), _once(tests), most, _once(untouched), done
    )


def _once(values: list[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))
