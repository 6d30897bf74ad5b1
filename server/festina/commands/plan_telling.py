"""What came of a plan's step, for a person and for a program."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from festina.findings import Status
from festina.plans import Plan
from festina.proposals import CandidateStatus

if TYPE_CHECKING:
    from festina.commands.one_step import Made
    from festina.terminal import Terminal

_LOOKS = {
    Status.PASSED: CandidateStatus.PASSED,
    Status.FAILED: CandidateStatus.FAILED,
    Status.UNVERIFIED: CandidateStatus.UNVERIFIED,
}


def show(terminal: Terminal | None, plan: Plan, index: int, made: Made) -> None:
    """Show a person what came of a step: each file's diff and what its verdict rests on."""
    if terminal is None:
        return
    from festina.terminal import brief

    step = plan.steps[index]
    terminal.say(f"step {index + 1} of {len(plan.steps)}: {step.title}", "bold")
    for one in made.files:
        terminal.say(one.place, "bold")
        terminal.diff(one.diff)
        terminal.judged(_LOOKS[one.verdict.status], "", brief(one.verdict))
        if one.verdict.status is not Status.PASSED:
            terminal.findings(one.verdict)
    if not made.files:
        terminal.say(f"{made.message.rstrip('.')}.", "red")
    for call in made.calls:
        if call.who == "slow":
            terminal.say(call.words, "dim")


def tell(terminal: Terminal | None, plan: Plan, index: int, made: Made, *, applied: bool) -> None:
    """Say whether a step was applied; a program gets a line of JSON about it."""
    if terminal is not None:
        if applied:
            names = ", ".join(one.draft.path for one in made.files)
            terminal.say(f"applied to {names}; step {index + 1} is done")
        return
    data: dict[str, Any] = {
        "step": index + 1,
        "of": len(plan.steps),
        **plan.steps[index].to_json(),
        "status": str(made.status),
        "message": made.message,
        "applied": applied,
        "files": [
            {
                "path": one.draft.path,
                "text": one.draft.text,
                "diff": one.diff,
                "verdict": one.verdict.to_json(),
            }
            for one in made.files
        ],
        "calls": [call.to_json() for call in made.calls],
    }
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()
