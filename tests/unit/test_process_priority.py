"""What verification runs gives way to the server and to the editor."""

import os
import sys

from festina.verify import process
from festina.verify.sandbox_child import NICENESS


async def test_commands_give_way_to_everything_else():
    code = "import os; print(os.nice(0), os.sched_getscheduler(0) == os.SCHED_BATCH)"
    ended = await process.run([sys.executable, "-c", code], cwd="/", env={}, timeout=60)
    assert ended.stdout.decode().split() == [str(min(19, os.nice(0) + NICENESS)), "True"]
