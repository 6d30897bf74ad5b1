"""The Chat Completions client against a real socket: what is sent, retried, awaited, freed."""

from __future__ import annotations

import asyncio
import gzip
import logging
from contextlib import aclosing
from typing import Any

import pytest

from festina.models.base import Delta, Message, ModelError, Request, Trouble
from festina.models.budget import MOST_REFUSALS, REFUSALS
from festina.models.http import Http
from festina.models.presets import GENERIC, HOSTED, LOCAL, Preset, by_name
from festina.models.retry import Policy
from support.asking import PROMPT, QUICK, REQUEST, ask, failure, model_at
from support.fake_model import FakeModel
from support.fake_replies import (
    DONE,
    Hold,
    Pause,
    Repeat,
    Reply,
    body_of,
    chunk,
    data,
    document,
    events,
    status,
    stream,
    text,
    whole,
)

KEY = "sk-test-4f9a8b7c6d5e4f3a2b1c"


async def test_an_answer_and_what_was_sent_for_it() -> None:
    with FakeModel(text("x = 1\n"), key=KEY) as fake:
        model = model_at(fake, KEY, extra_body={"reasoning_effort": "low"})
        request = Request(REQUEST.messages, 300, temperature=0.7, seed=3, stop=("END",))
        answer, usage = await ask(model, request)
        assert answer == "x = 1\n"
        assert (usage.prompt, usage.completion) == (100, 2)
        assert fake.requests == [
            {
                "model": "fake-coder",
                "messages": [
                    {"role": "system", "content": "You edit code."},
                    {"role": "user", "content": PROMPT},
                ],
                "stream": True,
                "stream_options": {"include_usage": True},
                "temperature": 0.7,
                "seed": 3,
                "stop": ["END"],
                "max_completion_tokens": 300,
                "max_tokens": 300,
                "reasoning_effort": "low",
            }
        ]
        sent = fake.heads[0].headers
        assert sent["authorization"] == f"Bearer {KEY}"
        assert sent["accept-encoding"] == "identity"
        assert sent["user-agent"].startswith("festina/")
        await model.aclose()


async def test_no_key_no_header() -> None:
    with FakeModel() as fake:
        model = model_at(fake)
        await ask(model)
        assert "authorization" not in fake.heads[0].headers
        await model.aclose()


@pytest.mark.parametrize("preset", [*HOSTED, *LOCAL, GENERIC], ids=lambda preset: preset.name)
async def test_the_token_limit_is_sent_in_the_field_the_provider_reads(preset: Preset) -> None:
    with FakeModel() as fake:
        model = model_at(fake, preset=preset)
        await ask(model, Request(REQUEST.messages, 77, temperature=0.0))
        limits = {name for name in fake.requests[0] if name.startswith("max_")}
        assert limits == set(preset.limit_fields)
        assert all(fake.requests[0][name] == 77 for name in limits)
        assert fake.requests[0]["temperature"] == preset.least_temperature
        await model.aclose()


def refusing(*fields: str, code: int = 400) -> Any:
    """A server that does not know some fields and says which."""

    def answer(body: dict[str, Any]) -> str | Reply:
        for name in fields:
            if name in body:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                return status(code, {"error": {"message": message, "param": name}})
        return "ok\n"

    return answer


@pytest.mark.parametrize("code", [400, 422])
@pytest.mark.parametrize(
    ("preset", "refused", "left"),
    [
        ("openai", ["max_completion_tokens"], ["max_tokens"]),
        ("ollama", ["max_tokens"], ["max_completion_tokens"]),
        ("", ["max_completion_tokens"], ["max_tokens"]),
        ("", ["max_tokens"], ["max_completion_tokens"]),
        (
            "openai",
            ["stream_options", "seed", "temperature", "max_completion_tokens"],
            ["max_tokens"],
        ),
    ],
)
async def test_a_refused_field_is_left_out_from_then_on(
    preset: str, refused: list[str], left: list[str], code: int
) -> None:
    with FakeModel(refusing(*refused, code=code)) as fake:
        model = model_at(fake, preset=by_name(preset) or GENERIC, max_retries=0)
        request = Request(REQUEST.messages, 50, seed=1)
        assert (await ask(model, request))[0] == "ok\n"
        assert len(fake.requests) == len(refused) + 1
        assert [name for name in fake.requests[-1] if name.startswith("max_")] == left
        assert (await ask(model, request))[0] == "ok\n"
        assert len(fake.requests) == len(refused) + 2
        await model.aclose()


