"""Caps hold over all processes of a person, also while requests are under way and when one dies."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from festina.config import ModelSettings
from festina.models.base import ModelError
from festina.models.dialects import MODELS
from festina.models.http import Http
from festina.models.ledger import Ledger, Tally
from festina.models.meter import Meter
from festina.models.presets import for_url
from festina.models.runner import Runner
from festina.spending import Caps, Spent
from support.asking import PROMPT, REQUEST, model_at
from support.fake_model import FakeModel
from support.fake_replies import Pause, Reply, Until, chunk, events

SIZE = 300
"""Tokens of one answer and its prompt; what is held back for it is a little more."""
COUNTED = {"prompt_tokens": 10, "completion_tokens": SIZE - 10}
ANSWER = events(chunk("ok\n"), chunk(None, "stop"), {"choices": [], "usage": COUNTED})
SLOW = replace(ANSWER, before=(Pause(0.5),))
CAP = 6000
SPAWN = multiprocessing.get_context("spawn")


def ask_many(base_url: str, file: Path, count: int, told: Any) -> None:
    """In a process of its own: ask ``count`` times at once, and tell how often that was refused."""

    async def ask() -> int:
        settings = ModelSettings(base_url=base_url, model="fake-coder")
        model = MODELS["chat"](settings, None, Http(), for_url(base_url))
        runner = Runner(Meter(Caps(tokens_per_day=CAP), Ledger(file)))
        told.put("ready")
        work = (runner.complete(model, REQUEST) for _ in range(count))
        answers = await asyncio.gather(*work, return_exceptions=True)
        await runner.close(model)
        await runner.aclose()
        refused = [str(each) for each in answers if isinstance(each, ModelError)]
        assert all("limits.tokens_per_day" in each for each in refused), refused
        return len(refused)

    told.put(asyncio.run(ask()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "usage.json"


def test_two_processes_do_not_pass_a_cap_together(file: Path) -> None:
    told = SPAWN.Queue()
    with FakeModel(SLOW) as fake:
        args = (fake.base_url, file, 40, told)
        processes = [SPAWN.Process(target=ask_many, args=args) for _ in range(2)]
        for process in processes:
            process.start()
        found = [told.get(timeout=60) for _ in range(4)]
        for process in processes:
            process.join(60)
            assert process.exitcode == 0
        sent = len(fake.requests)
    spent = Ledger(file).today()
    assert sum(each for each in found if each != "ready") == 80 - sent
    assert spent.requests == sent
    assert spent.tokens <= CAP, "whoever asks"
    assert spent.tokens > CAP - 3 * SIZE, "and nothing is left unused for nothing"
    assert list((file.parent / "spending").iterdir()) == [], "nothing is held back any more"


async def test_what_a_killed_process_held_back_lapses(file: Path) -> None:
    told = SPAWN.Queue()
    with FakeModel(Reply(before=(Pause(60),))) as fake:
        process = SPAWN.Process(target=ask_many, args=(fake.base_url, file, 40, told))
        process.start()
        try:
            await fake.until(lambda: fake.requests)
            (held,) = (file.parent / "spending").iterdir()
            while Spent.from_json(json.loads(held.read_text() or "{}")).tokens < CAP - SIZE - 20:
                await asyncio.sleep(0.01)
            runner = Runner(Meter(Caps(tokens_per_day=CAP), Ledger(file)))
            with pytest.raises(ModelError, match="are used"):
                await runner.complete(model_at(fake), REQUEST)
        finally:
            process.kill()
            process.join(30)
        fake.script(ANSWER)
        assert (await runner.complete(model_at(fake), REQUEST)).text == "ok\n"
        await runner.aclose()
    assert list((file.parent / "spending").iterdir()) == []


async def test_what_is_held_back_is_numbers_and_goes_when_nothing_runs(file: Path) -> None:
    go_on = threading.Event()
    key = "sk-of-the-person"
    with FakeModel(replace(ANSWER, before=(Until(go_on),))) as fake:
        runner = Runner(Meter(Caps(tokens_per_day=CAP), Ledger(file)))
        work = asyncio.create_task(runner.complete(model_at(fake, key), REQUEST))
        await fake.until(lambda: fake.streams == 1)
        (held,) = (file.parent / "spending").iterdir()
        words = held.read_text()
        assert Spent.from_json(json.loads(words)).tokens > SIZE
        assert key not in words
        assert PROMPT not in words
        assert "127.0.0.1" not in words
        go_on.set()
        await work
        deadline = time.monotonic() + 10
        while Spent.from_json(json.loads(held.read_text())).tokens:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        lost = asyncio.create_task(runner.complete(model_at(fake, key), REQUEST))
        await asyncio.sleep(0)
        lost.cancel()
        await asyncio.gather(lost, return_exceptions=True)
        await runner.aclose()
    assert not held.exists()


def test_what_is_held_back_is_seen_again_after_the_folder_was_emptied(file: Path) -> None:
    mine, other = Ledger(file), Ledger(file)
    mine.reserve(Spent(1, 100), lambda spent: "")
    shutil.rmtree(file.parent)
    mine.reserve(Spent(2, 200), lambda spent: "")
    seen: list[Spent] = []
    other.reserve(Spent(1, 1), lambda spent: seen.append(spent) or "no")
    assert seen == [Spent(2, 200)]
    mine.close()
    other.close()
    assert list((file.parent / "spending").iterdir()) == []


async def test_holding_back_costs_little(file: Path) -> None:
    models = {(f"https://{n}.test", "m"): Tally(Spent(1, 10)) for n in range(20)}
    Ledger(file).add(models)
    with FakeModel() as fake:
        meter = Meter(Caps(tokens_per_day=10**9), Ledger(file))
        model = model_at(fake)
        began = time.perf_counter()
        for _ in range(200):
            await meter.reserve(model, REQUEST, "p1")
        each = (time.perf_counter() - began) / 200
        await meter.aclose()
    print(f"{each * 1e6:.0f} us a request")
    assert each < 0.02, "far below what a request takes; usually a few tenths of a millisecond"
