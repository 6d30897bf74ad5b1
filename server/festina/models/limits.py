"""Rate limits as providers tell them in headers, and how much of one is left at a moment.

Values only, no clock of their own: a moment is a number of seconds on whichever clock the caller
reads. OpenAI and Groq write ``x-ratelimit-remaining-tokens``, Cerebras
``x-ratelimit-remaining-tokens-minute``, Anthropic ``anthropic-ratelimit-output-tokens-remaining``,
OpenRouter ``x-ratelimit-remaining``, and some gateways the ``ratelimit-remaining`` or
``RateLimit: limit=..., remaining=..., reset=...`` of the IETF's drafts (httpapi-ratelimit-headers).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from festina.models.base import Request
from festina.models.retry import parse_wait

DAY_SECONDS = 86400.0
HOUR_SECONDS = 3600.0
MINUTE_SECONDS = 60.0
MINUTE = "-minute"
"""How the name of a limit ends that is for a minute, where its provider tells others as well."""

BYTES_PER_TOKEN = 4
"""Of prompts, about; providers count those for themselves."""

_FIELDS = ("limit", "remaining", "reset")
_NAMED = re.compile(r"(?:x-|anthropic-)?ratelimit-([a-z-]+)")
_DRAFT = re.compile(r"\b(limit|remaining|reset|r|t)\s*=\s*(\d+(?:\.\d+)?)")
_DRAFT_NAMES = {"r": "remaining", "t": "reset"}


@dataclass(frozen=True, slots=True)
class Need:
    """What one request is counted as, in tokens: of its prompt, and of the most it may answer.

    ``whole``: it is answered in one piece, so that nothing is heard of it before its end.
    """

    prompt: int = 0
    answer: int = 0
    whole: bool = False

    def of(self, bucket: str) -> int:
        """Return how much of a bucket it takes: one request, or so many tokens."""
        if "token" not in bucket:
            return 1
        if "input" in bucket:
            return self.prompt
        return self.answer if "output" in bucket else self.prompt + self.answer


def need_of(request: Request) -> Need:
    """Return what a request will about be counted as: the most that its answer may take."""
    size = sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)
    return Need(size // BYTES_PER_TOKEN, request.max_tokens, whole=not request.stream)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One limit at the moment ``at``: ``remaining`` of ``limit``, full again at ``full_at``.

    ``steady`` says that it fills little by little; else all of it comes back at ``full_at``.
    ``limit`` is None where the provider does not tell it. ``span`` is in how many seconds all of it
    comes back, where that is known from elsewhere than from a response.
    """

    name: str
    remaining: float
    at: float
    full_at: float
    limit: float | None = None
    steady: bool = False
    span: float | None = None

    @classmethod
    def full(cls, name: str, limit: float, now: float) -> Bucket:
        """Return a limit that fills little by little, of which nothing is used."""
        return cls(name, limit, now, now, limit, steady=True, span=window(name))

    @property
    def words(self) -> str:
        """Name the limit to a person: ``30 requests``, ``6,000 tokens a minute``."""
        what, _, span = self.name.partition("-minute" if MINUTE in self.name else "-day")
        name = (what or "requests").replace("-", " ")
        if span or what != self.name:
            name += " a minute" if MINUTE in self.name else " a day"
        return f"{self.limit:,.0f} {name}" if self.limit is not None else name

    @property
    def by_minute(self) -> bool:
        """Whether it is for a minute, by its name or else by how soon what was taken comes back."""
        if MINUTE in self.name or "-day" in self.name or "-hour" in self.name:
            return MINUTE in self.name
        seconds = self.full_at - self.at
        if self.steady and self.limit is not None and self.remaining < self.limit:
            seconds *= self.limit / (self.limit - self.remaining)
        return seconds < HOUR_SECONDS / 6

    def left(self, now: float) -> float:
        """Return how much is there at a moment."""
        if now >= self.full_at:
            return self.limit if self.limit is not None else math.inf
        if not self.steady or self.limit is None:
            return self.remaining
        share = (now - self.at) / (self.full_at - self.at)
        return self.remaining + (self.limit - self.remaining) * share

    def ready_at(self, amount: float) -> float:
        """Return the moment from which so much is there (all of it, where that is not enough)."""
        if amount <= self.remaining:
            return self.at
        if not self.steady or self.limit is None or amount >= self.limit:
            return self.full_at
        share = (amount - self.remaining) / (self.limit - self.remaining)
        return self.at + share * (self.full_at - self.at)

    def less(self, amount: float, now: float) -> Bucket:
        """Return the bucket after so much was taken out, as it is at a moment."""
        left = self.left(now)
        if math.isinf(left):
            return self
        full_at = self.full_at if now < self.full_at else now + window(self.name)
        if self.span is not None and self.limit is not None:
            full_at = now + self.span * (self.limit - left + amount) / self.limit
        return replace(self, remaining=left - amount, at=now, full_at=full_at)


def read(headers: Mapping[str, str], now: float, today: datetime) -> dict[str, Bucket]:
    """Return the limits that a response's headers (names in lower case) tell, by name.

    ``now`` is the moment on the caller's clock, ``today`` the same one in the world's time. A limit
    of which nothing can be known (no remaining amount, negative ones as some gateways send) is left
    out, and so is one that is used up without a time at which it comes back.
    """
    told: dict[str, dict[str, str]] = {}
    for header, value in headers.items():
        if header == "ratelimit":
            pairs = _DRAFT.findall(value.lower())
            told.setdefault("", {}).update((_DRAFT_NAMES.get(name, name), n) for name, n in pairs)
        elif match := _NAMED.fullmatch(header):
            words = match[1].split("-")
            field = next((field for field in _FIELDS if field in words), None)
            if field is not None:
                words.remove(field)
                told.setdefault("-".join(words), {})[field] = value
    found = {}
    for name, fields in told.items():
        bucket = _bucket(name, fields, now, today)
        if bucket is not None:
            found[name] = bucket
    return found


def window(name: str) -> float:
    """Return the seconds in which a limit of that name usually comes back as a whole."""
    return DAY_SECONDS if "day" in name else MINUTE_SECONDS


def _bucket(name: str, fields: Mapping[str, str], now: float, today: datetime) -> Bucket | None:
    remaining = _amount(fields.get("remaining", ""))
    limit = _amount(fields.get("limit", "").partition(",")[0]) or None
    wait = parse_wait(fields.get("reset", ""), today)
    if remaining is None or (limit is None and remaining == 0 and "limit" in fields):
        return None
    if wait is None:
        if remaining == 0:
            return None
        wait = window(name)
    # those that name what they count fill steadily (OpenAI, Groq, Cerebras, Anthropic)
    return Bucket(name, remaining, now, now + wait, limit, steady=bool(name))


def _amount(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
