"""``festina``, killed (``SIGKILL``) right before or after it writes a file of that name.

``python doomed_plan.py before|after NAME ARGUMENTS``; NAME may be ``progress.md``, too. Somebody is
there to be asked, who answers on standard input.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from festina import cli, noting
from festina.commands import apply, running
from festina.text import Text


def main(when: str, name: str, arguments: list[str]) -> int:
    """Run the command."""
    write = apply.write

    def doomed(path: Path, old: Text, new: Text) -> None:
        if (when, path.name) == ("before", name):
            os.kill(os.getpid(), signal.SIGKILL)
        write(path, old, new)
        if (when, path.name) == ("after", name):
            os.kill(os.getpid(), signal.SIGKILL)

    append = noting.append

    def noted(*arguments: Any) -> None:
        if (when, name) == ("before", "progress.md"):
            os.kill(os.getpid(), signal.SIGKILL)
        append(*arguments)
        if (when, name) == ("after", "progress.md"):
            os.kill(os.getpid(), signal.SIGKILL)

    apply.write, noting.append = doomed, noted
    running.may_ask = lambda: True
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
