"""Memory is given back when nobody has worked for a moment, and not in between."""

from __future__ import annotations

import asyncio
import ctypes
import subprocess
import sys

import pytest

from festina.verify import memory
from festina.verify.memory import Trimming


@pytest.fixture
def trimmed(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[int]:
    """Return a queue that gets something each time that memory is given back."""
    found: asyncio.Queue[int] = asyncio.Queue()
    loop: list[asyncio.AbstractEventLoop] = []

    def trim(keep: int) -> None:
        loop[0].call_soon_threadsafe(found.put_nowait, keep)

    def chosen(name: str) -> object:
        if name != "malloc_trim":
            return None
        loop.append(asyncio.get_running_loop())
        return trim

    monkeypatch.setattr(memory, "_of_libc", chosen)
    monkeypatch.setattr(memory, "_IDLE_SECONDS", 0)
    return found


async def test_it_is_given_back_once_all_work_is_done(trimmed: asyncio.Queue[int]) -> None:
    trimming = Trimming()
    trimming.begin()
    trimming.begin()
    trimming.end()
    await asyncio.sleep(0)
    assert trimmed.empty()
    trimming.end()
    assert await trimmed.get() == 0


async def test_work_that_begins_in_time_prevents_it(trimmed: asyncio.Queue[int]) -> None:
    trimming = Trimming()
    for _ in range(3):
        trimming.begin()
        trimming.end()
    assert await trimmed.get() == 0
    assert trimmed.empty()


async def test_after_the_end_nothing_happens(trimmed: asyncio.Queue[int]) -> None:
    trimming = Trimming()
    trimming.begin()
    trimming.end()
    trimming.cancel()
    await asyncio.sleep(0)
    await asyncio.get_running_loop().run_in_executor(None, int)
    assert trimmed.empty()


THREADS = """
import pathlib, sys, threading
from festina.verify.memory import Trimming

if sys.argv[1] == "one":
    Trimming()
barrier = threading.Barrier(6)


def work():
    held = [bytes(5_000) for _ in range(50)]
    barrier.wait()


threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
ends = [
    int(line.split("-")[1].split()[0], 16)
    for line in pathlib.Path("/proc/self/maps").read_text().splitlines()
    if " ---p " in line
]
print(sum(end % (64 << 20) == 0 for end in ends))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="no glibc here")
def test_threads_share_what_was_freed() -> None:
    """glibc reserves 64 MiB for each thread's own arena: there are none of those."""

    def arenas(how: str) -> int:
        command = [sys.executable, "-c", THREADS, how]
        return int(subprocess.run(command, capture_output=True, check=True).stdout)

    assert arenas("many") > 1
    assert arenas("one") == 0


async def test_it_does_nothing_without_such_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_of_libc", lambda name: None)
    trimming = Trimming()
    trimming.begin()
    trimming.end()
    trimming.cancel()
