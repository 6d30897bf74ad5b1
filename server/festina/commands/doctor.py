"""``festina doctor``: what Festina found here, why, and what to do about what is amiss."""

from __future__ import annotations

import argparse
from pathlib import Path

from festina.commands.base import add_json


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        type=Path,
        help="the project's folder (default: the workspace you are in)",
    )
    parser.add_argument(
        "--model", metavar="NAME", help="look at another model (see `festina edit`)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Look at everything; exit code 1 if something must be mended."""
    from festina.commands import checkup, running

    return running.run_async(checkup.look(args))
