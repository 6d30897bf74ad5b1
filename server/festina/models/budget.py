"""One budget for each endpoint, key and model: what may be sent now, and until when it has to wait.

All proposals and candidates of this process share it, whichever event loop they are on. It asks
before a request is sent, and learns from the headers of every response; ``known`` says with what it
begins. While nothing remains, or a refusal (429, 529) has to be waited out, nobody sends; then one
request goes ahead, and what it is answered opens the way for the others. Other processes have
budgets of their own: the provider's figures count what all of them sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from festina.calls import Wait
from festina.models.base import ModelError, OnWait, for_ever
from festina.models.failures import passing
from festina.models.known import Known, replaced
from festina.models.limits import Bucket, Need, read
from festina.models.places import Places, Waiter
from festina.models.presets import for_url, is_loopback
from festina.models.retry import Policy, told_pause, uptime, when

REFUSALS = frozenset({429, 529})
AHEAD = 8
"""Requests on their way to a server that has not answered yet; each answer allows more of them,
fewer once it has refused any."""
MOST_REFUSALS = 100
"""In a row, for one request; with the usual pauses the longest wait is over long before."""
LOOK_SECONDS = 2.0
"""Who waits looks again this often: patience may have ended, or the machine have slept."""
SHOWN_SECONDS = 0.5
"""A shorter wait is not worth a word."""
LEAST_SECONDS = 0.001
BELIEVED = 3
"""So many times in a row a provider's own pause is believed, however short it is."""


@dataclass(slots=True, eq=False)
class Ticket:
    """Leave to send one request. Exactly one of the methods of ``Budget`` takes it back."""

    need: Need
    number: int


@dataclass(frozen=True, slots=True)
class _Hold:
    """Nobody sends before ``until``; ``why`` names the limit."""

    until: float
    why: str


