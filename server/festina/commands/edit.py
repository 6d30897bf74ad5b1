"""``festina edit``: the whole main job without an editor."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from festina.commands.base import Stop, add_json, add_scope, add_target, add_workspace, between

MOST_CANDIDATES = 75


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_target(parser)
    parser.add_argument(
        "-m",
        "--message",
        metavar="TEXT",
        help="what to do (default: what `festina:` comments in the lines say)",
    )
    parser.add_argument(
        "--skill",
        metavar="NAME",
        help="follow a skill (`festina skill list` shows them); -m says what else to do",
    )
    parser.add_argument(
        "-n",
        "--candidates",
        metavar="N",
        type=between(1, MOST_CANDIDATES),
        help=f"how many answers to ask for and check, up to {MOST_CANDIDATES}",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="fast, slow, a provider (groq), PROVIDER:MODEL, embedded, a .gguf file, a model's id",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--apply", action="store_true", help="write the edit to the file if it passed"
    )
    what.add_argument("--diff", action="store_true", help="print the diff alone, if it passed")
    what.add_argument(
        "--filter",
        action="store_true",
        help="read the lines on standard input; print them edited if that passed, else unchanged",
    )
    what.add_argument(
        "--show-prompt", action="store_true", help="print what would be sent, and send nothing"
    )
    add_json(what)
    parser.add_argument(
        "--gallery",
        metavar="FILE",
        type=Path,
        help="write a page with all candidates, side by side with what is there (.html)",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="agree that code is sent to an endpoint that was found, not configured",
    )
    add_scope(parser)
    add_workspace(parser)


def run(args: argparse.Namespace) -> int:
    """Propose an edit and do with it what was asked for."""
    if args.filter:
        given = printed = sys.stdin.buffer.read()
        try:
            from festina.commands import editing, running

            _check(args)
            code, printed = running.run_async(editing.filtered(args, given))
            return code
        finally:  # whatever happens: what is printed replaces the person's lines
            sys.stdout.buffer.write(printed)
            sys.stdout.buffer.flush()
    from festina.commands import editing, running

    _check(args)
    if args.show_prompt:
        return running.run_async(editing.show_prompt(args))
    return running.run_async(editing.as_json(args) if args.json else editing.shown(args))


def _check(args: argparse.Namespace) -> None:
    if args.gallery and (args.filter or args.show_prompt):
        other = "--filter" if args.filter else "--show-prompt"
        raise Stop(f"With {other} there are no candidates for a page: leave --gallery out.")
