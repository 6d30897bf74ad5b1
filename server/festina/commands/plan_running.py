"""The work behind ``festina plan --run``: step by step, each accepted by the person or not."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from festina import planner, plans, steps
from festina.clean import visible
from festina.commands import advice, apply, job, plan_telling, planning, running, target
from festina.commands.base import Exit, Stop
from festina.commands.one_step import Made, Maker
from festina.commands.plan_memory import PlanMemory
from festina.commands.recorded import Decision
from festina.commands.running import exit_of
from festina.config import Settings
from festina.findings import Status
from festina.going import parts_of
from festina.instead import Instead
from festina.pending import check_size
from festina.plans import Damaged, Plan, Step
from festina.session import Refusal
from festina.trust import TrustStore
from festina.verify.base import Verifier, verdict_key
from festina.verify.engine import Engine

if TYPE_CHECKING:
    from festina.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Order:
    """Which plan is run, under which settings."""

    args: argparse.Namespace
    workspace: Path
    settings: Settings
    trust: TrustStore

    @property
    def path(self) -> Path:
        """The plan's file."""
        return self.workspace / planning.NAME


async def run(args: argparse.Namespace) -> int:
    """Run the steps of a plan in their order, up to the first that waits for the person."""
    terminal: Terminal | None = None
    if not args.json:
        from festina.terminal import Terminal

        terminal = Terminal()
    warn = terminal.warn if terminal is not None else _warn
    order = _order(args, warn)
    with contextlib.closing(PlanMemory(order.workspace, warn)) as memory:
        await asyncio.to_thread(_take_up, order, memory, terminal)
        first = _plan(order).next
        if first is None:
            return _over(order, terminal)
        _check(order, _plan(order), first)
        async with _maker(order, terminal) as maker:
            return await _Running(order, maker, terminal, memory).all()


def _take_up(order: Order, memory: PlanMemory, terminal: Terminal | None) -> None:
    """Tick the steps that were accepted, and whose tick was lost when everything ended.

    Raises:
        Stop: one was accepted and is not in its files.
    """
    for lost in memory.accepted():
        plan = _plan(order)
        index = next((n for n, one in enumerate(plan.steps) if one.key == lost.step), None)
        if index is not None and not plan.steps[index].done:
            apply.write(order.path, plan.text, plans.tick(plan, index).text)
            if terminal is not None:
                terminal.note(f"step {index + 1} was accepted before; it is ticked now")
        memory.ticked(lost)


class _Running:
    """One run of a plan."""

    def __init__(
        self, order: Order, maker: Maker, terminal: Terminal | None, memory: PlanMemory
    ) -> None:
        self._order = order
        self._maker = maker
        self._terminal = terminal
        self._memory = memory
        self._anew: set[str] = set()
        """The steps that came of planning anew: it is done once."""

    async def all(self) -> int:
        args = self._order.args
        while True:
            plan = _plan(self._order)
            index = plan.next
            if index is None:
                return _over(self._order, self._terminal)
            if args.until is not None and index >= args.until:
                self._note(f"stopped after step {args.until}, as you asked")
                return Exit.DONE
            _check(self._order, plan, index)
            step = plan.steps[index]
            await asyncio.to_thread(self._memory.begin, step)
            with self._progress(f"step {index + 1} of {len(plan.steps)}"):
                made = await self._maker.make(step)
                if made.status is Status.FAILED and await self._planned_anew(plan, index, made):
                    continue
            accepted = await self._accepted(plan, index, made)
            what = "accepted" if accepted else f"not accepted ({made.status})"
            await asyncio.to_thread(self._memory.end, what)
            await asyncio.to_thread(made.keep, step, applied=accepted)
            plan_telling.tell(self._terminal, plan, index, made, applied=accepted)
            if not accepted:
                return self._stopped(index, made)
            if args.apply:
                return Exit.DONE

    async def _accepted(self, plan: Plan, index: int, made: Made) -> bool:
        """Show what came, ask, and write it: each file, then the tick."""
        plan_telling.show(self._terminal, plan, index, made)
        if made.status is not Status.PASSED:
            return False
        if not self._order.args.apply and not self._asked(made):
            return False
        await self._apply(plan.steps[index], made)
        now = _plan(self._order)
        try:
            apply.write(self._order.path, now.text, steps.ticked(now, plan.steps[index]).text)
        except Refusal as refusal:
            raise Stop(str(refusal), Exit.FAILED) from None
        return True

    def _asked(self, made: Made) -> bool:
        if self._terminal is None or not running.may_ask():
            return False
        what = "this edit" if len(made.files) == 1 else f"these {len(made.files)} edits"
        ready_at = time.time()
        while True:
            answer = running.choose(f"Apply {what}?", ("yes", "no", "diff"))
            if answer != "diff":
                yes = answer == "yes"
                made.decision = Decision(yes, not yes, ready_at, time.time())
                return yes
            for one in made.files:
                self._terminal.diff(one.diff)

    async def _apply(self, step: Step, made: Made) -> None:
        """Write the files of a step, if what their verdicts rest on is as it was.

        Raises:
            Stop: it is not, or a file cannot be written.
        """
        order = self._order
        fingerprint = await self._maker.verifier.fingerprint(self._maker.snapshot(step))
        for one in made.files:
            apply.check_writable(order.workspace / one.draft.path, otherwise="")
            if verdict_key(one.draft.change.new.content, fingerprint) != one.verdict.key:
                raise Stop(
                    "The workspace changed after the step was checked, so nothing was written. "
                    "Run it again.",
                    Exit.FAILED,
                )
        changes, lines = [one.draft.change for one in made.files], made.lines(step)
        await asyncio.to_thread(self._memory.write, step, changes, lines)

    async def _planned_anew(self, plan: Plan, index: int, made: Made) -> bool:
        """Have a step that failed planned anew, once; whether there is another one now."""
        order, adviser, step = self._order, self._maker.adviser, plan.steps[index]
        if adviser is None or step.key in self._anew or made.error is not None:
            return False
        plan_telling.show(self._terminal, plan, index, made)
        self._note("the step failed; asking the slow model for another one")
        wish = planner.Order(
            plan.goal or step.title,
            job.snapshot_of(order.workspace, order.settings, order.trust),
            order.settings.context_tokens,
            tuple(command.name for command in order.settings.verify.commands),
            Instead(step, made.why),
        )
        planned = await planner.plan(wish, adviser)
        if planned.error is not None or planned.reasons:
            why = planned.error or " ".join(planned.reasons[:3])
            self._note(f"it could not be planned anew: {why}")
            return False
        (new,) = planned.steps
        now = _plan(order)
        try:
            apply.write(order.path, now.text, steps.swapped(now, step, new).text)
        except Refusal as refusal:
            self._note(str(refusal))
            return False
        self._anew.add(new.key)
        await asyncio.to_thread(self._memory.end, "planned anew")
        await asyncio.to_thread(made.keep, step, applied=False)
        self._note(f"planned anew: {new.title}")
        return True

    # -- telling ----------------------------------------------------------------------------

    def _stopped(self, index: int, made: Made) -> int:
        if made.error is not None:
            raise Stop(str(made.error), job.exit_of_error(made.error))
        if made.status is not Status.PASSED:
            self._note(f"stopped at step {index + 1}; nothing of it was written")
            return exit_of(made.status)
        self._note(
            f"step {index + 1} waits for you: nothing was written. Run it on a terminal and "
            "answer y, or with --apply, or accept it in your editor."
        )
        return Exit.DONE

    def _note(self, words: str) -> None:
        if self._terminal is not None:
            self._terminal.note(words)

    def _progress(self, words: str) -> contextlib.AbstractContextManager[None]:
        return (
            contextlib.nullcontext() if self._terminal is None else self._terminal.progress(words)
        )


