"""Sentences about a provider's errors: its words where they help, never ours back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.models.answer_stream import TROUBLE, Kind, Problem
from festina.models.base import Trouble
from festina.models.failures import Failures
from support.asking import check_message

ORIGIN = "https://api.test"
PROMPT = "def norwegian_blue(): return 'pining for the fjords'"
WITH_KEY = Failures(ORIGIN, "m-1", "FAKE_KEY", "FAKE_KEY", (PROMPT,))
WITHOUT = Failures(ORIGIN, "m-1", "", "FAKE_KEY")


def said(message: object, code: str = "", status: int = 500) -> str:
    body = json.dumps({"error": {"message": message, "code": code}}).encode()
    error = WITH_KEY.status(status, {}, body)
    check_message(error, ORIGIN)
    return str(error)


def test_a_wrong_key_names_where_it_is_from() -> None:
    error = WITH_KEY.status(401, {}, b'{"error": {"message": "Incorrect API key: sk-ab***yz"}}')
    check_message(error, ORIGIN)
    assert error.trouble is Trouble.AUTH
    assert "FAKE_KEY" in str(error)
    assert "sk-ab" not in str(error)


def test_a_missing_key_names_where_to_put_it() -> None:
    error = WITHOUT.status(401, {}, b"")
    check_message(error, ORIGIN)
    assert "Set FAKE_KEY" in str(error)


def test_a_key_that_is_not_allowed_to() -> None:
    error = WITH_KEY.status(403, {}, b'{"error": {"message": "Country not supported"}}')
    assert "Country not supported" in str(error)
    assert error.trouble is Trouble.AUTH


def test_an_unknown_model_is_named_with_the_providers_words() -> None:
    error = WITH_KEY.status(404, {}, b'{"error": {"message": "try pulling it first"}}')
    check_message(error, ORIGIN)
    assert "'m-1'" in str(error)
    assert "try pulling it first" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><h1>404 Not Found</h1></html>",
        b"404 page not found",
        b'{"detail": "Not Found"}',
        b'{"error": {"message": "Invalid URL (POST /chat/completions)", "code": null}}',
        b'{"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}',
        b'{"error": {"message": "Unknown request URL: POST /x.", "code": "unknown_url"}}',
    ],
)
def test_a_wrong_address_is_not_taken_for_an_unknown_model(body: bytes) -> None:
    error = WITH_KEY.status(404, {}, body)
    check_message(error, ORIGIN)
    assert error.trouble is Trouble.BAD_REQUEST
    assert "/v1" in str(error)
    assert "m-1" not in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"message": "model m-1 not found, try pulling it first"}}',
        b'{"error": {"message": "The model `m-1` does not exist.", "code": "model_not_found"}}',
        b'{"detail": "Model not found"}',
        b'{"error": {"message": "no such thing here", "code": "model_not_found"}}',
    ],
)
def test_an_unknown_model_is_not_taken_for_a_wrong_address(body: bytes) -> None:
    error = WITH_KEY.status(404, {}, body)
    check_message(error, ORIGIN)
    assert error.trouble is Trouble.UNKNOWN_MODEL
    assert "`festina doctor` lists them" in str(error)


def test_without_a_key_a_refusal_may_have_another_reason() -> None:
    error = WITHOUT.status(403, {}, b'{"error": {"message": "Country not supported."}}')
    check_message(error, ORIGIN)
    assert "It says: Country not supported. Set FAKE_KEY" in str(error)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_key_that_looks_like_none_is_not_quoted_either(status: int) -> None:
    failures = Failures(ORIGIN, "m-1", "FAKE_KEY", "FAKE_KEY", key="hunter2")
    body = {"error": {"message": "who is hunter2?", "code": "hunter2"}}
    assert "hunter2" not in str(failures.status(status, {}, json.dumps(body).encode()))
    assert "hunter2" not in repr(failures)


def test_the_wait_is_told() -> None:
    error = WITH_KEY.status(429, {"retry-after": "7"}, b"")
    assert error.retry_after == 7.0
    assert "in 7 s" in str(error)


@pytest.mark.parametrize(
    ("message", "code", "expected"),
    [
        ("GPU is on fire.", "hot", "failed (500 hot): GPU is on fire. Try"),
        ("two\n  lines", "", "two lines"),
        ("w " * 300, "", "w \u2026. Try"),
        (f"bad input: {PROMPT}", "c", "failed (500). Try"),
        (f"near {PROMPT[4:16]}", "c", "failed (500). Try"),
        ("near norwegian_\n", "c", "near norwegian_"),
        ("key sk-proj-abcdef123456 is bad", "", ": [...] is bad"),
        ("Bearer abcdef123456", "", "[...]"),
        ("token 0123456789abcdef0123456789", "", "[...]"),
        (["not", "text"], "", "failed (500). Try"),
        ("fine", "a code with blanks", "failed (500): fine"),
    ],
)
def test_what_is_shown_of_the_providers_words(message: object, code: str, expected: str) -> None:
    assert expected in said(message, code)


@given(st.integers(0, len(PROMPT) - 12), st.integers(12, 60), st.text(max_size=20))
def test_no_run_of_the_prompt_is_shown(start: int, length: int, around: str) -> None:
    quoted = PROMPT[start : start + length].strip()
    if len(quoted) >= 12:
        assert quoted not in said(f"{around} {quoted} {around}")


@given(st.integers(100, 999), st.binary(max_size=80))
def test_any_status_with_any_body_is_told(status: int, body: bytes) -> None:
    error = WITH_KEY.status(status, {}, body)
    assert str(error).startswith((ORIGIN, "The proxy"))


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b"3", b'"x"', b"[" * 100_000, b'{"error": null}', b'[{"error": {"code": 5}}]'],
)
def test_odd_bodies_are_no_crash(body: bytes) -> None:
    check_message(WITH_KEY.status(500, {}, body), ORIGIN)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_problem_has_its_sentence(kind: Kind) -> None:
    error = WITH_KEY.problem(Problem(kind, "it is too large", {"message": "boom"}))
    check_message(error, ORIGIN)
    assert error.trouble is TROUBLE[kind]


def test_an_error_in_the_stream_quotes_no_answer() -> None:
    problem = Problem(Kind.ERROR, error={"message": "while writing: return 'voom' * 4"})
    assert "voom" not in str(WITH_KEY.problem(problem, "x = 1\nreturn 'voom' * 4\n"))


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        ({"code": 401, "message": "x"}, Trouble.AUTH),
        ({"code": "429"}, Trouble.QUOTA),
        ({"status_code": 529}, Trouble.QUOTA),
        ({"code": "rate_limit_exceeded"}, Trouble.QUOTA),
        ({"code": "model_not_found"}, Trouble.UNKNOWN_MODEL),
        ({"code": 99}, Trouble.SERVER),
        ("words", Trouble.SERVER),
        (7, Trouble.SERVER),
    ],
)
def test_an_error_in_the_stream_means_what_its_status_would(
    error: object, trouble: Trouble
) -> None:
    made = WITH_KEY.problem(Problem(Kind.ERROR, error=error))
    check_message(made, ORIGIN)
    assert made.trouble is trouble
