"""Running a command where the supervisor of `sandbox_child` cannot: on anything but Linux.

Never run by us on the systems that it is for; tried on Linux. There are no limits but the deadline,
and of what a command started only its own session is sure to end with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
import time
from typing import Any

from festina.verify.process_io import Capture, to_the_end, within

_POLL_SECONDS = 0.01
_DRAIN_SECONDS = 1.0


Ended = tuple[int | None, Capture, Capture, float]


async def launch(
    plan: dict[str, Any], *, stdin: bytes | None, timeout: float | None, max_output: int
) -> Ended:
    """Run the command of a plan; its exit status (None: it ran out of time), output and seconds.

    Raises:
        OSError: it could not be started.
        ValueError: this system cannot pass descriptors on.
    """
    started = time.perf_counter()
    with contextlib.ExitStack() as stack:
        pipes = [os.pipe(), os.pipe()]
        for _, write in pipes:
            stack.callback(os.close, write)
        captures = [Capture(read, max_output) for read, _ in pipes]
        for capture in captures:
            stack.callback(capture.close)
        given = stack.enter_context(tempfile.TemporaryFile())
        given.write(stdin or b"")
        given.seek(0)
        running = _start(plan, given.fileno(), [write for _, write in pipes])
        expired = False
        try:
            async with asyncio.timeout(timeout) as deadline:
                while running.poll() is None:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            expired = deadline.expired()
            if not expired:
                raise
        finally:
            await to_the_end(_end(running))
        for _, write in pipes:
            os.close(write)
        stack.pop_all()
        given.close()
        for capture in captures:
            await within(_DRAIN_SECONDS, capture.ended)
            capture.close()
    status = None if expired else running.returncode
    return status, captures[0], captures[1], time.perf_counter() - started


def _start(plan: dict[str, Any], given: int, outputs: list[int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        plan["argv"],
        cwd=plan["cwd"],
        env=plan["env"],
        stdin=given,
        stdout=outputs[0],
        stderr=outputs[1],
        pass_fds=plan["pass_fds"],
        start_new_session=True,
    )


async def _end(running: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError, AttributeError):
        os.killpg(running.pid, signal.SIGKILL)  # macOS: EPERM for a group of zombies
    with contextlib.suppress(ProcessLookupError):
        running.kill()
    await asyncio.to_thread(running.wait)
