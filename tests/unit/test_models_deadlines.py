"""Deadlines beside other reasons to stop, on a bare event loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from festina.config import ModelSettings
from festina.models.base import ModelError, Trouble
from festina.models.deadlines import Deadlines
from festina.models.failures import Failures


def deadlines(first_content: float) -> Deadlines:
    settings = ModelSettings(first_content_seconds=first_content)
    return Deadlines(settings, Failures("https://api.test"))


async def test_what_comes_in_time_is_returned() -> None:
    clock = deadlines(60.0)
    assert await clock.wait(asyncio.sleep(0, "x")) == "x"
    clock.close()


async def test_a_deadline_leaves_the_task_usable() -> None:
    clock = deadlines(0.01)
    with pytest.raises(ModelError) as caught:
        await clock.wait(asyncio.Event().wait())
    assert caught.value.trouble is Trouble.TIMEOUT
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)
    clock.close()


async def test_who_is_cancelled_as_well_is_cancelled() -> None:
    clock = deadlines(0.02)
    task = asyncio.create_task(clock.wait(asyncio.Event().wait()))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.03, task.cancel)
    time.sleep(0.1)  # so that deadline and cancellation are due in the same turn of the loop
    with pytest.raises(asyncio.CancelledError):
        await task
    clock.close()


async def test_a_closed_clock_lets_go() -> None:
    clock = deadlines(0.01)
    await clock.wait(asyncio.sleep(0))
    clock.close()
    task = asyncio.current_task()
    assert task is not None
    await asyncio.sleep(0.03)
    assert task.cancelling() == 0
