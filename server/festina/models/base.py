"""What every model dialect offers to the rest of Festina: one request in, a stream of text out."""

from __future__ import annotations

import enum
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from festina.calls import Wait
from festina.spending import Spent


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


OnWait = Callable[[Wait | None], None]
"""Told of each wait as it begins, and with None when it is over; on the loop that sends."""

OnSpent = Callable[[Spent], None]
"""Told what each try has taken, good or not, before it is known whether another one follows."""


def for_ever() -> float:
    """Return the patience of somebody who sees the wait, and can end it."""
    return math.inf


@dataclass(frozen=True, slots=True)
class Request:
    """One request for one answer. ``max_tokens`` bounds the answer, in tokens.

    ``predicted`` is the text that the answer will mostly repeat, where there is such a text.

    ``on_wait`` hears of it when the request has to wait for the provider's limits. Without
    ``stream`` nobody reads along: the answer may come in one piece, which is far less work (a fast
    model sends thousands of events a second). Where that cannot be had it is streamed all the same.
    ``on_sent`` is called, on the loop that sends, as soon as it may have reached the server.
    ``patience`` says at any moment for how many seconds it is worth to be held back; it is called
    on the loop that sends, and can only make the wait shorter.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.2
    seed: int | None = None
    stop: tuple[str, ...] = ()
    stream: bool = True
    predicted: str = ""
    on_wait: OnWait | None = field(default=None, compare=False, repr=False)
    on_sent: Callable[[], None] | None = field(default=None, compare=False, repr=False)
    on_spent: OnSpent | None = field(default=None, compare=False, repr=False)
    patience: Callable[[], float] = field(default=for_ever, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as counted by the provider; ``None`` where it did not say.

    ``cached`` are among those of the ``prompt``; ``rejected`` are those of a predicted output that
    did not come true, and among those of the ``completion``, for they are billed.
    """

    prompt: int | None = None
    cached: int | None = None
    completion: int | None = None
    rejected: int | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer's text. Never reasoning, never a role."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is complete: the provider said ``stop``, and no error object was seen."""

    usage: Usage = Usage()


class Trouble(enum.StrEnum):
    """Why a model call failed, coarse enough to act on."""

    AUTH = "auth"  # 401, 403: the key
    UNKNOWN_MODEL = "unknown_model"  # 404, or the provider says so
    QUOTA = "quota"  # 402, 429, 529
    BAD_REQUEST = "bad_request"  # 400, 413, 422
    SERVER = "server"  # 5xx, an error object in the stream
    NETWORK = "network"  # no route, refused, reset, name not found
    TLS = "tls"
    PROXY = "proxy"
    TIMEOUT = "timeout"  # first content, inter-token or total deadline
    TRUNCATED = "truncated"  # finish reason `length`, or the stream ended without one
    FILTERED = "filtered"  # content filter, refusal, tool call
    DAMAGED = "damaged"  # not SSE, bad UTF-8, oversized
    WITHHELD = "withheld"  # Festina sent nothing: a secret, or a file kept from models
    NO_MODEL = "no_model"  # nothing configured and nothing found
    EMBEDDED = "embedded"  # the embedded model could not start


class ModelError(Exception):
    """A model call failed. ``str(error)`` is one or two sentences for a person, with the remedy.

    It never contains a key, a prompt or an answer.
    """

    def __init__(self, trouble: Trouble, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.retry_after = retry_after
        """Seconds after which the provider says another try may work."""
        self.passing = False
        """It is a limit or an overload, of which the provider says that it will pass."""
        self.pause: float | None = None
        """Seconds for which the model's budget holds everybody back; then it can be asked again."""
        self.usage: Usage | None = None
        """What the provider counted for an answer that was no good."""


class Model(Protocol):
    """A model behind some dialect. Implementations live on one event loop."""

    @property
    def name(self) -> str:
        """The model's name, as a person would recognise it."""

    @property
    def origin(self) -> str:
        """Scheme, host and port that requests go to; ``embedded`` for the embedded model."""

    def stream(self, request: Request) -> AsyncIterator[Delta | Done]:
        """Yield deltas, then exactly one ``Done``.

        Closing the iterator (or cancelling the task that runs it) frees the connection at once.

        Raises:
            ModelError: for everything that is not a complete, good answer.
        """

    async def aclose(self) -> None:
        """Free connections and child processes."""
