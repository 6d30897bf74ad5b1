"""The bounds of a plan's step, before any gate runs, and the tests that it names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from festina.findings import Finding, Gate, GateResult, Status
from festina.verify.base import Candidate


async def check(candidate: Candidate) -> GateResult | None:
    """Return why a candidate is beyond its step's bounds; None where it is not, or has none."""
    if candidate.bounds is None:
        return None
    start = time.perf_counter()
    why = await asyncio.to_thread(
        candidate.bounds.broken_by, candidate.path, candidate.old, candidate.new
    )
    if not why:
        return None
    found = Finding(Gate.BOUNDS, candidate.path, why)
    return GateResult(Gate.BOUNDS, Status.FAILED, time.perf_counter() - start, (found,))


def tests(candidate: Candidate, ids: Iterable[str]) -> tuple[str, ...]:
    """Return the tests that a candidate's step names, each by its own id.

    A file, a folder, a class and a function with parameters stand for all that is in them. What
    the suite has no test of is returned as it is: the edit may be to add it.
    """
    if candidate.bounds is None:
        return ()
    known = tuple(ids)
    found: list[str] = []
    for name in candidate.bounds.step.tests:
        stem = name.rstrip("/")
        within = (f"{stem}/", f"{stem}::") if "::" not in stem else (f"{stem}::", f"{stem}[")
        found += [one for one in known if one == stem or one.startswith(within)] or [stem]
    return tuple(dict.fromkeys(found))