@contextlib.asynccontextmanager
async def _maker(order: Order, terminal: Terminal | None) -> AsyncIterator[Maker]:
    args = order.args
    verifier: Verifier = Engine(mapping=False)
    try:
        async with job.model_for(
            order.settings, args.model, trust=order.trust, agreed=args.yes, terminal=terminal
        ) as ready:
            adviser = advice.slow_model(
                order.settings, ready.runner, trust=order.trust, agreed=args.yes, terminal=terminal
            )
            yield Maker(
                order.workspace, order.settings, order.trust, ready, verifier, adviser, terminal
            )
    finally:
        await verifier.aclose()


def _order(args: argparse.Namespace, warn: Callable[[str], None]) -> Order:
    """Find out what is meant, and refuse early what cannot come to a good end.

    Raises:
        Stop: the mistake, in a sentence.
    """
    if args.goal is not None:
        raise Stop("Plan first and read the plan, then run it: festina plan --run, without a goal.")
    if args.apply and args.until is not None:
        raise Stop("--apply takes the edit of one step, so --until has no meaning beside it.")
    workspace = planning.workspace_of_plan(args)
    trust = TrustStore()
    if not trust.is_trusted(workspace):
        raise Stop(
            f"{workspace} is not trusted, so none of its code is run and no step could pass. If "
            f"you trust it: festina trust {workspace}",
            Exit.UNVERIFIED,
        )
    order = Order(args, workspace, job.settings_of(workspace, warn), trust)
    if args.apply or running.may_ask():
        apply.check_writable(_there(order), otherwise="")
    return order


def _there(order: Order) -> Path:
    if not order.path.is_file():
        raise Stop(f'There is no {order.path}. Have one written: festina plan "GOAL".')
    return order.path


def _plan(order: Order) -> Plan:
    """Read the plan as it is now: a person may edit it between steps.

    Raises:
        Stop: it is not there, or damaged, with each line.
    """
    text = target.read_text(_there(order), str(order.path))
    try:
        return plans.read(text.content)
    except Damaged as damaged:
        raise Stop(f"{order.path} cannot be understood, so nothing was run.\n{damaged}") from None


def _check(order: Order, plan: Plan, index: int) -> None:
    """See to it that a step can be run.

    Raises:
        Stop: it cannot, and why.
    """
    try:
        steps.check(plan.steps[index], order.settings.verify)
        check_size(len(parts_of(plan.steps[index])), order.settings.review_pending)
    except Refusal as refusal:
        told = f"Step {index + 1} ({plan.steps[index].title}): {refusal}"
        raise Stop(told, Exit.FAILED) from None


def _over(order: Order, terminal: Terminal | None) -> int:
    count = len(_plan(order).steps)
    if terminal is not None:
        terminal.say(f"all {count} steps are done" if count else "there is no step in the plan")
    return Exit.DONE


def _warn(text: str) -> None:
    sys.stderr.write(f"festina: {visible(text)}\n")
