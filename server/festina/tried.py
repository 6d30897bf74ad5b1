"""Tries of a plan's steps that were broken off: which of them were accepted all the same.

A step is ticked after its edits are in their files. Whatever ends everything between the two is
found here: the step is ticked then, and not run again.
"""

from __future__ import annotations

from festina.memory import State, Store

PLAN = "plan.md"


def settle(store: Store) -> list[str]:
    """End the tries of processes that have ended; return the keys of the steps that were accepted.

    Blocks for a moment.

    Raises:
        Trouble: the memory cannot be used.
    """
    store.journal.look(store.workspace)  # what is in its files is over
    accepted: dict[tuple[str, str], bool] = {}
    for one in store.steps.broken_off():
        if one.plan != PLAN:
            continue
        entry = store.journal.of(one.session, one.proposal)
        done = entry is not None and entry.state is State.APPLIED
        of = (one.session, one.step)
        accepted[of] = done and accepted.get(of, True)  # of several files, each has its own
        store.steps.end(one.id, "accepted" if done else "broken off")
    return list(dict.fromkeys(step for (_, step), done in accepted.items() if done))
