"""The server with a clock at its stages: ``applicable.py`` starts it and reads what it wrote.

    python tests/bench/_timed_server.py OUT

A line for each: the seconds of the clock that all processes share (``time.perf_counter``), the
stage, the proposal. Nothing else about the server differs.
"""

from __future__ import annotations

import functools
import sys
import time
from pathlib import Path
from typing import Any, TextIO


def watch(out: TextIO) -> None:
    """Note when an answer is parsed, when each gate has its result, and when a verdict is there."""
    from festina.events import Judged, Parsed
    from festina.runs import Runs
    from festina.verify.engine import Engine

    fold, result = Runs._fold, Engine._result

    def note(stage: str, subject: str = "") -> None:
        out.write(f"{time.perf_counter():.6f} {stage} {subject}\n")
        out.flush()

    @functools.wraps(fold)
    def folded(self: Runs, proposal_id: str, task: Any, event: Any) -> None:
        if isinstance(event, Parsed | Judged):
            note(type(event).__name__.lower(), proposal_id)
        fold(self, proposal_id, task, event)

    @functools.wraps(result)
    async def resulted(self: Engine, job: Any, gate: str) -> Any:
        found = await result(self, job, gate)
        note(gate)
        return found

    # stamped from outside, so that the product has nothing of it
    Runs._fold = folded  # type: ignore[method-assign]
    Engine._result = resulted  # type: ignore[method-assign]


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w") as stamps:
        watch(stamps)
        from festina.lsp.app import main

        sys.exit(main())
