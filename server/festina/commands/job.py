"""Asking a model for an edit and showing what happens: what ``edit`` and ``try`` share."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from festina import checks, settings_files
from festina.commands import held, running
from festina.commands.base import Exit, Stop
from festina.commands.outcome import Answer, Outcome
from festina.config import ModelSettings, Settings
from festina.events import Finished, Waiting
from festina.findings import Status
from festina.models.base import Model, ModelError, Trouble
from festina.models.ready import EMBEDDED_STREAMS
from festina.models.retry import UNSEEN_SECONDS
from festina.pipeline import propose
from festina.slow import Adviser
from festina.spending import Spent
from festina.task import Task
from festina.trust import TrustStore
from festina.verify.base import Snapshot, Verifier

if TYPE_CHECKING:
    from festina.models.discovery import Choice
    from festina.models.runner import Runner
    from festina.terminal import Terminal

_CONFIGURATION = frozenset(
    {
        Trouble.AUTH,
        Trouble.UNKNOWN_MODEL,
        Trouble.BAD_REQUEST,
        Trouble.TLS,
        Trouble.PROXY,
        Trouble.NO_MODEL,
        Trouble.EMBEDDED,
        Trouble.WITHHELD,
    }
)


EDIT = "edit"
"""The name under which what an edit spends is counted: there is one in a process."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A model that may be used, and the thread that talks to it."""

    model: Model
    choice: Choice
    runner: Runner

    def fit(self, task: Task) -> Task:
        """Return the task as this model wants it."""
        if self.choice.how != "embedded":
            return task
        return replace(task, small=True, streams=EMBEDDED_STREAMS)


def exit_of_error(error: ModelError) -> Exit:
    """Return the exit code of a model's error: is it the configuration, or bad luck?"""
    return Exit.USAGE if error.trouble in _CONFIGURATION else Exit.FAILED


def settings_of(workspace: Path, warn: Callable[[str], None], scope: str | None = None) -> Settings:
    """Read the settings for the command line, where ``tests.scope = "auto"`` means ``full``.

    ``scope`` is what was said on the command line itself.
    """
    settings, problems = settings_files.load(workspace)
    for problem in problems:
        warn(str(problem))
    said = scope or settings.verify.tests_scope
    wanted = "full" if said == "auto" else said
    settings = checks.add(settings, workspace, TrustStore())
    return replace(settings, verify=replace(settings.verify, tests_scope=wanted))


def stop(error: ModelError) -> NoReturn:
    """End the command for want of a model's answer, and say why."""
    raise Stop(str(error), exit_of_error(error))


