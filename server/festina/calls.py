"""Calls of models, so that each one is visible: who was asked, why, tokens, seconds."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from festina.findings import duration
from festina.spending import Spent, summed


class Why(enum.StrEnum):
    """What a model was asked for."""

    WRITE = "write"
    REPAIR = "repair"
    REPLAN = "replan"
    REVIEW = "review"
    ASK = "ask"
    PLAN = "plan"
    SKILL = "skill"


_DONE = {
    Why.WRITE: "wrote the region",
    Why.REPAIR: "wrote the region again, knowing the findings",
    Why.REPLAN: "wrote a better instruction",
    Why.REVIEW: "reviewed the edit",
    Why.ASK: "answered the question",
    Why.PLAN: "wrote a plan",
    Why.SKILL: "wrote a skill",
}
_WANTED = {
    Why.WRITE: "write the region",
    Why.REPAIR: "repair the region",
    Why.REPLAN: "write a better instruction",
    Why.REVIEW: "review the edit",
    Why.ASK: "answer the question",
    Why.PLAN: "write a plan",
    Why.SKILL: "write a skill",
}


@dataclass(frozen=True, slots=True)
class Wait:
    """A request is held back. ``until`` is local time, ``seconds`` how long that is from now."""

    whom: str
    until: datetime
    seconds: float

    def __str__(self) -> str:
        return f"W{self.words[1:]}"

    @property
    def words(self) -> str:
        """Say it in a sentence's middle: ``waiting for Groq's limit until 16:42:10 (34 s)``."""
        return f"waiting for {self.whom}'s limit until {self._end} ({_length(self.seconds)})"

    @property
    def _end(self) -> str:
        now = self.until - timedelta(seconds=self.seconds)
        if now.date() == self.until.date():
            return f"{self.until:%H:%M:%S}"
        return f"{self.until:%H:%M:%S} on {self.until.day} {self.until:%B}"

    def at(self, now: datetime) -> Wait:
        """Return the wait as it is at a moment of local time."""
        return replace(self, seconds=max(0.0, (self.until - now).total_seconds()))


def _length(seconds: float) -> str:
    left = math.ceil(seconds)
    if left < 120:
        return f"{left} s"
    return f"{left // 60} min" if left < 7200 else f"{left // 3600} hours"


def told_of(message: str, wait: Wait | None) -> Wait | None:
    """Return the wait that a message ends with, if that is one."""
    tells = wait is not None and message.endswith((wait.words, str(wait)))
    return wait if tells else None


def counted_down(message: str, wait: Wait | None, now: datetime) -> str:
    """Return a message with as much of a wait as is left, where that is what it ends with."""
    if wait is not None:
        later = wait.at(now)
        for before, after in ((wait.words, later.words), (str(wait), str(later))):
            if message.endswith(before):
                return message.removesuffix(before) + after
    return message


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model. ``who`` is its part, ``fast`` or ``slow``; ``model`` its own name.

    Tokens are as the provider counts them, None where nothing was sent; ``estimated`` of them it
    did not count. ``requests`` are all tries. ``seconds`` are wall time, ``cost`` is money, None
    where no prices are set.
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
    estimated: int = 0
    requests: int = 1
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
            "estimated_tokens": self.estimated or None,
            "said": self.said or None,
            "error": self.error or None,
        }
        return {key: value for key, value in data.items() if value is not None}

    @property
    def spent(self) -> Spent:
        """What it took, as far as that is known."""
        return Spent(
            self.requests,
            self.prompt or 0,
            self.cached or 0,
            self.completion or 0,
            self.rejected or 0,
            self.seconds,
            self.cost or 0.0,
            self.estimated,
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
        if not self.prompt or self.completion is None:
            return ""
        about = "about " if self.estimated else ""
        return f"{about}{self.prompt:,} + {self.completion:,} tokens, "


def total(calls: Iterable[Call]) -> Spent:
    """Return what several calls took together."""
    return summed([Spent(), *(call.spent for call in calls)])
