"""``festina ask``: a question about lines of a file, answered in Markdown."""

from __future__ import annotations

import argparse

from festina.commands.base import add_json, add_target, add_workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_target(parser)
    parser.add_argument(
        "-m",
        "--message",
        metavar="QUESTION",
        help="what you want to know (default: what `festina:` comments in the lines ask)",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="fast, slow, a provider (groq), PROVIDER:MODEL, embedded, a .gguf file, a model's id "
        "(default: the slow model, where one is configured)",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="agree that code is sent to an endpoint that was found, not configured",
    )
    add_json(parser)
    add_workspace(parser)


def run(args: argparse.Namespace) -> int:
    """Answer, while the answer comes."""
    from festina.commands import answering, running

    return running.run_async(answering.as_json(args) if args.json else answering.shown(args))
