"""What a run of the pipeline has come to so far, and in the end; no clock, no I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from festina.earning import Earned
from festina.events import Finished
from festina.findings import Finding, Gate, Rest, Status
from festina.models.base import ModelError, Trouble
from festina.proposals import CandidateStatus, CandidateView, next_owed, rank
from festina.text import Text

NO_MORE = "; no more came: "
"""What stands before the reason why a model gave no further candidates."""
NO_BETTER = "; no better answer came: "
"""What stands before the reason why the last repair could not be used."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one candidate. ``new`` is the whole file's text, where there is one.

    ``error`` is why there is no answer, ``no_more`` why there is no better one, ``no_better`` why
    one that was to be better could not be used.
    """

    view: CandidateView
    new: Text | None = None
    diff_size: int = 0
    error: ModelError | None = None
    no_more: ModelError | None = None
    no_better: str = ""


@dataclass(slots=True)
class Outcomes:
    """The candidates that have come to an end, by index."""

    _of: dict[int, Outcome] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Take what became of a candidate, in the place of what was known of it."""
        self._of[outcome.view.index] = outcome

    def refuse(self, index: int, why: str, error: ModelError | None = None) -> CandidateView | None:
        """No answer came for a candidate (``error``), or none that can be used.

        Whatever was known of it stands, and is returned; only of two that cannot be used it is the
        later one.
        """
        earlier = self._of.get(index)
        if earlier is None or (error is None and earlier.view.verdict is None):
            view = CandidateView(index, CandidateStatus.UNUSABLE, defect=why)
            self.add(Outcome(view, error=error))
            return None
        self.add(replace(earlier, no_more=error, no_better="" if error else why))
        return earlier.view

    def __contains__(self, index: int) -> bool:
        """Whether a candidate has come to an end."""
        return index in self._of

    def passed(self, *, applicable: bool) -> int:
        """Return how many have passed: by all that is asked for, where they must be applicable."""
        return sum(view.applicable if applicable else view.passed for view in self._views)

    @property
    def usable(self) -> bool:
        """Whether there is one that a person can go on with."""
        good = {CandidateStatus.PASSED, CandidateStatus.UNVERIFIED}
        return any(view.status in good for view in self._views)

    def owed(self, only: int | None = None) -> Outcome | None:
        """Return the candidate that the whole suite is to run for, if there is one.

        With ``only`` no other one is meant.
        """
        view = next_owed(self._views, self._sizes)
        if view is None or only is None:
            return None if view is None else self._of[view.index]
        outcome = self._of[only]
        return outcome if outcome.view.rest is Rest.OWED else None

    def also(self, judged: Outcome, earned: Earned) -> Iterator[tuple[Outcome, Earned]]:
        """Yield whom a verdict of the whole suite concerns: those of the same text.

        Where the impacted tests turn out to be enough, they are for all.
        """
        for outcome in list(self._of.values()):
            if outcome.view.rest is not Rest.OWED:
                continue
            if outcome.new == judged.new:
                yield outcome, earned
            elif earned.rest is Rest.OPEN and outcome.view.verdict is not None:
                yield outcome, Earned(outcome.view.verdict, Rest.OPEN)

    def to_repair(self) -> Outcome | None:
        """Return the candidate that is nearest to passing, if none is usable.

        An answer that does not come to its end says nothing of the others; any other error would
        meet the next request as well.
        """
        outcomes = self._of.values()
        if any(
            _ends_all(outcome.error)
            or _ends_all(outcome.no_more)
            or outcome.view.status in {CandidateStatus.PASSED, CandidateStatus.UNVERIFIED}
            for outcome in outcomes
        ):
            return None
        ended = [o for o in outcomes if o.error is None and o.no_more is None]
        return min(ended, key=lambda outcome: _distance(outcome.view), default=None)

    def finished(self, model_seconds: float, verify_seconds: float) -> Finished:
        """Return the end of the run."""
        views, sizes, seconds = self._views, self._sizes, (model_seconds, verify_seconds)
        if ranked := [view for view in rank(views, sizes) if view.applicable]:
            best = ranked[0]
            return Finished(best.index, Status.PASSED, best.words, *seconds)
        unverified = [view for view in views if view.status is CandidateStatus.UNVERIFIED]
        if unverified:
            best = min(unverified, key=lambda view: (sizes.get(view.index, 0), view.index))
            return Finished(best.index, Status.UNVERIFIED, best.words, *seconds)
        errors = [outcome.error for outcome in self._of.values() if outcome.error]
        no_more = [outcome.no_more for outcome in self._of.values() if outcome.no_more]
        again = any(error.passing for error in (*errors, *no_more))
        if errors and len(errors) == len(self._of):
            first = next((error for error in errors if error.passing), errors[0])
            return Finished(None, Status.FAILED, str(first), *seconds, error=first, again=again)
        why = _why_none(tuple(o.view for o in self._of.values() if o.error is None))
        stopped = [*(error for error in errors if _ends_all(error)), *no_more]
        if stopped:
            why = f"{why}{NO_MORE}{stopped[0]}"
        elif len(self._of) == 1 and (no_better := next(iter(self._of.values())).no_better):
            why = f"{why}{NO_BETTER}{no_better}"
        return Finished(None, Status.FAILED, why, *seconds, again=again)

    @property
    def _views(self) -> tuple[CandidateView, ...]:
        return tuple(outcome.view for outcome in self._of.values())

    @property
    def _sizes(self) -> dict[int, int]:
        return {index: outcome.diff_size for index, outcome in self._of.items()}


def findings_of(outcome: Outcome) -> tuple[Finding, ...]:
    """Return what is to be told to the model that made a candidate which is of no use."""
    view = outcome.view
    if view.verdict is None:
        return (Finding(Gate.SYNTAX, "", view.defect),)
    if not outcome.no_better:
        return view.verdict.counted
    told = f"The answer after this one could not be used: {outcome.no_better}"
    return (*view.verdict.counted, Finding(Gate.SYNTAX, "", told))


def _ends_all(error: ModelError | None) -> bool:
    """Whether an error would meet the next request as well."""
    return error is not None and error.trouble is not Trouble.TRUNCATED


def _distance(view: CandidateView) -> tuple[bool, int, int]:
    """How far a rejected candidate is from passing: unusable answers last, then by findings."""
    findings = len(view.verdict.counted) if view.verdict else 0
    return (view.verdict is None, findings, view.index)


def _why_none(views: tuple[CandidateView, ...]) -> str:
    judged = [view for view in views if view.verdict is not None]
    if len(views) == 1:
        return views[0].words
    if not judged and views:
        return f"None of {len(views)} answers was usable; the first: {views[0].defect}"
    return f"None of {len(views)} candidates passed"
