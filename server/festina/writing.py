"""The fast model writes: one answer, told of while it comes, and the call once it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from festina import slow
from festina.calls import Wait, Why
from festina.clock import Clock
from festina.events import Called, Event, Waiting
from festina.models.base import Model, ModelError, Request
from festina.models.meter import prices_of
from festina.models.pacer import here
from festina.models.runner import Completion, Runner
from festina.spending import Spent

LOST = "Cancelled: enough of the others had passed."


@dataclass
class Writer:
    """Asks one model, at most ``streams`` times at once. ``tell`` takes what happens.

    ``clock`` runs while it is asked. ``lost`` says whether a call was cancelled because enough of
    the others had passed, so that what it took is told as well.
    """

    model: Model
    runner: Runner
    streams: int
    tell: Callable[[Event], None]
    lost: Callable[[], bool]
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(max(1, self.streams))

    async def write(
        self, index: int, request: Request, why: Why, on_text: Callable[[str], None]
    ) -> Completion:
        """Return one whole answer for a candidate.

        Raises:
            ModelError: there is none; the call tells of that as well.
        """

        def on_wait(wait: Wait | None) -> None:
            self.tell(Waiting(index, wait))

        spent: list[Spent] = []
        request = replace(request, on_wait=here(on_wait), on_spent=spent.append)
        now = asyncio.get_running_loop().time
        began = now()
        try:
            async with self._slots:
                began = now()
                with self.clock.running():
                    answer = await self.runner.complete(self.model, request, on_text)
        except ModelError as error:
            self._called(index, why, now() - began, spent, str(error))
            raise
        except asyncio.CancelledError:
            if self.lost():
                self._called(index, why, now() - began, spent, LOST)
            raise
        self._called(index, why, answer.seconds, spent)
        return answer

    def _called(
        self, index: int, why: Why, seconds: float, spent: list[Spent], error: str = ""
    ) -> None:
        model = self.model
        made = slow.call("fast", why, model.name, model.origin, seconds, spent, prices_of(model))
        self.tell(Called(replace(made, candidate=index, error=error)))
