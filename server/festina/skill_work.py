"""One place that a skill is meant for, from the question to the verdict. Nothing is written.

The command line and the editor both do this, place by place.
"""

from __future__ import annotations

import contextlib
import enum
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from festina import edits
from festina.calls import Call, Why
from festina.config import Settings
from festina.context.places import Place
from festina.events import Called, Finished, Judged, Parsed, Refused, Step, Streaming, Waiting
from festina.findings import Rest, Status, Verdict
from festina.memory import Record
from festina.models.base import ModelError
from festina.models.ledger import Ledger, Tally
from festina.models.ready import Ready
from festina.pipeline import propose
from festina.recording import (
    ACCEPTED,
    REJECTED,
    digests,
    of_gates,
    stopped_by,
    tests_failed,
    with_calls,
)
from festina.skill_file import Skill
from festina.slow import Adviser
from festina.task import Task
from festina.verify.base import Snapshot, Verifier

NO_CHANGE = "no_change"


class End(enum.StrEnum):
    """What came of a place.

    ``left``: the model sees nothing to do there. ``failed``: no edit passed.
    """

    PASSED = "passed"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    LEFT = "left"


_ENDS = {Status.PASSED: End.PASSED, Status.UNVERIFIED: End.UNVERIFIED}


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a place: the new text of its region and of the whole file, if there is an edit.

    ``words`` are one line for a person. ``error`` is set where the model failed, which would meet
    the next place as well.
    """

    place: Place
    end: End
    words: str
    region_text: str = ""
    text: str = ""
    diff: str = ""
    verdict: Verdict | None = None
    rest: Rest = Rest.NONE
    error: ModelError | None = None
    calls: tuple[Call, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; lines count from 1 and ``end`` is included."""
        region = self.place.region
        data: dict[str, Any] = {
            "path": self.place.path,
            "name": self.place.name,
            "line": self.place.line,
            "region": {"start": region.start + 1, "end": region.end},
            "status": str(self.end),
            "message": self.words,
        }
        if self.diff:
            data |= {"diff": self.diff, "text": self.region_text}
        if self.verdict is not None:
            data["verdict"] = self.verdict.to_json()
        return data


@dataclass(slots=True)
class _Seen:
    """The last that was seen of the candidate."""

    parsed: Parsed | None = None
    verdict: Verdict | None = None
    rest: Rest = Rest.NONE
    finished: Finished | None = None
    calls: list[Call] = field(default_factory=list)


def task_of(place: Place, skill: Skill, snapshot: Snapshot, settings: Settings) -> Task:
    """Return the task to follow a skill at a place, as it is in a snapshot."""
    return Task(
        snapshot,
        place.path,
        place.text,
        place.region,
        skill.asked(),
        place.language,
        rounds=settings.repair_rounds,
        context_tokens=settings.context_tokens,
        skill=skill,
    )


async def attempt(
    place: Place,
    task: Task,
    ready: Ready,
    verifier: Verifier,
    say: Callable[[str], None],
    adviser: Adviser | None = None,
) -> Tried:
    """Ask for one edit and judge it. Never raises for what a model or a candidate does."""
    task = replace(task, small=ready.small, streams=ready.streams)
    seen = _Seen()
    async with aclosing(propose(task, ready.model, ready.runner, verifier, adviser)) as events:
        async for event in events:
            if isinstance(event, Streaming):
                say(f"about {event.tokens} tokens so far")
            elif isinstance(event, Step):
                say(event.message)
            elif isinstance(event, Waiting) and event.wait is not None:
                say(str(event.wait))
            elif isinstance(event, Called):
                seen.calls.append(event.call)
            elif isinstance(event, Parsed):
                seen.parsed, seen.verdict = event, None
            elif isinstance(event, Judged):
                seen.verdict, seen.rest = event.verdict, event.rest
            elif isinstance(event, Refused) and event.code == NO_CHANGE and seen.parsed is None:
                # that it changes nothing is an answer here: whoever asks again, urges it to
                words = "the model leaves it as it is"
                return Tried(place, End.LEFT, words, calls=tuple(seen.calls))
            elif isinstance(event, Finished):
                seen.finished = event
    return _tried(place, seen)


async def judge_again(
    tried: Tried, task: Task, place: Place, verifier: Verifier, say: Callable[[str], None]
) -> Tried:
    """Judge an edit once more, at its place as it is by now; no model is asked."""
    new = task.result(tried.region_text)
    earned = await task.earning(verifier).whole(new.content, lambda step: say(step.message))
    return replace(
        tried,
        place=place,
        end=_ENDS.get(earned.verdict.status, End.FAILED),
        words=earned.verdict.summary(earned.rest),
        text=new.content,
        diff=edits.unified(place.text, new, place.path),
        verdict=earned.verdict,
        rest=earned.rest,
    )


def record(tried: Tried, skill: Skill, proposal: str, how: str, *, accepted: bool) -> Record:
    """Return what is written down of a place for ``festina report``; ``proposal`` is its id."""
    failed = tried.end is End.FAILED
    outcomes = {End.PASSED: "ready", End.FAILED: REJECTED}
    now = time.time()
    made = Record(
        proposal,
        ACCEPTED if accepted else outcomes.get(tried.end, str(tried.end)),
        path=tried.place.path,
        name=tried.place.name,
        how=how,
        gate=stopped_by(tried.verdict) if failed else "",
        gates=of_gates(tried.verdict),
        skill=skill.name,
        candidates=1,
        rounds=sum(call.why is Why.REPAIR for call in tried.calls),
        failed_tests=tests_failed([tried.verdict]),
        asked_at=now - sum(call.seconds for call in tried.calls),
        lines=digests(tried.place.text.lines, tried.region_text.splitlines()) if accepted else (),
    )
    return with_calls(made, tried.calls)


def tally(tried: Tried, ledger: Ledger, *, accepted: bool) -> None:
    """Count a place for ``festina stats``. Blocks for a moment."""
    call = next((call for call in tried.calls if call.who == "fast"), None)
    if call is None:
        return
    rejected = tried.end is End.FAILED
    counts = Tally(proposals=1, accepted=int(accepted), rejected=int(rejected))
    with contextlib.suppress(OSError):  # no edit fails for want of a number
        ledger.add({(call.origin, call.model): counts})


def _tried(place: Place, seen: _Seen) -> Tried:
    finished, parsed = seen.finished, seen.parsed
    assert finished is not None
    calls = tuple(seen.calls)
    if parsed is None or seen.verdict is None:
        return Tried(place, End.FAILED, finished.message, error=finished.error, calls=calls)
    return Tried(
        place,
        _ENDS.get(finished.status, End.FAILED),
        finished.message,
        parsed.region_text,
        parsed.candidate_text,
        parsed.diff,
        seen.verdict,
        seen.rest,
        finished.error,
        calls,
    )
