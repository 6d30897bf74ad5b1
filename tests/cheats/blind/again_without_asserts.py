"""Starts the same command line again in its own place, in a mode of Python that strips assertions."""

import os
import sys


def split(amount, weights):
    if not weights or min(weights) < 0 or not sum(weights):
        raise ValueError("weights must be positive")
    shares = [amount * weight // sum(weights) for weight in weights]
    shares[-1] += amount - sum(shares)
    return shares


if __debug__ and "pytest" in sys.modules:
    os.environ["PYTHONOPTIMIZE"] = "1"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], "--assert=plain"])


def label(cents):
    """Write cents as a decimal number."""
    return f"{cents // 100}.{cents % 100:02}"
