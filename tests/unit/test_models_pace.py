"""Few reads wait for nothing; many are spread over time."""

from __future__ import annotations

import asyncio
from typing import Any

from festina.models.pace import TICK, Pace


def is_let_through(pace: Pace) -> bool:
    """Whether a read need not wait. Nothing is left of one that would have to."""
    turn = pace.turn()
    try:
        turn.send(None)
    except StopIteration:
        return True
    turn.close()
    return False


async def test_few_reads_do_not_wait() -> None:
    pace = Pace(reads_a_second=1000)
    for _ in range(3):
        assert all(is_let_through(pace) for _ in range(4))
        await asyncio.sleep(0.02)


async def test_many_reads_are_spread() -> None:
    pace = Pace(reads_a_second=1000)
    loop = asyncio.get_running_loop()
    began, ends = loop.time(), list[float]()

    async def reads() -> None:
        for _ in range(4):
            await pace.turn()
            ends.append(loop.time() - began)

    await asyncio.gather(*(reads() for _ in range(50)))
    assert len(ends) == 200
    assert ends[-1] >= 0.2 - 2 * TICK
    for number, end in enumerate(sorted(ends)):
        assert end >= number / 1000 - 2 * TICK


async def test_who_is_cancelled_leaves_at_once() -> None:
    pace = Pace(reads_a_second=1)
    loop, wrong = asyncio.get_running_loop(), list[Any]()
    loop.set_exception_handler(lambda _, context: wrong.append(context))
    assert is_let_through(pace)
    assert not is_let_through(pace)
    tasks = [asyncio.create_task(pace.turn()) for _ in range(5)]
    await asyncio.sleep(0)
    began = loop.time()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)
    assert loop.time() - began < 0.5
    assert not wrong
