"""The seam between proposals and wherever their models come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from festina.models.base import Model
from festina.models.runner import Runner

STREAMS = 75
"""Answers that an endpoint is asked for at once: its budget says when each may be sent."""
EMBEDDED_STREAMS = 4
"""One for each of its slots (``embedded.SLOTS``)."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A model that may be used until ``release`` is called.

    ``streams`` is how many answers it serves at once.
    """

    model: Model
    runner: Runner
    small: bool = False
    streams: int = STREAMS
    release: Callable[[], None] = lambda: None


class Models(Protocol):
    """Where a proposal gets its model from."""

    async def get(self, name: str | None, say: Callable[[str], None]) -> Ready:
        """Return a model, starting it first if need be; ``say`` takes progress for a person.

        Raises:
            ModelError: there is none, or it may not be used.
        """

    async def small(self, name: str | None) -> bool:
        """Whether a model is an embedded one, without starting it."""
