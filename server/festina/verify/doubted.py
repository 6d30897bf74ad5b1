"""The last word on green tests: what the edit itself gives reason to doubt."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable, Iterator

from festina.findings import Finding, Gate, Severity, Status
from festina.verify.base import Snapshot
from festina.verify.judge import Judgement
from festina.verify.suspicion import suspicion
from festina.verify.watch import Watch


async def doubted(
    judgement: Judgement, snapshot: Snapshot, watch: Watch, files: Iterable[str]
) -> Judgement:
    """Return a passed judgement as unverified where the edit is for a person to read first.

    ``files`` are the paths of the files that hold tests, relative to the workspace.
    """
    if judgement.status is not Status.PASSED or not watch.target.python:
        return judgement
    doubt = await asyncio.to_thread(
        suspicion,
        watch.old,
        watch.new,
        in_tests=watch.target.in_tests,
        tests=lambda: _texts(snapshot, files),
    )
    if doubt is None:
        return judgement
    finding = Finding(
        Gate.TESTS,
        watch.target.path,
        doubt.message,
        line=doubt.line,
        severity=Severity.WARNING,
        code="doubt",
    )
    return dataclasses.replace(
        judgement, status=Status.UNVERIFIED, reason=doubt.message, findings=(finding,)
    )


def _texts(snapshot: Snapshot, files: Iterable[str]) -> Iterator[str]:
    for path in sorted(files):
        if path in snapshot.buffers:
            yield snapshot.buffers[path]
            continue
        try:
            yield (snapshot.workspace / path).read_text("utf-8", "replace")
        except OSError:
            continue
