"""Accelerators over real sockets: sent where they are offered, dropped at the first refusal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from festina.models.accelerators import Accelerators, Trial, fitted
from festina.models.base import Message, Request, Trouble
from festina.models.ledger import Ledger
from festina.models.meter import Meter
from festina.models.presets import GENERIC, HOSTED, LOCAL, Preset, by_name
from festina.models.runner import Runner
from support.asking import REQUEST, ask, failure, model_at
from support.fake_model import FakeModel
from support.fake_replies import Reply, chunk, events, status

OLD = "```python\ndef parrot():\n    return 'dead'\n```"
PREDICTING = replace(REQUEST, predicted=OLD)
OPENAI, LLAMA_CPP = by_name("openai"), by_name("llamacpp")


def refusing(said: str, *names: str) -> Any:
    """A provider that refuses requests with one of these fields, in these words."""

    def answer(body: dict[str, Any]) -> str | Reply:
        if body.keys() & set(names):
            return status(400, {"error": {"message": said, "type": "invalid_request_error"}})
        return "ok\n"

    return answer


def used(fake: FakeModel) -> list[set[str]]:
    """Which accelerators each request had."""
    known = {"prediction", "prompt_cache_key", "cache_prompt", "id_slot"}
    return [set(body) & known for body in fake.requests]


@pytest.mark.parametrize("preset", [*HOSTED, *LOCAL, GENERIC], ids=lambda preset: preset.name)
async def test_a_provider_is_sent_what_it_offers_and_nothing_else(preset: Preset) -> None:
    with FakeModel() as fake:
        model = model_at(fake, preset=preset)
        await ask(model, PREDICTING)
        await ask(model)
        offered = set(preset.accelerators)
        assert used(fake) == [offered, offered - {"prediction"}]
        assert model.predicts is ("prediction" in offered)
        await model.aclose()


async def test_what_they_look_like() -> None:
    with FakeModel() as fake:
        model = model_at(fake, preset=OPENAI)
        await ask(model, PREDICTING)
        other = Request((*REQUEST.messages, Message("user", "again")), 9)
        await ask(model, other)
        first, second = fake.requests
        assert first["prediction"] == {"type": "content", "content": OLD}
        assert first["prompt_cache_key"].startswith("festina-")
        assert first["prompt_cache_key"] == second["prompt_cache_key"], "they begin alike"
        local = model_at(fake, preset=LLAMA_CPP)
        await ask(local)
        assert fake.requests[-1]["cache_prompt"] is True
        await local.aclose()
        await model.aclose()


@pytest.mark.parametrize("dialect", ["chat", "responses", "anthropic"])
async def test_off_is_off(dialect: str) -> None:
    with FakeModel() as fake:
        model = model_at(fake, preset=OPENAI, dialect=dialect, accelerators="off")
        await ask(model, PREDICTING)
        assert used(fake) == [set()]
        assert "cache_control" not in str(fake.requests)
        assert not model.predicts
        await model.aclose()


NAMED = (
    "Unsupported parameter: 'prediction' is not supported with this model.",
    "max_completion_tokens is not supported when prediction is given.",
)


@pytest.mark.parametrize("said", NAMED)
async def test_one_that_a_refusal_names_is_dropped_for_good_and_alone(said: str) -> None:
    with FakeModel(refusing(said, "prediction")) as fake:
        model = model_at(fake, preset=OPENAI, max_retries=0)
        for _ in range(3):
            assert (await ask(model, PREDICTING))[0] == "ok\n"
        both, one = {"prediction", "prompt_cache_key"}, {"prompt_cache_key"}
        assert used(fake) == [both, one, one, one]
        assert all("max_completion_tokens" in body for body in fake.requests), "the bound stays"
        assert not model.predicts
        await model.aclose()


@pytest.mark.parametrize(
    "said", ["This model does not support predicted outputs.", "Extra inputs.", ""]
)
async def test_one_that_a_refusal_may_be_about_is_dropped_when_that_helps(said: str) -> None:
    with FakeModel(refusing(said, "prediction")) as fake:
        model = model_at(fake, preset=OPENAI, max_retries=0)
        for _ in range(2):
            assert (await ask(model, PREDICTING))[0] == "ok\n"
        assert used(fake) == [{"prediction", "prompt_cache_key"}, set(), set()]
        await model.aclose()


async def test_a_refusal_of_another_cause_is_told_and_drops_nothing() -> None:
    refusal = status(400, {"error": {"message": "The moon is full."}})
    with FakeModel(refusal) as fake:
        model = model_at(fake, preset=OPENAI)
        error = await failure(model, PREDICTING)
        assert error.trouble is Trouble.BAD_REQUEST
        assert "The moon is full" in str(error)
        both = {"prediction", "prompt_cache_key"}
        assert used(fake) == [both, set()], "asked again once"
        fake.script("ok\n")
        await ask(model, PREDICTING)
        assert used(fake)[2:] == [both], "they were not at fault"
        fake.script(refusal)
        await failure(model, PREDICTING)
        assert used(fake)[3:] == [both], "an answer came with them: not even suspected"
        await model.aclose()


@pytest.mark.parametrize(
    "refusal",
    [
        status(401),
        status(404, {"error": {"message": "no such model", "code": "model_not_found"}}),
        status(400, {"error": {"message": "no such model", "code": "model_not_found"}}),
        status(413),
    ],
    ids=["401", "404", "400", "413"],
)
async def test_a_refusal_that_is_clear_is_not_asked_again(refusal: Reply) -> None:
    with FakeModel(refusal) as fake:
        model = model_at(fake, "k", preset=OPENAI, max_retries=0)
        await failure(model, PREDICTING)
        assert len(fake.requests) == 1
        await model.aclose()


async def test_many_at_once_learn_it_together() -> None:
    with FakeModel(refusing(NAMED[0], "prediction")) as fake:
        model = model_at(fake, preset=OPENAI, max_retries=0)
        answers = await asyncio.gather(*(ask(model, PREDICTING) for _ in range(16)))
        assert {answer for answer, _ in answers} == {"ok\n"}
        fake.requests.clear()
        await ask(model, PREDICTING)
        assert used(fake) == [{"prompt_cache_key"}]
        await model.aclose()


async def test_what_the_person_wants_sent_is_not_dropped() -> None:
    mine = {"prediction": {"type": "content", "content": "mine"}}
    with FakeModel(refusing(NAMED[0], "prediction")) as fake:
        model = model_at(fake, preset=OPENAI, extra_body=mine)
        error = await failure(model, PREDICTING)
        assert "extra_body" in str(error)
        assert [body["prediction"]["content"] for body in fake.requests] == ["mine"]
        await model.aclose()


def test_room_is_made_for_what_does_not_come_true() -> None:
    assert fitted(REQUEST, predicts=True) is REQUEST
    assert fitted(PREDICTING, predicts=False) == REQUEST
    assert fitted(PREDICTING, predicts=True).max_tokens == REQUEST.max_tokens + len(OLD) // 3


def test_a_field_under_suspicion_is_left_out_once() -> None:
    made, trial = Accelerators(("prediction",)), Trial()
    sent = made.fields(PREDICTING, trial)
    assert made.suspected(422, sent, trial)
    again = made.fields(PREDICTING, trial)
    assert again == {}
    assert not made.suspected(422, again, trial)
    assert not made.suspected(500, sent, Trial())


async def test_tokens_that_did_not_come_true_are_counted_and_secrets_stay_home(tmp_path) -> None:
    usage = {
        "prompt_tokens": 50,
        "completion_tokens": 30,
        "completion_tokens_details": {
            "accepted_prediction_tokens": 18,
            "rejected_prediction_tokens": 10,
        },
    }
    last = {"choices": [], "usage": usage}
    secret = "AKIA" + "Q3EGRZX7M5LJKTPN"
    request = replace(PREDICTING, predicted=f"{OLD}\nkey = '{secret}'\n")
    ledger = Ledger(tmp_path / "usage.json")
    with FakeModel(events(chunk("ok\n"), chunk(None, "stop"), last)) as fake:
        model = model_at(fake, preset=OPENAI)
        runner = Runner(Meter(ledger=ledger))
        answer = await runner.complete(model, request)
        assert answer.usage.rejected == 10
        sent = fake.requests[0]
        assert secret not in str(sent)
        assert "def parrot" in sent["prediction"]["content"]
        assert sent["max_completion_tokens"] > REQUEST.max_tokens
        local = model_at(fake, preset=GENERIC)
        await runner.complete(local, request)
        assert fake.requests[1]["max_tokens"] == REQUEST.max_tokens
        await runner.aclose()
    assert ledger.today().rejected == 20
