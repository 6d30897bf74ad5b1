"""The thread for model traffic: what reaches the caller's loop, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from festina.models.base import Delta, Done, Message, ModelError, Request, Trouble
from festina.models.pacer import SHOWS_A_SECOND
from festina.models.runner import Runner
from support.asking import REQUEST, model_at
from support.fake_model import FakeModel
from support.fake_replies import Hold, Pause, Repeat, chunk, data, status, stream, text
from support.secret_samples import FORMS, PRIVATE_KEY


@pytest.fixture
async def runner() -> AsyncIterator[Runner]:
    made = Runner()
    yield made
    await made.aclose()


async def test_an_answer_with_its_figures(runner: Runner) -> None:
    with FakeModel(text("x = 1\n" * 50, speed=2000)) as fake:
        shown: list[str] = []
        threads: set[int] = set()

        def on_text(so_far: str) -> None:
            threads.add(threading.get_ident())
            shown.append(so_far)

        completion = await runner.complete(model_at(fake), REQUEST, on_text)
        assert completion.text == "x = 1\n" * 50
        assert completion.usage.completion == 75
        assert completion.first_content_seconds is not None
        assert 0 < completion.first_content_seconds <= completion.seconds
        assert threads == {threading.get_ident()}
        assert shown[-1] == completion.text
        assert all(completion.text.startswith(so_far) for so_far in shown)
        assert [len(so_far) for so_far in shown] == sorted({len(so_far) for so_far in shown})


async def test_text_is_shown_at_most_so_often(runner: Runner) -> None:
    answer = "abcd" * 3000
    with FakeModel(text(answer, speed=4000)) as fake:
        shown: list[str] = []
        completion = await runner.complete(model_at(fake), REQUEST, shown.append)
        assert completion.text == answer
        # beside those: the first words, what follows the opening line, and the last
        assert len(shown) <= completion.seconds * SHOWS_A_SECOND + 3
        assert shown[-1] == answer


async def test_text_is_shown_although_the_stream_pauses(runner: Runner) -> None:
    seen = asyncio.Event()
    with FakeModel(stream(data(chunk("a")), data(chunk("b")), data(chunk("c")), Hold())) as fake:
        task = asyncio.create_task(
            runner.complete(model_at(fake), REQUEST, lambda t: (t == "abc" and seen.set()) or None)
        )
        await asyncio.wait_for(seen.wait(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_follows_the_opening_fence_is_shown_at_once(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("festina.models.pacer.SHOWS_A_SECOND", 0.01)  # the next show is far off
    seen: list[str] = []
    words = asyncio.Event()

    def on_text(so_far: str) -> None:
        seen.append(so_far)
        if "x = 1" in so_far:
            words.set()

    pieces = ["`python", "\n", "x = 1", "\ny", " = 2"]
    first = (data(chunk("``")), Pause(0.2))  # what comes at once is shown at once
    with FakeModel(stream(*first, *(data(chunk(piece)) for piece in pieces), Hold())) as fake:
        task = asyncio.create_task(runner.complete(model_at(fake), REQUEST, on_text))
        await asyncio.wait_for(words.wait(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(seen) == 2, "the first byte, which others wait for, and the first words"


async def test_an_error_is_raised_where_it_was_asked(runner: Runner) -> None:
    with FakeModel(status(401)) as fake:
        with pytest.raises(ModelError) as caught:
            await runner.complete(model_at(fake), REQUEST)
        assert caught.value.trouble is Trouble.AUTH


async def test_cancelling_frees_the_connection_before_it_returns(runner: Runner) -> None:
    with FakeModel(stream(Repeat(data(chunk("x")), 0.001))) as fake:
        model = model_at(fake)
        shown: list[str] = []
        tasks = [
            asyncio.create_task(runner.complete(model, REQUEST, shown.append)) for _ in range(16)
        ]
        await fake.until(lambda: fake.streams == 16)
        while not shown:
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        count = len(shown)
        await fake.until(lambda: fake.disconnects == 16)
        await asyncio.sleep(2 / SHOWS_A_SECOND)
        assert len(shown) == count, "text was shown after the cancelled call had returned"
        fake.script("ok\n")
        assert (await runner.complete(model, REQUEST)).text == "ok\n"


class Stubborn:
    """A model that takes its time to clean up."""

    name = origin = "stubborn"

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.cleaned = False
        self.closed = 0

    async def stream(self, request: Request) -> AsyncIterator[Delta | Done]:
        try:
            yield Delta("x")
            self.began.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(self.go_on.wait, 20)
            self.cleaned = True

    async def aclose(self) -> None:
        self.closed += 1


async def test_a_cancelled_call_waits_for_the_clean_up_however_often_it_is_cancelled(
    runner: Runner,
) -> None:
    model = Stubborn()
    task = asyncio.create_task(runner.complete(model, REQUEST))
    await asyncio.to_thread(model.began.wait, 20)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
    model.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.cleaned


async def test_closing_ends_calls_models_and_thread() -> None:
    runner, model = Runner(), Stubborn()
    model.go_on.set()
    task = asyncio.create_task(runner.complete(model, REQUEST))
    await asyncio.to_thread(model.began.wait, 20)
    await runner.aclose()
    with pytest.raises(ModelError, match="shutting down"):
        await task
    assert (model.cleaned, model.closed) == (True, 1)
    assert "festina-models" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ModelError, match="shutting down"):
        await runner.complete(model, REQUEST)
    await runner.aclose()


class Unclosable(Stubborn):
    async def aclose(self) -> None:
        raise OSError("the pipe to the child is broken")


async def test_a_model_that_cannot_be_closed_keeps_nothing_else_open() -> None:
    runner, models = Runner(), [Unclosable(), Stubborn()]
    for model in models:
        model.go_on.set()
        task = asyncio.create_task(runner.complete(model, REQUEST))
        await asyncio.to_thread(model.began.wait, 20)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await runner.aclose()
    assert models[1].closed == 1
    assert "festina-models" not in {thread.name for thread in threading.enumerate()}


class Unfinished(Stubborn):
    async def stream(self, request: Request) -> AsyncIterator[Delta | Done]:
        yield Delta("x")


async def test_an_answer_without_its_end_is_no_answer(runner: Runner) -> None:
    with pytest.raises(ModelError) as caught:
        await runner.complete(Unfinished(), REQUEST)
    assert caught.value.trouble is Trouble.TRUNCATED


async def test_sixteen_fast_streams_leave_few_calls_on_the_callers_loop(runner: Runner) -> None:
    answer = "abcd" * 600
    with FakeModel(text(answer, speed=1200)) as fake:
        model = model_at(fake)
        calls = 0

        def on_text(_: str) -> None:
            nonlocal calls
            calls += 1

        completions = await asyncio.gather(
            *(runner.complete(model, REQUEST, on_text) for _ in range(16))
        )
        assert {completion.text for completion in completions} == {answer}
        longest = max(completion.seconds for completion in completions)
        assert calls <= 16 * (longest * SHOWS_A_SECOND + 2)


async def test_a_secret_that_is_still_in_a_request_is_taken_out_before_it_goes(
    runner: Runner,
) -> None:
    """Whoever made the request: a review, a question, a plan."""
    token = FORMS["a GitHub token"]
    words = f'review this:\nKEY = "{token}"\nFESTINA-SECRET-1\n{PRIVATE_KEY}'
    request = replace(REQUEST, messages=(*REQUEST.messages, Message("user", words)))
    with FakeModel("ok\n") as fake:
        await runner.complete(model_at(fake), request)
        sent = fake.requests[0]["messages"][-1]["content"]
    assert token not in sent
    assert not any(line in sent for line in PRIVATE_KEY.split("\n")[1:5])
    assert sent.startswith('review this:\nKEY = "SECRET-NOT-SENT"\nFESTINA-SECRET-1\n-----BEGIN')
