"""The work behind ``festina gallery --export`` and ``festina edit --gallery``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from festina.commands import own_page, showing
from festina.commands.base import Exit, Stop
from festina.gallery import page
from festina.gallery.cards import Board, Entry, Maker, Subject
from festina.proposals import CandidateStatus

if TYPE_CHECKING:
    from festina.commands.editing import Order, Proposed
    from festina.terminal import Terminal

MOST_BYTES = 100_000_000
_MADE_BY = "what `festina edit ... --json` prints"


def export(args: argparse.Namespace) -> int:
    """Write a page from a result that was printed.

    Raises:
        Stop: there is none, or the page cannot be written.
    """
    check(args.export)
    shown = "Standard input" if args.result == "-" else args.result
    data = _read(args.result, shown)
    try:
        board = board_of(data)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Stop(f"{shown} is not {_MADE_BY}, or of another version. Ask for it again.") from None
    write(args.export, board)
    count = len(data["candidates"])
    print(f"{args.export} shows {count} {'candidate' if count == 1 else 'candidates'}.")
    return Exit.DONE


def board_of(data: dict[str, Any]) -> Board:
    """Return what the page shows of a result of ``festina edit``."""
    subject = Subject(
        path=data["path"],
        name=data["name"] or f"lines {data['region']['start']}-{data['region']['end']}",
        language=data["language"],
        instruction=data["instruction"],
        before=data["before"],
        first_line=data["region"]["start"],
        model=data["model"]["name"],
        state={"passed": "ready", "failed": "rejected"}.get(data["status"], data["status"]),
        message=data["message"],
        shown=data["candidate"],
        over=True,
    )
    return Maker().board(subject, [_entry(one) for one in data["candidates"]])


def keep(order: Order, proposed: Proposed, terminal: Terminal | None) -> dict[str, Any]:
    """Write the page of an edit where one is wanted; return what a page needs beside the result.

    Raises:
        Stop: it cannot be written.
    """
    place, region = order.target, order.region
    asked = {
        "name": order.name,
        "language": place.language,
        "instruction": order.instruction,
        "before": place.text.lines_text(region.start, region.end),
    }
    if order.args.gallery:
        data = showing.to_json(place.relative, region, proposed.outcome, proposed.choice)
        write(order.args.gallery, board_of(data | asked))
        if terminal is not None:
            terminal.note(f"all candidates are on the page {order.args.gallery}")
    return asked


def check(path: Path) -> None:
    """See beforehand that a page can be written there, and takes nothing's place but a page's.

    Raises:
        Stop: it cannot, and what to do.
    """
    own_page.check(path, page.MARK, "gallery")


def write(path: Path, board: Board) -> None:
    """Write the page, in the place of one that is there.

    Raises:
        Stop: it cannot be written.
    """
    own_page.write(path, page.export(board))


def _entry(data: dict[str, Any]) -> Entry:
    status = CandidateStatus(data["status"])
    return Entry(
        data["index"],
        status,
        data.get("text", ""),
        data.get("message", ""),
        data.get("verdict"),
        applicable=status is CandidateStatus.PASSED,
    )


def _read(name: str, shown: str) -> dict[str, Any]:
    try:
        if name == "-":
            found = sys.stdin.buffer.read(MOST_BYTES)
        else:
            with Path(name).open("rb") as file:
                found = file.read(MOST_BYTES)
    except OSError as error:
        raise Stop(f"{shown} cannot be read: {error.strerror}.") from None
    if not found.strip():
        raise Stop(f"{shown} is empty. It should be {_MADE_BY}.")
    try:
        data = json.loads(found)
    except (ValueError, RecursionError):
        raise Stop(f"{shown} is no JSON. It should be {_MADE_BY}.") from None
    if not isinstance(data, dict):
        raise Stop(f"{shown} is not {_MADE_BY}.")
    return data
