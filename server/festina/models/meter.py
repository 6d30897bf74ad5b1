"""Counts what every request spends, and sends none that would pass a cap of the person's.

One meter belongs to one runner and lives on its loop. What a proposal spends is counted under the
name that :func:`counting` gives to the task that asks, and to the tasks that this one starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from festina.models.base import Model, ModelError, Request, Trouble, Usage
from festina.models.failures import passing
from festina.models.ledger import Ledger, Name, Tally
from festina.models.limits import need_of
from festina.models.presets import is_loopback
from festina.models.retry import UNSEEN_SECONDS
from festina.spending import Caps, Prices, Spent, summed

logger = logging.getLogger(__name__)

CHARS_PER_TOKEN = 4
"""Where the provider does not count: about what code has."""
MOST_PROPOSALS = 1000
"""So many are remembered, for redirects and variations of old ones."""

_NO_ROOM = (
    "Requests that wait for a provider may yet take what is left of your own [limits], so nothing "
    "was sent. Cancel them, raise the limits, or ask again once they have ended."
)
_LATER = "later"
"""There is room for a request, or not, as soon as it is known what others have taken."""

P = ParamSpec("P")
T = TypeVar("T")

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


@dataclass(slots=True)
class Course:
    """How one request went. Moments are seconds on the clock of the loop that sends.

    ``sent`` is when it was sent last, None for never; ``length`` is that of the text that came, in
    characters; ``trouble`` what it ended with. Without ``usage`` the provider counted nothing.
    """

    began: float
    sent: float | None = None
    ended: float = 0.0
    length: int = 0
    usage: Usage | None = None
    trouble: Trouble | None = None

    @property
    def ran(self) -> bool:
        """Whether anything of it may have reached a model."""
        return self.sent is not None or self.usage is not None or self.length > 0

    @property
    def worked_on(self) -> bool:
        """Whether a model has worked on it, as far as can be told: it was not turned away."""
        return self.length > 0 or self.trouble in {None, Trouble.TIMEOUT, Trouble.TRUNCATED}

    @property
    def at_work(self) -> float:
        """For how many seconds, at most."""
        return self.ended - (self.began if self.sent is None else self.sent)


@dataclass(frozen=True, slots=True)
class _Pace:
    """What the last answer of a model took that the provider counted.

    ``share`` is what it counted for the prompt to what we did.
    """

    share: float = 1.0
    completion: int = 0
    seconds: float = 0.0

    def after(self, seconds: float) -> int:
        """Return how many tokens a like answer may have after so many seconds."""
        if seconds >= self.seconds:
            return self.completion
        return math.ceil(self.completion * seconds / self.seconds)


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
        self._paces: dict[Name, _Pace] = {}
        self._settled = asyncio.Event()
        self._turns = weakref.WeakValueDictionary[str, asyncio.Lock]()
        self._loose = False  # less may be spent than the ledger was told

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
            turn = self._turns.setdefault(proposal, asyncio.Lock())
            async with turn:
                await self._room(made)
        self._reserved.add(made)
        return made

    async def _room(self, made: Reservation) -> None:
        """Hold back what a request may take, once that breaks no cap.

        While only what is on its way stands against it, it waits until that is known: most answers
        take far less than they may; but not for those that a provider holds back for long.
        """
        while True:
            settled = self._settled
            if self.caps.per_day:
                async with self._writing:  # one after another: what one takes the next one lacks
                    why = await self._shared(made)
                    if not why:
                        self._reserved.add(made)
            elif not (why := self._broken(made)(Spent())):
                self._reserved.add(made)
            if not why:
                return
            if why != _LATER:
                raise ModelError(Trouble.QUOTA, why)
            try:
                async with asyncio.timeout(UNSEEN_SECONDS):
                    await settled.wait()
            except TimeoutError:
                raise passing(_NO_ROOM) from None

    def _broken(self, made: Reservation) -> Callable[[Spent], str]:
        """Return what says which cap a request would break, given the rest of the day's spending.

        It says ``_LATER`` where that depends on what is on its way. It may run in any thread.
        """
        caps, own, settled = self.caps, self._own, self._unknown
        before = self._proposals.get(made.proposal, Spent())
        others = (each.most for each in self._reserved if each.proposal == made.proposal)
        mine = summed([before, *others])

        def broken(rest: Spent) -> str:
            if not caps.broken(mine, rest + own, made.most):
                return ""
            return caps.broken(before, rest + settled, made.most) or _LATER

        return broken

    async def _shared(self, made: Reservation) -> str:
        """Make room for a request among those of all processes; say which cap it would break."""
        broken = self._broken(made)
        if self._ledger is None:
            return broken(Spent())
        try:
            return await _to_its_end(self._ledger.reserve, self._own + made.most, broken)
        except OSError as error:
            logger.warning("other processes do not see what is spent: %s", error.strerror)
            return broken(await _to_its_end(self._ledger.today))  # it may be read all the same
        except asyncio.CancelledError:
            self._loose = True
            self._keep()
            raise

    @property
    def _unknown(self) -> Spent:
        """What this process has spent that the ledger does not know of."""
        return summed([self._unkept, *(tally.spent for tally in self._unwritten.values())])

    @property
    def _own(self) -> Spent:
        """The same, and what it may come to spend."""
        return summed([self._unknown, *(each.most for each in self._reserved)])

    def settle(self, made: Reservation, course: Course) -> Spent:
        """Take down what a request has spent, and return it: nothing, where it was never sent.

        What the provider did not count is estimated: the prompt by how it counted another one, the
        answer by its text or, where it was broken off, by how far another one was after that time.
        """
        self._reserved.discard(made)
        self._settled.set()
        self._settled = asyncio.Event()
        if not course.ran:
            self._loose = True
            self._keep()
            return Spent()
        spent = self._spent(made, course)
        if made.proposal:
            self._proposals[made.proposal] = self._proposals.get(made.proposal, Spent()) + spent
            while len(self._proposals) > MOST_PROPOSALS:
                del self._proposals[next(iter(self._proposals))]
        self._unwritten[made.name] = self._unwritten.get(made.name, Tally()) + Tally(spent)
        self._keep()
        return spent

    def _spent(self, made: Reservation, course: Course) -> Spent:
        usage, pace = course.usage or Usage(), self._paces.get(made.name, _Pace())
        most, seconds = made.most, course.at_work
        prompt, completion, estimated = usage.prompt, usage.completion, 0
        if prompt is not None and completion is not None and most.prompt:
            self._paces[made.name] = _Pace(prompt / most.prompt, completion, seconds)
        if prompt is None:
            prompt = math.ceil(most.prompt * pace.share) if course.worked_on else 0
            estimated += prompt
        if completion is None:
            completion = -(-course.length // CHARS_PER_TOKEN)
            if course.usage is None and course.worked_on:  # it was broken off
                completion = max(completion, min(most.completion, pace.after(seconds)))
            estimated += completion
        cached, rejected = usage.cached or 0, usage.rejected or 0
        cost = made.prices.cost(prompt, cached, completion)
        whole = course.ended - course.began
        return Spent(1, prompt, cached, completion, rejected, whole, cost, estimated)

    async def aclose(self) -> None:
        """Write down what is not written yet."""
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._write()
        if self._ledger is not None:
            await asyncio.to_thread(self._ledger.close)

    def _keep(self) -> None:
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        async with self._writing:
            while self._unwritten or self._loose:
                tallies, self._unwritten, self._loose = self._unwritten, {}, False
                try:
                    if self._ledger is not None:
                        await _to_its_end(self._ledger.add, tallies, self._own)
                        continue
                except OSError as error:
                    logger.warning("what was spent cannot be kept: %s", error.strerror)
                for tally in tallies.values():  # then it counts for this process alone
                    self._unkept += tally.spent


async def _to_its_end(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work in a thread, and have it end before anything else, also when cancelled."""
    task = asyncio.create_task(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def prices_of(model: Model) -> Prices:
    """Return what a model's tokens cost, as far as the settings say so."""
    prices = getattr(model, "prices", None)
    return prices if isinstance(prices, Prices) else Prices()


def _free(origin: str) -> bool:
    return not origin.startswith("http") or is_loopback(origin)
