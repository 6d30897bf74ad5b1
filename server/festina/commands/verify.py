"""``festina verify``: judge a given new text of a file; no model needed."""

from __future__ import annotations

import argparse
from pathlib import Path

from festina.commands.base import add_json, add_workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the file that would be edited")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--candidate",
        metavar="FILE",
        help="a file with the whole new text, or - for standard input",
    )
    what.add_argument(
        "--candidates",
        metavar="DIR",
        type=Path,
        help="judge every file of a folder, in name order; exit code 1 if one failed, else 3 if "
        "one is unverified",
    )
    add_json(parser)
    add_workspace(parser)


def run(args: argparse.Namespace) -> int:
    """Judge, and print the verdicts."""
    from festina.commands import judging, running

    return running.run_async(judging.judge(args))