async def test_a_server_that_wants_both_fields_named_at_once_is_understood() -> None:
    def answer(body: dict[str, Any]) -> str | Reply:
        if "max_tokens" in body and "max_completion_tokens" in body:
            return status(400, {"error": {"message": "max_tokens and max_completion_tokens: one"}})
        return "ok\n"

    with FakeModel(answer) as fake:
        model = model_at(fake)
        assert (await ask(model))[0] == "ok\n"
        assert "max_tokens" not in fake.requests[-1]
        await model.aclose()


async def test_many_at_once_learn_of_a_refused_field_together() -> None:
    with FakeModel(refusing("seed", "max_completion_tokens")) as fake:
        model = model_at(fake, preset=by_name("openai"), max_retries=0)
        request = Request(REQUEST.messages, 50, seed=1)
        answers = await asyncio.gather(*(ask(model, request) for _ in range(16)))
        assert {answer for answer, _ in answers} == {"ok\n"}
        await model.aclose()


async def test_a_field_that_is_refused_for_ever_ends() -> None:
    def answer(body: dict[str, Any]) -> Reply:
        names = "max_tokens, max_completion_tokens, seed, temperature, stream_options"
        return status(400, {"error": {"message": f"Cannot take {names}."}})

    with FakeModel(answer) as fake:
        model = model_at(fake)
        assert (await failure(model)).trouble is Trouble.BAD_REQUEST
        assert len(fake.requests) < 8
        await model.aclose()


@pytest.mark.parametrize(
    "reply",
    [status(408), status(409), status(429), status(500), status(502), status(503), status(529),
     status(418, None, x_should_retry="true"), stream(framing="raw")],
    ids=["408", "409", "429", "500", "502", "503", "529", "told-to", "closed"],
)  # fmt: skip
async def test_what_may_pass_is_tried_again_before_the_first_byte(reply: Reply) -> None:
    with FakeModel(reply, reply, "ok\n") as fake:
        model = model_at(fake)
        assert (await ask(model))[0] == "ok\n"
        assert len(fake.requests) == 3
        fake.script(reply)
        fake.requests.clear()
        await failure(model)
        # a refusal for now is waited out, not counted as a failure
        assert len(fake.requests) == (MOST_REFUSALS + 1 if reply.status in REFUSALS else 3)
        await model.aclose()


@pytest.mark.parametrize(
    "reply",
    [
        status(400), status(401), status(402), status(403), status(404), status(413), status(422),
        status(500, None, x_should_retry="false"),
        status(429, None, retry_after="301"),
        status(429, None, retry_after_ms="301000"),
        status(429, {"error": {"message": "no credit", "code": "insufficient_quota"}}),
        events(chunk("x"), {"error": {"message": "boom"}}),
        stream(data(chunk("x"))),
    ],
    ids=["400", "401", "402", "403", "404", "413", "422", "told-not-to", "too-long", "too-long-ms",
         "no-credit", "error-in-stream", "cut"],
)  # fmt: skip
async def test_what_will_not_pass_is_not_tried_again(reply: Reply) -> None:
    with FakeModel(reply, "ok\n") as fake:
        model = model_at(fake)
        await failure(model)
        assert len(fake.requests) == 1
        await model.aclose()


@pytest.mark.parametrize(
    "wait", [{"retry_after_ms": "30", "retry_after": "99"}, {"retry_after": "0.03"}]
)
async def test_the_providers_own_pause_is_kept(wait: dict[str, str]) -> None:
    with FakeModel(status(429, None, **wait), "ok\n") as fake:
        model = model_at(fake, policy=Policy(base=90.0), total_seconds=60.0)
        assert (await ask(model))[0] == "ok\n"
        await model.aclose()


async def test_how_long_a_limit_is_waited_for_is_the_persons_own() -> None:
    with FakeModel(status(429, None, retry_after="2"), "ok\n") as fake:
        hasty = model_at(fake, policy=None, wait_seconds=1.0)
        assert (await failure(hasty)).trouble is Trouble.QUOTA
        assert len(fake.requests) == 1
        await hasty.aclose()
    with FakeModel(status(429, None, retry_after="2"), "ok\n") as fake:
        patient = model_at(fake, policy=None, wait_seconds=3.0)
        assert (await ask(patient))[0] == "ok\n"
        await patient.aclose()


async def test_no_pause_goes_beyond_the_total_deadline() -> None:
    with FakeModel(status(503)) as fake:
        model = model_at(fake, policy=Policy(base=90.0, cap=90.0), total_seconds=60.0)
        assert (await failure(model)).trouble is Trouble.SERVER
        assert len(fake.requests) == 1
        await model.aclose()


async def test_a_connection_is_used_again() -> None:
    with FakeModel() as fake:
        model = model_at(fake)
        for _ in range(5):
            await ask(model)
        assert fake.connections == 1
        assert fake.disconnects == 0
        await model.aclose()


