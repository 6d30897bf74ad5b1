"""What came of an edit on the command line, written down for ``festina report``."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from festina import noting, progress_file, skill_work
from festina.clean import visible
from festina.commands import job
from festina.commands.outcome import Outcome
from festina.commands.target import Target
from festina.findings import Status, Verdict
from festina.memory import Record, Store, Trouble
from festina.models.ledger import Ledger
from festina.recording import (
    ACCEPTED,
    DISMISSED,
    REJECTED,
    digests,
    of_gates,
    pictures,
    stopped_by,
    tests_failed,
    with_calls,
)
from festina.skill_file import Skill
from festina.skill_work import End, Tried
from festina.text import Text

_OUTCOMES = {Status.FAILED: REJECTED, Status.UNVERIFIED: "unverified", Status.PASSED: "ready"}
_NOTED = {REJECTED: "rejected", DISMISSED: "put away"}
"""What is noted beside a plan once it is decided, and how."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What an edit came to. ``otherwise`` says it where it has no status: ``failed``, if not."""

    status: Status | None
    verdict: Verdict | None
    otherwise: str = "failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of an edit that passed. Times are 0 where no person was asked."""

    accepted: bool = False
    dismissed: bool = False
    ready_at: float = 0.0
    decided_at: float = 0.0


def keep(
    target: Target,
    outcome: Outcome,
    *,
    applied: bool,
    name: str = "",
    skill: str = "",
    step: str = "",
    said: str = "",
    judged: Judged | None = None,
    decision: Decision | None = None,
) -> None:
    """Count an edit, once a model was asked. Blocks for a moment; nothing fails for want of it.

    ``judged`` is what it came to with others, where it is not an edit of its own; ``decision``
    what a person said who was asked. That it was rejected or put away is noted beside a plan; that
    it was accepted was noted with the accept.
    """
    decision = decision or Decision()
    judged = judged or _by_itself(outcome)
    status, verdict = judged.status, judged.verdict
    job.tally(outcome, applied=applied, status=status)
    if not any(call.who == "fast" for call in outcome.calls):
        return
    finished, best = job.finished_of(outcome), outcome.best
    answers = outcome.answers.values()
    now = time.time()
    record = Record(
        f"{now:.6f}",
        _outcome(judged, decision, applied=applied),
        path=target.relative,
        name=name,
        how="command",
        gate=stopped_by(verdict) if status is Status.FAILED else "",
        gates=of_gates(verdict),
        pictures=pictures(verdict) if status is Status.FAILED else {},
        skill=skill,
        step=step,
        candidates=len(answers),
        rounds=max((answer.round for answer in answers), default=0),
        failed_tests=tests_failed([verdict, *(answer.verdict for answer in answers)]),
        asked_at=now - finished.model_seconds - finished.verify_seconds,
        ready_at=decision.ready_at,
        decided_at=decision.decided_at,
        lines=digests(target.text.lines, best.region_text.splitlines()) if applied and best else (),
    )
    store = Store(target.workspace)
    with contextlib.closing(store):
        with contextlib.suppress(Trouble):
            store.records.put(with_calls(record, outcome.calls))
        if word := _NOTED.get(record.outcome):
            note(store, _line(word, target, outcome, name, said, verdict))


def keep_place(workspace: Path, tried: Tried, skill: Skill, decision: Decision) -> None:
    """Count a place that a skill was followed at, as an edit is. Blocks for a moment."""
    skill_work.tally(tried, Ledger(), accepted=decision.accepted)
    if not tried.calls:
        return
    id_ = f"{time.time():.6f}"
    record = skill_work.record(tried, skill, id_, "command", accepted=decision.accepted)
    record = replace(record, ready_at=decision.ready_at, decided_at=decision.decided_at)
    if decision.dismissed:
        record = replace(record, outcome=DISMISSED)
    with contextlib.closing(Store(workspace)) as store:
        with contextlib.suppress(Trouble):
            store.records.put(record)
        passed = tried.verdict is not None and tried.verdict.status is Status.PASSED
        unwritten = tried.end is End.FAILED and passed
        if not unwritten and (word := _NOTED.get(record.outcome)):
            note(store, _place_line(word, tried, skill))


def accepted_place(tried: Tried, skill: Skill) -> str:
    """Return the line for ``progress.md`` that is written down with the accept of a place."""
    return _place_line(ACCEPTED, tried, skill)


def _place_line(what: str, tried: Tried, skill: Skill) -> str:
    place = tried.place
    said = progress_file.instruction_of(skill.asked(), ())
    return _worded(what, place.path, place.name, said, tried.verdict)


def _outcome(judged: Judged, decision: Decision, *, applied: bool) -> str:
    if applied:
        return ACCEPTED
    if judged.status is None:
        return judged.otherwise
    if decision.dismissed and judged.status is Status.PASSED:
        return DISMISSED
    return _OUTCOMES.get(judged.status, "failed")


def _by_itself(outcome: Outcome) -> Judged:
    finished, best = job.finished_of(outcome), outcome.best
    status = finished.status if finished.error is None else None
    return Judged(status, best.verdict if best is not None else None)


def accepted(
    target: Target, outcome: Outcome, name: str, said: str, judged: Judged | None = None
) -> str:
    """Return the line for ``progress.md`` that is written down with an accept."""
    verdict = (judged or _by_itself(outcome)).verdict
    return _line(ACCEPTED, target, outcome, name, said, verdict)


def _line(
    what: str, target: Target, outcome: Outcome, name: str, said: str, verdict: Verdict | None
) -> str:
    answers = [Text(answer.region_text) for answer in outcome.answers.values()]
    instruction = progress_file.instruction_of(said, [target.text, *answers])
    return _worded(what, target.relative, name, instruction, verdict)


def _worded(what: str, path: str, name: str, said: str, verdict: Verdict | None) -> str:
    place = f"{path}, {name}" if name else path
    return progress_file.line(datetime.now(), what, place, said, progress_file.why(verdict))


def note(store: Store, words: str) -> None:
    """Add a line to ``progress.md``, where there is a plan, and what was to be added before."""
    notes = []
    with contextlib.suppress(Trouble):
        notes = noting.left(store)
    if noting.beside_plan(store.workspace):
        try:
            one = noting.begin(store, words)
        except Trouble:
            one = noting.unkept(words)
        notes += [] if one is None else [one]
    if notes:
        try:
            noting.append(store.workspace, notes)
        except noting.Unwritten as unwritten:
            sys.stderr.write(f"festina: {visible(str(unwritten))}\n")
        with contextlib.suppress(Trouble):
            store.notes.done(notes)
