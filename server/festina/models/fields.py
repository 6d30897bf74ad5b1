"""What the bodies of requests have in common: a 400 that names a field is a field to leave out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol, Self

from festina.models.base import Request

STREAM = "stream"
REFUSALS = frozenset({400, 422})


class Body(Protocol):
    """Builds a dialect's requests for one model, and learns which fields it does not take."""

    def body(
        self, request: Request, model: str, least_temperature: float, extra: Mapping[str, object]
    ) -> dict[str, object]:
        """Return the request's body; ``extra`` has the last word."""

    def after(self, status: int, answer: bytes, sent: Mapping[str, object]) -> Self | None:
        """Return what to send instead of ``sent``, which was refused; None where that is not why.

        Each field is given up once, so asking again and again comes to an end.
        """


def system_of(request: Request) -> str:
    """Return the system prompt, for dialects that have a field of its own for it."""
    return "\n\n".join(m.content for m in request.messages if m.role == "system")


def named_fields(status: int, answer: bytes, names: frozenset[str]) -> frozenset[str]:
    """Return those of the names that a refusal speaks of."""
    if status not in REFUSALS:
        return frozenset()
    text = answer.decode("utf-8", "replace")
    return frozenset(name for name in names if re.search(rf"(?<![\w.]){name}(?!\w)", text))


def wants_streams(status: int, answer: bytes, sent: Mapping[str, object]) -> bool:
    """Whether an answer in one piece was asked for, and refused."""
    return sent.get(STREAM) is False and STREAM in named_fields(status, answer, frozenset({STREAM}))


def learnt(
    left_out: frozenset[str], status: int, answer: bytes, optional: frozenset[str]
) -> frozenset[str] | None:
    """Return which fields to leave out after a refusal, None where it is about something else.

    ``optional`` are those that the refused request had and that an answer can do without. Another
    request may have learnt the same meanwhile; then this one is sent again as well.
    """
    named = named_fields(status, answer, optional)
    return left_out | named if named else None
