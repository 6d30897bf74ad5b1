"""A Festina whose clocks jump when a test says so."""

from __future__ import annotations

import sys
from pathlib import Path

_PROGRAM = """#!{python}
import sys, time

real_time, real_monotonic = time.time, time.monotonic

def jump(which):
    try:
        return float(open({file!r}).read().split()[which])
    except (OSError, ValueError, IndexError):
        return 0.0

time.time = lambda: real_time() + jump(0)
time.monotonic = lambda: real_monotonic() + jump(1)
from festina.__main__ import main

sys.argv[0] = "festina"
sys.exit(main())
"""

DAY = 86_400


def program(place: Path, jumps: Path) -> Path:
    """Write a ``festina`` to ``place`` that reads from ``jumps`` how far its clocks are ahead.

    The file holds two numbers of seconds: for the wall clock, and for the one that never goes back.
    """
    place.write_text(_PROGRAM.format(python=sys.executable, file=str(jumps)))
    place.chmod(0o755)
    return place


def jump(jumps: Path, wall: float, monotonic: float) -> None:
    """Let the clocks be so many seconds ahead."""
    ready = jumps.with_suffix(".new")
    ready.write_text(f"{wall} {monotonic}")
    ready.replace(jumps)
