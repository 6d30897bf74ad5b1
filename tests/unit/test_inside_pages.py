"""A child that waits has its pages copied ahead, until it is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import festina.verify

SOURCE = Path(festina.verify.__file__).parent / "inside" / "pages.py"
COUNT = f"""
import mmap, os, resource, runpy, sys
take = runpy.run_path({str(SOURCE)!r})["take"]
shared = mmap.mmap(-1, 4096 * 1000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(1000):
    shared[page * 4096] = 1
read, write = os.pipe()
if os.fork() == 0:
    if sys.argv[1] == "asked":
        os.write(write, b"x")
    if sys.argv[1] != "never":
        take(read)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for page in range(1000):
        shared[page * 4096] = 2
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, flush=True)
    os._exit(0)
os.wait()
"""


def faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", COUNT, how], capture_output=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(
    tuple(map(int, os.uname().release.split(".")[:2])) < (5, 14), reason="needs Linux 5.14"
)
def test_pages_are_copied_ahead_but_nobody_waits_for_it() -> None:
    assert faults("never") >= 900
    assert faults("ahead") < 100
    assert faults("asked") >= 900
