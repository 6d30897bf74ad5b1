"""``festina report``: what came of the edits of a workspace, on the terminal or as one page."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from festina.commands.base import Exit, Stop, add_json, add_workspace, between

DAY = 24 * 3600
MOST_DAYS = 3650


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Shows what came of the edits that were asked for in a project, in editors and on the "
        "command line: accepted, rejected and by which gate, repair rounds, failed tests, how many "
        "of the accepted lines are still there, the time to a decision, tokens, cost and speed, by "
        "model and by skill. It is made of numbers, names and digests that are kept on this "
        "machine; no source text is among them. The page (--html) has pictures, too, of what "
        "browsers have shown to be wrong."
    )
    parser.add_argument(
        "--days",
        metavar="N",
        type=between(1, MOST_DAYS),
        default=30,
        help=f"of the last N days (default: 30, at most {MOST_DAYS})",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--html",
        metavar="FILE",
        type=Path,
        help="write it as one page that needs nothing beside it",
    )
    add_json(how)
    add_workspace(parser)


def run(args: argparse.Namespace) -> int:
    """Show it.

    Raises:
        Stop: nothing can be read, or the page cannot be written.
    """
    from festina.commands import own_page, reporting
    from festina.gallery import pictures
    from festina.memory import Store, Trouble
    from festina.report import report
    from festina.workspaces import workspace_of

    workspace = (args.workspace or workspace_of(Path.cwd())).resolve()
    if not workspace.is_dir():
        raise Stop(f"{workspace} is not a folder.")
    if args.html is not None:
        own_page.check(args.html, reporting.MARK, "report")
    store = Store(workspace)
    try:
        records = store.records.all(time.time() - args.days * DAY)
    except Trouble as trouble:
        raise Stop(str(trouble), Exit.FAILED) from None
    finally:
        store.close()
    found = report(records, standing_in(workspace))
    head = {"workspace": str(workspace), "days": args.days, "file": str(store.file)}
    if args.json:
        print(json.dumps({**head, **found.to_json()}))
    elif args.html is not None:
        held = pictures.addresses([one.picture for one in found.pictures])
        own_page.write(args.html, reporting.page(found, workspace.name, args.days, held))
        print(f"written to {args.html}")
    else:
        print(reporting.text(found, args.days))
    return Exit.DONE


def standing_in(workspace: Path) -> Callable[[str], Counter[str]]:
    """Return what says which lines a file of a workspace holds now."""
    from festina.recording import digest
    from festina.text import NotText, decode

    def standing(path: str) -> Counter[str]:
        real = Path(os.path.realpath(workspace / path))
        if not real.is_relative_to(os.path.realpath(workspace)):
            return Counter()
        try:
            text = decode(real.read_bytes())
        except (OSError, NotText):
            return Counter()
        return Counter(map(digest, text.lines))

    return standing
