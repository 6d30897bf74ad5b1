"""Candidates that go about it in the same way stand together, under words that say which; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ALIKE = 0.5
"""The share of what two candidates newly use that they must have in common."""
MOST_WORDS = 3
PLAIN = "nothing that was not used before"


@dataclass(frozen=True, slots=True)
class Member:
    """One card: its id, and what it newly uses."""

    card: int
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Group:
    """Cards that are alike, in the order in which they were given."""

    title: str
    cards: tuple[int, ...]


def group(members: Sequence[Member]) -> list[Group]:
    """Put cards together; the first of each group is the one that came first.

    With a single group there is nothing to tell apart, and no title.
    """
    groups: list[list[Member]] = []
    for member in members:
        for those in groups:
            if _alike(those[0].uses, member.uses):
                those.append(member)
                break
        else:
            groups.append([member])
    if len(groups) < 2:
        return [Group("", tuple(member.card for member in those)) for those in groups]
    return [
        Group(_title(those, [o for o in groups if o is not those]), tuple(m.card for m in those))
        for those in groups
    ]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    union = one | other
    return not union or len(one & other) / len(union) >= ALIKE


def _title(those: list[Member], others: list[list[Member]]) -> str:
    """Say what all of a group use, first what the fewest other groups use."""
    common = frozenset.intersection(*(member.uses for member in those)) or those[0].uses
    if not common:
        return PLAIN

    def known(use: str) -> tuple[int, str]:
        return sum(any(use in m.uses for m in other) for other in others), use

    return _listed(sorted(common, key=known)[:MOST_WORDS])


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
