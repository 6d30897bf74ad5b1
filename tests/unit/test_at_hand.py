"""Children of a fork server that the host holds before it has a question for them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

from festina.verify.forkserver_io import AtHand, Ends
from support import processes


class Children:
    """Stands for a fork server: gives ends, in turn, and holds the other ones."""

    def __init__(self) -> None:
        self.others: list[tuple[socket.socket, socket.socket, int]] = []
        self.wait = asyncio.Event()
        self.wait.set()
        self.broken = False

    async def get(self) -> Ends:
        await self.wait.wait()
        if self.broken:
            raise RuntimeError("no child")
        talk, fate = socket.socketpair(), socket.socketpair()
        out, write = os.pipe()
        self.others.append((talk[1], fate[1], write))
        return Ends.of([talk[0].detach(), fate[0].detach(), out])

    def die(self, index: int) -> None:
        self.others[index][1].sendall(b'{"status": -9}\n')

    def close(self) -> None:
        for talk, fate, write in self.others:
            talk.close()
            fate.close()
            os.close(write)


@pytest.fixture
async def children() -> Iterator[Children]:
    """No test may leave a descriptor or a task."""
    before = processes.open_descriptors()
    children = Children()
    yield children
    children.close()
    await asyncio.sleep(0)
    assert processes.open_descriptors() == before
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_no_more_are_asked_for_than_are_wanted(children: Children) -> None:
    hand = AtHand(children.get)
    hand.expect(2)
    hand.expect(2)
    first = hand.take()
    assert first is not None
    assert not first.done()  # on its way
    (await first).close()
    hand.expect(2)
    await asyncio.sleep(0)
    assert len(children.others) == 3
    hand.release()
    hand.expect(2)
    assert hand.take() is None


async def test_one_that_has_ended_is_not_given_away(children: Children) -> None:
    hand = AtHand(children.get)
    hand.expect(3)
    await asyncio.sleep(0)
    children.die(0)
    children.others[1][1].close()  # nobody is left to say anything
    task = hand.take()
    assert task is not None
    ends = await task
    children.others[2][0].sendall(b"third")
    assert await ends.answers() == b"third"
    ends.close()
    assert hand.take() is None


async def test_one_that_could_not_be_had_is_forgotten(children: Children) -> None:
    hand = AtHand(children.get)
    children.broken = True
    hand.expect(2)
    assert hand.take() is not None  # whoever waits for it is told
    await asyncio.sleep(0)
    assert hand.take() is None
    await asyncio.sleep(0)
    assert hand.take() is None
    children.broken = False
    hand.expect(1)
    task = hand.take()
    assert task is not None
    (await task).close()


async def test_those_on_their_way_are_let_go_as_well(children: Children) -> None:
    hand = AtHand(children.get)
    hand.expect(1)
    await asyncio.sleep(0)
    children.wait.clear()
    hand.expect(2)
    await asyncio.sleep(0)
    hand.release()
    hand.release()
    children.wait.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(children.others) == 1
