"""``festina skill run``: a skill is followed at all places that it is meant for, each one checked.

Nothing is written that did not pass, and nothing that nobody agreed to: with ``--apply`` that was
said before, at a terminal it is asked for each edit. Where neither is so, as many edits are made
and shown as may wait for a review (``review.pending``).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from festina import edits, line_patterns, skill_work
from festina.commands import advice, job, recorded, recovering, running, skill, skill_showing
from festina.commands.base import Exit, Stop
from festina.commands.recorded import Decision
from festina.commands.target import Target
from festina.config import Settings
from festina.context.gather import TOO_SMALL
from festina.context.places import Place, find
from festina.models.base import ModelError
from festina.models.meter import counting
from festina.models.ready import EMBEDDED_STREAMS, STREAMS, Ready
from festina.skill_file import PLACES_KEY, Skill
from festina.skill_work import End, Tried
from festina.slow import Adviser
from festina.text import Text
from festina.trust import TrustStore
from festina.verify.base import Snapshot, Verifier, verdict_key
from festina.verify.engine import Engine
from festina.verify.mapping import MANY
from festina.workspaces import workspace_of

if TYPE_CHECKING:
    from festina.terminal import Terminal

AT_ONCE = 4
"""So many places are worked at together where nothing is written in between."""


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
    state.applies = order.args.apply or (state.terminal is not None and running.may_ask())
    async with _model(state) as (ready, adviser):
        if state.applies:
            while state.waiting and not state.quits and state.error is None:
                await _one(state, state.waiting.pop(0), ready, adviser)
            return
        # what is made is shown and not kept, so nothing of it changes what the others rest on
        cap, tasks = order.settings.review_pending, set[asyncio.Task[None]]()
        try:
            while True:
                room = cap - state.pending - len(tasks)
                while state.waiting and state.error is None and len(tasks) < AT_ONCE and room > 0:
                    work = _one(state, state.waiting.pop(0), ready, adviser)
                    tasks.add(asyncio.create_task(work))
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


async def _one(state: Run, place: Place, ready: Ready, adviser: Adviser | None) -> None:
    """Work at a place, to its end."""
    number = len(state.places) - len(state.waiting)
    order, terminal = state.order, state.terminal

    def say(words: str) -> None:
        if terminal is not None:
            terminal.status(f"{number} of {len(state.places)} · {place.shown} · {words}")

    say("waiting for the model")
    snapshot = order.snapshot
    task = skill_work.task_of(place, order.skill, snapshot, order.settings)
    with counting(f"place {number}"):
        tried = await skill_work.attempt(place, task, ready, state.verifier, say, adviser)
    if tried.error is not None and tried.verdict is None:
        state.error = tried.error
        state.waiting.insert(0, place)
        return
    decision = Decision()
    if tried.end is End.PASSED and state.applies:
        tried, decision = await _decide(state, tried, snapshot)
    elif terminal is not None:
        skill_showing.one(terminal, tried)
    state.ended.append((tried, decision.accepted))
    await asyncio.to_thread(recorded.keep_place, order.workspace, tried, order.skill, decision)


async def _decide(state: Run, tried: Tried, snapshot: Snapshot) -> tuple[Tried, Decision]:
    """Write an edit that passed, if that was agreed to; return it, and what was decided."""
    terminal, asks = state.terminal, not state.order.args.apply
    decision = Decision()
    if terminal is not None and asks:
        ready_at = time.time()
        answer = skill_showing.ask(terminal, tried)
        state.quits = answer == "quit"
        if state.quits:
            return tried, decision
        decision = Decision(dismissed=answer != "yes", ready_at=ready_at, decided_at=time.time())
        if decision.dismissed:
            return tried, decision
    try:
        await _write(state, tried, snapshot)
    except Stop as stop:
        tried = replace(tried, end=End.FAILED, words=str(stop))
    if terminal is not None and tried.end is End.PASSED and asks:
        terminal.say(f"written to {tried.place.path}", "dim")
    elif terminal is not None:
        skill_showing.one(terminal, tried)
    return tried, replace(decision, accepted=tried.end is End.PASSED)


async def _write(state: Run, tried: Tried, snapshot: Snapshot) -> None:
    """Write an edit, if its verdict still holds (design, invariant 2); others move along."""
    place, verdict = tried.place, tried.verdict
    assert verdict is not None
    if verdict.key != verdict_key(tried.text, await state.verifier.fingerprint(snapshot)):
        raise Stop("The workspace changed after the edit was checked, so nothing was written.")
    file = Target(state.order.workspace / place.path, state.order.workspace, place.text)
    new = Text(tried.text)
    warn = _warn if state.terminal is None else state.terminal.warn
    line = recorded.accepted_place(tried, state.order.skill)
    await asyncio.to_thread(recovering.write, file, new, place.name, line, warn)
    state.waiting = [moved for one in state.waiting if (moved := _moved(one, place.path, new))]


def _moved(place: Place, path: str, new: Text) -> Place | None:
    """Return a place as it is in a file that was written; None where it is gone."""
    if place.path != path:
        return place
    region = edits.rebase(place.text, new, place.region)
    if region is None:
        return None
    line = place.line + region.start - place.region.start
    return replace(place, text=new, region=region, line=line)


def _exit(state: Run) -> Exit:
    counts = state.counts
    if counts[End.FAILED]:
        return Exit.FAILED
    return Exit.UNVERIFIED if counts[End.UNVERIFIED] else Exit.DONE


def _warn(text: str) -> None:
    sys.stderr.write(f"festina: {text}\n")
