"""What came of a task, candidate by candidate, folded from the pipeline's events."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from festina.calls import Call, Wait, total
from festina.events import (
    Called,
    Completing,
    Dropped,
    Escalating,
    Event,
    Finished,
    Judged,
    Parsed,
    Planned,
    Planning,
    Refused,
    Repairing,
    Step,
    Streaming,
    Waiting,
)
from festina.findings import Status, Verdict
from festina.proposals import CandidateStatus
from festina.spending import Spent

_OF_VERDICT = {
    Status.PASSED: CandidateStatus.PASSED,
    Status.FAILED: CandidateStatus.FAILED,
}

_BEST = (CandidateStatus.PASSED, CandidateStatus.UNVERIFIED, CandidateStatus.FAILED)


@dataclass(slots=True)
class Answer:
    """One candidate so far. ``doing`` is what a gate is about, ``round`` the last repair of it.

    ``before`` is what it was before that.
    """

    index: int
    status: CandidateStatus = CandidateStatus.STREAMING
    preview: str = ""
    region_text: str = ""
    text: str = ""
    diff: str = ""
    verdict: Verdict | None = None
    defect: str = ""
    doing: str = ""
    tokens: int = 0
    round: int = 0
    before: Answer | None = None

    @property
    def over(self) -> bool:
        """Nothing more is to come, unless it is repaired."""
        return self.status not in {CandidateStatus.STREAMING, CandidateStatus.VERIFYING}

    def again(self, number: int) -> Answer:
        """Return the candidate as the model is asked for it once more."""
        return Answer(self.index, round=number, before=self)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        data: dict[str, Any] = {"index": self.index, "status": str(self.status)}
        if self.verdict is not None:
            data["verdict"] = self.verdict.to_json()
        if self.defect:
            data["message"] = self.defect
        if self.diff:
            data |= {"diff": self.diff, "text": self.region_text}
        return data


@dataclass(slots=True)
class Outcome:
    """All candidates of a task, and the end once it has come.

    ``calls`` are those of models, as they ended; ``planning`` while the slow model is at work on a
    better instruction; ``waits`` are those of candidates that the provider's limits hold back.
    """

    count: int
    answers: dict[int, Answer] = field(default_factory=dict)
    finished: Finished | None = None
    calls: list[Call] = field(default_factory=list)
    planning: bool = False
    waits: dict[int, Wait] = field(default_factory=dict)
    further: int = 0

    @property
    def total(self) -> int:
        """How many candidates were asked for in all, also since the first ones were rejected."""
        return self.count + self.further

    def fold(self, event: Event) -> Answer | None:
        """Take an event in; return the candidate that has come to an end by it, if one has."""
        if isinstance(event, Finished):
            self.finished, self.planning = event, False
            return None
        if isinstance(event, Called | Waiting | Escalating | Dropped):
            self._note(event)
            return None
        answer = self.answers.setdefault(event.candidate, Answer(event.candidate))
        self.planning = isinstance(event, Planning)
        if isinstance(event, Streaming):
            answer.preview, answer.tokens = event.text, event.tokens
        elif isinstance(event, Parsed):
            answer.status = CandidateStatus.VERIFYING
            answer.region_text, answer.text = event.region_text, event.candidate_text
            answer.diff = event.diff
        elif isinstance(event, Step):
            answer.doing = event.message
        elif isinstance(event, Completing):
            answer.status, answer.doing = CandidateStatus.VERIFYING, "running the whole suite"
        elif isinstance(event, Repairing):
            self.answers[event.candidate] = answer.again(event.round)
        elif isinstance(event, Planned):
            self.answers[event.candidate] = answer.again(answer.round + 1)
        elif isinstance(event, Refused) and event.earlier is not None and answer.before is not None:
            self.answers[event.candidate] = replace(answer.before, round=answer.round)
            return None  # which was told already
        elif isinstance(event, Refused):
            answer.status, answer.defect = CandidateStatus.UNUSABLE, event.message
        elif isinstance(event, Judged):
            answer.verdict = event.verdict
            answer.status = _OF_VERDICT.get(event.verdict.status, CandidateStatus.UNVERIFIED)
        return answer if answer.over and isinstance(event, Refused | Judged) else None

    def _note(self, event: Called | Waiting | Escalating | Dropped) -> None:
        if isinstance(event, Called):
            self.calls.append(event.call)
        elif isinstance(event, Escalating):
            self.further += event.count
            self.planning = False
        elif isinstance(event, Dropped):
            self.answers.pop(event.candidate, None)
            self.waits.pop(event.candidate, None)
        elif event.wait is not None:
            self.waits[event.candidate] = event.wait
        else:
            self.waits.pop(event.candidate, None)

    def after(self, earlier: Outcome) -> Outcome:
        """Return both as one: the candidates of an earlier run of the task, then these."""
        assert self.finished is not None
        assert earlier.finished is not None
        finished = replace(
            self.finished,
            model_seconds=earlier.finished.model_seconds + self.finished.model_seconds,
            verify_seconds=earlier.finished.verify_seconds + self.finished.verify_seconds,
        )
        answers = {**earlier.answers, **self.answers}
        calls = [*earlier.calls, *self.calls]
        further = earlier.further + self.further
        return Outcome(earlier.count + self.count, answers, finished, calls, further=further)

    def same(self, answer: Answer) -> Answer | None:
        """Return the first one of those with the same text that have ended, if it is another."""
        ended = (one for one in self.answers.values() if one.over and one.text)
        first = next((one for one in ended if one.text == answer.text), answer)
        return None if first is answer else first

    def alike(self, answer: Answer) -> int:
        """Return how many other candidates have the same text."""
        others = (one for one in self.answers.values() if one is not answer and answer.text)
        return sum(one.text == answer.text for one in others)

    @property
    def spent(self) -> Spent:
        """What all calls took together."""
        return total(self.calls)

    @property
    def best(self) -> Answer | None:
        """The candidate to show: the best one, or where there was only one, that."""
        if self.finished is not None and self.finished.best is not None:
            return self.answers[self.finished.best]
        return self.answers.get(0) if self.count == 1 else None

    @property
    def so_far(self) -> Answer | None:
        """The best one that has a verdict, or had one before it was to be repaired."""
        known = (one if one.over else one.before for one in self.answers.values())
        judged = [one for one in known if one is not None and one.verdict is not None]
        return min(judged, key=lambda one: (_BEST.index(one.status), one.index), default=None)

    def leader(self) -> Answer | None:
        """The first candidate that is streaming: the one to show while it comes."""
        streaming = [
            answer
            for answer in self.answers.values()
            if answer.status is CandidateStatus.STREAMING and answer.preview
        ]
        return min(streaming, key=lambda answer: answer.index, default=None)

    def status(self, now: datetime | None = None) -> str:
        """Say in a line how far things are; with ``now`` waits count down to that moment."""
        wait = next(iter(self.waits.values()), None)
        held = "" if wait is None else str(wait if now is None else wait.at(now))
        if self.planning:
            asking = "rejected: asking the slow model for a better instruction"
            return f"{asking} · {held}" if held else asking
        answers = self.answers.values()
        streaming = [a for a in answers if a.status is CandidateStatus.STREAMING]
        verifying = [a for a in answers if a.status is CandidateStatus.VERIFYING]
        if self.total == 1:
            return _of_one(next(iter(answers), None), held)
        over = [answer for answer in answers if answer.over]
        passed = sum(answer.status is CandidateStatus.PASSED for answer in over)
        parts = [f"{len(over)} of {self.total} candidates", f"{passed} passed", held]
        if streaming:
            parts.append(f"{len(streaming)} streaming")
        if verifying:
            parts.append(f"{len(verifying)} being checked")
            parts.append(verifying[0].doing)
        return " · ".join(part for part in parts if part)


def _of_one(answer: Answer | None, held: str) -> str:
    if answer is None:
        return held or "waiting for the model"
    repair = f"repair {answer.round}: " if answer.round else ""
    if held:
        return f"{repair}{held}"
    if answer.status is CandidateStatus.STREAMING:
        words = f"streaming, {answer.tokens} tokens" if answer.tokens else "waiting for the model"
        return f"{repair}{words}"
    return f"{repair}{answer.doing or 'checking'}"
