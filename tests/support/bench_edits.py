"""The seeded edits of a project: functions sampled uniformly over its package, an operator each."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.bench_mutations import BODY
from support.bench_mutations_more import BEYOND, BROKEN, SAME
from support.bench_projects import Project
from support.bench_source import Function, Operator, Source, body_of, sources

_KINDS = {"body": BODY, "beyond": BEYOND, "same": SAME, "broken": BROKEN}
_TURNS = (
    "body", "same", "beyond", "body", "body", "beyond", "body", "same", "body", "beyond",
    "body", "body", "beyond", "body", "same", "body", "beyond", "body", "body", "broken",
)  # fmt: skip
"""Of twenty edits eleven change a body, five reach beyond one, three mean the same."""


@dataclass(frozen=True)
class Edit:
    """One candidate: the whole new text of a file, and what was done to it."""

    path: str
    kind: str
    operator: str
    function: str
    what: str
    old: str
    new: str

    @property
    def digest(self) -> str:
        """Tell the edit by path and new text, beside the project's version."""
        return hashlib.sha256(f"{self.path}\n{self.new}".encode()).hexdigest()[:20]

    @property
    def is_mutation(self) -> bool:
        """Whether the edit was made to change what the code does."""
        return self.kind in ("body", "beyond") and self.operator != "parameter"


def edits(root: Path, project: Project, count: int, seed: int) -> list[Edit]:
    """Return ``count`` edits, all different; the first ones do not depend on how many are asked."""
    made = generate(root, project, seed)
    return [next(made) for _ in range(count)]


def generate(
    root: Path, project: Project, seed: int, turns: tuple[str, ...] = _TURNS
) -> Iterator[Edit]:
    """Make edits without an end, of the kinds in ``turns`` over and over."""
    chance = random.Random(f"{project.name} {seed}")
    everything = [
        (source, function)
        for source in sources(root, project.package)
        for function in source.functions
    ]
    seen: set[str] = set()
    number = 0
    while True:
        kind = turns[number % len(turns)]
        source, function = chance.choice(everything)
        edit = attempt(source, function, kind, chance)
        if edit is None or edit.digest in seen:
            continue
        seen.add(edit.digest)
        number += 1
        yield edit


def attempt(source: Source, function: Function, kind: str, chance: random.Random) -> Edit | None:
    """Try the operators of a kind in random order until one applies to the function."""
    operators: list[Operator] = list(_KINDS[kind])
    chance.shuffle(operators)
    for operator in operators:
        made = operator(source, function, chance)
        if made is None or made[1] == source.text or _compiles(made[1]) is (kind == "broken"):
            continue
        what, text = made
        name = operator.__name__
        return Edit(source.path, kind, name, function.name, what, source.text, text)
    return None


def _compiles(text: str) -> bool:
    try:
        compile(text, "edit", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def called(source: Source, function: Function, number: int) -> Edit:
    """Return an edit that means the same and whose code is its own."""
    first = body_of(function)[0]
    indent = " " * first.col_offset
    text = source.insert(first.lineno, f"{indent}abs({number})\n")  # no linter minds a call
    what = f"call {number}"
    return Edit(source.path, "same", "called", function.name, what, source.text, text)


def place_of(root: Path, project: Project, edit: Edit) -> tuple[Source, Function]:
    """Return the function that an edit was made for."""
    source = next(one for one in sources(root, project.package) if one.path == edit.path)
    return source, next(one for one in source.functions if one.name == edit.function)
