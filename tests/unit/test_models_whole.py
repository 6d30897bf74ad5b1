"""Answers that nobody reads along: fetched in one piece, and held to the same as the others."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from festina.models.base import ModelError, Trouble, Usage
from support.asking import REQUEST, ask, failure, model_at
from support.fake_model import FakeModel
from support.fake_replies import Hold, Pause, Reply, document, status, stream, text, whole

SILENT = replace(REQUEST, stream=False)


def answer_of(content: str | None = "ok\n", finish: str | None = "stop", **message: Any) -> Reply:
    choice = {"index": 0, "message": {"content": content, **message}, "finish_reason": finish}
    counted = {"prompt_tokens": 9, "completion_tokens": 2}
    return document({"choices": [choice], "usage": counted})


async def test_an_answer_in_one_piece_is_asked_for_and_read() -> None:
    with FakeModel(answer_of()) as fake:
        model = model_at(fake)
        assert await ask(model, SILENT) == ("ok\n", Usage(9, None, 2))
        assert fake.requests[0]["stream"] is False
        assert "stream_options" not in fake.requests[0]  # refused with stream: false
        assert await ask(model) == ("ok\n", Usage(9, None, 2))
        assert fake.requests[1]["stream"] is True
        await fake.until(lambda: fake.connections == 1)  # kept, and used again
        await model.aclose()


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (answer_of("half", "length"), Trouble.TRUNCATED),
        (answer_of("half", None), Trouble.TRUNCATED),
        (answer_of("no", "content_filter"), Trouble.FILTERED),
        (answer_of(None, "stop", refusal="I will not"), Trouble.FILTERED),
        (answer_of(None, "stop", tool_calls=[{"id": "1"}]), Trouble.FILTERED),
        (answer_of("<think>on and on"), Trouble.TRUNCATED),
        (document({"error": {"message": "overloaded"}}), Trouble.SERVER),
        (document({"object": "error", "message": "overloaded"}), Trouble.SERVER),
        (document(b"<html>a proxy</html>", kind="text/html"), Trouble.DAMAGED),
        (document(json.dumps({"choices": []}).encode()[:-1]), Trouble.DAMAGED),
        (document(b"{}"), Trouble.DAMAGED),
        (document({"choices": [3]}), Trouble.TRUNCATED),
        (stream(b'{"choices": [{"mess', framing="close"), Trouble.DAMAGED),
    ],
)
async def test_what_is_no_good_answer_when_streamed_is_none_in_one_piece(
    reply: Reply, trouble: Trouble
) -> None:
    with FakeModel(reply) as fake:
        model = model_at(fake, max_retries=0)
        assert (await failure(model, SILENT)).trouble is trouble
        await model.aclose()


async def test_an_empty_delta_beside_the_message_takes_nothing_from_it() -> None:
    message = {"role": "assistant", "content": "ok\n"}
    beside = {"index": 0, "message": message, "delta": {"role": "assistant", "content": ""}}
    with FakeModel(document({"choices": [{**beside, "finish_reason": "stop"}]})) as fake:
        model = model_at(fake)
        assert (await ask(model, SILENT))[0] == "ok\n"
        await model.aclose()


@pytest.mark.parametrize("code", [400, 422])
async def test_a_server_that_refuses_is_asked_to_stream_from_then_on(code: int) -> None:
    def streams_only(body: dict[str, Any]) -> str | Reply:
        if body["stream"]:
            return "ok\n"
        return status(code, {"error": {"message": "Only `stream`: true is supported."}})

    with FakeModel(streams_only) as fake:
        model = model_at(fake, max_retries=0)
        answers = await asyncio.gather(*(ask(model, SILENT) for _ in range(4)))
        assert {answer for answer, _ in answers} == {"ok\n"}
        streamed = [body["stream"] for body in fake.requests]
        assert (streamed.count(True), 1 <= streamed.count(False) <= 4) == (4, True)
        asked = len(fake.requests)
        await ask(model, SILENT)
        assert [body["stream"] for body in fake.requests[asked:]] == [True]
        await model.aclose()


async def test_a_server_that_streams_all_the_same_is_understood() -> None:
    with FakeModel(text("ok\n")) as fake:
        model = model_at(fake)
        assert (await ask(model, SILENT))[0] == "ok\n"
        await model.aclose()


async def test_it_may_take_longer_than_the_first_word_but_not_for_ever() -> None:
    late = Reply((Pause(0.4), *whole("ok\n").steps), content_type="application/json")
    with FakeModel(late, stream(Hold())) as fake:
        model = model_at(fake, first_content_seconds=0.1, total_seconds=1.0, max_retries=0)
        assert (await ask(model, SILENT))[0] == "ok\n"
        assert (await failure(model, SILENT)).trouble is Trouble.TIMEOUT
        await model.aclose()


async def test_75_are_under_way_at_once_and_free_their_connections_when_cancelled() -> None:
    with FakeModel(Reply(before=(Hold(),))) as fake:  # nothing at all before the end
        model = model_at(fake)
        tasks = [asyncio.create_task(ask(model, SILENT)) for _ in range(75)]
        await fake.until(lambda: fake.streams == 75)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await fake.until(lambda: fake.live == 0)
        await model.aclose()


async def test_after_a_refusal_they_are_held_back_like_all_others() -> None:
    with FakeModel(status(429, retry_after="0"), Reply(before=(Hold(),))) as fake:
        model, hasty = model_at(fake), model_at(fake, max_retries=0)
        with pytest.raises(ModelError):
            await ask(hasty, SILENT)
        await hasty.aclose()
        tasks = [asyncio.create_task(ask(model, SILENT)) for _ in range(20)]
        await fake.until(lambda: fake.streams >= 1)
        await asyncio.sleep(0.2)
        assert fake.streams == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await model.aclose()
