"""Memory is given back when nobody has worked for a moment, and not in between."""

from __future__ import annotations

import asyncio

import pytest

from festina.verify import memory
from festina.verify.memory import Trimming


@pytest.fixture
def trimmed(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[int]:
    """Return a queue that gets something each time that memory is given back."""
    found: asyncio.Queue[int] = asyncio.Queue()
    loop: list[asyncio.AbstractEventLoop] = []

    def trim(keep: int) -> None:
        loop[0].call_soon_threadsafe(found.put_nowait, keep)

    def chosen() -> object:
        loop.append(asyncio.get_running_loop())
        return trim

    monkeypatch.setattr(memory, "_trim", chosen)
    monkeypatch.setattr(memory, "_IDLE_SECONDS", 0)
    return found


async def test_it_is_given_back_once_all_work_is_done(trimmed: asyncio.Queue[int]) -> None:
    trimming = Trimming()
    trimming.begin()
    trimming.begin()
    trimming.end()
    await asyncio.sleep(0)
    assert trimmed.empty()
    trimming.end()
    assert await trimmed.get() == 0


async def test_work_that_begins_in_time_prevents_it(trimmed: asyncio.Queue[int]) -> None:
    trimming = Trimming()
    for _ in range(3):
        trimming.begin()
        trimming.end()
    assert await trimmed.get() == 0
    assert trimmed.empty()


async def test_after_the_end_nothing_happens(trimmed: asyncio.Queue[int]) -> None:
    trimming = Trimming()
    trimming.begin()
    trimming.end()
    trimming.cancel()
    await asyncio.sleep(0)
    await asyncio.get_running_loop().run_in_executor(None, int)
    assert trimmed.empty()


async def test_it_does_nothing_without_such_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_trim", lambda: None)
    trimming = Trimming()
    trimming.begin()
    trimming.end()
    trimming.cancel()
