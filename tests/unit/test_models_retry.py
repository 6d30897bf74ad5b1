"""Pauses between tries: what providers' headers mean, and what is worth another try."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.models.retry import (
    MOST_SECONDS,
    Policy,
    may_retry,
    parse_wait,
    retry_after,
    told_pause,
    when,
)

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("1.5", 1.5),
        (" 20 ", 20.0),
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("2d", 172800.0),
        ("20ms", 0.02),
        ("1m20ms", 60.02),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("2026-11-24T12:01:00Z", 60.0),
        ("2026-11-24T14:00:05+02:00", 5.0),
        (str(NOW.timestamp() + 7), 7.0),
        (str(NOW.timestamp() - 7), 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1.2.3s", None),
        ("..s", None),
        ("1e300", MOST_SECONDS),
        ("1764278400000000000", MOST_SECONDS),  # nanoseconds, of some gateways
        ("9999999d", MOST_SECONDS),
        ("9999-12-31T23:59:59Z", MOST_SECONDS),
    ],
)
def test_a_wait_in_every_form(value: str, seconds: float | None) -> None:
    assert parse_wait(value, NOW) == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=30))
def test_no_header_is_a_crash(value: str) -> None:
    wait = parse_wait(value, NOW)
    assert wait is None or wait >= 0


def test_a_wait_is_told_in_whole_seconds_where_a_part_of_one_says_nothing() -> None:
    assert [when(seconds) for seconds in (0.25, 9.5, 44.91, 119.2)] == [
        "in 0.25 s",
        "in 9.5 s",
        "in 45 s",
        "in 120 s",
    ]


@pytest.mark.parametrize("name", ["retry-after", "retry-after-ms"])
@given(value=st.from_regex(r"\d{1,25}(e\d{1,3}|d|h|m|s|ms)?", fullmatch=True))
def test_no_wait_is_too_long_to_be_told(name: str, value: str) -> None:
    wait = told_pause({name: value}, NOW)
    assert wait is None or when(wait).startswith("in ")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "3", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "3", "retry-after-ms": "-1"}, 3.0),
        ({"retry-after": "3", "retry-after-ms": "x"}, 3.0),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "6m0s",
            },
            360.0,
        ),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1s"}, None),
        ({"x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "0"}, None),
        (
            {
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2026-11-24T12:00:09Z",
            },
            9.0,
        ),
        ({"retry-after": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}, 2.0),
    ],
)
def test_what_the_provider_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_what_is_worth_another_try() -> None:
    worth = {status for status in range(400, 600) if may_retry(status, {})}
    assert worth == {408, 409, 429, *range(500, 600)}
    assert may_retry(400, {"x-should-retry": "true"})
    assert not may_retry(500, {"x-should-retry": " False "})
    assert may_retry(500, {"x-should-retry": "perhaps"})


def test_pauses_grow_and_stay_bounded() -> None:
    policy = Policy(base=0.5, cap=8.0)
    for attempt, top in enumerate([0.5, 1, 2, 4, 8, 8, 8]):
        for _ in range(20):
            assert 0.75 * top <= policy.backoff(attempt) <= top
    for attempt, top in ((10, 8), (11, 16), (12, 32), (13, 64), (10_000, 64)):
        assert 0.75 * top <= policy.backoff(attempt) <= top
    assert policy.pause(0, 300.0) == 300.0
    assert policy.pause(0, 300.1) is None
