"""Tries of a plan's steps that were broken off: which of them were accepted all the same.

A step is ticked after its edits are in their files. Whatever ends everything between the two is
found here: the step is ticked then, and not run again. Only once the tick is on the disk, too, the
try is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from festina.memory import State, Store, Try

PLAN = "plan.md"
ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Lost:
    """A step (its key) that was accepted, and whose tick may be missing; by which tries."""

    step: str
    tries: tuple[Try, ...]


def settle(store: Store) -> list[Lost]:
    """Return the steps that were accepted by processes that have ended.

    Each is returned until `end` is told that it is ticked. The tries that came to nothing are over;
    those whose accepted edit can still be brought into its file (``festina recover``) are not.
    Blocks for a moment.

    Raises:
        Trouble: the memory cannot be used.
    """
    store.journal.look(store.workspace)  # what is in its files is over
    groups: dict[tuple[str, str], list[tuple[Try, State | None]]] = {}
    for one in store.steps.broken_off():
        if one.plan == PLAN:
            entry = store.journal.of(one.session, one.proposal)
            state = entry.state if entry is not None else None
            groups.setdefault((one.session, one.step), []).append((one, state))
    accepted: dict[str, list[Try]] = {}
    for (_, step), tries in groups.items():  # of several files, each has its own
        if all(state is State.APPLIED for _, state in tries):
            accepted.setdefault(step, []).extend(one for one, _ in tries)
        elif all(state is None or state.over for _, state in tries):
            for one, state in tries:
                done = state is State.APPLIED
                store.steps.end(one.id, ACCEPTED if done else "broken off")
    return [Lost(step, tuple(tries)) for step, tries in accepted.items()]


def end(store: Store, tries: Iterable[Try], outcome: str = ACCEPTED) -> None:
    """These tries are over: their step is ticked, or was run anew. Blocks for a moment.

    Raises:
        Trouble: the memory cannot be used.
    """
    for one in tries:
        store.steps.end(one.id, outcome)
