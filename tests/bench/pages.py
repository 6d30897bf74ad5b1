"""What a look at pages costs for a candidate: ``python tests/bench/pages.py``.

Fifteen variations of a component of a small shop, one page at three widths: each with a new browser
(what a plain script would do: start, look without the edit and with it), with the one that is kept
warm, and all at once. The first two take turns, so that a busy machine disturbs both alike. Every
way must come to the same verdicts; the exit code is 1 where one does not.

    python tests/bench/pages.py [--rounds 1]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from festina.config import VerifySettings
from festina.findings import Status
from festina.gate_browser import Browser
from festina.verify.base import Candidate, Snapshot
from festina.verify.engine import Engine
from support import pages


class Ways:
    """The same candidates, judged in other ways."""

    def __init__(self, shop: Path, cache: Path) -> None:
        settings = VerifySettings(
            gates=("browser",), browser=Browser("site", pages=("/index.html",))
        )
        self._snapshot = Snapshot(shop, settings=settings, trusted=True)
        self._old = (shop / pages.CARD).read_text()
        self._cache = cache
        self.warm = Engine(cache=cache / "warm")

    async def judge(self, engine: Engine, text: str) -> tuple[Status, float]:
        start = time.perf_counter()
        verdict = await engine.verify(self._snapshot, Candidate(pages.CARD, self._old, text))
        return verdict.status, time.perf_counter() - start

    async def cold(self, text: str) -> tuple[Status, float]:
        start = time.perf_counter()
        engine = Engine(cache=self._cache / "cold")
        try:
            status, _ = await self.judge(engine, text)
        finally:
            await engine.aclose()
        return status, time.perf_counter() - start


async def measure(shop: Path, cache: Path, rounds: int) -> int:
    texts = [path.read_text() for path in sorted(pages.VARIATIONS.iterdir())]
    ways = Ways(shop, cache)
    cold: list[float] = []
    warm: list[float] = []
    passed: list[float] = []
    differ = 0
    try:
        _, first = await ways.judge(ways.warm, texts[0] + "/* first */\n")
        for turn in range(rounds):
            for number, text in enumerate(texts):
                text = f"{text}/* {turn} */\n"  # else the engine remembers what passed
                apart, seconds = await ways.cold(text)
                cold.append(seconds)
                status, seconds = await ways.judge(ways.warm, text)
                warm.append(seconds)
                if status is Status.PASSED:
                    passed.append(seconds)
                if status is not apart:
                    differ += 1
                    print(f"{number + 1}: {status} with the warm browser, {apart} with a new one")
        start = time.perf_counter()
        work = (ways.judge(ways.warm, f"{text}/* at once */\n") for text in texts)
        found = await asyncio.gather(*work)
        at_once = time.perf_counter() - start
    finally:
        await ways.warm.aclose()
    counts = [status for status, _ in found]
    middle = statistics.median
    print(f"{len(texts)} variations, {rounds} round(s), verdicts that differ: {differ}")
    print(f"with the first browser: {first * 1000:.0f} ms, the page without an edit included")
    print(f"a new browser each: median {middle(cold) * 1000:.0f} ms")
    print(
        f"the warm one:       median {middle(warm) * 1000:.0f} ms, worst {max(warm) * 1000:.0f} ms"
    )
    print(f"  those that pass:  median {middle(passed) * 1000:.0f} ms")
    print(f"ratio (medians):    {middle(cold) / middle(warm):.1f}")
    print(
        f"all at once:        {at_once:.2f} s, {at_once / len(texts) * 1000:.0f} ms each;"
        f" {counts.count(Status.PASSED)} passed, {counts.count(Status.FAILED)} rejected"
    )
    return 1 if differ else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    rounds = parser.parse_args().rounds
    os.environ["PATH"] = pages.path_with(pages.chromium())
    with tempfile.TemporaryDirectory() as folder:
        shop = pages.put_shop(Path(folder) / "shop")
        return asyncio.run(measure(shop, Path(folder) / "cache", rounds))


if __name__ == "__main__":
    sys.exit(main())
