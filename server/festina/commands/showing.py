"""What came of an edit, for a person and for a program."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from festina.commands.job import finished_of
from festina.findings import GateResult, Status, Verdict, duration
from festina.proposals import CandidateStatus

if TYPE_CHECKING:
    from festina.commands.editing import Order, Proposed
    from festina.commands.outcome import Answer, Outcome
    from festina.edits import Region
    from festina.models.discovery import Choice
    from festina.terminal import Terminal


def show(terminal: Terminal, place: str, outcome: Outcome, choice: Choice) -> None:
    """Print the diff of the best candidate, what its verdict rests on, and where the time went."""
    finished, best = finished_of(outcome), outcome.best
    terminal.say(place, "bold")
    if best is None:
        terminal.say(f"{finished.message.rstrip('.')}.", "red")
    else:
        _show(terminal, outcome, best)
    for call in outcome.calls:
        if call.who == "slow":
            terminal.say(call.words, "dim")
    terminal.say(_time_split(outcome, choice), "dim")


def show_so_far(terminal: Terminal, place: str, outcome: Outcome) -> None:
    """Print what had come of an edit that was stopped before its end, if anything had."""
    best = outcome.so_far
    if best is None:
        return
    with terminal.paused():
        terminal.say(place, "bold")
        _show(terminal, outcome, best)
        terminal.say("stopped before its end; nothing was written", "dim")


def _show(terminal: Terminal, outcome: Outcome, best: Answer) -> None:
    from festina.terminal import brief

    terminal.diff(best.diff)
    number = f"#{best.index + 1}" if outcome.total > 1 else ""
    words = brief(best.verdict) if best.verdict is not None else best.defect
    if count := outcome.alike(best):
        words += f"; same as {count} other{'s' if count > 1 else ''}"
    terminal.judged(best.status, number, words)
    if best.verdict is not None and best.status is not CandidateStatus.PASSED:
        terminal.findings(best.verdict)


def show_review(terminal: Terminal, review: GateResult, outcome: Outcome) -> None:
    """Print what the slow model remarks on an edit that passed."""
    if review.status is Status.SKIPPED:
        terminal.say(f"  review: {review.reason}", "yellow")
        return
    terminal.findings(Verdict(Status.PASSED, (review,)))
    words, number = outcome.calls[-1].words, len(review.findings)
    if review.status is Status.PASSED:
        words = f"{number or 'no'} {'remark' if number == 1 else 'remarks'}: {words}"
    terminal.say(words, "dim")


def conclude(order: Order, proposed: Proposed, terminal: Terminal) -> None:
    """Print what came of an order: the diff alone, where that was asked for, else all there is."""
    outcome = proposed.outcome
    finished, best = finished_of(outcome), outcome.best
    passed = finished.status is Status.PASSED and best is not None
    if order.args.diff:
        if passed and best is not None:
            print_exactly(best.diff)
        else:
            terminal.note(f"{finished.status}: {finished.message}")
        return
    show(terminal, order.place, outcome, proposed.choice)
    file = order.target.relative
    if proposed.refusal is not None:
        return
    if order.args.apply:
        terminal.say(f"applied to {file}" if passed else f"{file} was not touched")
    elif passed:
        terminal.say("not applied; --apply writes an edit that passed", "dim")
    elif best is None:
        terminal.say("say it in other words, or ask for more candidates with -n", "dim")


def _time_split(outcome: Outcome, choice: Choice) -> str:
    finished = finished_of(outcome)
    where = "embedded" if choice.how == "embedded" else choice.origin.partition("://")[2]
    model = f"model {duration(finished.model_seconds)}"
    times = f"{model}, verification {duration(finished.verify_seconds)}"
    return " · ".join(filter(None, (times, outcome.spent.words, f"{choice.model} ({where})")))


def to_json(path: str, region: Region, outcome: Outcome, choice: Choice) -> dict[str, Any]:
    """Return the JSON form; lines count from 1 and ``end`` is included, as on the command line."""
    finished, best = finished_of(outcome), outcome.best
    data: dict[str, Any] = {
        "status": str(finished.status),
        "message": finished.message,
        "path": path,
        "region": {"start": region.start + 1, "end": region.end},
        "candidate": best.index if best is not None else None,
        "candidates": [outcome.answers[index].to_json() for index in sorted(outcome.answers)],
        "model": {"name": choice.model, "origin": choice.origin, "how": choice.how},
        "calls": [call.to_json() for call in outcome.calls],
        "usage": outcome.spent.to_json(),
        "model_seconds": round(finished.model_seconds, 4),
        "verify_seconds": round(finished.verify_seconds, 4),
    }
    if best is not None and best.verdict is not None:
        data |= {"text": best.region_text, "diff": best.diff, "verdict": best.verdict.to_json()}
    if finished.error is not None:
        data["trouble"] = str(finished.error.trouble)
    return data


def print_exactly(text: str) -> None:
    """Print exactly these bytes, so that ``patch`` and ``git apply`` take them."""
    if sys.stdout.isatty():
        from festina.terminal import Terminal

        Terminal().diff(text)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
