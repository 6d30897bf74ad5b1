"""Running an asynchronous job from the command line to an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from festina.commands.base import Exit
from festina.findings import Status

_T = TypeVar("_T")


def exit_of(status: Status) -> Exit:
    """Return the exit code of a verdict."""
    return {Status.PASSED: Exit.DONE, Status.FAILED: Exit.FAILED}.get(status, Exit.UNVERIFIED)


def run_async(job: Coroutine[Any, Any, _T]) -> _T:
    """Run a job on an event loop of its own and return what it returns.

    Control-C, and a request of the system to end, stop it in good order: every process that it
    started is gone, and every scratch file, when this returns.

    Raises:
        KeyboardInterrupt: it was stopped.
    """

    async def guarded() -> _T:
        from festina.verify import sweep

        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        for name in ("SIGTERM", "SIGHUP"):
            with contextlib.suppress(NotImplementedError, AttributeError):  # Windows
                loop.add_signal_handler(getattr(signal, name), task.cancel)
        await sweep.sweep()
        return await job

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        job.close()


def may_ask() -> bool:
    """Whether there is a person at standard input who sees standard error."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Ask a yes-or-no question; an empty answer means no.

    Raises:
        KeyboardInterrupt: control-C, also inside an event loop that would catch it otherwise.
    """
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    with _interruptible():
        answer = sys.stdin.readline()
    return answer.strip().lower() in {"y", "yes"}


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
