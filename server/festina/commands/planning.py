"""The work behind ``festina plan``: who is asked, what is shown, when ``plan.md`` is written."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from festina import planner, prompt
from festina.clean import stripped, visible
from festina.commands import advice, apply, held, job, target
from festina.commands.base import Exit, Stop
from festina.config import Settings
from festina.models.base import ModelError
from festina.models.ready import Ready
from festina.planner import Planned
from festina.slow import Adviser
from festina.text import Text
from festina.trust import TrustStore
from festina.workspaces import workspace_of

if TYPE_CHECKING:
    from festina.terminal import Terminal

NAME = "plan.md"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be planned where. ``before`` is the plan that will be replaced, if any."""

    args: argparse.Namespace
    workspace: Path
    settings: Settings
    trust: TrustStore
    before: Text | None

    @property
    def path(self) -> Path:
        """The plan's file."""
        return self.workspace / NAME

    @property
    def planned(self) -> planner.Order:
        """The same for the planner."""
        return planner.Order(
            stripped(self.args.goal).strip(),
            job.snapshot_of(self.workspace, self.settings, self.trust),
            self.settings.context_tokens,
            tuple(command.name for command in self.settings.verify.commands),
        )


async def shown(args: argparse.Namespace) -> int:
    """Plan for a person: the plan, then who wrote it and where it is."""
    from festina.terminal import Terminal

    terminal = Terminal()
    order = _order(args, terminal.warn)
    with terminal.progress("looking for a model"):
        planned = await _plan(order, terminal)
    for call in planned.calls:
        terminal.note(call.words)
    _check(planned)
    terminal.say(planned.text.rstrip("\n"))
    _write(order, planned.text)
    count = len(planned.steps)
    terminal.note(f"{count} step{'s' if count != 1 else ''} written to {order.path}")
    return Exit.DONE


async def as_json(args: argparse.Namespace) -> int:
    """Plan for a program: one JSON object on standard output."""
    order = _order(args, _warn)
    planned = await _plan(order, None)
    if planned.error is not None:
        _check(planned)
    if not planned.reasons:
        _write(order, planned.text)
    data = {"path": NAME, "goal": order.planned.goal, "written": not planned.reasons}
    sys.stdout.write(json.dumps(data | planner.to_json(planned)) + "\n")
    return Exit.FAILED if planned.reasons else Exit.DONE


async def show_prompt(args: argparse.Namespace) -> int:
    """Print what would be sent. No model is asked, and a plan that is there does not matter."""
    args.force = True
    order = _order(args, _warn)
    try:
        asked = await job.whom(order.settings, _name(order))
        seen = await asyncio.to_thread(planner.look, order.planned, asked.origin)
    except ModelError as error:
        raise Stop(str(error), job.exit_of_error(error)) from None
    sys.stdout.write(prompt.page(planner.request(seen), asked.shown))
    return Exit.DONE


def _order(args: argparse.Namespace, warn: Callable[[str], None]) -> Order:
    """Find out what is meant, and refuse early what would be refused at the end.

    Raises:
        Stop: the mistake, in a sentence.
    """
    if not stripped(args.goal).strip():
        raise Stop('Say what is to be reached: festina plan "GOAL".')
    if why := planner.unfit(args.goal):
        raise Stop(why)
    workspace = workspace_of_plan(args)
    path, before = workspace / NAME, None
    if os.path.lexists(path):
        if not args.force and not _is_empty(path):
            raise Stop(
                f"{path} is there already, and nothing was sent. Finish or remove it, or have it "
                "replaced with --force."
            )
        before = target.read_text(path, str(path))
        if not args.show_prompt:
            apply.check_writable(path, otherwise="")
    elif not args.show_prompt:
        _check_folder(workspace)
    return Order(args, workspace, job.settings_of(workspace, warn), TrustStore(), before)


def _is_empty(path: Path) -> bool:
    """Whether nothing stands in a file: so it is where all was killed before the plan was in it."""
    try:
        return path.is_file() and path.stat().st_size == 0
    except OSError:
        return False


def workspace_of_plan(args: argparse.Namespace) -> Path:
    """Return the folder of the project.

    Raises:
        Stop: it is none.
    """
    workspace: Path = (args.workspace or workspace_of(Path.cwd())).resolve()
    if args.workspace is None and workspace in (Path(workspace.anchor), _home()):
        raise Stop(
            f"{workspace} is no project, and the names of all that is in it would be sent to a "
            "model. Go to a project's folder, or name it with --workspace."
        )
    if not workspace.is_dir():
        raise Stop(f"The workspace {args.workspace} is not a folder.")
    return workspace


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:
        return None


def _check_folder(workspace: Path) -> None:
    """See beforehand whether a plan can be written.

    Raises:
        Stop: the folder is read-only.
    """
    # for root everything is writable, but a person who took the permission away meant it
    if not workspace.stat().st_mode & 0o222 or not os.access(workspace, os.W_OK):
        raise Stop(f"The folder {workspace} is read-only, so no {NAME} can be written there.")


def _name(order: Order) -> str | None:
    """Return the model to ask: that which was named, else the slow one, else whichever there is."""
    given: str | None = order.args.model
    return given or ("slow" if order.settings.slow is not None else None)


async def _plan(order: Order, terminal: Terminal | None) -> Planned:
    args, name = order.args, _name(order)
    if await advice.is_small(order.settings, name):
        raise Stop(planner.TOO_SMALL)

    def on_text(text: str) -> None:
        if terminal is not None:
            terminal.status(f"planning, about {len(text) // 4} tokens", text.split("\n"))

    async with job.model_for(
        order.settings, name, trust=order.trust, agreed=args.yes, terminal=terminal
    ) as ready:

        async def get() -> Ready:
            return Ready(ready.model, ready.runner)

        adviser = Adviser(get, who="slow" if name == "slow" else "fast")
        with held.shown(terminal, "waiting for the model") as on_wait:
            return await planner.plan(order.planned, adviser, on_text=on_text, on_wait=on_wait)


def _check(planned: Planned) -> None:
    """See to it that there is a plan.

    Raises:
        Stop: there is none, and why.
    """
    if planned.error is not None:
        raise Stop(f"{planned.error} No plan was written.", job.exit_of_error(planned.error))
    if planned.reasons:
        told = "\n".join(f"  {reason}" for reason in planned.reasons)
        raise Stop(
            f"The model's plan cannot be followed, also not when it was asked again. No plan was "
            f"written.\n{told}\nSay the goal in other words, or smaller.",
            Exit.FAILED,
        )


def _write(order: Order, text: str) -> None:
    """Write the plan: a new file, or in the place of the one that was there at the beginning.

    Raises:
        Stop: it cannot be written; nothing was lost.
    """
    if order.before is None:
        apply.create(order.path, Text(text))
    else:
        apply.write(order.path, order.before, Text(text))


def _warn(text: str) -> None:
    sys.stderr.write(f"festina: {visible(text)}\n")