@asynccontextmanager
async def preparing(verifier: Verifier, snapshot: Snapshot, path: str) -> AsyncIterator[None]:
    """Let the verifier get ready while a model is looked for and at work."""
    task = asyncio.create_task(verifier.prepare(snapshot, path))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def snapshot_of(workspace: Path, settings: Settings, trust: TrustStore) -> Snapshot:
    """Freeze the workspace as it is on the disk."""
    return Snapshot(
        workspace=workspace,
        settings=settings.verify,
        trusted=trust.is_trusted(workspace),
        consent=settings.verify.sandbox == "off",
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """Who would be asked, where that is, and what is known of that model."""

    shown: str
    origin: str = ""
    small: bool = False
    window: int = 0


async def whom(settings: Settings, name: str | None) -> Asked:
    """Return who would be asked.

    Nothing is sent but the questions which models there are, where none is configured, and how
    much a llama.cpp server takes.
    """
    from festina.models import discovery, factory, served

    named = factory.named(settings, name)
    try:
        choice = await discovery.discover(named, os.environ)
    except ModelError as error:
        if error.trouble is not Trouble.NO_MODEL:
            raise
        return Asked("no model, as none was found")
    window = await served.window_of(choice, named.fast or ModelSettings(), os.environ)
    return Asked(choice.shown, choice.origin, choice.how == "embedded", window)


@asynccontextmanager
async def model_for(
    settings: Settings,
    name: str | None,
    *,
    trust: TrustStore,
    agreed: bool,
    terminal: Terminal | None,
) -> AsyncIterator[Ready]:
    """Give a model that code may be sent to.

    ``agreed`` answers the question that is asked before the first send to an endpoint which was
    found rather than configured (design, invariant 9).

    Raises:
        Stop: there is no model, or it may not be used.
    """
    from festina.models import factory

    settings = seen(settings, terminal)
    say: Callable[[str], None] = (lambda _: None) if terminal is None else terminal.status
    try:
        model, choice = await factory.create(settings, os.environ, model=name, on_progress=say)
    except ModelError as error:
        raise Stop(str(error), exit_of_error(error)) from None
    runner = runner_for(settings)
    try:
        permit(choice, trust, agreed=agreed, terminal=terminal)
        yield Ready(model, replace(choice, model=model.name), runner)
    finally:
        with contextlib.suppress(ModelError):
            await runner.run(model.aclose())
        await runner.aclose()


def seen(settings: Settings, terminal: Terminal | None) -> Settings:
    """Return the settings with an end to waits for limits, where nobody sees them.

    A person at a terminal sees until when, and can press control-C; a script or an editor's filter
    would seem to hang.
    """
    if terminal is not None and terminal.err.is_terminal:
        return settings

    def bounded(model: ModelSettings) -> ModelSettings:
        longest = UNSEEN_SECONDS if model.wait_seconds is None else model.wait_seconds
        return replace(model, wait_seconds=longest)

    slow = None if settings.slow is None else bounded(settings.slow)
    return replace(settings, fast=bounded(settings.fast or ModelSettings()), slow=slow)


def runner_for(settings: Settings, spent: Spent | None = None) -> Runner:
    """Return a thread for model traffic; ``spent`` is what this edit has taken already."""
    from festina.models.ledger import Ledger
    from festina.models.meter import Meter
    from festina.models.runner import Runner

    already = {} if spent is None else {EDIT: spent}
    return Runner(Meter(settings.limits, Ledger(), already))


def permit(choice: Choice, trust: TrustStore, *, agreed: bool, terminal: Terminal | None) -> None:
    """See to it that code may be sent to an endpoint that was found rather than configured.

    Raises:
        Stop: it may not.
    """
    if choice.how in {"configured", "embedded"} or trust.may_send(choice.origin):
        return
    found = f"Festina found a model at {choice.origin} ({choice.why})."
    if not agreed and terminal is not None and running.may_ask():
        with terminal.paused():
            agreed = running.ask(
                f"{found}\nSend the code to be edited, and what is around it, there?"
            )
        if not agreed:
            raise Stop(f"Nothing was sent to {choice.origin}.")
    if not agreed:
        raise Stop(
            f"{found} Nothing was sent: agree with --yes, once, or configure it as models.fast."
        )
    with contextlib.suppress(OSError):  # then it is asked again
        trust.allow_send(choice.origin)


async def pursue(
    task: Task,
    ready: Ready,
    verifier: Verifier,
    terminal: Terminal | None,
    adviser: Adviser | None = None,
    *,
    aside: bool = True,
    on_stop: Callable[[Outcome], None] | None = None,
) -> Outcome:
    """Run a task to its end and show, of several candidates, each verdict as it falls.

    ``on_stop`` gets what has come so far where it is cancelled.
    """
    from festina.models.meter import counting
    from festina.terminal import in_a_line

    outcome = Outcome(task.count)
    task = ready.fit(task)
    events = propose(task, ready.model, ready.runner, verifier, adviser)

    def show() -> None:
        if terminal is not None:
            leader = outcome.leader()
            preview = leader.preview.split("\n") if leader is not None else ()
            terminal.status(outcome.status(held.now()), preview)

    try:
        with counting(EDIT), held.counting_down(show):
            async with aclosing(events):
                async for event in events:
                    ended = outcome.fold(event)
                    if terminal is None:
                        continue
                    if isinstance(event, Waiting) and event.wait is not None:
                        terminal.held(str(event.wait))
                    if ended is not None and outcome.total > 1:
                        words = ended.defect if ended.verdict is None else in_a_line(ended.verdict)
                        if (first := outcome.same(ended)) is not None:
                            words = f"same as #{first.index + 1}: {words}"
                        terminal.judged(
                            ended.status, _name(ended, outcome.total), words, aside=aside
                        )
                    show()
    except asyncio.CancelledError:
        if on_stop is not None:
            with contextlib.suppress(OSError):  # its terminal may be gone
                on_stop(outcome)
        raise
    return outcome


def _name(answer: Answer, count: int) -> str:
    number = f"#{answer.index + 1:<{len(str(count))}}"
    return f"{number} repaired" if answer.round else number


def finished_of(outcome: Outcome) -> Finished:
    """Return the end of a task that has been pursued: the pipeline's last event."""
    assert outcome.finished is not None
    return outcome.finished


def tally(outcome: Outcome, *, applied: bool, status: Status | None = None) -> None:
    """Count an edit for ``festina stats``; ``status`` where it is not that of its own end.

    Blocks for a moment.
    """
    from festina.models.ledger import Ledger, Tally

    call = next((call for call in outcome.calls if call.who == "fast"), None)
    if call is None:
        return
    rejected = not applied and (status or finished_of(outcome).status) is Status.FAILED
    counts = Tally(proposals=1, accepted=int(applied), rejected=int(rejected))
    with contextlib.suppress(OSError):  # no edit fails for want of a number
        Ledger().add({(call.origin, call.model): counts})
