"""Responses and Messages over real sockets: what is sent, what is learnt, what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from festina.config import ModelSettings, Settings
from festina.models import factory
from festina.models.base import Message, Request, Trouble, Usage
from festina.models.catalogue import Offer, list_models, pick
from festina.models.discovery import check, discover
from festina.models.http import Http
from festina.models.presets import HOSTED, by_name
from support.asking import PROMPT, REQUEST, ask, failure, model_at
from support.dialect_streams import NAMES, OUTCOMES, load
from support.fake_dialects import anthropic_text, event, responses_text
from support.fake_model import FakeModel
from support.fake_replies import Repeat, Reply, document, status, stream

BOTH = ("responses", "anthropic")
ANSWER = "def f():\n    return '\u00e9'\n"


@pytest.mark.parametrize("dialect", BOTH)
async def test_an_answer(dialect: str) -> None:
    usage = Usage(prompt=100, cached=64, completion=6)
    with FakeModel(ANSWER, key="k") as fake:
        model = model_at(fake, "k", dialect=dialect)
        assert await ask(model) == (ANSWER, usage)
        assert await ask(model) == (ANSWER, usage)
        assert fake.connections == 1, "the connection is kept"
        await model.aclose()


async def test_what_responses_is_sent() -> None:
    with FakeModel() as fake:
        model = model_at(fake, "k", dialect="responses")
        await ask(model, replace(REQUEST, temperature=0.5, seed=3, stop=("#",), max_tokens=5))
        sent = fake.requests[0]
        assert fake.heads[0].target == "/v1/responses"
        assert fake.heads[0].headers["authorization"] == "Bearer k"
        assert sent.pop("prompt_cache_key").startswith("festina-")
        assert sent == {
            "model": fake.model,
            "instructions": "You edit code.",
            "input": [{"role": "user", "content": PROMPT}],
            "stream": True,
            "stream_options": {"include_obfuscation": False},
            "store": False,
            "max_output_tokens": 16,
            "temperature": 0.5,
        }
        await model.aclose()


async def test_what_anthropic_is_sent() -> None:
    with FakeModel() as fake:
        model = model_at(fake, "k", dialect="anthropic")
        messages = (
            *REQUEST.messages,
            Message("assistant", "draft"),
            Message("system", "Be brief."),
            Message("user", "again"),
        )
        await ask(model, Request(messages, 77, temperature=1.4, seed=3, stop=("\n", "#")))
        head = fake.heads[0]
        assert head.target == "/v1/messages"
        assert head.headers["x-api-key"] == "k"
        assert head.headers["anthropic-version"] == "2023-06-01"
        assert "authorization" not in head.headers
        kept = {"cache_control": {"type": "ephemeral"}}
        text = {"type": "text"}
        assert fake.requests[0] == {
            "model": fake.model,
            "system": [{**text, "text": "You edit code.\n\nBe brief.", **kept}],
            "messages": [
                {"role": "user", "content": [{**text, "text": PROMPT}]},
                {"role": "assistant", "content": [{**text, "text": "draft"}]},
                {"role": "user", "content": [{**text, "text": "again", **kept}]},
            ],
            "stream": True,
            "max_tokens": 77,
            "temperature": 1.0,
            "stop_sequences": ["#"],
        }
        await model.aclose()


@pytest.mark.parametrize("dialect", BOTH)
async def test_an_answer_in_one_piece_where_nobody_reads_along(dialect: str) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        if body["stream"] is not False:
            return stream(
                load("responses/openai" if dialect == "responses" else "anthropic/thinking")
            )
        assert "stream_options" not in body
        return document(load(f"{dialect}/whole-json"))

    def streams_only(body: dict[str, Any]) -> Reply:
        return answer(body) if body["stream"] else status(400, {"error": "stream must be true"})

    wanted = OUTCOMES[f"{dialect}/whole-json"]["text"]
    with FakeModel(answer) as fake:
        model = model_at(fake, dialect=dialect)
        text, usage = await ask(model, replace(REQUEST, stream=False))
        assert (text, usage.prompt) == (wanted, 1180)
        fake.script(streams_only)
        assert (await ask(model, replace(REQUEST, stream=False)))[0] == wanted
        assert (await ask(model, replace(REQUEST, stream=False)))[0] == wanted
        assert [body["stream"] for body in fake.requests] == [False, False, True, True]
        await model.aclose()


def refusing(field: str, said: str) -> Any:
    def answer(body: dict[str, Any]) -> str | Reply:
        if field in str(body):
            error = {"type": "invalid_request_error", "message": said}
            return status(400, {"type": "error", "error": error})
        return "ok\n"

    return answer


@pytest.mark.parametrize(
    ("dialect", "field", "said"),
    [
        ("responses", "temperature", "Unsupported parameter: 'temperature'"),
        ("responses", "prompt_cache_key", "Unknown parameter: 'prompt_cache_key'."),
        ("responses", "store", "store: unexpected"),
        ("responses", "include_obfuscation", "Unknown parameter: 'stream_options'"),
        ("anthropic", "temperature", "`temperature` is deprecated for this model."),
        ("anthropic", "cache_control", "system.0.cache_control: Extra inputs are not permitted"),
    ],
)
async def test_what_is_refused_is_left_out_from_then_on(
    dialect: str, field: str, said: str
) -> None:
    with FakeModel(refusing(field, said)) as fake:
        model = model_at(fake, dialect=dialect)
        assert (await ask(model))[0] == "ok\n"
        assert (await ask(model))[0] == "ok\n"
        assert len(fake.requests) == 3
        await model.aclose()


async def test_code_about_a_refused_field_is_not_sent_for_ever() -> None:
    said = "messages.0: cache_control is what the code is about"
    with FakeModel(status(400, {"error": {"message": said}})) as fake:
        model = model_at(fake, dialect="anthropic")
        request = replace(REQUEST, messages=(Message("user", "rename cache_control"),))
        assert (await failure(model, request)).trouble is Trouble.BAD_REQUEST
        assert len(fake.requests) == 2
        await model.aclose()


@pytest.mark.parametrize("dialect", ["chat", *BOTH])
async def test_what_the_person_wants_sent_is_sent_and_its_refusal_told(dialect: str) -> None:
    with FakeModel(refusing("temperature", "temperature: not supported")) as fake:
        model = model_at(fake, dialect=dialect, extra_body={"temperature": 0.3})
        error = await failure(model)
        assert error.trouble is Trouble.BAD_REQUEST
        assert "extra_body" in str(error)
        assert len(fake.requests) == 1
        await model.aclose()


@pytest.mark.parametrize("name", [n for n in NAMES if not n.endswith("stop-ignored")])
async def test_every_transcript_over_the_wire(name: str) -> None:
    raw = load(name)
    body = raw.lstrip()[:1] in (b"{", b"<")
    reply = document(raw) if body else stream(raw)
    with FakeModel(reply) as fake:
        model = model_at(fake, dialect=name.partition("/")[0], max_retries=0)
        if OUTCOMES[name]["problem"] is None:
            assert (await ask(model))[0] == OUTCOMES[name]["text"]
        else:
            await failure(model)
        await model.aclose()


@pytest.mark.parametrize(
    ("name", "trouble", "said"),
    [
        ("responses/incomplete-length", Trouble.TRUNCATED, "token limit"),
        ("responses/incomplete-filter", Trouble.FILTERED, "withheld"),
        ("responses/refusal", Trouble.FILTERED, "withheld"),
        ("responses/function-call", Trouble.FILTERED, "tool call"),
        ("responses/failed", Trouble.SERVER, "server_error"),
        ("responses/error-event", Trouble.QUOTA, "limits"),
        ("responses/delta-lost", Trouble.DAMAGED, "do not make up the whole"),
        ("anthropic/max-tokens", Trouble.TRUNCATED, "token limit"),
        ("anthropic/refusal", Trouble.FILTERED, "withheld"),
        ("anthropic/tool-use", Trouble.FILTERED, "tool call"),
        ("anthropic/overloaded-midway", Trouble.QUOTA, "overloaded_error"),
        ("anthropic/no-message-stop", Trouble.TRUNCATED, "before it was complete"),
    ],
)
async def test_what_is_said_of_bad_ends(name: str, trouble: Trouble, said: str) -> None:
    with FakeModel(stream(load(name))) as fake:
        model = model_at(fake, dialect=name.partition("/")[0], max_retries=0)
        error = await failure(model)
        assert error.trouble is trouble
        assert said in str(error)
        await model.aclose()


async def test_an_overloaded_provider_is_asked_again() -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with FakeModel(status(529, body), "ok\n") as fake:
        model = model_at(fake, dialect="anthropic")
        assert (await ask(model))[0] == "ok\n"
        assert len(fake.requests) == 2
        await model.aclose()


async def test_pings_are_no_progress() -> None:
    with FakeModel(stream(event("message_start", message={}), Repeat(event("ping"), 0.01))) as fake:
        model = model_at(fake, dialect="anthropic", first_content_seconds=0.3)
        error = await failure(model)
        assert error.trouble is Trouble.TIMEOUT
        await fake.until(lambda: fake.live == 0)
        await model.aclose()


@pytest.mark.parametrize("dialect", BOTH)
async def test_a_wrong_key(dialect: str) -> None:
    with FakeModel(key="right") as fake:
        model = model_at(fake, "wrong-key-123456", dialect=dialect, key_source="A_KEY")
        error = await failure(model)
        assert error.trouble is Trouble.AUTH
        assert "wrong-key" not in str(error)
        await model.aclose()


@pytest.mark.parametrize("dialect", BOTH)
async def test_from_the_settings_to_an_answer(dialect: str) -> None:
    with FakeModel("ok\n", key="k") as fake:
        made = ModelSettings(base_url=fake.base_url, api_key_env="FAKE_KEY", dialect=dialect)
        settings = Settings(fast=ModelSettings(), slow=made)
        model, choice = await factory.create(settings, {"FAKE_KEY": "k"}, model="slow")
        assert (choice.dialect, choice.model) == (dialect, fake.model), (
            "it was picked from the list"
        )
        assert (await ask(model))[0] == "ok\n"
        await model.aclose()
        checks = await check(choice, Settings(fast=made), {"FAKE_KEY": "k"})
        assert [one.name for one in checks if not one.ok] == []


async def test_anthropics_key_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    anthropic = by_name("anthropic")
    assert anthropic is not None
    with FakeModel(key="k") as fake:
        rows = tuple(
            replace(one, base_url=fake.base_url) if one is anthropic else one for one in HOSTED
        )
        monkeypatch.setattr("festina.models.discovery.HOSTED", rows)
        choice = await discover(Settings(), {"ANTHROPIC_API_KEY": "k"})
        assert (choice.dialect, choice.key_source) == ("anthropic", "ANTHROPIC_API_KEY")
        assert fake.heads[0].headers["x-api-key"] == "k"
        named = factory.named(Settings(), "anthropic:some-model")
        again = await discover(named, {"ANTHROPIC_API_KEY": "k"})
        assert (again.dialect, again.model) == ("anthropic", "some-model")


async def test_a_key_of_a_provider_that_does_not_speak_the_dialect_is_passed_over() -> None:
    keys = {"CEREBRAS_API_KEY": "a", "OPENAI_API_KEY": "b"}
    wanted = ModelSettings(dialect="responses", model="m")
    assert (await discover(Settings(fast=wanted), keys)).base_url == "https://api.openai.com/v1"
    plain = await discover(Settings(fast=ModelSettings(model="m")), keys)
    assert (plain.base_url, plain.dialect) == ("https://api.cerebras.ai/v1", "chat")
    address = ModelSettings(base_url="https://api.anthropic.com/v1", model="m")
    assert (await discover(Settings(fast=address), {})).dialect == "anthropic"


async def test_a_list_in_pages() -> None:
    def page(ids: list[str], *, more: bool) -> dict[str, Any]:
        rows = [{"type": "model", "id": i, "created_at": "2026-10-21T00:00:00Z"} for i in ids]
        return {"data": rows, "has_more": more, "first_id": ids[0], "last_id": ids[-1]}

    class Paged(FakeModel):
        def reply_to(self, head: Any, body: bytes) -> Reply:
            super().reply_to(head, body)
            last = head.target.endswith("after_id=b")
            return document(page(["c"], more=False) if last else page(["a", "b"], more=True))

    with Paged() as fake:
        async with Http() as http:
            offers = await list_models(http, fake.base_url, "k", dialect="anthropic")
    assert offers == [Offer(name, 1792540800) for name in "abc"]


def test_models_for_responses_alone() -> None:
    offers = [Offer("gpt-codex", 2), Offer("gpt", 1)]
    assert pick(offers) == offers[1]
    assert pick(offers, "responses") == offers[0]


@pytest.mark.parametrize(
    "reply", [responses_text("x" * 400, speed=50), anthropic_text("x" * 400, speed=50)]
)
async def test_closing_frees_the_connection_at_once(reply: Reply) -> None:
    with FakeModel(reply) as fake:
        dialect = (
            "responses" if b"response." in b"".join(map(bytes_of, reply.steps)) else "anthropic"
        )
        model = model_at(fake, dialect=dialect)
        answer = model.stream(REQUEST)
        await anext(answer)
        await answer.aclose()
        await fake.until(lambda: fake.live == 0)
        await model.aclose()


def bytes_of(step: object) -> bytes:
    return step if isinstance(step, bytes) else b""
