"""A run that is done twice at once: what fails is confirmed as soon as it is known."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from festina.verify.forkserver import NoCell
from festina.verify.record import Outcome, Run
from festina.verify.ways import Doubled, Swapped


class Way:
    """Gives runs when they are let go, and notes what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, bool, bool]] = []
        self.go = asyncio.Event()
        self.cancelled = 0
        self.fails = False
        self.failed = ""

    async def candidate(self, only: Any, stop: Any, *, hurry: bool) -> Run:
        self.asked.append((only, stop is not None, hurry))
        if hurry or only is not None:
            return Run("first" if hurry else "again")
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.fails:
            raise NoCell("killed")
        run = Run("second", stopped=bool(self.failed))
        if self.failed:
            run.outcomes[self.failed] = Outcome(self.failed, "failed")
        return run

    async def bare(self, only: Any, *, hurry: bool = False) -> Run:
        return Run(f"bare {only} {hurry}")


@pytest.fixture
def way() -> Way:
    return Way()


@pytest.fixture
def doubled(way: Way) -> Doubled:
    return Doubled(cast("Swapped", way))


def stop(_: object) -> bool:
    return False


async def first(doubled: Doubled) -> None:
    run = await doubled.candidate(None, stop, hurry=True)
    assert run.place == "first"
    await asyncio.sleep(0)


async def test_both_begin_at_once(way: Way, doubled: Doubled) -> None:
    await first(doubled)
    assert way.asked == [(None, True, True), (None, True, False)]
    way.go.set()
    assert (await doubled.candidate(["t"], None, hurry=False)).place == "second"
    assert len(way.asked) == 2


@pytest.mark.parametrize(("failed", "used"), [("t", "second"), ("other", "again")])
async def test_a_second_one_that_was_ended_tells_only_of_what_failed_in_it(
    way: Way, doubled: Doubled, failed: str, used: str
) -> None:
    way.failed = failed
    way.go.set()
    await first(doubled)
    assert (await doubled.candidate(["t"], None, hurry=False)).place == used


async def test_it_is_used_once(way: Way, doubled: Doubled) -> None:
    way.go.set()
    await first(doubled)
    await doubled.candidate(["t"], None, hurry=False)
    assert doubled.leave() is None
    assert (await doubled.candidate(["t"], None, hurry=False)).place == "again"


async def test_without_a_child_for_it_the_run_is_done_again(way: Way, doubled: Doubled) -> None:
    way.fails = True
    way.go.set()
    await first(doubled)
    assert (await doubled.candidate(["t"], None, hurry=False)).place == "again"


async def test_what_nobody_asks_for_is_handed_over(way: Way, doubled: Doubled) -> None:
    await first(doubled)
    left = doubled.leave()
    assert left is not None
    left.cancel()
    await asyncio.wait([left])
    assert way.cancelled == 1


async def test_cancelling_who_waits_for_it_ends_it(way: Way, doubled: Doubled) -> None:
    await first(doubled)
    waiting = asyncio.create_task(doubled.candidate(["t"], None, hurry=False))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert way.cancelled == 1


async def test_runs_without_the_candidate_are_those_of_the_way(doubled: Doubled) -> None:
    assert (await doubled.bare(None)).place == "bare None False"
    assert (await doubled.bare(None, hurry=True)).place == "bare None True"
