"""Context: what is sent to a model beside the region, and what must never be."""

from festina.context.definitions import enclosing
from festina.context.gather import (
    LOCAL_TOKENS,
    TOKENS,
    Context,
    Gathered,
    Wish,
    budget,
    gather,
    withheld,
)

__all__ = [
    "LOCAL_TOKENS",
    "TOKENS",
    "Context",
    "Gathered",
    "Wish",
    "budget",
    "enclosing",
    "gather",
    "withheld",
]
