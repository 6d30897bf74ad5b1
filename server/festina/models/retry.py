"""When a failed request is tried again, and after how long. Times are in seconds."""

from __future__ import annotations

import email.utils
import math
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

RETRIED_STATUSES = frozenset({408, 409, 429})
EPOCH_FROM = 1e9
"""A bare number from here on is a Unix time, not a duration."""
MILLISECONDS_FROM = 1e11
"""And from here on it counts milliseconds, as OpenRouter's do."""
MANY = 10
"""Tries that came to nothing, after which less often is better manners."""
UNSEEN_SECONDS = 300.0
"""The longest wait where nobody sees it, or where something else is there to go on with."""
MOST_SECONDS = 366 * 86400.0
"""A year. Whatever is further off is as good as never, and may lie after the last date there is."""

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?")
_UNITS = (86400.0, 3600.0, 60.0, 1.0, 0.001)


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient to be: ``base`` doubles with each try up to ``cap``.

    A provider that asks for more than ``longest`` is not waited for: the person is told instead
    (``wait_seconds`` of a model's settings).
    """

    base: float = 0.5
    cap: float = 8.0
    longest: float = 300.0

    def backoff(self, attempt: int) -> float:
        """Return the pause after the failed try number ``attempt`` (from 0), less up to 25 %.

        After ``MANY`` it grows on, to eight times the usual longest one.
        """
        more = 2.0 ** min(max(0, attempt - MANY), 3)
        pause = min(self.cap * more, self.base * 2.0 ** min(attempt, 16))
        return pause * random.uniform(0.75, 1.0)  # noqa: S311 - spreads clients, guards nothing

    def pause(self, attempt: int, asked: float | None) -> float | None:
        """Return how long to wait, or None where the provider asks for too much."""
        if asked is None:
            return self.backoff(attempt)
        return asked if asked <= self.longest else None


def may_retry(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a response of this status is worth another try; ``x-should-retry`` decides first."""
    told = headers.get("x-should-retry", "").strip().lower()
    if told in {"true", "false"}:
        return told == "true"
    return status in RETRIED_STATUSES or status >= 500


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return after how many seconds the provider allows another try, None where it does not say.

    ``retry-after-ms`` counts before ``retry-after``, and that before the reset of a rate limit
    of which nothing remains. Header names are expected in lower case.
    """
    moment = now or datetime.now(UTC)
    seconds = told_pause(headers, moment)
    if seconds is not None:
        return seconds
    resets = [
        parse_wait(headers.get(name.replace("-remaining", "-reset"), ""), moment)
        for name, value in headers.items()
        if "ratelimit-" in name and "-remaining" in name and _number(value) == 0
    ]
    return max((reset for reset in resets if reset is not None), default=None)


def told_pause(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that ``retry-after-ms``, else ``retry-after``, asks for."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None and milliseconds >= 0:
        return min(milliseconds / 1000, MOST_SECONDS)
    return parse_wait(headers.get("retry-after", ""), now or datetime.now(UTC))


def when(seconds: float) -> str:
    """Say after which time something may work again: ``in 10 minutes (at 16:52)``."""
    if seconds < 120:
        return f"in {seconds if seconds < 10 else math.ceil(seconds):.3g} s"
    at = datetime.now().astimezone() + timedelta(seconds=seconds)
    day = "" if at.date() == datetime.now().astimezone().date() else f" on {at:%d %B}"
    minutes = seconds / 60
    length = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
    return f"in {length} (at {at:%H:%M}{day})"


def uptime() -> float:
    """Return the seconds since some moment, with those that the machine slept where that is told.

    A limit is over after as long as was said, also where the lid was shut meanwhile.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def parse_wait(value: str, now: datetime) -> float | None:
    """Return the seconds from ``now`` that a header's value means; None for what is unknown.

    Understood: seconds (``1.5``), Go durations (``6m0s``, ``20ms``), HTTP dates, RFC 3339 times
    and Unix times, in seconds or milliseconds. Moments in the past mean 0; nothing is more than
    ``MOST_SECONDS`` away.
    """
    seconds = _seconds(value.strip(), now)
    return None if seconds is None else min(max(0.0, seconds), MOST_SECONDS)


def _seconds(value: str, now: datetime) -> float | None:
    number = _number(value)
    if number is not None:
        if number < 0:
            return None
        if number >= MILLISECONDS_FROM:
            number /= 1000
        return number - now.timestamp() if number >= EPOCH_FROM else number
    duration = _DURATION.fullmatch(value)
    if value and duration:
        parts = [_number(part) if part else 0.0 for part in duration.groups()]
        if None in parts:
            return None
        return sum(part * unit for part, unit in zip(parts, _UNITS, strict=True) if part)
    moment = _moment(value)
    return None if moment is None else (moment - now).total_seconds()


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _moment(value: str) -> datetime | None:
    for parse in (datetime.fromisoformat, email.utils.parsedate_to_datetime):
        try:
            moment = parse(value)
        except (ValueError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
