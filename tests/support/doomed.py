"""A stand-in for the server: runs a command that leaves daemons, and waits to be killed.

``python doomed.py LEVEL``; prints ``ready`` once the daemons are running.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from festina.verify import process, sandbox

INSIDE = """
import os, sys, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(int(sys.argv[1]), b'd')
            time.sleep(600)
        os._exit(0)
time.sleep(600)
"""


async def main(level: sandbox.Level) -> None:
    base = Path(tempfile.mkdtemp(prefix="festina-doomed-"))
    (base / "shadow").mkdir()
    read, write = os.pipe()
    box = sandbox.Box(base / "workspace", base / "shadow", environ={"PATH": os.defpath})
    argv = [process.interpreter(), "-I", "-S", "-c", INSIDE, str(write)]
    task = asyncio.create_task(sandbox.run(box, argv, level=level, timeout=None, pass_fds=(write,)))
    said = 0
    os.set_blocking(read, False)
    ready = asyncio.Event()

    def count() -> None:
        nonlocal said
        said += len(os.read(read, 3))
        if said == 3:
            ready.set()

    asyncio.get_running_loop().add_reader(read, count)
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    print("ready" if ready.is_set() else "failed", flush=True)
    print(await task)


if __name__ == "__main__":
    asyncio.run(main(sandbox.Level(sys.argv[1])))
