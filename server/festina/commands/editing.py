"""The work behind ``festina edit``; it tells a person, a program or a filter what came of it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from festina import markers, prompt, slow
from festina.clean import visible
from festina.commands import (
    advice,
    apply,
    exporting,
    filtering,
    held,
    job,
    recorded,
    recovering,
    showing,
    skill,
    target,
)
from festina.commands.base import Exit, Stop
from festina.commands.outcome import Outcome
from festina.commands.running import exit_of
from festina.commands.target import Target
from festina.config import Settings
from festina.context import gather, withheld
from festina.edits import Region
from festina.findings import Gate, GateResult, Status
from festina.models.base import ModelError
from festina.models.meter import counting
from festina.plans.bounds import forbidden
from festina.skill_file import Skill
from festina.task import Task
from festina.trust import TrustStore
from festina.verify.base import Snapshot
from festina.verify.engine import Engine
from festina.verify.mapping import MANY

if TYPE_CHECKING:
    from festina.models.discovery import Choice
    from festina.terminal import Terminal

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be edited, and under which settings. ``name``: the region's, if it has one.

    ``skill`` is to be followed, if there is one.
    """

    args: argparse.Namespace
    target: Target
    region: Region
    name: str
    settings: Settings
    trust: TrustStore
    skill: Skill | None = None

    @property
    def place(self) -> str:
        """The region for a person: ``pkg/mod.py:40-58  clamp``."""
        return self.target.place(self.region, self.name)

    @property
    def instruction(self) -> str:
        """What is to be done.

        Raises:
            Stop: nobody said.
        """
        given = self.args.message or markers.instruction(self.target.text, self.region)
        if self.skill is not None:
            return self.skill.asked(given)
        if not given.strip():
            raise Stop(
                "Say what to do: -m TEXT, or a comment in the lines such as "
                "`# festina: handle zero`."
            )
        return str(given)


@dataclass(frozen=True, slots=True)
class Proposed:
    """What came of an order. ``refusal``: why a passed edit was not written, if it was not."""

    outcome: Outcome
    choice: Choice
    refusal: Stop | None = None


async def shown(args: argparse.Namespace) -> int:
    """Edit for a person: progress, then the diff, the verdict and what it rests on."""
    from festina.terminal import Terminal

    terminal = Terminal()
    order = _order(args, terminal.warn)
    with terminal.progress("looking for a model"):
        proposed = await _propose(order, terminal)
    finished = job.finished_of(proposed.outcome)
    if finished.error is not None:
        job.stop(finished.error)
    showing.conclude(order, proposed, terminal)
    exporting.keep(order, proposed, terminal)
    if proposed.refusal is not None:
        raise proposed.refusal
    if not args.diff:
        review = await _review(order, proposed.outcome, terminal)
        if review is not None:
            showing.show_review(terminal, review, proposed.outcome)
    return exit_of(finished.status)


async def as_json(args: argparse.Namespace) -> int:
    """Edit for a program: one JSON object on standard output."""
    order = _order(args, _warn)
    proposed = await _propose(order, None)
    finished = job.finished_of(proposed.outcome)
    await _review(order, proposed.outcome, None)
    place = order.target.relative
    data = showing.to_json(place, order.region, proposed.outcome, proposed.choice)
    data |= exporting.keep(order, proposed, None)
    sys.stdout.write(json.dumps(data) + "\n")
    return job.exit_of_error(finished.error) if finished.error else exit_of(finished.status)


async def show_prompt(args: argparse.Namespace) -> int:
    """Print what would be sent for the first candidate. No model is asked."""
    order = _order(args, _warn)
    task = _task(order, job.snapshot_of(order.target.workspace, order.settings, order.trust))
    try:
        asked = await job.whom(order.settings, args.model)
        task = replace(task, small=asked.small)
        gathered = await asyncio.to_thread(gather, task.wish(asked.origin, asked.window))
    except ModelError as error:
        job.stop(error)
    sys.stdout.write(prompt.page(task.request(gathered, 0), asked.shown))
    return Exit.DONE


async def filtered(args: argparse.Namespace, given: bytes) -> tuple[int, bytes]:
    """Edit for ``:!``: return the exit code and what to print."""
    separate = filtering.errors_are_separate()
    order = _order(args, _warn if separate else lambda _: None, given)
    outcome = (await _propose(order, None)).outcome
    finished, best = job.finished_of(outcome), outcome.best
    if finished.error is not None:
        job.stop(finished.error)
    if finished.status is not Status.PASSED or best is None:
        raise Stop(f"{finished.status}: {finished.message}", exit_of(finished.status))
    return Exit.DONE, filtering.like_input(best.region_text, given)


