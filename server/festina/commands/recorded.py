"""What came of an edit on the command line, written down for ``festina report``."""

from __future__ import annotations

import contextlib
import time

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

_OUTCOMES = {Status.FAILED: REJECTED, Status.UNVERIFIED: "unverified", Status.PASSED: "ready"}


def keep(
    target: Target,
    outcome: Outcome,
    *,
    applied: bool,
    name: str = "",
    skill: str = "",
    step: str = "",
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
    with contextlib.suppress(Trouble), contextlib.closing(store):
        store.records.put(with_calls(record, outcome.calls))
