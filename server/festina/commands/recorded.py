"""What came of an edit on the command line, written down for ``festina report``."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass
from datetime import datetime

from festina import noting, progress_file
from festina.clean import visible
from festina.commands import job
from festina.commands.outcome import Outcome
from festina.commands.target import Target
from festina.findings import Status, Verdict
from festina.memory import Record, Store, Trouble
from festina.recording import (
    ACCEPTED,
    REJECTED,
    digests,
    of_gates,
    stopped_by,
    tests_failed,
    with_calls,
)
from festina.text import Text

_OUTCOMES = {Status.FAILED: REJECTED, Status.UNVERIFIED: "unverified", Status.PASSED: "ready"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What an edit came to. ``otherwise`` says it where it has no status: ``failed``, if not."""

    status: Status | None
    verdict: Verdict | None
    otherwise: str = "failed"


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
) -> None:
    """Count an edit, once a model was asked. Blocks for a moment; nothing fails for want of it.

    ``judged`` is what it came to with others, where it is not an edit of its own.
    """
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
        ACCEPTED if applied else _OUTCOMES.get(status, "failed") if status else judged.otherwise,
        path=target.relative,
        name=name,
        how="command",
        gate=stopped_by(verdict) if status is Status.FAILED else "",
        gates=of_gates(verdict),
        skill=skill,
        step=step,
        candidates=len(answers),
        rounds=max((answer.round for answer in answers), default=0),
        failed_tests=tests_failed([verdict, *(answer.verdict for answer in answers)]),
        asked_at=now - finished.model_seconds - finished.verify_seconds,
        lines=digests(target.text.lines, best.region_text.splitlines()) if applied and best else (),
    )
    store = Store(target.workspace)
    with contextlib.closing(store):
        with contextlib.suppress(Trouble):
            store.records.put(with_calls(record, outcome.calls))
        if record.outcome in (ACCEPTED, REJECTED):
            answers_said = [Text(answer.region_text) for answer in answers]
            instruction = progress_file.instruction_of(said, [target.text, *answers_said])
            _note(store, target, record, instruction, verdict)


def _by_itself(outcome: Outcome) -> Judged:
    finished, best = job.finished_of(outcome), outcome.best
    status = finished.status if finished.error is None else None
    return Judged(status, best.verdict if best is not None else None)


def _note(
    store: Store, target: Target, record: Record, instruction: str, verdict: Verdict | None
) -> None:
    """Add a line to ``progress.md``, where there is a plan, and what was to be added before."""
    notes = []
    with contextlib.suppress(Trouble):
        notes = noting.left(store)
    if noting.beside_plan(target.workspace):
        words = progress_file.line(
            datetime.now(),
            record.outcome,
            f"{target.relative}, {record.name}" if record.name else target.relative,
            instruction,
            progress_file.why(verdict),
        )
        try:
            note = noting.begin(store, words)
        except Trouble:
            note = noting.unkept(words)
        notes += [] if note is None else [note]
    if notes:
        try:
            noting.append(target.workspace, notes)
        except noting.Unwritten as unwritten:
            sys.stderr.write(f"festina: {visible(str(unwritten))}\n")
        with contextlib.suppress(Trouble):
            store.notes.done(notes)
