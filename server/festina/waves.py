"""How many candidates to ask for, each in slightly other words, and when there are enough.

One good answer is nearly always cheaper than many. So more are asked for only while all were
rejected, each time about four times as many (design, section 3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

LADDER = (1, 4, 16, 75)
"""How many candidates there are in all after each wave."""

WORDINGS = (
    "",
    "Prefer the smallest change that does it.",
    "Think of unusual input first: nothing, one, very many, negative, wrong types.",
    "Prefer what the language and its standard library offer already.",
    "Prefer the plainest code, even if it is a line longer.",
    "Do it in another way than the one that comes to mind first.",
)
"""What is added below an instruction, so that candidates differ by more than chance. Few and fixed:
all that stands before it is the same for all, and comes from the provider's cache."""


def further(asked: int, most: int) -> int:
    """Return how many more to ask for when ``asked`` were rejected; ``most`` bounds them all."""
    rung = next((rung for rung in LADDER if rung > asked), asked)
    return max(0, min(rung, most) - asked)


def worded(instruction: str, index: int) -> str:
    """Return the instruction for a candidate. The first one gets it as it was given."""
    wording = WORDINGS[index % len(WORDINGS)]
    return f"{instruction}\n{wording}" if wording else instruction


class Race:
    """Candidates that are worked on side by side, until enough of them have passed."""

    def __init__(self) -> None:
        self.decided = False
        self._racing: set[asyncio.Task[None]] = set()

    async def run(self, indices: range, work: Callable[[int], Coroutine[Any, Any, None]]) -> None:
        """Work on candidates, and return when all of them have come to an end."""
        self.decided = False
        try:
            async with asyncio.TaskGroup() as group:
                self._racing = {group.create_task(work(index)) for index in indices}
        finally:
            self._racing = set()

    def decide(self) -> None:
        """There are enough: cancel the others at once. Whoever calls it goes on to its end."""
        self.decided = True
        for task in self._racing - {asyncio.current_task()}:
            task.cancel()