async def test_a_server_that_does_not_end_its_body_costs_no_answer() -> None:
    with FakeModel(stream(body_of(text("ok\n")), Hold())) as fake:
        model = model_at(fake)
        assert (await ask(model))[0] == "ok\n"
        await fake.until(lambda: fake.disconnects == 1)
        await model.aclose()


async def test_bodies_of_all_kinds() -> None:
    zipped = {"content-encoding": "gzip"}
    good = body_of(text("é = 1\n"))
    replies = [
        whole("é = 1\n"),
        stream(good, content_type=None),
        stream(good, content_type="text/plain; charset=latin-1"),
        stream(good, framing="close"),
        stream(gzip.compress(good), headers=zipped),
    ]
    with FakeModel(*replies) as fake:
        model = model_at(fake)
        for _ in replies:
            assert (await ask(model))[0] == "é = 1\n"
        await model.aclose()


PING = Repeat(b": ping\n\n", 0.01)
EMPTY = Repeat(data(chunk("")), 0.01)


@pytest.mark.parametrize(
    "reply",
    [
        stream(Hold()),
        stream(Hold(), framing="raw"),
        stream(PING),
        stream(EMPTY),
        stream(b"data: ", Repeat(b"x", 0.01)),
        stream(before=(b"HTTP/1.1 200 OK\r\n", Repeat(b"x-slow: 1\r\n", 0.01)), framing="raw"),
    ],
    ids=["silent", "no-head", "comments", "empty-chunks", "endless-event", "slow-head"],
)
async def test_the_first_content_has_a_deadline(reply: Reply) -> None:
    with FakeModel(reply) as fake:
        model = model_at(fake, first_content_seconds=0.2, total_seconds=60)
        error = await failure(model)
        assert error.trouble is Trouble.TIMEOUT
        assert "first_content_seconds" in str(error)
        await fake.until(lambda: fake.disconnects == 1)
        await model.aclose()


@pytest.mark.parametrize("rest", [Hold(), PING, EMPTY], ids=["silent", "comments", "empty-chunks"])
async def test_the_next_token_has_a_deadline(rest: Hold | Repeat) -> None:
    with FakeModel(stream(data(chunk("x")), rest)) as fake:
        model = model_at(fake, inter_token_seconds=0.2, total_seconds=60)
        error = await failure(model)
        assert error.trouble is Trouble.TIMEOUT
        assert "inter_token_seconds" in str(error)
        await fake.until(lambda: fake.disconnects == 1)
        await model.aclose()


async def test_the_whole_answer_has_a_deadline() -> None:
    with FakeModel(stream(Repeat(data(chunk("x")), 0.01))) as fake:
        model = model_at(fake, total_seconds=0.3)
        error = await failure(model)
        assert error.trouble is Trouble.TIMEOUT
        assert "total_seconds" in str(error)
        await fake.until(lambda: fake.disconnects == 1)
        await model.aclose()


async def test_reasoning_is_progress_but_never_text() -> None:
    steps = [step for _ in range(15) for step in (Pause(0.1), data(chunk(None, reasoning="hm")))]
    with FakeModel(stream(*steps, data(chunk("x", "stop")), DONE)) as fake:
        model = model_at(fake, first_content_seconds=1.0, inter_token_seconds=1.0)
        assert (await ask(model))[0] == "x"
        await model.aclose()


async def test_a_slow_reader_misses_no_deadline() -> None:
    steps = (data(chunk("a")), Pause(0.05), data(chunk("b")), data(chunk("", "stop")), DONE)
    with FakeModel(stream(*steps)) as fake:
        model = model_at(fake, inter_token_seconds=1.0)
        got = []
        async with aclosing(model.stream(REQUEST)) as answer:
            async for item in answer:
                got.append(item)
                if item == Delta("a"):
                    await asyncio.sleep(1.2)
        assert got[:2] == [Delta("a"), Delta("b")]
        await model.aclose()


async def test_75_cancelled_streams_free_their_connections_at_once() -> None:
    endless = stream(data(chunk("x")), Hold())
    with FakeModel(endless) as fake:
        model = model_at(fake, http=Http(connections=75))
        got_text = asyncio.Semaphore(0)

        async def read_on() -> None:
            async with aclosing(model.stream(REQUEST)) as answer:
                async for _ in answer:
                    got_text.release()

        for round_number in (1, 2):
            tasks = [asyncio.create_task(read_on()) for _ in range(75)]
            for _ in tasks:
                await got_text.acquire()
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
            await fake.until(lambda n=round_number: fake.disconnects == 75 * n)
        fake.script("ok\n")
        # a slot that stayed taken would leave one of these waiting until its deadline
        answers = await asyncio.gather(*(ask(model) for _ in range(75)))
        assert {answer for answer, _ in answers} == {"ok\n"}
        await fake.until(lambda: fake.streams == 0)
        await model.aclose()


