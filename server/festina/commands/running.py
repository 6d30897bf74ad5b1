"""Running an asynchronous job from the command line to an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from festina import waking
from festina.commands.base import Exit
from festina.findings import Status

_T = TypeVar("_T")


def exit_of(status: Status) -> Exit:
    """Return the exit code of a verdict."""
    return {Status.PASSED: Exit.DONE, Status.FAILED: Exit.FAILED}.get(status, Exit.UNVERIFIED)


def run_async(job: Coroutine[Any, Any, _T]) -> _T:
    """Run a job on an event loop of its own and return what it returns.

    Control-C, and a request of the system to end, stop it in good order: every process that it
    started is gone, and every scratch file, when this returns. A second control-C changes nothing
    about that; the third one is for the case that it takes too long.

    Raises:
        KeyboardInterrupt: it was stopped.
    """

    async def guarded() -> _T:
        from festina.verify import sweep

        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        with contextlib.suppress(NotImplementedError, AttributeError):  # Windows
            loop.add_signal_handler(signal.SIGINT, _Presses(task).pressed)
            for name in ("SIGTERM", "SIGHUP"):
                loop.add_signal_handler(getattr(signal, name), task.cancel)
        await sweep.sweep()
        return await job

    try:
        with asyncio.Runner(loop_factory=waking.new_loop) as runner:
            return runner.run(guarded())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        job.close()


class _Presses:
    """Counts control-C."""

    PATIENCE = 3

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        self._count = 0

    def pressed(self) -> None:
        self._count += 1
        if self._count == 1:
            self._task.cancel()
        elif self._count >= self.PATIENCE:
            raise KeyboardInterrupt


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


def choose(question: str, words: tuple[str, ...]) -> str:
    """Ask a question with a few answers, each known by its first letter; else it is ``no``.

    Raises:
        KeyboardInterrupt: control-C.
    """
    _put(question, words)
    with _interruptible():
        return _meant(sys.stdin.readline(), words)


async def chosen(question: str, words: tuple[str, ...]) -> str:
    """Ask like :func:`choose` while other work goes on; control-C cancels this as all else."""
    _put(question, words)
    return _meant(await _line(), words)


async def _line() -> str:
    """Wait for a line, and take no more than that: the next one is for whoever asks next."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        stdin = sys.stdin.fileno()
        loop.add_reader(stdin, ready.set)
    except (OSError, NotImplementedError):  # no terminal, so that nobody has to be waited for
        return sys.stdin.readline()
    typed = b""
    try:
        while not typed.endswith(b"\n"):
            await ready.wait()
            ready.clear()
            if not (one := os.read(stdin, 1)):
                break
            typed += one
    finally:
        loop.remove_reader(stdin)
    return typed.decode("utf-8", "replace")


def _put(question: str, words: tuple[str, ...]) -> None:
    letters = ", ".join(f"[{'N' if word == 'no' else word[0]}]{word[1:]}" for word in words)
    sys.stderr.write(f"{question} {letters} ")
    sys.stderr.flush()


def _meant(answer: str, words: tuple[str, ...]) -> str:
    answer = answer.strip().lower()
    return next((word for word in words if answer in {word, word[0]}), "no")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
