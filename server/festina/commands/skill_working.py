"""What a skill's run does at a place: an edit is made, decided on, and written."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from festina import skill_work
from festina.commands import recorded, recovering, skill_showing
from festina.commands.base import Stop
from festina.commands.recorded import Decision
from festina.commands.target import Target
from festina.context.places import Place, current
from festina.models.meter import counting
from festina.models.ready import Ready
from festina.skill_work import End, Tried
from festina.slow import Adviser
from festina.text import Text
from festina.verify.base import verdict_key

if TYPE_CHECKING:
    from festina.commands.skill_running import Run


@dataclass(frozen=True, slots=True)
class Work:
    """What is done at a place, and with what came of it."""

    state: Run
    ready: Ready
    adviser: Adviser | None

    async def attempt(self, place: Place, say: Callable[[str], None]) -> Tried | None:
        """Have an edit made and judged; None where the place's lines are others by now."""
        order, verifier = self.state.order, self.state.verifier
        say("waiting for the model")
        snapshot = order.snapshot
        now = await asyncio.to_thread(current, snapshot, place)
        if now is None:
            return None
        task = skill_work.task_of(now, order.skill, snapshot, order.settings)
        with counting(f"skill {place.shown}"):
            return await skill_work.attempt(now, task, self.ready, verifier, say, self.adviser)

    async def decide(self, tried: Tried) -> None:
        """Write an edit that passed, if that was agreed to; keep and show what came of it."""
        state, decision = self.state, Decision()
        if tried.end is End.PASSED and state.applies:
            tried, decision = await _decide(state, tried)
        elif state.terminal is not None:
            skill_showing.one(state.terminal, tried)
        state.ended.append((tried, decision.accepted))
        await state.keep(tried, decision)


async def _decide(state: Run, tried: Tried) -> tuple[Tried, Decision]:
    """Write an edit that passed, if that was agreed to; return it, and what was decided."""
    terminal, asks = state.terminal, not state.order.args.apply
    decision = Decision()
    if terminal is not None and asks:
        ready_at = time.time()
        answer = await skill_showing.ask(terminal, tried)
        state.quits = answer == "quit"
        if state.quits:
            return tried, decision
        decision = Decision(dismissed=answer != "yes", ready_at=ready_at, decided_at=time.time())
        if decision.dismissed:
            return tried, decision
    try:
        await _write(state, tried)
    except Stop as stop:
        tried = replace(tried, end=End.FAILED, words=str(stop))
    if terminal is not None and tried.end is End.PASSED and asks:
        terminal.say(f"written to {tried.place.path}", "dim")
    elif terminal is not None:
        skill_showing.one(terminal, tried)
    return tried, replace(decision, accepted=tried.end is End.PASSED)


async def _write(state: Run, tried: Tried) -> None:
    """Write an edit, if its verdict still holds (design, invariant 2)."""
    place, verdict = tried.place, tried.verdict
    assert verdict is not None
    fingerprint = await state.verifier.fingerprint(state.order.snapshot)
    if verdict.key != verdict_key(tried.text, fingerprint):
        raise Stop("The workspace changed after the edit was checked, so nothing was written.")
    file = Target(state.order.workspace / place.path, state.order.workspace, place.text)
    warn = _warn if state.terminal is None else state.terminal.warn
    line = recorded.accepted_place(tried, state.order.skill)
    await asyncio.to_thread(recovering.write, file, Text(tried.text), place.name, line, warn)


def _warn(text: str) -> None:
    sys.stderr.write(f"festina: {text}\n")
