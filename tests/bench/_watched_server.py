"""The server with a watch on its event loop: which callbacks took longest, in CPU milliseconds.

    python tests/bench/_watched_server.py OUT    (``loop_latency.py --callbacks`` starts it)

CPU time of the loop's own thread tells what the loop itself did, however busy the machine is.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

KEPT = 400
_numbers = itertools.count()


def name_of(callback: Any) -> str:
    """Return what a callback does: for a step of a task, its coroutines from outside in."""
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        function = getattr(callback, "func", callback)
        return str(getattr(function, "__qualname__", function))
    names = []
    coroutine: Any = task.get_coro()
    while coroutine is not None:
        names.append(getattr(coroutine, "__qualname__", type(coroutine).__name__))
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)
        if not hasattr(coroutine, "__qualname__"):
            break
    return " > ".join(names[-3:])


def watch(out: Path) -> None:
    """Time every callback of this thread's loop; ``write`` leaves the longest in a file."""
    longest: list[tuple[float, int, str]] = []
    totals: dict[str, list[float]] = {}
    run = asyncio.Handle._run
    main = threading.get_ident()

    def timed(handle: Any) -> None:
        if threading.get_ident() != main:
            run(handle)
            return
        name = name_of(handle._callback)
        before = time.thread_time()
        run(handle)
        spent = (time.thread_time() - before) * 1000
        total = totals.setdefault(name, [0, 0.0])
        total[0] += 1
        total[1] += spent
        heapq.heappush(longest, (spent, next(_numbers), name))
        if len(longest) > KEPT:
            heapq.heappop(longest)

    asyncio.Handle._run = timed  # type: ignore[method-assign]

    def write() -> None:
        rows = [[spent, name] for spent, _, name in sorted(longest, reverse=True)]
        sums = sorted(((s, int(n), name) for name, (n, s) in totals.items()), reverse=True)
        out.write_text(json.dumps({"longest": rows, "totals": sums[:40]}))

    import atexit

    atexit.register(write)


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
    from festina.lsp.app import main

    sys.exit(main())
