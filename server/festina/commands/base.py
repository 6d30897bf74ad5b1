"""What all commands share: exit codes, refusals and common arguments."""

from __future__ import annotations

import argparse
import enum
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class Exit(enum.IntEnum):
    """Exit codes (design, section 5)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNVERIFIED = 3
    INTERRUPTED = 130


class Stop(Exception):  # noqa: N818 - not an error: a sentence for the person who asked
    """The command cannot go on; ``str()`` says what happened and what to do."""

    def __init__(self, message: str, code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.code = code


class Command(Protocol):
    """What a module of this package offers to the command line."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; return the exit code.

        Raises:
            Stop: it cannot be done.
        """


def between(low: int, high: int) -> Callable[[str], int]:
    """Return an argument type: a whole number within bounds."""

    def check(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return number

    return check


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add the file and the lines of it."""
    parser.add_argument(
        "target",
        metavar="FILE[:START[-END]]",
        help="lines count from 1, END included; START alone means the function or class around it",
    )


def add_workspace(parser: argparse.ArgumentParser) -> None:
    """Add ``--workspace``."""
    parser.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        help="the project's folder (default: the nearest one upwards with festina.toml, else .git, "
        "else pyproject.toml)",
    )


def add_json(parser: argparse._ActionsContainer) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Add ``--scope``."""
    parser.add_argument(
        "--scope",
        choices=("impacted", "full"),
        help="how much must pass: the tests that the change can affect, where these are known, or "
        "the whole suite (default: tests.scope of the configuration, where auto means full)",
    )
