"""Which levels of the sandbox this machine has."""

from __future__ import annotations

import asyncio
import functools
import threading

from festina.verify import sandbox, sandbox_command

ISOLATING = (sandbox.Level.BUBBLEWRAP, sandbox.Level.NAMESPACES)
TOOLS = {sandbox.Level.BUBBLEWRAP: "bwrap", sandbox.Level.NAMESPACES: "unshare"}


@functools.cache
def missing(level: sandbox.Level) -> str:
    """Why a level cannot be tested here; empty when it can."""
    if level is sandbox.Level.NONE:
        return ""
    if sandbox_command.tool(TOOLS[level]) is None:
        return f"{TOOLS[level]} is not installed"
    found: list[str] = []
    # In a thread: the caller may have a running loop.
    thread = threading.Thread(target=lambda: found.append(asyncio.run(sandbox.attempt(level))))
    thread.start()
    thread.join()
    return found[0]
