"""Calls of models, so that each one is visible: who was asked, why, tokens, seconds."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from festina.findings import duration
from festina.spending import Spent


class Why(enum.StrEnum):
    """What a model was asked for."""

    WRITE = "write"
    REPAIR = "repair"
    REPLAN = "replan"
    REVIEW = "review"
    ASK = "ask"


_DONE = {
    Why.WRITE: "wrote the region",
    Why.REPAIR: "wrote the region again, knowing the findings",
    Why.REPLAN: "wrote a better instruction",
    Why.REVIEW: "reviewed the edit",
    Why.ASK: "answered the question",
}
_WANTED = {
    Why.WRITE: "write the region",
    Why.REPAIR: "repair the region",
    Why.REPLAN: "write a better instruction",
    Why.REVIEW: "review the edit",
    Why.ASK: "answer the question",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model. ``who`` is its part, ``fast`` or ``slow``; ``model`` its own name.

    Tokens are as the provider counts them, None where it did not say; ``seconds`` are wall time,
    ``cost`` is money, None where no prices are set.
    ``said`` is the instruction that a slow model wrote. ``error`` says why no answer came.
    """

    who: str
    why: Why
    model: str
    origin: str
    seconds: float
    candidate: int | None = None
    prompt: int | None = None
    cached: int | None = None
    completion: int | None = None
    rejected: int | None = None
    cost: float | None = None
    said: str = ""
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; what is not known, or does not apply, is left out."""
        data: dict[str, Any] = {
            "who": self.who,
            "why": str(self.why),
            "model": self.model,
            "origin": self.origin,
            "seconds": round(self.seconds, 4),
            "candidate": self.candidate,
            "prompt_tokens": self.prompt,
            "cached_tokens": self.cached,
            "completion_tokens": self.completion,
            "rejected_prediction_tokens": self.rejected,
            "cost": None if self.cost is None else round(self.cost, 6),
            "said": self.said or None,
            "error": self.error or None,
        }
        return {key: value for key, value in data.items() if value is not None}

    @property
    def spent(self) -> Spent:
        """What it took, as far as that is known."""
        return Spent(
            1,
            self.prompt or 0,
            self.cached or 0,
            self.completion or 0,
            self.rejected or 0,
            self.seconds,
            self.cost or 0.0,
        )

    @property
    def words(self) -> str:
        """Say it in one line: ``slow model big-1 reviewed the edit (812 + 96 tokens, 1.2 s)``."""
        name = f"{self.who} model {self.model}".rstrip()
        spent = f"({self._tokens}{duration(self.seconds)})"
        if self.error:
            return f"{name} did not {_WANTED[self.why]} {spent}: {self.error}"
        said = f": {self.said}" if self.said else ""
        return f"{name} {_DONE[self.why]} {spent}{said}"

    @property
    def _tokens(self) -> str:
        if self.prompt is None or self.completion is None:
            return ""
        return f"{self.prompt:,} + {self.completion:,} tokens, "


def total(calls: Iterable[Call]) -> Spent:
    """Return what several calls took together."""
    spent = Spent()
    for call in calls:
        spent += call.spent
    return spent
