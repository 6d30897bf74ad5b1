"""What asking models costs: tokens and money, and the caps that a person sets.

Values only. Money is in whatever currency the prices are in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Self

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens of each kind cost; None where nobody said.

    Cached tokens of a prompt cost what others do, unless they have a price of their own.
    """

    prompt: float | None = None
    cached: float | None = None
    completion: float | None = None

    @property
    def known(self) -> bool:
        """Whether a cost can be computed."""
        return self.prompt is not None and self.completion is not None

    def cost(self, prompt: int, cached: int, completion: int) -> float:
        """Return what so many tokens cost; ``cached`` ones are among those of the prompt."""
        whole = self.prompt or 0.0
        less = whole if self.cached is None else self.cached
        dear = max(0, prompt - cached) * whole + min(cached, prompt) * less
        return (dear + completion * (self.completion or 0.0)) / MILLION


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that may be spent, in tokens (of prompts and answers together) and money.

    0 means that there is no cap. A day is one of the local calendar.
    """

    tokens_per_day: int = 0
    tokens_per_proposal: int = 0
    cost_per_day: float = 0.0
    cost_per_proposal: float = 0.0

    @property
    def any(self) -> bool:
        """Whether there is a cap at all."""
        return any((self.per_day, self.tokens_per_proposal, self.cost_per_proposal))

    @property
    def per_day(self) -> bool:
        """Whether there is a cap for days."""
        return bool(self.tokens_per_day or self.cost_per_day)

    @property
    def of_cost(self) -> str:
        """The setting that caps the cost, "" where none does."""
        if self.cost_per_proposal:
            return "limits.cost_per_proposal"
        return "limits.cost_per_day" if self.cost_per_day else ""

    def broken(self, proposal: Spent, day: Spent, more: Spent) -> str:
        """Say which cap a request that may take ``more`` would break, "" where it breaks none."""
        wide = "ask for fewer variations or a smaller region"
        if self.tokens_per_proposal and (proposal + more).tokens > self.tokens_per_proposal:
            return _sentence("tokens_per_proposal", proposal.tokens, self.tokens_per_proposal, wide)
        if self.cost_per_proposal and (proposal + more).cost > self.cost_per_proposal:
            return _sentence("cost_per_proposal", proposal.cost, self.cost_per_proposal, wide)
        tomorrow = "go on tomorrow"
        if self.tokens_per_day and (day + more).tokens > self.tokens_per_day:
            return _sentence("tokens_per_day", day.tokens, self.tokens_per_day, tomorrow)
        if self.cost_per_day and (day + more).cost > self.cost_per_day:
            return _sentence("cost_per_day", day.cost, self.cost_per_day, tomorrow)
        return ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What requests took. Tokens as the provider counts them, else estimated.

    ``cached`` are among ``prompt``; ``rejected`` are tokens of a prediction that did not come true,
    among ``completion``. ``seconds`` are wall time; ``cost`` is money. ``estimated`` are those of
    ``prompt`` and ``completion`` that nobody counted, as of answers that were broken off.
    """

    requests: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    rejected: int = 0
    seconds: float = 0.0
    cost: float = 0.0
    estimated: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.requests + other.requests,
            self.prompt + other.prompt,
            self.cached + other.cached,
            self.completion + other.completion,
            self.rejected + other.rejected,
            self.seconds + other.seconds,
            self.cost + other.cost,
            self.estimated + other.estimated,
        )

    @property
    def tokens(self) -> int:
        """Of prompts and answers together."""
        return self.prompt + self.completion

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "requests": self.requests,
            "prompt_tokens": self.prompt,
            "cached_tokens": self.cached,
            "completion_tokens": self.completion,
            "rejected_prediction_tokens": self.rejected,
            "seconds": round(self.seconds, 4),
            "cost": round(self.cost, 6),
            "estimated_tokens": self.estimated,
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Return what ``to_json`` made; what is not a number of that kind counts as none."""
        given = data if isinstance(data, dict) else {}
        return cls(
            int(_number(given.get("requests"))),
            int(_number(given.get("prompt_tokens"))),
            int(_number(given.get("cached_tokens"))),
            int(_number(given.get("completion_tokens"))),
            int(_number(given.get("rejected_prediction_tokens"))),
            _number(given.get("seconds")),
            _number(given.get("cost")),
            int(_number(given.get("estimated_tokens"))),
        )

    @property
    def words(self) -> str:
        """Say it in a few words: ``about 1,312 tokens, cost 0.0021``; "" where there are none."""
        if not self.tokens:
            return ""
        cost = f", cost {money(self.cost)}" if self.cost else ""
        about = "about " if self.estimated else ""
        return f"{about}{self.tokens:,} tokens{cost}"


_numbers = attrgetter(*(field.name for field in fields(Spent)))


def summed(several: Iterable[Spent]) -> Spent:
    """Return what several took together."""
    return Spent(*map(sum, zip(*map(_numbers, several), strict=True)))


def money(amount: float) -> str:
    """Write an amount of money with as many digits as it needs."""
    return f"{amount:.2f}" if amount >= 1 or not amount else f"{amount:.2g}"


def _sentence(name: str, spent: float, most: float, remedy: str) -> str:
    whole = name.startswith("tokens")
    shown = f"{spent:,.0f} of {most:,.0f} tokens" if whole else f"{money(spent)} of {money(most)}"
    return (
        f"Your own limit would be passed, so nothing was sent: {shown} are used "
        f"(limits.{name}). Raise it in your config.toml, or {remedy}."
    )


def _number(value: object) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if good and 0 <= value < 1e15 else 0.0  # type: ignore[arg-type, operator]
