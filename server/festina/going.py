"""A step of a plan that is under way in an editor session, and what that needs of the editor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from festina.documents import Document
from festina.drafting import Draft
from festina.events import Called
from festina.memory import Try
from festina.plans import Change, Place, Plan, Step
from festina.proposals import State

WHOLE_SECONDS = 2.0
"""How long the rest of an edit of several files may take to arrive once one of them has."""


class Paper(Protocol):
    """One plan.md: through the editor where it is open, else on the disk."""

    workspace: Path

    @property
    def open(self) -> bool:
        """Whether the editor has it: then the person saves what is changed in it."""

    async def read(self) -> Plan:
        """Return the plan as it is now.

        Raises:
            Refusal: it is not there, or damaged.
        """

    async def change(self, make: Callable[[Plan], Plan]) -> Plan:
        """Change the plan as it is now, and nothing else of the file.

        Raises:
            Refusal: it cannot be changed, and why.
        """


class Desk(Protocol):
    """What a session's steps need of whoever sits at the editor."""

    async def document(self, path: Path) -> Document | None:
        """Return a file as an open document, opened for that; None where it cannot be."""

    def tell(self, message: str, *, wrong: bool = False) -> None:
        """Tell the person something that nothing else shows."""

    def progress(self, key: str, title: str, words: str, on_cancel: Callable[[], None]) -> None:
        """Show how far something is."""

    def ended(self, key: str) -> None:
        """Show it no longer."""

    def called(self, event: Called) -> None:
        """Note a call of a model."""


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a step in one file: all of its places there, in one region."""

    path: str
    places: tuple[Place, ...]

    @property
    def words(self) -> str:
        """Say it in short."""
        return ", ".join([self.path, *(place.name for place in self.places if place.name)])


@dataclass(eq=False)
class Going:
    """A step under way. ``again``: it has been planned anew once. ``ids`` are its proposals'.

    ``whole``: all of them were handed out as one edit, so what is applied is followed by the rest.
    """

    paper: Paper
    step: Step
    again: bool = False
    drafts: list[tuple[Draft, str]] = field(default_factory=list)
    ids: dict[str, State] = field(default_factory=dict)
    main: str = ""
    applied: list[Change] = field(default_factory=list)
    given_up: bool = False
    whole: bool = False
    tries: list[Try] = field(default_factory=list)

    @property
    def coming(self) -> int:
        """How many proposals of it are still to come, if all goes well."""
        if not self.main:
            return len(parts_of(self.step))
        return 0 if self.ids.get(self.main) is State.REJECTED else len(self.drafts)

    @property
    def key(self) -> str:
        """The key of its job."""
        return f"step {self.paper.workspace} {self.step.key}"


def parts_of(step: Step) -> list[Part]:
    """Return a step's places by file, in their order: what stands in one file is one region."""
    by_path: dict[str, list[Place]] = {}
    for place in step.places:
        by_path.setdefault(place.path, []).append(place)
    return [Part(path, tuple(places)) for path, places in by_path.items()]
