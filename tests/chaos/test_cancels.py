"""Ten thousand requests cancelled at any moment, and all is as it was.

They speak all dialects, stream or are fetched in one piece, with TLS and without. A cancel comes
while a request waits for its turn, connects, shakes hands, waits for the first byte, or reads.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import random
import ssl
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from festina.models.exchange import Exchange
from festina.models.http import Http
from festina.models.runner import Runner
from support import faults_anthropic, faults_responses
from support.asking import REQUEST, model_at
from support.fake_dialects import DIALECTS
from support.fake_model import FakeModel
from support.fake_replies import Pause, Reply, whole

TEXT = "x = 1\n" * 10
CONNECTIONS = 24
AT_ONCE = 60
LONGEST = 0.05
"""Seconds, about as long as an answer takes."""


def answer(dialect: str, body: dict[str, Any]) -> Reply:
    if body["stream"]:
        return replace(DIALECTS[dialect].text(TEXT, speed=400), before=(Pause(0.002),))
    told = {
        "chat": lambda: whole(TEXT),
        "responses": lambda: faults_responses.whole(TEXT),
        "anthropic": lambda: faults_anthropic.whole(TEXT),
    }[dialect]()
    return Reply((Pause(0.02), *told.steps), before=(Pause(0.02),), content_type=told.content_type)


@dataclass
class Place:
    """A server and a model at it."""

    fake: FakeModel
    model: Exchange
    asked: Counter[str] = field(default_factory=Counter)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Place]]:
    """Each dialect, with TLS and without, at a server of its own."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    made: list[Place] = []
    for dialect in DIALECTS:
        for tls in (None, context):
            fake = FakeModel(lambda body, dialect=dialect: answer(dialect, body), tls=tls)
            fake.__enter__()
            http = Http(connections=CONNECTIONS)
            made.append(Place(fake, model_at(fake, http=http, dialect=dialect)))
    yield made
    for place in made:
        place.fake.__exit__()


def sockets_to(fake: FakeModel) -> int:
    """Count this process's sockets that lead to ``fake``: its other files come and go."""
    ours = set()
    for path in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            ours.add(str(path.readlink()))
    port = f":{urlsplit(fake.origin).port:04X}"
    rows = [row.split() for row in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(port) and f"socket:[{row[9]}]" in ours for row in rows)


def resident() -> int:
    """Return the bytes of memory that this process has, less what lies free in the allocator."""
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def some(rng: random.Random, runner: Runner, places: list[Place], count: int) -> int:
    """Start requests and cancel each at some moment; return how many were cancelled."""

    async def one() -> None:
        place = rng.choice(places)
        request = replace(REQUEST, stream=rng.random() < 0.5)
        task = asyncio.create_task(runner.complete(place.model, request))
        await asyncio.sleep(rng.choice((0.0, 0.001, rng.random() * 0.01, rng.random() * LONGEST)))
        task.cancel()
        await asyncio.wait([task])
        if task.cancelled():
            place.asked["streamed" if request.stream else "whole"] += 1
        else:
            assert task.result().text == TEXT

    before = sum(place.asked.total() for place in places)
    await asyncio.gather(*(one() for _ in range(count)))
    return sum(place.asked.total() for place in places) - before


def nothing_streams(fake: FakeModel) -> bool:
    return fake.streams == 0


def nobody_at(fake: FakeModel) -> bool:
    return fake.live == 0


async def settled(places: list[Place]) -> None:
    """Wait until the servers are at rest too, and forget what they heard."""
    for fake in (place.fake for place in places):
        await fake.until(partial(nothing_streams, fake))
        fake.requests.clear()
        fake.heads.clear()


async def healthy(runner: Runner, places: list[Place]) -> None:
    """All connections that a pool may have can be used at once, and answers are whole."""
    for place in places:
        asked = (runner.complete(place.model, REQUEST) for _ in range(CONNECTIONS))
        assert {one.text for one in await asyncio.gather(*asked)} == {TEXT}
        assert sockets_to(place.fake) <= CONNECTIONS


async def cancel(runner: Runner, places: list[Place], *cancels: int) -> dict[str, int]:
    """Cancel so many requests, round by round; return what has grown since the first round."""
    rng = random.Random(*cancels[-1:])
    figures: list[dict[str, int]] = []
    for wanted in cancels:
        done = 0
        while done < wanted:
            done += await some(rng, runner, places, AT_ONCE)
        await settled(places)
        if len(cancels) > 1:
            gc.collect()
        figures.append({"blocks": sys.getallocatedblocks(), "bytes": resident()})
    await healthy(runner, places)
    for place in places:
        await runner.close(place.model)
        await place.fake.until(partial(nobody_at, place.fake))
        assert sockets_to(place.fake) == 0
        assert min(place.asked["streamed"], place.asked["whole"]) > sum(cancels) / 40
    first, last = figures[0], figures[-1]
    return {name: last[name] - first[name] for name in last}


async def test_hundreds_of_cancels_at_any_moment(runner: Runner, places: list[Place]) -> None:
    gc.disable()  # it would close what was left behind
    try:
        await cancel(runner, places, 300)
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_ten_thousand_cancels_at_any_moment(runner: Runner, places: list[Place]) -> None:
    grown = await cancel(runner, places, 3000, 10_000)
    assert grown["blocks"] < 10_000, "not one block of Python's memory for a cancel"
    assert grown["bytes"] < 16 << 20, "the allocators' own ups and downs are some 8 MB"
