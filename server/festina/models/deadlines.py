"""How long to wait for an answer: for its first content, for the next token, for all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from festina.config import ModelSettings
from festina.models.failures import Failures

_T = TypeVar("_T")


class Deadlines:
    """The deadlines of one answer, on one event loop. Close it when the answer is over.

    One that does not ``stream`` comes all at once, so only the last deadline is of use.

    Only time spent waiting for the server counts, and only ``progress`` (text or reasoning) moves
    a deadline: neither a slow reader here nor keep-alive comments from there do.

    A fast stream waits tens of thousands of times a second, mostly for bytes that are there
    already. So one timer is left running over many waits and looks, when it goes off, whether
    the wait that is on by then is overdue.
    """

    def __init__(self, settings: ModelSettings, failures: Failures, *, stream: bool = True) -> None:
        self._settings = settings
        self._failures = failures
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + settings.total_seconds
        # an answer in one piece has no first content before its end
        self._limit = settings.first_content_seconds if stream else settings.total_seconds
        self._begun = False
        self._waited = 0.0
        self._due: float | None = None
        self._task: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._overdue = False

    def restart(self) -> None:
        """Begin to wait for the first content anew, after a try that failed."""
        self._waited = 0.0

    def progress(self) -> None:
        """A token has come."""
        self._begun = True
        self._limit = self._settings.inter_token_seconds
        self._waited = 0.0

    def left(self) -> float:
        """Return the seconds until the last deadline."""
        return self._end - self._loop.time()

    def excuse(self, seconds: float) -> None:
        """Let a wait not count that was not for an answer, but for leave to ask for one."""
        self._end += seconds

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def wait(self, work: Awaitable[_T]) -> _T:
        """Await something that the server is to send.

        Raises:
            ModelError: it did not come in time.
        """
        task = self._task = asyncio.current_task()
        assert task is not None
        cancelling = task.cancelling()
        began = self._loop.time()
        due = self._due = min(began + self._limit - self._waited, self._end)
        if self._timer is None or self._timer.when() > due:
            self._arm(due)
        try:
            return await work
        except asyncio.CancelledError:
            # as asyncio.timeout does: ours only if nobody else has cancelled as well
            if self._overdue and task.uncancel() <= cancelling:
                raise self._failure(due) from None
            raise
        finally:
            self._due = None
            self._waited += self._loop.time() - began

    def _failure(self, due: float) -> Exception:
        if due == self._end:
            return self._failures.total(self._settings.total_seconds)
        if self._begun:
            return self._failures.stalled(self._limit)
        return self._failures.first_content(self._limit)

    def _arm(self, due: float) -> None:
        self.close()
        self._timer = self._loop.call_at(due, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._loop.time() < self._due:
            self._arm(self._due)
            return
        assert self._task is not None
        self._overdue = True
        self._task.cancel()
