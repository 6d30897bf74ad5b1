"""``festina verify``: judge a given new text of a file, or what is saved; no model needed."""

from __future__ import annotations

import argparse
from pathlib import Path

from festina.commands.base import Stop, add_json, add_scope, add_workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="*",
        type=Path,
        help="the file that would be edited; with --watch, what to watch (default: all)",
    )
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
    what.add_argument(
        "--watch",
        action="store_true",
        help="stay, and run the tests that a change can affect each time that a file is saved",
    )
    add_json(parser)
    add_scope(parser)
    add_workspace(parser)


def run(args: argparse.Namespace) -> int:
    """Judge, and print the verdicts; or watch.

    Raises:
        Stop: not exactly one file is named where a text of one is to be judged.
    """
    from festina.commands import running

    if args.watch:
        from festina.commands import watching

        return running.run_async(watching.watch(args))
    if len(args.file) != 1:
        raise Stop("Name the one file that the text is for (`festina verify --help`).")
    from festina.commands import judging

    args.file = args.file[0]
    return running.run_async(judging.judge(args))
