"""``festina try``: the main job on a bundled sample project; no key, no editor."""

from __future__ import annotations

import argparse

from festina.commands.base import add_json, between

CANDIDATES = 16


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Asks the embedded model to mend a bundled sample project, checks every answer with the "
        "sample's own tests, and shows the best one that passed. Your files are not looked at."
    )
    parser.add_argument(
        "-n",
        "--candidates",
        metavar="N",
        type=between(1, 75),
        default=CANDIDATES,
        help=f"how many answers to ask for (default: {CANDIDATES})",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        default="embedded",
        help="another model: one from `festina model list` as embedded:NAME, or see `festina edit`",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="agree that the sample is sent to an endpoint that was found, not configured",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show the whole main job."""
    from festina.commands import running, sampling

    return running.run_async(sampling.show_sample(args))
