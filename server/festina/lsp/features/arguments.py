"""The fields of the one object that each command takes: what is not there is left out."""

from __future__ import annotations

from typing import Any

from festina.session import Refusal
from festina.text import Position, Range


def range_of(argument: dict[str, Any]) -> Range:
    """Return ``range``.

    Raises:
        Refusal: it is no LSP range.
    """
    try:
        data = argument["range"]
        start, end = data["start"], data["end"]
        return Range(
            Position(int(start["line"]), int(start["character"])),
            Position(int(end["line"]), int(end["character"])),
        )
    except (KeyError, TypeError, ValueError):
        raise Refusal("`range` must be an LSP range with a start and an end.") from None


def string(argument: dict[str, Any], key: str) -> str:
    """Return a text; empty where there is none."""
    value = argument.get(key)
    return value if isinstance(value, str) else ""


def count(argument: dict[str, Any], key: str, default: int) -> int:
    """Return a number; ``default`` where there is none."""
    value = argument.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def index(argument: dict[str, Any], key: str) -> int | None:
    """Return a number; None where there is none."""
    value = argument.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def hunks(argument: dict[str, Any]) -> tuple[int, ...] | None:
    """Return ``hunks``; None where there are none.

    Raises:
        Refusal: they are no list of numbers.
    """
    value = argument.get("hunks")
    if value is None:
        return None
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise Refusal("`hunks` must be a list of the ids in the proposal's notification.")
    return tuple(value)
