"""``festina recover``: accepted edits that did not reach their files before everything ended."""

from __future__ import annotations

import argparse

from festina.commands.base import add_json, add_workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Shows the edits that you accepted and that are not in their files, because the editor or "
        "Festina was killed, or the file was never saved. Exit code 1 says that there are some."
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--show", metavar="N", type=int, help="print the edit of that number")
    what.add_argument(
        "--apply", metavar="N", type=int, help="check the edit again, and write it if it passes"
    )
    what.add_argument("--forget", metavar="N", type=int, help="say no more about that edit")
    add_json(parser)
    add_workspace(parser)


def run(args: argparse.Namespace) -> int:
    """Show what is left, or do what is asked with one of it."""
    from festina.commands import recovering, running

    return running.run_async(recovering.run(args))