def _order(args: argparse.Namespace, warn: Warn, given: bytes = b"") -> Order:
    """Find out what is meant, and refuse early what cannot come to a good end.

    Raises:
        Stop: the mistake, in a sentence.
    """
    file, lines = target.split(args.target)
    found = target.read(file, args.workspace)
    name = ""
    if args.filter:
        found, region = filtering.locate(found, lines, given)
    else:
        region, name = target.region_of(found, lines)
    target.check_editable(found, region)
    if args.apply:
        apply.check_writable(found.path)
    if args.gallery:
        exporting.check(args.gallery)
    trust = TrustStore()
    settings = job.settings_of(found.workspace, warn, args.scope)
    snapshot = job.snapshot_of(found.workspace, settings, trust)
    followed = skill.named(snapshot, args.skill) if args.skill else None
    order = Order(args, found, region, name, settings, trust, followed)
    order.instruction  # noqa: B018 - refuse before anything starts
    if why := withheld(snapshot, found.relative) or forbidden(settings.verify, found.relative):
        raise Stop(why)
    if not trust.is_trusted(found.workspace):
        untrusted = (
            f"{found.workspace} is not trusted, so none of its code is run and an edit stays "
            f"unverified. If you trust it: festina trust {found.workspace}"
        )
        if args.apply or args.filter or args.diff:
            raise Stop(untrusted, Exit.UNVERIFIED)
        warn(untrusted)
    if not args.filter:
        recovering.greet(found.workspace, warn)
    return order


def _task(order: Order, snapshot: Snapshot) -> Task:
    place = order.target
    return Task(
        snapshot,
        place.relative,
        place.text,
        order.region,
        order.instruction,
        place.language,
        count=order.args.candidates or order.settings.variations,
        rounds=order.settings.repair_rounds,
        context_tokens=order.settings.context_tokens,
        most=order.settings.repair_candidates,
        skill=order.skill,
    )


async def _propose(order: Order, terminal: Terminal | None) -> Proposed:
    """Ask and check; write a passed edit where that was asked for."""
    args, place = order.args, order.target
    snapshot = job.snapshot_of(place.workspace, order.settings, order.trust)
    if args.filter:
        snapshot = replace(snapshot, buffers={place.relative: place.text.content})
    task = _task(order, snapshot)
    verifier = Engine(mapping=task.count >= MANY)
    refusal: Stop | None = None
    try:
        async with (
            job.preparing(verifier, snapshot, place.relative),
            job.model_for(
                order.settings, args.model, trust=order.trust, agreed=args.yes, terminal=terminal
            ) as ready,
        ):
            adviser = advice.slow_model(
                order.settings, ready.runner, trust=order.trust, agreed=args.yes, terminal=terminal
            )
            left = _left(order, terminal)
            outcome = await job.pursue(task, ready, verifier, terminal, adviser, on_stop=left)
        if (
            args.apply
            and job.finished_of(outcome).status is Status.PASSED
            and outcome.best is not None
        ):
            try:
                warn = _warn if terminal is None else terminal.warn
                line = recorded.accepted(place, outcome, order.name, order.instruction)
                await recovering.write_checked(
                    place, outcome.best, verifier, snapshot, name=order.name, line=line, warn=warn
                )
            except Stop as stop:
                refusal = stop  # told after the edit, which would be lost otherwise
    finally:
        await verifier.aclose()
    applied = args.apply and job.finished_of(outcome).status is Status.PASSED and refusal is None
    followed = order.skill.name if order.skill else ""
    keep = partial(recorded.keep, name=order.name, skill=followed, said=order.instruction)
    await asyncio.to_thread(keep, place, outcome, applied=applied)
    return Proposed(outcome, ready.choice, refusal)


def _left(order: Order, terminal: Terminal | None) -> Callable[[Outcome], None] | None:
    """Return what shows a person what had come when they stopped it: it was paid for."""
    if terminal is None or order.args.diff:
        return None
    return lambda outcome: showing.show_so_far(terminal, order.place, outcome)


async def _review(order: Order, outcome: Outcome, terminal: Terminal | None) -> GateResult | None:
    """Have an edit that passed reviewed, where that is wanted; it alters nothing else."""
    best = outcome.best
    if job.finished_of(outcome).status is not Status.PASSED or best is None:
        return None
    if best.verdict is None or Gate.REVIEW not in order.settings.verify.gates:
        return None
    place, region = order.target, order.region
    old = place.text.lines_text(region.start, region.end)
    what, file, new = order.instruction, place.relative, best.region_text
    edit = slow.Edit(what, file, place.language, old, new, order.skill)
    async with advice.own_slow_model(
        order.settings, outcome.spent, trust=order.trust, agreed=order.args.yes, terminal=terminal
    ) as adviser:
        result = slow.NO_MODEL
        if adviser is not None:
            asking = "asking the slow model for a review"
            # only now: words that nobody can read would flicker where there is no slow model
            at_work = nullcontext() if terminal is None else terminal.progress(asking)
            with at_work, counting(job.EDIT), held.shown(terminal, asking) as on_wait:
                result, call = await slow.review(
                    adviser, edit, candidate=best.index, on_wait=on_wait
                )
            outcome.calls.append(call)
    result = slow.placed(result, region.start)
    best.verdict = best.verdict.with_review(result)
    return result


def _warn(text: str) -> None:
    sys.stderr.write(f"festina: {visible(text)}\n")
