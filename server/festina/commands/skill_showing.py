"""What a run of a skill shows, on the command line: places, verdicts, questions, and the sum."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from festina.commands import running
from festina.proposals import CandidateStatus
from festina.skill_work import End, Tried

if TYPE_CHECKING:
    from festina.commands.skill_running import Run
    from festina.context.places import Found
    from festina.skill_file import Skill
    from festina.terminal import Terminal

_LOOKS = {
    End.PASSED: CandidateStatus.PASSED,
    End.UNVERIFIED: CandidateStatus.UNVERIFIED,
    End.FAILED: CandidateStatus.FAILED,
}


def places(terminal: Terminal, skill: Skill, found: Found, *, as_json: bool) -> None:
    """Print the places of a skill: no model was asked."""
    if as_json:
        data = {
            "skill": skill.name,
            "places": [
                {"path": one.path, "name": one.name, "line": one.line} for one in found.places
            ],
            "more": found.more,
            "left_alone": found.kept,
        }
        sys.stdout.write(json.dumps(data) + "\n")
        return
    for one in found.places:
        terminal.say(one.shown)
    files = f"{found.files} file{'s' if found.files != 1 else ''}"
    kept = kept_words(found.kept)
    terminal.note(f"{_count(len(found.places), 'place')} in {files}{kept}{_more(found.more)}")


def one(terminal: Terminal, tried: Tried) -> None:
    """Print what came of one place, in a line."""
    from festina.terminal import in_a_line

    if tried.end is End.LEFT:
        terminal.state("note", f"{'left':<11}{tried.place.shown}  {tried.words}")
        return
    words = tried.words
    if tried.verdict is not None and tried.end is not End.PASSED:
        words = in_a_line(tried.verdict) if str(tried.verdict.status) == tried.end else words
    terminal.judged(_LOOKS[tried.end], tried.place.shown, words)


async def ask(terminal: Terminal, tried: Tried) -> str:
    """Show an edit that passed, and ask what is to become of it: ``yes``, ``no`` or ``quit``."""
    with terminal.paused():
        terminal.say(tried.place.shown, "bold")
        terminal.diff(tried.diff)
        terminal.judged(CandidateStatus.PASSED, "", tried.words)
        return await running.chosen("Write it?", ("yes", "no", "quit"))


def summary(terminal: Terminal, state: Run) -> None:
    """Print what came of all places, and what is to be done about the rest."""
    counts, written = state.counts, sum(written for _, written in state.ended)
    parts = [
        f"{counts[end]} {word}"
        for end, word in (
            (End.PASSED, f"passed, {written} written"),
            (End.FAILED, "rejected"),
            (End.UNVERIFIED, "unverified"),
            (End.LEFT, "left as it is" if counts[End.LEFT] == 1 else "left as they are"),
        )
        if counts[end]
    ]
    total = _count(len(state.places), "place")
    terminal.say(f"{total}: {', '.join(parts) or 'none was tried'}", "bold")
    rest = len(state.waiting)
    if rest and not state.applies and state.error is None:
        terminal.say(
            f"{_count(rest, 'place')} not tried, since {state.pending} edits wait for your review "
            "(review.pending). At a terminal you are asked about each; --apply writes all that "
            "pass.",
            "yellow",
        )
    elif rest:
        terminal.say(f"{_count(rest, 'place')} not tried; the same command goes on there", "yellow")
    elif counts[End.PASSED] and not state.applies:
        terminal.say("nothing was written; --apply writes all that pass", "dim")


def to_json(state: Run, found: Found) -> dict[str, Any]:
    """Return what came of all places, in their order in the workspace."""
    ended = sorted(state.ended, key=lambda each: (each[0].place.path, each[0].place.line))
    return {
        "skill": state.order.skill.name,
        "workspace": str(state.order.workspace),
        "places": len(state.places),
        "more": found.more,
        "results": [tried.to_json() | {"written": written} for tried, written in ended],
        "counts": {str(end): state.counts[end] for end in End},
        "not_tried": [place.shown for place in state.waiting],
    }


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def kept_words(kept: int) -> str:
    """Say how many more places there are that are kept from edits."""
    return f"; {kept} more, which your settings leave alone (edits.leave_alone)" if kept else ""


def _more(more: bool) -> str:
    return "; there may be more: the workspace was not looked through to its end" if more else ""
