"""``festina stats``: what was asked of models, day by day."""

from __future__ import annotations

import argparse
import json
from typing import Any

from festina.commands.base import Exit, add_json, between
from festina.models.ledger import KEPT_DAYS, Ledger, Tally
from festina.spending import money

COLUMNS = (
    *("day", "model", "requests", "prompt", "cached", "answer", "mispredicted", "cost"),
    *("edits", "accepted", "rejected"),
)
MISPREDICTED = COLUMNS.index("mispredicted")
"""Tokens of answers that are there only because a prediction did not come true."""
ROOM = 44
"""A model's name and origin are cut to so many characters."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Shows requests, tokens, cost, and how many proposals there were and were accepted, by day "
        "and model. Numbers are kept on this machine, and no text. Cost needs prices: "
        "prompt_price and completion_price of a model, per million tokens."
    )
    parser.add_argument(
        "--days",
        metavar="N",
        type=between(1, KEPT_DAYS),
        default=7,
        help=f"how many days on which anything happened (default: 7, at most {KEPT_DAYS})",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show them, the newest day last."""
    ledger = Ledger()
    days = ledger.days()
    rows = [
        (day, origin, model, tally)
        for day in sorted(days)[-args.days :]
        for (origin, model), tally in sorted(days[day].items())
    ]
    total = Tally()
    for *_, tally in rows:
        total += tally
    if args.json:
        listed = [_row(day, origin, model, tally) for day, origin, model, tally in rows]
        print(json.dumps({"file": str(ledger.file), "days": listed, "total": total.to_json()}))
        return Exit.DONE
    if not rows:
        print("Nothing has been asked of a model yet.")
        return Exit.DONE
    lines = [_cells(day, _name(origin, model), tally) for day, origin, model, tally in rows]
    table = [list(COLUMNS), *lines, _cells("total", "", total)]
    if not total.spent.rejected:  # as with all who are sent no predictions
        for line in table:
            del line[MISPREDICTED]
    _print(table)
    if total.spent.estimated:
        print(
            f"~ about: {total.spent.estimated:,} of these tokens were not counted by the provider, "
            "most of them of answers that were broken off."
        )
    return Exit.DONE


def _row(day: str, origin: str, model: str, tally: Tally) -> dict[str, Any]:
    return {"day": day, "origin": origin, "model": model, **tally.to_json()}


def _name(origin: str, model: str) -> str:
    whole = f"{model} ({origin.partition('://')[2] or origin})"
    return whole if len(whole) <= ROOM else f"{whole[: ROOM - 1]}…"


def _cells(day: str, name: str, tally: Tally) -> list[str]:
    spent = tally.spent
    about = "~" if spent.estimated else ""
    tokens = [
        *(f"{about}{spent.prompt:,}", f"{spent.cached:,}"),
        *(f"{about}{spent.completion:,}", f"{spent.rejected:,}"),
    ]
    counts = [f"{n:,}" for n in (tally.proposals, tally.accepted, tally.rejected)]
    return [day, name, f"{spent.requests:,}", *tokens, money(spent.cost), *counts]


def _print(lines: list[list[str]]) -> None:
    from festina.clean import visible

    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        words = [cell.ljust(width) for cell, width in zip(line[:2], widths, strict=False)]
        words += [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
        print(visible("  ".join(words).rstrip()))