@pytest.mark.parametrize("slots", [1, 10])
async def test_cancelling_while_queued_or_connecting_leaks_no_slot(slots: int) -> None:
    slow = stream(Pause(0.02), data(chunk("x", "stop")), DONE)
    with FakeModel(slow) as fake:
        model = model_at(fake, http=Http(connections=slots))
        for pause in (0, 0, 0.001, 0.003, 0.01, 0.03):
            tasks = [asyncio.create_task(ask(model)) for _ in range(20)]
            await asyncio.sleep(pause)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        answers = await asyncio.gather(*(ask(model) for _ in range(slots)))
        assert {answer for answer, _ in answers} == {"x"}
        await model.aclose()


async def test_closing_the_iterator_frees_the_connection() -> None:
    with FakeModel(stream(data(chunk("x")), Hold())) as fake:
        model = model_at(fake)
        answer = model.stream(REQUEST)
        assert await anext(answer) == Delta("x")
        await answer.aclose()
        await fake.until(lambda: fake.disconnects == 1)
        await model.aclose()


async def test_neither_key_nor_prompt_nor_answer_is_logged_or_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "def norwegian_blue(): return 'pining'\n"
    with FakeModel(text(secret), status(500), events(chunk(secret), {"error": "x"})) as fake:
        model = model_at(fake, KEY, max_retries=0)
        await ask(model)
        shown = [str(await failure(model)), repr(await failure(model)), repr(model)]
        await model.aclose()
    heard = caplog.text + "".join(shown) + repr(model.__dict__["_http"])
    for private in (KEY, PROMPT, "parrot", "pining", "norwegian"):
        assert private not in heard


@pytest.mark.parametrize("key", ["sk-é", "sk a", '"sk-a"', "'sk-a", "sk-1\nx: y", "sk\x00"])
async def test_a_key_that_no_header_can_hold_is_not_quoted(key: str) -> None:
    with FakeModel() as fake, pytest.raises(ModelError) as caught:
        model_at(fake, key, key_source="FAKE_KEY")
    assert caught.value.trouble is Trouble.AUTH
    assert "FAKE_KEY" in str(caught.value)
    assert key not in str(caught.value)


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    with FakeModel() as elsewhere, FakeModel() as fake:
        for code in (301, 302, 307, 308):
            fake.script(status(code, None, location=f"{elsewhere.base_url}/chat/completions?a=b"))
            model = model_at(fake, KEY)
            error = await failure(model)
            assert error.trouble is Trouble.BAD_REQUEST
            assert "redirect" in str(error)
            await model.aclose()
        assert elsewhere.connections == 0


@pytest.mark.parametrize("path", ["", "/", "/chat/completions", "?api-version=preview"])
async def test_base_urls_as_people_write_them(path: str) -> None:
    with FakeModel() as fake:
        model = model_at(fake, base_url=fake.base_url + path)
        await ask(model)
        assert fake.heads[0].target.startswith("/v1/chat/completions")
        assert ("api-version=preview" in fake.heads[0].target) == ("?" in path)
        await model.aclose()


@pytest.mark.parametrize(
    "url", ["", "example.com/v1", "ftp://x", "http://", "http://x:99999", "http://[", "file:///etc"]
)
async def test_a_base_url_that_is_none(url: str) -> None:
    with FakeModel() as fake, pytest.raises(ModelError) as caught:
        model_at(fake, base_url=url)
    assert "base_url" in str(caught.value)


async def test_a_base_url_with_a_password_is_not_quoted() -> None:
    with FakeModel() as fake, pytest.raises(ModelError) as caught:
        model_at(fake, base_url="https://me:hunter2@example.com/v1")
    assert "hunter2" not in str(caught.value)


async def test_text_that_is_no_unicode_can_be_sent() -> None:
    with FakeModel() as fake:
        model = model_at(fake)
        await ask(model, Request((Message("user", "a\udc80b é"),), 10))
        assert fake.requests[0]["messages"][0]["content"] == "a?b é"
        await model.aclose()


async def test_an_error_body_that_never_ends_is_cut_off() -> None:
    with FakeModel(Reply((Repeat(b"x" * 1000),), 400)) as fake:
        model = model_at(fake)
        assert (await failure(model)).trouble is Trouble.BAD_REQUEST
        await fake.until(lambda: fake.disconnects == 1)
        await model.aclose()


async def test_an_error_body_in_html_is_not_shown() -> None:
    page = b"<html><h1>502 Bad Gateway</h1></html>"
    with FakeModel(document(page, 502, kind="text/html")) as fake:
        model = model_at(fake, policy=QUICK)
        error = await failure(model)
        assert error.trouble is Trouble.SERVER
        assert "<" not in str(error)
        await model.aclose()
