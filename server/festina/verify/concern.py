"""What a candidate changes, and which tests that concerns. Blocks for milliseconds; reads bases."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from festina import parsing
from festina.verify import executable
from festina.verify.case import Case
from festina.verify.classify import Fresh, Same, Swap, classify, meaning
from festina.verify.drift import Files
from festina.verify.impact import ImpactMap
from festina.verify.warm import Place

Swaps = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a candidate changes, and the tests that this concerns (None: that is not known).

    ``swaps`` turn a base into the candidate, ``drifted`` into the state without it. ``meaning`` is
    the same for all candidates with equal code; empty where tests may tell even those apart, since
    they read the file. ``needs`` are what must run for each changed line, as an interpreter like
    ours compiles it; None: not known.
    """

    decision: Swap | Fresh | Same | None
    swaps: Swaps = ()
    drifted: Swaps = ()
    tests: frozenset[str] | None = None
    reason: str = ""
    meaning: str = ""
    needs: Mapping[int, list[executable.Need]] | None = None

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of what is changed."""
        decision = self.decision
        return decision.functions if isinstance(decision, (Swap, Fresh)) else ()


def describe(place: Place, case: Case, version: tuple[int, int], known: ImpactMap | None) -> Change:
    """Find out what a candidate changes, against its state and against the base of that."""
    path, new = case.watch.target.path, case.candidate.new
    decision = classify(case.candidate.old, new, version=version)
    if not isinstance(decision, (Swap, Fresh, Same)):
        return Change(None, reason="the edit does not compile here")
    if known is None:
        return Change(decision, reason="which tests execute what is not known yet")
    functions = decision.functions if isinstance(decision, (Swap, Fresh)) else ()
    is_read = path in known.read_at_import or known.reads.get(path)
    same = "" if is_read else meaning(new, case.candidate.old)
    chosen = known.rebased(place.files).select({path: functions}, case.base.ids)
    if isinstance(decision, Fresh):
        return Change(decision, tests=chosen.tests, reason=decision.reason, meaning=same)

    def fresh(reason: str) -> Change:
        changed = Fresh(reason, functions)
        return Change(changed, tests=chosen.tests, reason=reason, meaning=same)

    if chosen.at_import and functions:
        return fresh("what is changed runs when modules are imported")
    drifted = swaps_of(place, place.files, version, known)
    swaps = swaps_of(place, {**place.files, path: new}, version, known)
    if drifted is None or swaps is None:
        return fresh("more than the inside of functions has changed since the tests were loaded")
    needs = None
    if isinstance(decision, Swap):
        with (
            parsing.PARSING,
            contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError),
        ):
            needs = executable.analyse(decision.before, decision.after, case.watch.hunks)
    return Change(decision, swaps, drifted, chosen.tests, meaning=same, needs=needs)


def swaps_of(
    place: Place, files: Files, version: tuple[int, int], known: ImpactMap
) -> Swaps | None:
    """Return what turns loaded modules of a base into ``files``; None: new code alone cannot."""
    swaps: list[Mapping[str, Any]] = []
    for path, text in files.items():
        if text is None or path in known.read_at_import:
            return None
        if not path.endswith(".py"):
            continue
        try:
            before = place.base.source(path)
        except (OSError, UnicodeDecodeError):
            return None
        decision = classify(before, text, version=version)
        if isinstance(decision, Same):
            continue
        ran = known.at_import.get(path, frozenset())
        if not isinstance(decision, Swap) or not ran.isdisjoint(decision.functions):
            return None
        swaps.append({**decision.wire, "path": path})
    return tuple(swaps)
