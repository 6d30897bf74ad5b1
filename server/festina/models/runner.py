"""A thread with an event loop of its own for all model traffic.

Sixteen fast streams are some ten thousand small events a second. Handled here, they cost the
editor's loop nothing but a call now and then, with the text so far.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from festina import masking, secret_patterns, waking
from festina.models.accelerators import fitted
from festina.models.base import Delta, Done, Model, ModelError, Request, Trouble, Usage
from festina.models.meter import Course, Meter, counted
from festina.models.pacer import Pacer

MOST_OF_A_TOKEN = 64
"""Characters of one token, at most: vocabularies have some for that many blanks."""
MOST_BREAKS = 6
"""So often an answer may be broken off because of limits, before that is told to the person."""

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
_FLOOD = (
    "sent far more text than it was asked for. Try again; if it stays, the server does not heed the"
    " limit of tokens, so use another model."
)


@dataclass(frozen=True, slots=True)
class Completion:
    """One complete, good answer. Times are in seconds from the request.

    ``first_content_seconds`` is None for an answer without text.
    """

    text: str
    usage: Usage
    seconds: float
    first_content_seconds: float | None


class Runner:
    """Runs requests on its own thread. Use it from any event loop; close it when done.

    ``meter`` counts what they spend, and refuses what would pass a cap.
    """

    def __init__(self, meter: Meter | None = None) -> None:
        self._meter = meter or Meter()
        self._loop = waking.new_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._models: dict[int, Model] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._main, name="festina-models", daemon=True)
        self._thread.start()

    async def complete(
        self, model: Model, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        """Return the model's whole answer; cancelling frees the connection before it returns.

        This is the last look at what is sent: a secret that is still in it is taken out.

        ``on_text`` is called on the caller's loop with the text so far, at most
        ``pacer.SHOWS_A_SECOND`` times a second, and always with the whole text before this returns.

        Raises:
            ModelError: there is no complete, good answer.
        """
        self._models[id(model)] = model
        pacer = None if on_text is None else Pacer(on_text, asyncio.get_running_loop())
        try:
            work = _drive(model, request, pacer, self._meter, counted())
            completion = await self.run(work)
            if pacer is not None:
                pacer.finish(completion.text)
            return completion
        finally:
            if pacer is not None:
                pacer.stop()

    async def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on the runner's loop; cancelling waits until it has really ended."""
        if self._closed:
            work.close()
            raise ModelError(Trouble.SERVER, "Festina is shutting down; nothing was sent.")
        job = _Job(work, self._loop, self._tasks)
        cancelled = await job.wait()
        task = job.task
        assert task is not None
        error = None if task.cancelled() else task.exception()
        if cancelled:
            raise asyncio.CancelledError
        if task.cancelled():
            raise ModelError(Trouble.SERVER, "Festina is shutting down; the answer was dropped.")
        if error is not None:
            raise error
        return task.result()

    async def close(self, model: Model) -> None:
        """Close a model that is used no more, on the loop that holds its connections."""
        self._models.pop(id(model), None)
        await self.run(model.aclose())

    async def aclose(self) -> None:
        """Cancel what runs, close the models that were used, and end the thread."""
        if self._closed:
            return
        self._closed = True
        ending = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        await asyncio.wrap_future(ending)
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)

    async def _end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        models, self._models = self._models, {}
        closing = (model.aclose() for model in models.values())
        for error in await asyncio.gather(*closing, return_exceptions=True):
            if error is not None:  # the others are closed, and what was spent is kept
                logger.warning("a model could not be closed: %s", type(error).__name__)
        await self._meter.aclose()

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


class _Job(Generic[_T]):
    """A task on the runner's loop that a caller on another loop waits for."""

    def __init__(
        self,
        work: Coroutine[Any, Any, _T],
        loop: asyncio.AbstractEventLoop,
        tasks: set[asyncio.Task[Any]],
    ) -> None:
        self.task: asyncio.Task[_T] | None = None
        self._work = work
        self._loop = loop
        self._tasks = tasks
        self._caller = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._caller.create_future()
        loop.call_soon_threadsafe(self._start)

    async def wait(self) -> bool:
        """Wait until the task has ended; return whether that was asked for by cancelling."""
        cancelled = False
        while not self._ended.done():
            try:
                await asyncio.shield(self._ended)
            except asyncio.CancelledError:
                if not cancelled:  # once: another would break off the cleaning up
                    cancelled = True
                    self._loop.call_soon_threadsafe(self._stop)
        return cancelled

    def _start(self) -> None:
        self.task = self._loop.create_task(self._work)
        self._tasks.add(self.task)
        self.task.add_done_callback(self._report)

    def _stop(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def _report(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        try:
            self._caller.call_soon_threadsafe(self._settle)
        except RuntimeError:  # the caller's loop is closed: nobody waits any more
            if not task.cancelled():
                task.exception()

    def _settle(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


async def _drive(
    model: Model, request: Request, pacer: Pacer | None, meter: Meter, proposal: str
) -> Completion:
    """Ask, and again where an answer was broken off by a limit or an overload that passes."""
    for left in range(MOST_BREAKS, -1, -1):
        try:
            return await _ask(model, request, pacer, meter, proposal)
        except ModelError as error:
            if error.pause is None or not left:
                raise
    raise AssertionError


async def _ask(
    model: Model, request: Request, pacer: Pacer | None, meter: Meter, proposal: str
) -> Completion:
    """Ask within what may be spent, and take down what was."""
    request = fitted(request, predicts=getattr(model, "predicts", False))
    reservation = await meter.reserve(model, request, proposal)
    clock = asyncio.get_running_loop().time
    course = Course(clock())
    pieces: list[str] = []

    def on_sent() -> None:
        course.sent = clock()

    try:
        completion = await _read(model, replace(request, on_sent=on_sent), pacer, pieces)
        course.usage = completion.usage
        return completion
    except ModelError as error:
        course.usage, course.trouble = error.usage, error.trouble
        raise
    finally:
        course.ended, course.length = clock(), sum(map(len, pieces))
        spent = meter.settle(reservation, course)
        if request.on_spent is not None and spent.requests:
            request.on_spent(spent)


async def _read(
    model: Model, request: Request, pacer: Pacer | None, pieces: list[str]
) -> Completion:
    """Return the answer; ``pieces`` takes its text as it comes."""
    clock = asyncio.get_running_loop().time
    began = clock()
    request = _without_secrets(request)
    first: float | None = None
    usage: Usage | None = None
    left = request.max_tokens * MOST_OF_A_TOKEN
    # the protocol promises an iterator that can be closed: every dialect is an async generator
    async with aclosing(model.stream(request)) as stream:  # type: ignore[type-var]
        async for item in stream:
            if isinstance(item, Delta):
                if first is None:
                    first = clock() - began
                pieces.append(item.text)
                left -= len(item.text)
                if left < 0:
                    raise ModelError(Trouble.DAMAGED, f"{model.origin} {_FLOOD}")
                if pacer is not None:
                    pacer.show(pieces)
            elif isinstance(item, Done):
                usage = item.usage
    if usage is None:
        raise ModelError(Trouble.TRUNCATED, f"{model.origin} ended the answer early. Try again.")
    return Completion("".join(pieces), usage, clock() - began, first)


def _without_secrets(request: Request) -> Request:
    texts = (request.predicted, *(message.content for message in request.messages))
    if not any(map(secret_patterns.find, texts)):
        return request
    clean = (replace(m, content=masking.without_secrets(m.content)) for m in request.messages)
    predicted = masking.without_secrets(request.predicted)
    return replace(request, messages=tuple(clean), predicted=predicted)
