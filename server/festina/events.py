"""What happens while an edit is proposed: the pipeline yields events, interfaces show them."""

from __future__ import annotations

from dataclasses import dataclass

from festina.calls import Call, Wait
from festina.edits import LineEdit
from festina.findings import Rest, Status, Verdict
from festina.models.base import ModelError
from festina.progress import Step as GateStep
from festina.proposals import CandidateView


@dataclass(frozen=True, slots=True)
class Streaming:
    """A candidate's region text so far. ``tokens`` is an estimate (four characters each).

    ``seconds`` are those since the first of it came.
    """

    candidate: int
    text: str
    tokens: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Parsed:
    """A complete answer: ``region_text`` for the region, ``candidate_text`` for the whole file."""

    candidate: int
    region_text: str
    candidate_text: str
    edits: tuple[LineEdit, ...]
    diff: str
    model_seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """No usable answer: ``code`` is a defect's code or the kind of a model error.

    ``error`` is set for a model error, which concerns the model and not this one answer.
    ``earlier`` is what the candidate was before it was asked for once more, if that stands.
    """

    candidate: int
    code: str
    message: str
    error: ModelError | None = None
    earlier: CandidateView | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of a candidate's verification, for a person; ``of`` which step, where it is told."""

    candidate: int
    message: str
    of: GateStep | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate's verdict. ``candidate_text`` is the exact text that it was earned for.

    It may come twice: for the impacted tests, then for the whole suite; ``rest`` says so.
    """

    candidate: int
    candidate_text: str
    verdict: Verdict
    rest: Rest = Rest.NONE


@dataclass(frozen=True, slots=True)
class Completing:
    """The whole suite begins to run for a candidate that its impacted tests passed."""

    candidate: int


@dataclass(frozen=True, slots=True)
class Repairing:
    """A rejected candidate's findings go back to the model; ``round`` counts from 1."""

    candidate: int
    round: int


@dataclass(frozen=True, slots=True)
class Escalating:
    """All were rejected: ``count`` further candidates are asked for, from ``candidate`` on."""

    candidate: int
    count: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """Enough of the others have passed: this one was cancelled before it came to its end."""

    candidate: int


@dataclass(frozen=True, slots=True)
class Planning:
    """The repair rounds are used up: the slow model is asked what to tell the fast one."""

    candidate: int


@dataclass(frozen=True, slots=True)
class Planned:
    """The slow model's instruction, with which the fast one tries again."""

    candidate: int
    instruction: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A candidate's request is held back by the provider's limits; None: it no longer is.

    ``who`` is the part of the model that is asked, ``fast`` or ``slow``.
    """

    candidate: int
    wait: Wait | None
    who: str = "fast"


@dataclass(frozen=True, slots=True)
class Called:
    """A model was asked, and has answered or failed."""

    call: Call


@dataclass(frozen=True, slots=True)
class Finished:
    """The end: the best passed candidate, if any, and where the time went (seconds, wall).

    ``error`` is set when no candidate came because the model failed. ``again``: a limit that passes
    is why there is no more, so that asking again helps.
    """

    best: int | None
    status: Status
    message: str
    model_seconds: float
    verify_seconds: float
    error: ModelError | None = None
    again: bool = False


Event = (
    Streaming
    | Parsed
    | Refused
    | Step
    | Judged
    | Completing
    | Repairing
    | Escalating
    | Dropped
    | Planning
    | Planned
    | Waiting
    | Called
    | Finished
)
