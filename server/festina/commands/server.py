"""``festina server``: the language server."""

from __future__ import annotations

import argparse
import sys


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    # editors add it for servers that know several ways of talking; this one knows only that
    parser.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Serve LSP until the editor leaves."""
    del args
    if sys.stdin.isatty():
        sys.stderr.write(
            "festina: this serves an editor, which starts it itself (the README has the lines to "
            "paste). It waits for LSP messages on standard input; control-C ends it.\n"
        )
    from festina.lsp import app

    return app.main()
