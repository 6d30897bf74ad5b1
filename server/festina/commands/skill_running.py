"""``festina skill run``: a skill is followed at all places that it is meant for, each one checked.

Nothing is written that did not pass, and nothing that nobody agreed to: with ``--apply`` that was
said before, at a terminal it is asked for each edit, while the next ones are made. Where neither is
so, as many edits are made and shown as may wait for a review (``review.pending``).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from festina import line_patterns
from festina.commands import (
    advice,
    job,
    recorded,
    running,
    skill,
    skill_reviewing,
    skill_showing,
)
from festina.commands.base import Exit, Stop
from festina.commands.recorded import Decision
from festina.commands.skill_reviewing import AT_ONCE
from festina.commands.skill_working import Work
from festina.config import Settings
from festina.context.gather import TOO_SMALL
from festina.context.places import Place, find
from festina.models.base import ModelError
from festina.models.ready import EMBEDDED_STREAMS, STREAMS, Ready
from festina.skill_file import PLACES_KEY, Skill
from festina.skill_work import End, Tried
from festina.slow import Adviser
from festina.trust import TrustStore
from festina.verify.base import Snapshot, Verifier
from festina.verify.engine import Engine
from festina.verify.mapping import MANY
from festina.workspaces import workspace_of

if TYPE_CHECKING:
    from festina.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Order:
    """Which skill is to be followed where, under which settings."""

    args: argparse.Namespace
    workspace: Path
    skill: Skill
    patterns: tuple[str, ...]
    under: tuple[str, ...]
    settings: Settings
    trust: TrustStore

    @property
    def snapshot(self) -> Snapshot:
        """The workspace as it is on the disk now."""
        return job.snapshot_of(self.workspace, self.settings, self.trust)


@dataclass(slots=True)
class Run:
    """One run, as far as it has come. ``waiting`` are places that were not begun."""

    order: Order
    places: list[Place]
    verifier: Verifier
    terminal: Terminal | None
    waiting: list[Place] = field(default_factory=list)
    ended: list[tuple[Tried, bool]] = field(default_factory=list)
    error: ModelError | None = None
    quits: bool = False
    applies: bool = False

    @property
    def counts(self) -> Counter[End]:
        """How many places have come to which end."""
        return Counter(tried.end for tried, _ in self.ended)

    @property
    def pending(self) -> int:
        """How many edits wait for a person: all that somebody could accept."""
        counts = self.counts
        return counts[End.PASSED] + counts[End.UNVERIFIED]

    def say(self, number: int, place: Place, words: str) -> None:
        """Say how far it is with a place."""
        if self.terminal is not None:
            self.terminal.status(f"{number} of {len(self.places)} · {place.shown} · {words}")

    async def keep(self, tried: Tried, decision: Decision) -> None:
        """Count what came of a place."""
        order = self.order
        await asyncio.to_thread(recorded.keep_place, order.workspace, tried, order.skill, decision)


async def run(args: argparse.Namespace) -> int:
    """Follow a skill at all of its places; return the exit code."""
    from festina.terminal import Terminal

    terminal = Terminal()
    order = _order(args, terminal)
    snapshot = order.snapshot
    found = await asyncio.to_thread(find, snapshot, order.skill.files, order.patterns, order.under)
    if args.places or not found.places:
        skill_showing.places(terminal, order.skill, found, as_json=args.json)
        return Exit.DONE
    if not snapshot.trusted:
        raise Stop(
            f"{order.workspace} is not trusted, so none of its code is run and no edit could "
            f"pass. If you trust it: festina trust {order.workspace}",
            Exit.UNVERIFIED,
        )
    if await advice.is_small(order.settings, args.model):
        raise Stop(TOO_SMALL)
    places = list(found.places)
    verifier = Engine(mapping=len(places) >= MANY)
    shown = None if args.json else terminal
    state = Run(order, places, verifier, shown, list(places))
    try:
        with nullcontext() if shown is None else shown.progress("looking for a model"):
            await _all(state)
    except asyncio.CancelledError:
        if not args.json:
            skill_showing.summary(terminal, state)
        raise
    finally:
        await verifier.aclose()
    if args.json:
        sys.stdout.write(json.dumps(skill_showing.to_json(state, found)) + "\n")
    else:
        skill_showing.summary(terminal, state)
    if state.error is not None:
        raise Stop(str(state.error), job.exit_of_error(state.error))
    return _exit(state)


def _order(args: argparse.Namespace, terminal: Terminal) -> Order:
    """Find out what is meant.

    Raises:
        Stop: the mistake, in a sentence.
    """
    workspace = (args.workspace or workspace_of(Path.cwd())).resolve()
    if not workspace.is_dir():
        raise Stop(f"The workspace {args.workspace} is not a folder.")
    trust = TrustStore()
    settings = job.settings_of(workspace, terminal.warn, args.scope)
    followed = skill.named(job.snapshot_of(workspace, settings, trust), args.name)
    patterns = line_patterns.split("\n".join(args.find)) if args.find else followed.places
    if why := line_patterns.amiss(patterns):
        raise Stop(why)
    if not patterns:
        raise Stop(
            f"The skill {followed.name} does not say where it is meant: add `{PLACES_KEY}` to the "
            f"metadata in {followed.path}, or say how a line reads there with --find PATTERN."
        )
    under = tuple(_below(workspace, path) for path in args.paths)
    return Order(args, workspace, followed, patterns, under, settings, trust)


def _below(workspace: Path, path: Path) -> str:
    """Return a path in the workspace.

    Raises:
        Stop: there is no such thing, or it lies outside.
    """
    real = path.resolve()
    if not real.exists():
        raise Stop(f"There is no {path}.")
    if not real.is_relative_to(workspace):
        raise Stop(f"{path} is outside the workspace {workspace}.")
    return real.relative_to(workspace).as_posix()


async def _all(state: Run) -> None:
    order = state.order
    asks = not order.args.apply and state.terminal is not None and running.may_ask()
    state.applies = order.args.apply or asks
    async with _model(state) as (ready, adviser):
        work = Work(state, ready, adviser)
        if asks:
            await skill_reviewing.review(state, work.attempt, work.decide)
        elif state.applies:
            while state.waiting and state.error is None:
                await _one(state, work)
        else:
            await _shown(state, work)


async def _shown(state: Run, work: Work) -> None:
    """Make as many edits as may wait for a review.

    They are shown and not kept, so nothing of one changes what the others rest on.
    """
    cap, tasks = state.order.settings.review_pending, set[asyncio.Task[None]]()
    try:
        while True:
            room = cap - state.pending - len(tasks)
            while state.waiting and state.error is None and len(tasks) < AT_ONCE and room > 0:
                tasks.add(asyncio.create_task(_one(state, work)))
                await asyncio.sleep(0)  # it has taken its place
                room -= 1
            if not tasks:
                return
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _one(state: Run, work: Work) -> None:
    """Work at the next place, to its end."""
    number, place = len(state.places) - len(state.waiting) + 1, state.waiting.pop(0)
    tried = await work.attempt(place, lambda words: state.say(number, place, words))
    if tried is None:
        return
    if tried.error is not None and tried.verdict is None:
        state.error = tried.error
        state.waiting.insert(0, place)
        return
    await work.decide(tried)


@asynccontextmanager
async def _model(state: Run) -> AsyncIterator[tuple[Ready, Adviser | None]]:
    """Give the model that writes, and the one that advises it where there is one."""
    order, args = state.order, state.order.args
    first = state.places[0].path
    async with (
        job.preparing(state.verifier, order.snapshot, first),
        job.model_for(
            order.settings,
            args.model,
            trust=order.trust,
            agreed=args.yes,
            terminal=state.terminal,
        ) as made,
    ):
        small = made.choice.how == "embedded"
        streams = EMBEDDED_STREAMS if small else STREAMS
        ready = Ready(made.model, made.runner, small=small, streams=streams)
        adviser = advice.slow_model(
            order.settings,
            made.runner,
            trust=order.trust,
            agreed=args.yes,
            terminal=state.terminal,
        )
        yield ready, adviser


def _exit(state: Run) -> Exit:
    counts = state.counts
    if counts[End.FAILED]:
        return Exit.FAILED
    return Exit.UNVERIFIED if counts[End.UNVERIFIED] else Exit.DONE
