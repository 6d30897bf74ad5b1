"""Counts what every request spends, and sends none that would pass a cap of the person's.

One meter belongs to one runner and lives on its loop. What a proposal spends is counted under the
name that :func:`counting` gives to the task that asks, and to the tasks that this one starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from festina.models.base import Model, ModelError, Request, Trouble, Usage
from festina.models.budget import need_of
from festina.models.ledger import Ledger, Name, Tally
from festina.models.presets import is_loopback
from festina.spending import Caps, Prices, Spent

logger = logging.getLogger(__name__)

CHARS_PER_TOKEN = 4
"""Where the provider does not count: about what code has."""
MOST_PROPOSALS = 1000
"""So many are remembered, for redirects and variations of old ones."""

_proposal: ContextVar[str] = ContextVar("proposal", default="")


@contextlib.contextmanager
def counting(proposal: str) -> Iterator[None]:
    """Count what is spent in here, and by tasks that are started in here, for a proposal."""
    token = _proposal.set(proposal)
    try:
        yield
    finally:
        _proposal.reset(token)


def counted() -> str:
    """Return the proposal that is counted for, "" where it is none."""
    return _proposal.get()


@dataclass(slots=True, eq=False)
class Reservation:
    """What one request may come to spend, until it is known what it did."""

    proposal: str
    name: Name
    prices: Prices
    most: Spent


class Meter:
    """See the module. ``already`` is what proposals have spent so far."""

    def __init__(
        self,
        caps: Caps | None = None,
        ledger: Ledger | None = None,
        already: Mapping[str, Spent] | None = None,
    ) -> None:
        self.caps = caps or Caps()
        self._ledger = ledger
        self._proposals: dict[str, Spent] = dict(already or {})
        self._reserved: set[Reservation] = set()
        self._unwritten: dict[Name, Tally] = {}
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None
        self._unkept = Spent()

    async def reserve(self, model: Model, request: Request, proposal: str) -> Reservation:
        """Make room for a request.

        Raises:
            ModelError: a cap would be passed; the sentence says which, and what to do.
        """
        prices = prices_of(model)
        need = need_of(request)
        cost = prices.cost(need.prompt, 0, need.answer)
        most = Spent(1, need.prompt, 0, need.answer, 0, 0.0, cost)
        made = Reservation(proposal, (model.origin, model.name), prices, most)
        caps = self.caps
        if caps.any:
            if caps.of_cost and not prices.known and not _free(model.origin):
                raise ModelError(
                    Trouble.BAD_REQUEST,
                    f"{caps.of_cost} is set, but what {model.name} at {model.origin} costs is not, "
                    "so nothing was sent. Set prompt_price and completion_price of the model (per "
                    "million tokens), or remove the limit.",
                )
            day = await self._today() if caps.per_day else Spent()
            mine = self._proposals.get(proposal, Spent())
            for other in self._reserved:
                day += other.most
                mine += other.most if other.proposal == proposal else Spent()
            if broken := caps.broken(mine, day, most):
                raise ModelError(Trouble.QUOTA, broken)
        self._reserved.add(made)
        return made

    def settle(
        self, made: Reservation, seconds: float, usage: Usage | None, answer: int, *, sent: bool
    ) -> Spent:
        """Take down what a request really spent. ``answer`` is the length of what came of it.

        ``sent``: it may have been worked on, even if no good answer came; then what the provider
        did not count is estimated.
        """
        self._reserved.discard(made)
        prompt = made.most.prompt if sent else 0
        completion = -(-answer // CHARS_PER_TOKEN)
        cached = rejected = 0
        if usage is not None:
            prompt = prompt if usage.prompt is None else usage.prompt
            completion = completion if usage.completion is None else usage.completion
            cached, rejected = usage.cached or 0, usage.rejected or 0
        cost = made.prices.cost(prompt, cached, completion)
        spent = Spent(1, prompt, cached, completion, rejected, seconds, cost)
        if made.proposal:
            self._proposals[made.proposal] = self._proposals.get(made.proposal, Spent()) + spent
            while len(self._proposals) > MOST_PROPOSALS:
                del self._proposals[next(iter(self._proposals))]
        self._unwritten[made.name] = self._unwritten.get(made.name, Tally()) + Tally(spent)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return spent

    async def aclose(self) -> None:
        """Write down what is not written yet."""
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._write()

    async def _today(self) -> Spent:
        async with self._writing:
            kept = Spent() if self._ledger is None else await asyncio.to_thread(self._ledger.today)
            total = kept + self._unkept
            for tally in self._unwritten.values():
                total += tally.spent
            return total

    async def _write(self) -> None:
        async with self._writing:
            while self._unwritten:
                tallies, self._unwritten = self._unwritten, {}
                try:
                    if self._ledger is not None:
                        await asyncio.to_thread(self._ledger.add, tallies)
                        continue
                except OSError as error:
                    logger.warning("what was spent cannot be kept: %s", error.strerror)
                for tally in tallies.values():  # then it counts for this process alone
                    self._unkept += tally.spent


def prices_of(model: Model) -> Prices:
    """Return what a model's tokens cost, as far as the settings say so."""
    prices = getattr(model, "prices", None)
    return prices if isinstance(prices, Prices) else Prices()


def _free(origin: str) -> bool:
    return not origin.startswith("http") or is_loopback(origin)
