"""What providers' headers say of their limits, in every form, and what follows for a moment."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.models.limits import Bucket, Need, read

NOW = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
EPOCH = NOW.timestamp()

FORMS = {
    "openai": (
        {
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-limit-tokens": "150000",
            "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-remaining-tokens": "149984",
            "x-ratelimit-reset-requests": "1s",
            "x-ratelimit-reset-tokens": "6m0s",
        },
        {"requests": (60, 59, 1.0), "tokens": (150000, 149984, 360.0)},
    ),
    "groq": (
        {
            "x-ratelimit-limit-requests": "14400",
            "x-ratelimit-remaining-requests": "14370",
            "x-ratelimit-reset-requests": "2m59.56s",
            "x-ratelimit-limit-tokens": "18000",
            "x-ratelimit-remaining-tokens": "17997",
            "x-ratelimit-reset-tokens": "20ms",
        },
        {"requests": (14400, 14370, 179.56), "tokens": (18000, 17997, 0.02)},
    ),
    "cerebras": (
        {
            "x-ratelimit-limit-requests-day": "1000",
            "x-ratelimit-remaining-requests-day": "999",
            "x-ratelimit-reset-requests-day": "33011.382",
            "x-ratelimit-limit-tokens-minute": "60000",
            "x-ratelimit-remaining-tokens-minute": "0",
            "x-ratelimit-reset-tokens-minute": "11.38",
        },
        {"requests-day": (1000, 999, 33011.382), "tokens-minute": (60000, 0, 11.38)},
    ),
    "anthropic": (
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-requests-reset": "2026-11-27T12:00:02Z",
            "anthropic-ratelimit-input-tokens-limit": "30000",
            "anthropic-ratelimit-input-tokens-remaining": "29000",
            "anthropic-ratelimit-input-tokens-reset": "2026-11-27T13:00:30+01:00",
            "anthropic-ratelimit-output-tokens-limit": "8000",
            "anthropic-ratelimit-output-tokens-remaining": "0",
            "anthropic-ratelimit-output-tokens-reset": "2026-11-27T12:01:00Z",
        },
        {
            "requests": (50, 49, 2.0),
            "input-tokens": (30000, 29000, 30.0),
            "output-tokens": (8000, 0, 60.0),
        },
    ),
    "openrouter, milliseconds": (
        {
            "x-ratelimit-limit": "20",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(int((EPOCH + 42) * 1000)),
        },
        {"": (20, 0, 42.0)},
    ),
    "epoch": (
        {"x-ratelimit-remaining": "3", "x-ratelimit-reset": str(EPOCH + 7)},
        {"": (None, 3, 7.0)},
    ),
    "http date": (
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "Fri, 27 Nov 2026 12:00:09 GMT"},
        {"": (None, 0, 9.0)},
    ),
    "draft": (
        {"ratelimit-limit": "10, 10;w=60", "ratelimit-remaining": "4", "ratelimit-reset": "30"},
        {"": (10, 4, 30.0)},
    ),
    "draft in one": ({"ratelimit": "limit=10, remaining=4, reset=30"}, {"": (10, 4, 30.0)}),
    "newer draft": ({"ratelimit": '"default";r=4;t=30'}, {"": (None, 4, 30.0)}),
    "no reset": ({"x-ratelimit-remaining-tokens": "500"}, {"tokens": (None, 500, 60.0)}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read(form: str) -> None:
    headers, expected = FORMS[form]
    found = {
        name: (bucket.limit, bucket.remaining, round(bucket.full_at - 1000.0, 3))
        for name, bucket in read(headers, 1000.0, NOW).items()
    }
    assert found == expected


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "1s"},
        {"x-ratelimit-limit-tokens": "-1", "x-ratelimit-remaining-tokens": "0",
         "x-ratelimit-reset-tokens": "0"},
        {"x-ratelimit-remaining-requests": "0"},
        {"x-ratelimit-remaining-requests": "many"},
        {"x-ratelimit-limit-requests": "10", "x-ratelimit-reset-requests": "1s"},
        {"ratelimit": "soon"},
        {"retry-after": "3", "x-request-id": "ratelimit-remaining"},
    ],
)  # fmt: skip
def test_what_says_nothing_holds_nobody_back(headers: dict[str, str]) -> None:
    assert read(headers, 0.0, NOW) == {}


HEADERS = st.dictionaries(
    st.sampled_from(sorted({name for headers, _ in FORMS.values() for name in headers})),
    st.text(max_size=20) | st.floats().map(str) | st.integers().map(str),
)


@given(HEADERS, st.floats(0, 1e6), st.integers(0, 10000))
def test_no_header_is_a_crash_and_every_wait_ends(
    headers: dict[str, str], now: float, amount: int
) -> None:
    for bucket in read(headers, now, NOW).values():
        assert bucket.remaining >= 0
        assert bucket.at <= bucket.ready_at(amount) <= max(bucket.at, bucket.full_at)
        # of a huge limit more comes back between two moments that a float can tell apart
        ready = bucket.ready_at(amount) + 1e-6
        enough = amount if bucket.limit is None else min(amount, bucket.limit)
        assert bucket.left(ready) >= enough * (1 - 1e-6) - 1e-6 or bucket.left(ready) == math.inf


def test_a_limit_that_fills_little_by_little_is_not_waited_out() -> None:
    day = Bucket("requests", 0, 100.0, 100.0 + 86400, limit=14400, steady=True)
    assert day.ready_at(1) == pytest.approx(106.0)
    assert day.left(112.0) == pytest.approx(2.0)
    assert Bucket("", 0, 100.0, 160.0, limit=20).ready_at(1) == 160.0
    assert day.ready_at(20000) == day.full_at


def test_what_a_request_takes() -> None:
    need = Need(prompt=700, answer=300)
    names = ("requests", "", "requests-day", "tokens-minute", "input-tokens", "output-tokens")
    assert [need.of(name) for name in names] == [1, 1, 1, 1000, 700, 300]


def test_what_is_taken_after_the_reset_counts_as_well() -> None:
    bucket = Bucket("requests", 0, 0.0, 10.0, limit=3)
    after = bucket.less(1, 11.0).less(1, 11.0).less(1, 11.0)
    assert after.left(12.0) == 0
    assert after.left(72.0) == 3