class Budget:
    """See the module. ``origin`` is where requests go to; ``clock`` counts seconds."""

    def __init__(self, origin: str, *, clock: Callable[[], float] = uptime) -> None:
        self.origin = origin
        preset = for_url(origin) if origin.startswith("http") else None
        named = preset is not None and preset.base_url and not is_loopback(origin)
        self.whom = preset.title if named and preset else origin.partition("://")[2] or origin
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[int, Bucket]] = {}
        self._under_way: set[Ticket] = set()
        self._known = Known()
        self._supposed: set[str] = set()  # of the buckets: those that no response told
        self._heard = False
        self.places = Places()
        self._ahead = float(AHEAD)
        self._careful = False
        self._hold = _Hold(0.0, "")
        self._refusals = 0
        self._in_steps: set[str] = set()
        self._numbers = itertools.count()
        self._waiting: list[Waiter] = []

    def expect(self, known: Known) -> None:
        """Begin with what is known, or go on with what is known by now."""
        with self._lock:
            self.places.bound(known.most)
            if known == self._known:
                return
            for name in self._supposed:
                self._buckets.pop(name, None)
            self._supposed.clear()
            self._known = known
            if not self._heard:
                self._ahead = float(min(AHEAD, known.parallel or AHEAD))
            told = [bucket for _, bucket in self._buckets.values()]
            bounds = (each for each in known.bounds if not replaced(each[0], told))
            self._suppose(bounds, -1, self._clock())
            self._wake()

    @property
    def words(self) -> str:
        """Say for a person what the limits are, and who says so; nothing where none is known."""
        with self._lock:
            names = self._buckets.keys() - self._supposed
            told = [bucket for name, (_, bucket) in self._buckets.items() if name in names]
            return self._known.words(self.whom, told)

    @asynccontextmanager
    async def sending(
        self,
        need: Need,
        policy: Policy,
        on_wait: OnWait | None = None,
        patience: Callable[[], float] = for_ever,
    ) -> AsyncIterator[Ticket]:
        """Wait for leave to send; give the ticket back in the end, if nothing was answered.

        Raises:
            ModelError: it would have to wait longer than ``policy.longest``, or than there is
                ``patience`` for; nothing is sent.
        """
        ticket = await self._admitted(need, policy.longest, on_wait, patience)
        try:
            yield ticket
        finally:
            self._leave(ticket)

    def answered(
        self,
        ticket: Ticket,
        headers: Mapping[str, str],
        *,
        ok: bool = False,
        refused: Policy | None = None,
    ) -> float:
        """Take in what a response's headers (names in lower case) say of the limits.

        ``ok``: the request was accepted. ``refused``: it may be sent again, but not for now; how
        patient to be then. Nobody sends until that is over.

        Returns:
            The pause in seconds that a refusal asks for, else 0.
        """
        with self._lock:
            now = self._clock()
            self._under_way.discard(ticket)
            told = read(headers, now, datetime.now(UTC))
            self._learn(ticket, told, now, refused)
            pause = 0.0
            if refused is not None:
                spent = [bucket.words for bucket in told.values() if bucket.remaining < 1]
                pause = self._held(now, told_pause(headers), refused, next(iter(spent), ""))
            elif ok:
                self._heard = True
                self._refusals = 0
                self._ahead += 1 / self._ahead if self._careful else 1
            self._wake()
        return pause

    def hold(self, policy: Policy) -> float:
        """Hold everybody back after an answer was broken off because of a limit or an overload.

        Returns:
            For how many seconds.
        """
        with self._lock:
            pause = self._held(self._clock(), None, policy)
            self._wake()
        return pause

    def _held(self, now: float, told: float | None, policy: Policy, why: str = "") -> float:
        pause = self._pause(told, policy)
        self._refusals += 1
        self._ahead, self._careful = 1.0, True
        if now + pause > self._hold.until:
            self._hold = _Hold(now + pause, why)
        return pause

    def _pause(self, told: float | None, policy: Policy) -> float:
        """Keep to what the provider says, but not over and over where that was not enough."""
        if told is not None and self._refusals < BELIEVED:
            return told
        return max(told or 0.0, policy.backoff(self._refusals))

    def _learn(
        self, ticket: Ticket, told: Mapping[str, Bucket], now: float, refused: Policy | None
    ) -> None:
        """Take over what a response says; one that is older than another counts if it says less."""
        for name, bucket in told.items():
            number, known = self._buckets.get(name, (-1, bucket))
            expected = bucket.remaining < ticket.need.of(name) <= known.left(now)
            if refused and expected and bucket.full_at - now <= refused.longest:
                self._in_steps.add(name)  # it should have filled by now, little by little
            if name in self._in_steps:
                bucket = replace(bucket, steady=False)
            if ticket.number > number or bucket.left(now) < known.left(now):
                self._buckets[name] = (max(number, ticket.number), bucket)
        self._supposed -= told.keys()
        for name in [each for each in self._supposed if replaced(each, told.values())]:
            self._supposed.discard(name)
            del self._buckets[name]
        self._suppose(self._known.given_away(told.values()), ticket.number, now)
        for name in self._buckets.keys() - told.keys():
            number, known = self._buckets[name]
            self._buckets[name] = (number, known.less(ticket.need.of(name), now))

    def _suppose(self, limits: Iterable[tuple[str, int]], number: int, now: float) -> None:
        """Add limits that no response told, unless they are there already."""
        for name, limit in limits:
            if name not in self._buckets:
                self._buckets[name] = (number, Bucket.full(name, limit, now))
                self._supposed.add(name)

    async def _admitted(
        self, need: Need, longest: float, on_wait: OnWait | None, patience: Callable[[], float]
    ) -> Ticket:
        waiter: Waiter | None = None
        shown: float | None = None
        try:
            while True:
                with self._lock:
                    now = self._clock()
                    hold = self._ready(need, now, waiter)
                    if hold is None:
                        ticket = Ticket(need, next(self._numbers))
                        self._under_way.add(ticket)
                        return ticket
                    if hold.until - now > min(longest, patience()):
                        raise self._too_long(hold, now)
                    if waiter is None:
                        waiter = Waiter(asyncio.get_running_loop())
                        self._waiting.append(waiter)
                    waiter.called.clear()
                seconds = hold.until - now
                if on_wait is not None and seconds >= SHOWN_SECONDS and hold.until != shown:
                    shown = hold.until
                    until = datetime.now().astimezone() + timedelta(seconds=seconds)
                    on_wait(Wait(self.whom, until, seconds))
                try:
                    async with asyncio.timeout(min(seconds, LOOK_SECONDS) if seconds > 0 else None):
                        await waiter.called.wait()
                except TimeoutError:
                    continue
        finally:
            if waiter is not None:
                with self._lock:
                    self._waiting.remove(waiter)
                    self._wake()
            if shown is not None and on_wait is not None:
                on_wait(None)

    def _ready(self, need: Need, now: float, waiter: Waiter | None) -> _Hold | None:
        """Return None if a request may be sent now, else until when it may surely not.

        That is ``now`` where it waits for others, and not for a time.
        """
        holds = [self._hold] if now < self._hold.until else []
        for name, (_, bucket) in self._buckets.items():
            amount = need.of(name)
            if bucket.limit is not None:
                amount = min(amount, int(bucket.limit))
            left = bucket.left(now)
            if left < amount:
                holds.append(_Hold(max(now + LEAST_SECONDS, bucket.ready_at(amount)), bucket.words))
            elif left - sum(ticket.need.of(name) for ticket in self._under_way) < amount:
                holds.append(_Hold(now, ""))  # their answers will tell what remains
        if not self._heard and self._under_way:
            for name, _ in self._known.entry:
                sent = sum(ticket.need.of(name) for ticket in self._under_way)
                if not self._known.fits(name, sent + need.of(name)):
                    holds.append(_Hold(now, ""))
        first = not self._waiting or self._waiting[0] is waiter
        silent = 0 if self._careful else sum(ticket.need.whole for ticket in self._under_way)
        if not first or len(self._under_way) - silent >= int(self._ahead):
            holds.append(_Hold(now, ""))
        return max(holds, key=lambda hold: hold.until, default=None)

    def _leave(self, ticket: Ticket) -> None:
        with self._lock:
            if ticket in self._under_way:
                self._under_way.discard(ticket)
                self._wake()

    def _wake(self) -> None:
        """Let who waits look again, first come, first served. With the lock held."""
        for waiter in self._waiting:
            waiter.call()

    def _too_long(self, hold: _Hold, now: float) -> ModelError:
        wait = hold.until - now
        what = f"its limit of {hold.why}" if hold.why else "its limit"
        return passing(
            f"{self.origin} takes no more requests for now: nothing remains of {what}. "
            f"Try again {when(wait)}, or use another model.",
            wait,
        )


_Name = tuple[str, bytes, str]
_budgets: weakref.WeakValueDictionary[_Name, Budget] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def budget_for(origin: str, key: str, model: str = "") -> Budget:
    """Return the budget of an endpoint and a key, as long as anybody in this process holds it.

    Providers count each model for itself (OpenAI, Groq, Cerebras, Anthropic), so each has its own.
    """
    name = (origin, hashlib.sha256(key.encode("utf-8", "replace")).digest(), model)
    with _lock:
        return _budgets.setdefault(name, Budget(origin))
