"""For our child processes: how they are started, and that they end with whoever started them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys

PYTHON = (sys.executable, "-P")
"""Python for a child of ours. Without ``-P`` it would import from the current folder first, and
that may be a workspace which nobody trusts."""


def die_with_input() -> None:
    """Have the kernel end this process when the other end of standard input is closed.

    A thread that reads would do in pure Python, but llama.cpp loads weights, for seconds or
    minutes, without letting Python run. Being signalled when the *thread* that started us ends
    (``PR_SET_PDEATHSIG``) would be too soon: that one may be short-lived.
    """
    with contextlib.suppress(OSError, AttributeError):  # Linux and the BSDs have it
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(0, fcntl.F_GETFL)
        fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:  # closed before the kernel was asked
        os._exit(0)
