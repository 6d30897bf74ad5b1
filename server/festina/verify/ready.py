"""What a fork server says of itself, and of the project, once it serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from festina.verify.record import Run


@dataclass(frozen=True, slots=True)
class Ready:
    """What a fork server says of itself. Paths are relative to the workspace.

    ``ids``, ``files`` and ``modules`` are as in `Run`. ``import_time`` holds ``(path, first line,
    name)`` of all own code that has run, ``read_at_import`` own files that were read as data,
    ``spawned`` says whether processes were started; ``complete`` is false where that could not be
    watched. ``doctests`` are files whose documentation is tested. ``tag`` names the interpreter
    and its version: equal ones compile alike. ``notes`` are records that belong to every run.
    """

    ids: tuple[str, ...]
    files: frozenset[str]
    import_time: frozenset[tuple[str, int, str]]
    read_at_import: frozenset[str]
    spawned: bool
    complete: bool
    doctests: frozenset[str]
    threads: int
    python: tuple[int, int, int]
    tag: str
    pytest: str
    seconds: float
    modules: Mapping[str, str]
    notes: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, facts: Mapping[str, Any], place: str, seconds: float) -> Ready:
        """Read a server's first message; ``place`` is where it sees the workspace."""
        run = Run(place)
        notes = []
        for note in facts["notes"]:
            run.add(note)
            if note["kind"] != "collected":
                notes.append(note)
        return cls(
            ids=run.ids or (),
            files=run.files,
            import_time=frozenset((path, line, name) for path, line, name in facts["ran"]),
            read_at_import=frozenset(facts["read"]),
            spawned=facts["started"],
            complete=facts["complete"],
            doctests=frozenset(map(run.relative, facts.get("doctests", ()))),
            threads=facts["threads"],
            python=tuple(facts["python"]),
            tag=facts["tag"],
            pytest=facts["pytest"],
            seconds=seconds,
            modules={name: run.relative(path) for name, path in facts["modules"].items()},
            notes=tuple(notes),
        )
