"""When an impact map is made: while nobody waits, for many at once, and not never."""

import asyncio

import pytest

from festina.verify import mapping
from festina.verify.mapping import MANY, Traffic


async def has_room(traffic: Traffic) -> bool:
    """Whether there is room within a moment."""
    try:
        await asyncio.wait_for(traffic.leaves_room(), 0.7)
    except TimeoutError:
        return False
    return True


async def test_who_waits_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "QUIET_SECONDS", 0.1)
    traffic = Traffic()
    with traffic.one():
        assert not await has_room(traffic)
    assert await has_room(traffic)


async def test_many_wait_for_the_map_itself() -> None:
    traffic = Traffic()
    traffic.waiting = MANY
    assert await has_room(traffic)


async def test_somebody_who_always_waits_gets_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "PATIENCE_SECONDS", 0.1)
    traffic = Traffic()
    with traffic.one():
        assert await has_room(traffic)
