"""What came of an edit on the command line, written down for ``festina report``."""

from __future__ import annotations

import contextlib
import sys
import time
from datetime import datetime

from festina import noting, progress_file
from festina.clean import visible
from festina.commands import job
from festina.commands.outcome import Outcome
from festina.commands.target import Target
from festina.findings import Status
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


def keep(
    target: Target,
    outcome: Outcome,
    *,
    applied: bool,
    name: str = "",
    skill: str = "",
    step: str = "",
    said: str = "",
) -> None:
    """Count an edit, once a model was asked. Blocks for a moment; nothing fails for want of it."""
    job.tally(outcome, applied=applied)
    if not any(call.who == "fast" for call in outcome.calls):
        return
    finished, best = job.finished_of(outcome), outcome.best
    answers = outcome.answers.values()
    status = finished.status if finished.error is None else None
    now = time.time()
    record = Record(
        f"{now:.6f}",
        ACCEPTED if applied else _OUTCOMES.get(status, "failed") if status else "failed",
        path=target.relative,
        name=name,
        how="command",
        gate=stopped_by(best.verdict if best else None) if status is Status.FAILED else "",
        gates=of_gates(best.verdict if best else None),
        skill=skill,
        step=step,
        candidates=len(answers),
        rounds=max((answer.round for answer in answers), default=0),
        failed_tests=tests_failed(answer.verdict for answer in answers),
        asked_at=now - finished.model_seconds - finished.verify_seconds,
        lines=digests(target.text.lines, best.region_text.splitlines()) if applied and best else (),
    )
    store = Store(target.workspace)
    with contextlib.closing(store):
        with contextlib.suppress(Trouble):
            store.records.put(with_calls(record, outcome.calls))
        if record.outcome in (ACCEPTED, REJECTED):
            _note(store, target, outcome, record, said)


def _note(store: Store, target: Target, outcome: Outcome, record: Record, said: str) -> None:
    """Add a line to ``progress.md``, where there is a plan, and what was to be added before."""
    best, notes = outcome.best, []
    with contextlib.suppress(Trouble):
        notes = noting.left(store)
    if noting.beside_plan(target.workspace):
        answers = [Text(answer.region_text) for answer in outcome.answers.values()]
        words = progress_file.line(
            datetime.now(),
            record.outcome,
            f"{target.relative}, {record.name}" if record.name else target.relative,
            progress_file.instruction_of(said, [target.text, *answers]),
            progress_file.why(best.verdict if best is not None else None),
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
