"""A skill's run before a person: while one edit is read, the next ones are made."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from festina import skill_work
from festina.commands.recorded import Decision
from festina.context.places import Place, current
from festina.skill_work import End, Tried
from festina.verify.base import verdict_key

if TYPE_CHECKING:
    from festina.commands.skill_running import Run

AT_ONCE = 4
"""So many places are worked at together."""
CHANGED = "Its lines were changed after the edit was made, so it is not offered."

Say = Callable[[str], None]
Attempt = Callable[[Place, Say], Awaitable[Tried | None]]


@dataclass(eq=False, slots=True)
class _Ahead:
    """A place that is worked at; ``written`` is how many edits had been written before."""

    place: Place
    written: int
    made: asyncio.Task[Tried | None]


async def review(state: Run, attempt: Attempt, decide: Callable[[Tried], Awaitable[None]]) -> None:
    """Have a person decide on one edit after the other, in the order of their places.

    With the one on show no more are made than may wait for a review (``review.pending``). What was
    made and not decided at the end has not been tried: the next run begins there.
    """
    ahead: deque[_Ahead] = deque()
    slots = asyncio.Semaphore(AT_ONCE)

    def begin(place: Place) -> None:
        def say(words: str) -> None:
            if ahead and ahead[0] is one:
                state.say(len(state.ended) + 1, place, words)

        async def make() -> Tried | None:
            async with slots:
                return await attempt(place, say)

        one = _Ahead(place, _written(state), asyncio.create_task(make()))
        ahead.append(one)

    try:
        while not state.quits and state.error is None:
            while state.waiting and len(ahead) < max(state.order.settings.review_pending, 1):
                begin(state.waiting.pop(0))
            if not ahead:
                return
            tried = await ahead[0].made
            if tried is not None and tried.error is not None and tried.verdict is None:
                state.error = tried.error
                return
            if tried is not None:
                await decide(await _as_it_is_now(state, ahead[0], tried))
            ahead.popleft()
    finally:
        await _put_back(state, ahead)


async def _as_it_is_now(state: Run, one: _Ahead, tried: Tried) -> Tried:
    """Return an edit as it is in what is there by now: judged anew, where that is something else.

    Edits that were written since are the usual reason.
    """
    disturbed = tried.end is End.UNVERIFIED and one.written != _written(state)
    if tried.verdict is None or (tried.end is not End.PASSED and not disturbed):
        return tried
    order, snapshot = state.order, state.order.snapshot
    place = await asyncio.to_thread(current, snapshot, tried.place)
    if place is None:
        return replace(tried, end=End.FAILED, words=CHANGED)
    task = skill_work.task_of(place, order.skill, snapshot, order.settings)
    new = task.result(tried.region_text).content
    if tried.verdict.key == verdict_key(new, await state.verifier.fingerprint(snapshot)):
        return tried

    def say(words: str) -> None:
        state.say(len(state.ended) + 1, place, f"again, since other edits were written: {words}")

    return await skill_work.judge_again(tried, task, place, state.verifier, say)


async def _put_back(state: Run, ahead: deque[_Ahead]) -> None:
    """Have what was not decided wait again; what was spent on it is counted."""
    for one in ahead:
        one.made.cancel()
    ends = await asyncio.gather(*(one.made for one in ahead), return_exceptions=True)
    state.waiting[:0] = [one.place for one in ahead]
    for tried in ends:
        if isinstance(tried, Tried) and tried.error is None:
            await state.keep(tried, Decision())


def _written(state: Run) -> int:
    return sum(written for _, written in state.ended)
