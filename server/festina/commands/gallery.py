"""``festina gallery``: the candidates of an edit as one page that stands by itself."""

from __future__ import annotations

import argparse
from pathlib import Path

STDIN = "-"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Writes a page with all candidates of an edit, side by side with what is there, to look at "
        "in a browser or to send to somebody: it needs nothing but itself. In an editor, the "
        "command festina.gallery opens the page on which candidates can be accepted, too."
    )
    parser.add_argument(
        "result",
        metavar="RESULT",
        nargs="?",
        default=STDIN,
        help="a file with what `festina edit --json` has printed (default: standard input)",
    )
    parser.add_argument(
        "--export", metavar="FILE", type=Path, required=True, help="the page to write (.html)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the page."""
    from festina.commands import exporting

    return exporting.export(args)
