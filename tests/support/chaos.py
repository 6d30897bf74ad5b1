"""A proposal against a server that misbehaves: to its end, cancelled, and shut down."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from festina.edits import Region
from festina.events import Finished, Judged, Parsed, Refused
from festina.findings import Status
from festina.models.base import ModelError, Trouble
from festina.models.exchange import Exchange
from festina.models.runner import Runner
from festina.pipeline import propose
from festina.task import Task
from festina.text import Text
from festina.verify.base import Snapshot
from support.asking import check_message, model_at
from support.fake_model import FakeModel
from support.fake_replies import Reply
from support.fakes import ScriptedVerifier, passed
from support.faults import TEXT, Fault

OLD = "def one():\n    return 2\n"
TASK = Task(Snapshot(Path("/w")), "a.py", Text(OLD), Region(0, 2), "one")
SIDE_BY_SIDE = replace(TASK, count=2)
"""The first candidate streams, the second one is fetched in one piece."""
PATIENT = {"first_content_seconds": 60.0, "inter_token_seconds": 60.0, "total_seconds": 60.0}


@dataclass(frozen=True)
class End:
    """What a proposal came to; ``error`` and ``message`` are of the one that met the fault."""

    status: Status
    message: str
    error: ModelError | None


async def end_of(model: Exchange, runner: Runner, *, whole: bool = False) -> End:
    """Run a proposal to its end; nothing of it becomes applicable unless it is the right text.

    The verifier would pass anything. ``whole``: the fault befalls a candidate that is fetched in
    one piece, beside one that changes nothing.
    """
    verifier = ScriptedVerifier(lambda new: passed())
    task = SIDE_BY_SIDE if whole else TASK
    async with aclosing(propose(task, model, runner, verifier)) as stream:
        seen = [event async for event in stream]
    last = seen[-1]
    assert isinstance(last, Finished)
    if last.status is Status.PASSED:
        assert {candidate.new for candidate in verifier.judged} == {TEXT}
        return End(last.status, last.message, None)
    assert last.best is None
    assert not verifier.judged
    assert not [event for event in seen if isinstance(event, Parsed | Judged)]
    if not whole:
        return End(last.status, last.message, last.error)
    told = [e for e in seen if isinstance(e, Refused) and e.candidate == 1]
    return End(last.status, told[0].message, told[0].error) if told else End(last.status, "", None)


def answering(fault: Fault) -> Any:
    """What the fake is scripted with for a fault."""
    if not fault.whole:
        return fault.reply

    def reply(body: dict[str, Any]) -> Reply | str:
        if body["stream"]:
            return OLD
        return fault.reply(body) if callable(fault.reply) else fault.reply

    return reply


def model_for(fault: Fault, fake: FakeModel, **settings: Any) -> Exchange:
    return model_at(fake, **{**PATIENT, "dialect": fault.dialect, **settings})


def check_end(end: End, trouble: Trouble, words: str, origin: str) -> None:
    """Check what a person is told of a proposal that came to nothing."""
    assert end.status is Status.FAILED
    assert end.error is not None
    assert (end.error.trouble, end.message) == (trouble, str(end.error))
    assert words in end.message
    check_message(end.error, origin)


async def to_the_end(fault: Fault, runner: Runner) -> None:
    """A person is told what helps, and the next proposal is good."""
    late = {fault.late: 0.3} if fault.late else {}
    with FakeModel(answering(fault)) as fake:
        model = model_for(fault, fake, **late)
        end = await end_of(model, runner, whole=fault.whole)
        check_end(end, fault.trouble, fault.words, fake.origin)
        asked = len(fake.requests)
        fake.script(TEXT)
        again = await end_of(model, runner)
        if fault.held:  # it said when, so nothing is sent before
            assert (again.status, len(fake.requests)) == (Status.FAILED, asked)
            assert fault.words in again.message
        else:
            assert again.status is Status.PASSED
        await runner.aclose()
        await fake.until(lambda: fake.live == 0)


async def cancelled(fault: Fault, runner: Runner) -> None:
    """Cancelled in the middle it leaves nothing, and the next proposal is good."""
    with FakeModel(answering(fault)) as fake:
        model = model_for(fault, fake)
        running = asyncio.create_task(end_of(model, runner, whole=fault.whole))
        await fake.until(lambda: _met(fault, fake, running))
        running.cancel()
        await asyncio.wait([running])
        if not running.cancelled():  # it was over before
            assert running.result().status is Status.FAILED
        await fake.until(lambda: fake.streams == 0)
        fake.script(TEXT)
        if not fault.held:  # which may have been heard before
            assert (await end_of(model, runner)).status is Status.PASSED
        await runner.aclose()
        await fake.until(lambda: fake.live == 0)


async def shut_down(fault: Fault, runner: Runner) -> None:
    """Shut down in the middle it leaves nothing."""
    with FakeModel(answering(fault)) as fake:
        model = model_for(fault, fake)
        running = asyncio.create_task(end_of(model, runner, whole=fault.whole))
        await fake.until(lambda: _met(fault, fake, running))
        await runner.aclose()
        assert (await running).status is Status.FAILED
        await fake.until(lambda: fake.live == 0)


def _met(fault: Fault, fake: FakeModel, running: asyncio.Task[End]) -> bool:
    return any(not fault.whole or not body["stream"] for body in fake.requests)
