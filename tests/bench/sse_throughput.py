"""How many stream events a second one core can take: our reader beside the HTTP library's own.

Run it with ``python tests/bench/sse_throughput.py``. The server is a second process that sends as
fast as it is read; both readers parse the JSON of every event and join the text. What counts is
the ratio of the two columns, taken in turns on the same machine; single figures depend on it.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).parents[1]))

from festina.models.base import Delta
from festina.models.chat_stream import ChatStream
from support.asking import REQUEST, model_at
from support.fake_model import FakeModel
from support.fake_replies import DONE, chunk, data, joined, stream, text
from support.paced import plainly

Ask = Callable[[str, int], Awaitable[list[str]]]


def serve(pipe: Connection, answer: str, per_chunk: int) -> None:
    """The server's process: hand over the address, then serve until the pipe closes."""
    steps = joined(text(answer).steps)
    packed = [b"".join(steps[i : i + per_chunk]) for i in range(0, len(steps), per_chunk)]
    with FakeModel(stream(*packed)) as fake:
        pipe.send(fake.port)
        pipe.recv()


async def ours(base_url: str, streams: int) -> list[str]:
    """Festina's client, from the socket to the text."""
    model = model_at(FakeModel(), base_url=base_url, total_seconds=600)

    async def one() -> str:
        return "".join([x.text async for x in model.stream(REQUEST) if isinstance(x, Delta)])

    answers = await asyncio.gather(*(one() for _ in range(streams)))
    await model.aclose()
    return answers


async def theirs(base_url: str, streams: int) -> list[str]:
    """The library's server-sent events, with the same work on every event."""
    url = f"{base_url}/chat/completions"

    async with httpx2.AsyncClient(timeout=None, trust_env=False) as client:
        return await asyncio.gather(*(plainly(client, url) for _ in range(streams)))


async def timed(ask: Ask, base_url: str, streams: int, answer: str) -> float:
    """Seconds for all the streams; making the client is part of both."""
    began = time.perf_counter()
    answers = await ask(base_url, streams)
    seconds = time.perf_counter() - began
    assert set(answers) == {answer}
    return seconds


def parser_only(answer: str) -> float:
    """Events a second without the network, in chunks of 16 KiB."""
    raw = b"".join(joined(text(answer).steps))
    events = raw.count(b"\n\n")
    reader = ChatStream()
    began = time.perf_counter()
    for start in range(0, len(raw), 16384):
        reader.feed(raw[start : start + 16384])
    reader.close()
    return events / (time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tokens", type=int, default=2000, help="tokens an answer")
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    answer = "abcd" * given.tokens
    bytes_each = len(data(chunk("abcd")))
    print(f"{given.tokens} events of {bytes_each} bytes a stream; {len(DONE)} bytes end it")
    print(f"our parser alone: {parser_only(answer) / 1000:.0f}k events/s")
    print(f"{'streams':>8}{'per chunk':>10}{'ours':>12}{'library':>12}{'ratio':>8}   (events/s)")
    for streams, per_chunk in ((1, 1), (16, 1), (16, 10), (75, 1), (75, 10)):
        here, there = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(
            target=serve, args=(there, answer, per_chunk), daemon=True
        )
        server.start()
        base_url = f"http://127.0.0.1:{here.recv()}/v1"
        rates: dict[Ask, list[float]] = {ours: [], theirs: []}
        for _ in range(given.rounds):
            for ask, measured in rates.items():
                seconds = asyncio.run(timed(ask, base_url, streams, answer))
                measured.append(streams * given.tokens / seconds)
        here.send("stop")
        server.join()
        ratio = statistics.median(a / b for a, b in zip(*rates.values(), strict=True))
        mine, library = (statistics.median(measured) for measured in rates.values())
        print(f"{streams:8}{per_chunk:10}{mine:12,.0f}{library:12,.0f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
