"""A baseline carried over to a later state: what a drift can affect runs again, the rest stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from pathlib import PurePosixPath

from festina.verify.drift import Files
from festina.verify.record import Run


def disturbs(files: Files, known: Collection[str]) -> bool:
    """Whether a drift may change which tests there are in other files than those that it names.

    Modules that are new or gone do, and what configures tests; ``known`` are the files of the base.
    """
    return any(
        name == "conftest.py" or (name.endswith(".py") and (text is None or path not in known))
        for path, text in files.items()
        for name in [PurePosixPath(path).name]
    )


def affected(base: Run, files: Files, unknown: Collection[str]) -> frozenset[str]:
    """Return what has to run again: ids, and the paths of test files that have changed.

    ``unknown`` are the tests that execute or read something else now than when they were mapped.
    """
    changed = frozenset(path for path in files if path in base.files)
    ids = (test for test in base.ids or () if test in unknown and _file(test) not in changed)
    return changed.union(ids)


def carry(base: Run, again: Run, rerun: Collection[str]) -> Run:
    """Put the outcomes of ``rerun`` (ids, and paths of test files) in the place of older ones."""
    ids: list[str] = []
    placed: set[str] = set()
    inner: dict[str, list[str]] = {}
    for test in again.ids or ():
        inner.setdefault(_file(test), []).append(test)
    for test in base.ids or ():
        file = _file(test)
        if file not in rerun:
            ids.append(test)
        elif file not in placed:
            placed.add(file)
            ids += inner.get(file, [])
    ids += [test for file in rerun if file not in placed for test in inner.get(file, [])]
    kept = {
        test: outcome
        for test, outcome in base.outcomes.items()
        if test not in rerun and _file(test) not in rerun
    }
    return dataclasses.replace(
        base,
        ids=tuple(dict.fromkeys(ids)),
        outcomes={**kept, **again.outcomes},
        replaced=base.replaced | again.replaced,
        touched=base.touched | again.touched,
    )


def _file(test: str) -> str:
    return test.partition("::")[0]
