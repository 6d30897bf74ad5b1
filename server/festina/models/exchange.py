"""What the dialects share: one request, a stream of text, nothing but a good end accepted."""

from __future__ import annotations

import asyncio
import json
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from festina.config import ModelSettings
from festina.models.accelerators import Accelerators, Trial
from festina.models.answer_stream import AnswerStream
from festina.models.base import Delta, Done, ModelError, Request, Trouble
from festina.models.budget import MOST_REFUSALS, REFUSALS, Ticket, budget_for
from festina.models.deadlines import Deadlines
from festina.models.endings import Endings
from festina.models.failures import Failures
from festina.models.fields import Body, named_fields
from festina.models.http import Http, Response
from festina.models.keys import header_value, key_headers
from festina.models.known import Known
from festina.models.limits import need_of
from festina.models.presets import Preset, endpoint, origin_of
from festina.models.retry import Policy, may_retry, retry_after
from festina.spending import Prices


class Exchange(ABC):
    """A model behind ``POST {base_url}{path}``; each dialect is a subclass.

    ``thinking`` is the field of its requests that says how much the model may think.

    ``settings`` names address and model; both must be set. The key goes to the origin of
    ``settings.base_url`` and nowhere else. ``key_source`` says in messages where it is from.
    """

    dialect: ClassVar[str]
    path: ClassVar[str]
    thinking: ClassVar[str]

    def __init__(
        self,
        settings: ModelSettings,
        key: str | None,
        http: Http,
        preset: Preset,
        name: str = "",
        *,
        key_source: str = "",
        policy: Policy | None = None,
    ) -> None:
        self._settings = settings
        self._origin = origin_of(settings.base_url)
        self._url = endpoint(settings.base_url, self.path)
        self._key = header_value(key, key_source) if key else ""
        self._headers = {
            "Content-Type": "application/json",
            **key_headers(self.dialect, self._key),
        }
        self._http = http
        self._endings = Endings()
        self._preset = preset
        self._fields = self._body(preset)
        used = settings.accelerators != "off"
        self._accelerators = Accelerators(self._offered(preset) if used else ())
        self._name = name or settings.model
        self._key_source = (key_source or "the settings") if key else ""
        self._policy = policy or Policy(longest=_longest(settings))
        self._budget = budget_for(self._origin, self._key, settings.model)
        self._budget.expect(Known.of(preset, settings))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r} at {self._origin})"

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server."""
        return self._origin

    @property
    def prices(self) -> Prices:
        """What its tokens cost."""
        return self._settings.prices

    @property
    def limits(self) -> str:
        """What is known of the provider's limits, for a person."""
        return self._budget.words

    @property
    def window(self) -> int:
        """The tokens that a prompt and its answer may have together, 0 where that is not known."""
        return self._preset.window

    @property
    def predicts(self) -> bool:
        """Whether it is sent what an answer will mostly repeat."""
        return self._accelerators.predicts

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Done, None]:
        """Yield the answer's text as it comes, then ``Done``. See ``Model.stream``."""
        prompt = (*(message.content for message in request.messages), request.predicted)
        failures = Failures(
            self._origin,
            self._settings.model,
            self._key_source,
            self._preset.key_variable,
            prompt,
            self._key,
            self.thinking,
        )
        answer = self._stream_of(request)
        shown: list[str] = []
        clock = Deadlines(self._settings, failures, stream=request.stream)
        response: Response | None = None
        before = clock.left()
        leave = await self._budget.places.take()
        try:
            clock.excuse(before - clock.left())
            response = await self._open(request, clock, failures)
            chunks = response.chunks()
            while not answer.over:
                alive = answer.alive
                chunk = await clock.wait(anext(chunks, None))
                if chunk is None:
                    break
                text = answer.feed(chunk)
                if answer.alive != alive:
                    clock.progress()
                if text:
                    shown.append(text)
                    yield Delta(text)
            text = answer.close()
            if answer.problem is not None:
                error = failures.problem(answer.problem, "".join(shown))
                error.usage = answer.usage
                if error.passing and self._settings.max_retries:
                    error.pause = self._budget.hold(self._policy)
                raise error
            if text:
                yield Delta(text)
            ending, response = response, None  # which is freed beside
            await self._endings.finish(chunks, ending)
        finally:
            clock.close()
            try:
                if response is not None:
                    await response.aclose()
            finally:
                leave()
        yield Done(answer.usage)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endings.aclose()
        await self._http.aclose()

    @abstractmethod
    def _body(self, preset: Preset) -> Body:
        """Return what builds the requests' bodies."""

    def _offered(self, preset: Preset) -> tuple[str, ...]:
        """Return the accelerators that are fields of the request's body."""
        return ()

    @abstractmethod
    def _stream_of(self, request: Request) -> AnswerStream:
        """Return what reads the answer to a request."""

    async def _open(self, request: Request, clock: Deadlines, failures: Failures) -> Response:
        """Send the request, again where that may help; nothing was shown of an answer yet."""
        attempt, pauses, trial = 0, list[float](), Trial()
        while True:
            sent = self._accelerators.fields(request, trial) | self._fields.body(
                request,
                self._settings.model,
                self._preset.least_temperature,
                self._settings.extra_body,
            )
            before = clock.left()
            async with self._budget.sending(
                need_of(request), self._policy, request.on_wait, request.patience
            ) as ticket:
                clock.excuse(before - clock.left())
                clock.restart()
                on_sent = request.on_sent
                outcome = await self._try(sent, clock, failures, attempt, ticket, trial, on_sent)
            if isinstance(outcome, Response):
                return outcome
            if outcome is None:
                continue
            if outcome.held and outcome.pause is not None and self._settings.max_retries:
                pauses.append(outcome.pause)
                longest = min(self._policy.longest, request.patience())
                if sum(pauses) > longest or len(pauses) > MOST_REFUSALS < longest < math.inf:
                    raise outcome.error
                continue  # the budget says when
            tries_left = self._settings.max_retries - attempt
            if outcome.pause is None or tries_left <= 0 or outcome.pause >= clock.left():
                raise outcome.error
            await asyncio.sleep(outcome.pause)
            attempt += 1

    async def _try(
        self,
        sent: dict[str, object],
        clock: Deadlines,
        failures: Failures,
        attempt: int,
        ticket: Ticket,
        trial: Trial,
        on_sent: Callable[[], None] | None,
    ) -> Response | _Failed | None:
        """Send once; None means that the request is to be sent again with other fields."""
        body = json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")
        if on_sent is not None:
            on_sent()
        try:
            response = await clock.wait(self._http.send("POST", self._url, self._headers, body))
        except ModelError as error:
            retried = error.trouble is Trouble.NETWORK
            return _Failed(error, self._policy.pause(attempt, None) if retried else None)
        if 200 <= response.status < 300:
            self._budget.answered(ticket, response.headers, ok=True)
            self._accelerators.answered(sent, trial)
            return response
        try:
            answer = await clock.wait(response.start())
        finally:
            await response.aclose()
        failure = failures.status(response.status, response.headers, answer)
        if self._learnt(response.status, answer, sent, failure, trial):
            return None
        spent = b"insufficient_quota" in answer
        if spent or not may_retry(response.status, response.headers):
            self._budget.answered(ticket, response.headers)
            return _Failed(failure, None)
        if response.status in REFUSALS:
            pause = self._budget.answered(ticket, response.headers, refused=self._policy)
            return _Failed(failure, pause, held=True)
        return _Failed(failure, self._policy.pause(attempt, retry_after(response.headers)))

    def _learnt(
        self,
        status: int,
        answer: bytes,
        sent: Mapping[str, object],
        failure: ModelError,
        trial: Trial,
    ) -> bool:
        """Whether a refusal is, or may be, about fields that are left out from now on."""
        extra = self._settings.extra_body.keys()
        # what the person wants sent is not given up: it would be sent again for ever
        ours = {name: sent[name] for name in sent.keys() - extra}
        if self._accelerators.named(status, answer, ours):
            return True
        fields = self._fields.after(status, answer, ours)
        if fields is not None:
            self._fields = fields
            return True
        if failure.trouble is not Trouble.BAD_REQUEST:
            return False  # the provider knows why: the model, the key, a limit
        if named_fields(status, answer, frozenset(extra)):
            return False
        return self._accelerators.suspected(status, ours, trial)


@dataclass(frozen=True, slots=True)
class _Failed:
    """A try that failed, and the pause in seconds before another may help (None: it may not).

    ``held``: the budget waits for it.
    """

    error: ModelError
    pause: float | None
    held: bool = False


def _longest(settings: ModelSettings) -> float:
    return math.inf if settings.wait_seconds is None else settings.wait_seconds
