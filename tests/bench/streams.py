"""75 candidates at 1,200 tokens a second each: does the client keep up, is the loop left alone?

Run it with ``python tests/bench/streams.py``. The server is a process of its own that sends each
token as an event, and each event as a chunk. Ours runs as in the product, through ``Runner``; the
others run on the loop that is measured, as one would write them. A ticker on that loop notes by how
much it is woken late; ``idle`` is the same ticker with nothing beside it, for as long. The openai
SDK has a row where it is installed; Festina does not need it. ``raw sockets`` only takes the bytes
from the kernel, in a thread: the floor, server included. All ways take turns, and of each the
quickest round is shown: other work on the machine makes rounds worse, never better.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import importlib.util
import multiprocessing
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import trustme

sys.path.insert(0, str(Path(__file__).parents[1]))

from festina.models.runner import Runner
from support import paced
from support.asking import REQUEST, model_at
from support.fake_model import FakeModel

TICK = 0.002
TOKEN = "abcd"


@dataclass(frozen=True)
class Given:
    """What is asked of each way."""

    base_url: str
    streams: int
    seconds: float
    tokens: int

    @property
    def port(self) -> int:
        return urlsplit(self.base_url).port or 0


@dataclass(frozen=True)
class Round:
    """Seconds, but for the stalls, which are in milliseconds."""

    wall: float
    cpu: float
    longest: float
    p99: float


Way = Callable[[Given], Awaitable[list[str]]]


async def idle(given: Given) -> list[str]:
    """Nothing at all: what the machine itself does to a loop."""
    await asyncio.sleep(given.seconds)
    return []


async def raw(given: Given) -> list[str]:
    """What sockets and server take."""
    await asyncio.to_thread(paced.raw, given.port, given.streams)
    return []


async def ours(given: Given, watched: int | None = None) -> list[str]:
    """Festina, as the pipeline asks: the first ``watched`` stream, the others come whole."""
    model, runner = model_at(FakeModel(), base_url=given.base_url, total_seconds=600), Runner()
    shown: list[str] = []

    async def one(number: int) -> str:
        streams = watched is None or number < watched
        request = replace(REQUEST, stream=streams)
        return (await runner.complete(model, request, shown.append)).text

    answers = await asyncio.gather(*(one(number) for number in range(given.streams)))
    await runner.close(model)
    await runner.aclose()
    return answers


async def as_in_the_product(given: Given) -> list[str]:
    """One is on show and streams."""
    return await ours(given, watched=1)


async def bare(given: Given) -> list[str]:
    """The HTTP library's own events, and ``json`` for each."""
    url = f"{given.base_url}/chat/completions"
    limits = httpx2.Limits(max_connections=given.streams)

    async with httpx2.AsyncClient(timeout=None, trust_env=False, limits=limits) as client:
        return await asyncio.gather(*(paced.plainly(client, url) for _ in range(given.streams)))


async def openai_sdk(given: Given) -> list[str]:
    """The openai package."""
    import openai

    async def one(client: openai.AsyncOpenAI) -> str:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "x"}], stream=True
        )
        deltas = [item.choices[0].delta async for item in stream if item.choices]
        return "".join(delta.content or "" for delta in deltas)

    async with openai.AsyncOpenAI(base_url=given.base_url, api_key="none", timeout=600) as client:
        return await asyncio.gather(*(one(client) for _ in range(given.streams)))


def cpu() -> float:
    """Processor seconds of this process, all threads, and of children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


async def measured(way: Way, given: Given) -> Round:
    """Run one way with the ticker beside it."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            late.append(max(0.0, time.perf_counter() - due) * 1000)

    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0.1)
    late.clear()
    began, used = time.perf_counter(), cpu()
    answers = await way(given)
    wall, used = time.perf_counter() - began, cpu() - used
    ticker.cancel()
    assert set(answers) <= {TOKEN * given.tokens}, "an answer is not what was sent"
    late.sort()
    # a wait of a second counts as all the ticks that it swallowed
    spread = [ms for ms in late for _ in range(1 + int(ms / (TICK * 1000)))]
    return Round(wall, used, late[-1], spread[int(len(spread) * 0.99)])


def certified() -> str:
    """Return the file of a new certificate for this machine, which this process trusts from now."""
    authority, folder = trustme.CA(), Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    os.environ["SSL_CERT_FILE"] = str(folder / "ca.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        folder / "it.pem"
    )
    return str(folder / "it.pem")


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--streams", type=int, default=75)
    options.add_argument("--speed", type=float, default=1200, help="tokens a second and stream")
    options.add_argument("--seconds", type=float, default=2.0)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--unlike", action="store_true", help="no event is like the one before")
    options.add_argument("--tls", action="store_true", help="with TLS, a record a chunk")
    options.add_argument("--only", help="the ways to run, by the first letters of their names")
    asked = options.parse_args()
    tokens = int(asked.speed * asked.seconds)
    ways: dict[str, Way] = {
        "idle": idle,
        "raw sockets, nothing parsed": raw,
        "festina, 1 streams, 74 whole": as_in_the_product,
        "festina, all stream": ours,
        "bare httpx2": bare,
    }
    if importlib.util.find_spec("openai"):
        ways["openai SDK"] = openai_sdk
    if asked.tls:
        ways = {k: v for k, v in ways.items() if k.startswith(("idle", "festina"))}
    if asked.only:
        ways = {k: v for k, v in ways.items() if k.startswith(tuple(asked.only.split(",")))}
    certificate = certified() if asked.tls else ""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=paced.serve,
        args=(there, TOKEN, tokens, asked.speed, asked.unlike, certificate),
        daemon=True,
    )
    server.start()
    scheme = "https" if asked.tls else "http"
    given = Given(f"{scheme}://127.0.0.1:{here.recv()}/v1", asked.streams, asked.seconds, tokens)
    rounds: dict[str, list[Round]] = {name: [] for name in ways}
    for _ in range(asked.rounds):
        for name, way in ways.items():
            rounds[name].append(asyncio.run(measured(way, given)))
    here.close()
    server.terminate()
    server.join()
    print(
        f"{asked.streams} streams x {asked.speed:,.0f} tokens/s for {asked.seconds} s; Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'':30}{'wall s':>8}{'x real':>8}{'cpu s':>8}{'longest ms':>12}{'p99 ms':>8}")
    for name, done in rounds.items():
        best = min(done, key=lambda r: (round(r.wall, 1), r.p99))
        times = best.wall / asked.seconds
        print(
            f"{name:30}{best.wall:8.2f}{times:8.2f}{best.cpu:8.2f}"
            f"{best.longest:12.1f}{best.p99:8.1f}"
        )


if __name__ == "__main__":
    main()
