"""The bounds of every edit and of a plan's step, before any gate runs, and the tests it names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from festina.config import VerifySettings
from festina.findings import Finding, Gate, GateResult, Status
from festina.plans.bounds import Change, broken, own
from festina.verify.base import Candidate


async def check(candidate: Candidate, settings: VerifySettings) -> GateResult | None:
    """Return why a candidate is beyond the person's bounds, or its step's; None where it is not."""
    if candidate.bounds is None and not (settings.at_most or settings.leave_alone):
        return None
    start = time.perf_counter()
    why = await asyncio.to_thread(_broken, candidate, settings)
    if not why:
        return None
    found = Finding(Gate.BOUNDS, candidate.path, why)
    return GateResult(Gate.BOUNDS, Status.FAILED, time.perf_counter() - start, (found,))


def _broken(candidate: Candidate, settings: VerifySettings) -> str:
    of_step = candidate.bounds
    change = Change.of(candidate.path, candidate.old, candidate.new)
    whole = (*(of_step.beside if of_step else ()), change)
    return broken(
        own(settings), whole, says="edits.leave_alone says", allows="edits.at_most allows"
    ) or (of_step.broken_by(change) if of_step else "")


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
