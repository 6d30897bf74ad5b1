"""A process that was stopped finds no deadline missed, and reads first what came meanwhile."""

import os
import signal
import subprocess
import sys
import time

import pytest

WAITS = """
import asyncio, sys, time
from festina import waking

async def main():
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print("waits", flush=True)
    try:
        async with asyncio.timeout(2):
            print("read", (await reader.readline()).decode(), flush=True)
    except TimeoutError:
        print("too late", flush=True)

with asyncio.Runner(loop_factory=waking.new_loop) as runner:
    runner.run(main())
"""


@pytest.fixture
def stopped():
    """A process that waits two seconds for a line, and was stopped for four."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "waits\n"
    time.sleep(0.2)  # long enough to begin to wait, and far from its two seconds
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(4)
    yield process
    process.kill()
    process.communicate()


def test_what_came_meanwhile_is_read(stopped):
    stopped.stdin.write("a line\n")
    stopped.stdin.flush()
    os.kill(stopped.pid, signal.SIGCONT)
    assert stopped.stdout.readline() == "read a line\n"


def test_what_comes_soon_after_is_in_time_and_a_deadline_is_one_all_the_same(stopped):
    os.kill(stopped.pid, signal.SIGCONT)
    woken = time.monotonic()
    assert stopped.stdout.readline() == "too late\n"
    assert time.monotonic() - woken > 1
