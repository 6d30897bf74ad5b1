"""Leave to run other programs: once it is withdrawn, what was started by it ends, and no more is.

Whoever runs programs for somebody else's sake does so in the leave that is in force there, as the
tasks do that are started meanwhile, however much later they come to it.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TypeVar

from festina.verify.process_io import LaunchError

_T = TypeVar("_T")


class Withdrawn(LaunchError):  # noqa: N818 - reads as the sentence it makes
    """There is no leave to run anything any more."""

    def __init__(self) -> None:
        super().__init__("The workspace is no longer trusted.")


class Leave:
    """One leave, from when it is given until it is withdrawn. For one event loop."""

    def __init__(self) -> None:
        self.withdrawn = False
        self._ends: set[Callable[[], object]] = set()

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        """Have it in force in the block, and in all tasks that are started in it."""
        token = _in_force.set(self)
        try:
            yield
        finally:
            _in_force.reset(token)

    def withdraw(self) -> None:
        """End at once what runs, and refuse what is to be run from now on."""
        self.withdrawn = True
        for end in tuple(self._ends):
            end()

    @contextlib.contextmanager
    def _noted(self, end: Callable[[], object]) -> Iterator[None]:
        self._ends.add(end)
        try:
            yield
        finally:
            self._ends.discard(end)


_in_force: ContextVar[Leave | None] = ContextVar("leave", default=None)


@contextlib.contextmanager
def running(start: Callable[[], _T], end: Callable[[_T], object]) -> Iterator[_T]:
    """Start something, and have it ended by ``end`` should the leave in force be withdrawn.

    Raises:
        Withdrawn: it is; nothing was started.
    """
    leave = _in_force.get()
    if leave is None:
        yield start()
        return
    if leave.withdrawn:
        raise Withdrawn
    started = start()
    with leave._noted(functools.partial(end, started)):
        yield started


@contextlib.contextmanager
def not_needed() -> Iterator[None]:
    """For programs of ours that nobody's leave is needed for, though they are run meanwhile."""
    token = _in_force.set(None)
    try:
        yield
    finally:
        _in_force.reset(token)
