"""What the page shows: a head and a card for each text that candidates have; pure.

All that is here is JSON in the end, and holds no control characters that a display would obey.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from festina.clean import visible
from festina.gallery.groups import Member, group
from festina.gallery.measures import Measure, measure
from festina.gallery.pictures import Album
from festina.gallery.ranking import RUBRIC, Standing, rank, reasons
from festina.gallery.sides import rows
from festina.gallery.views import View, said
from festina.proposals import CandidateStatus
from festina.text import Text

MOST_FINDINGS = 5
_WORK = frozenset({CandidateStatus.STREAMING, CandidateStatus.VERIFYING})
_CHOICE = frozenset({CandidateStatus.PASSED, CandidateStatus.UNVERIFIED})
_NO_TEXT = frozenset({CandidateStatus.STREAMING, CandidateStatus.UNUSABLE})
_FIRST = (
    CandidateStatus.PASSED,
    CandidateStatus.UNVERIFIED,
    CandidateStatus.VERIFYING,
    CandidateStatus.FAILED,
)
"""Of candidates with the same text the first of these stands for all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One candidate: ``text`` is the region's new text, so far or as a whole.

    ``words`` say what is known of it in one line. ``verdict`` and ``progress`` have the form of
    their ``to_json``. ``applicable``: it may be accepted as it is.
    """

    index: int
    status: CandidateStatus
    text: str = ""
    words: str = ""
    verdict: Mapping[str, Any] | None = None
    progress: Mapping[str, Any] | None = None
    applicable: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What is edited, and how it stands. ``before`` is the region's old text.

    ``over``: nothing can be done with it any more. ``unverified``: what could not be verified may
    be applied all the same. ``view`` is how the file can be seen, None where it is not looked at,
    and ``pictured`` says that a gate takes pictures of it.
    """

    path: str
    name: str
    language: str
    instruction: str
    before: str
    first_line: int = 1
    proposal: str = ""
    model: str = ""
    state: str = ""
    message: str = ""
    shown: int | None = None
    running: bool = False
    over: bool = False
    unverified: bool = False
    view: View | None = None
    pictured: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """The page's content: JSON data. ``cards`` are by id, the index of a card's first candidate.

    ``pictures`` are the files that cards name by number.
    """

    head: dict[str, Any]
    cards: dict[int, dict[str, Any]]
    pictures: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"head": self.head, "cards": [self.cards[card] for card in self.head["ranked"]]}


@dataclass(slots=True)
class _Card:
    """The candidates of one text; ``first`` stands for them."""

    id: int
    first: Entry
    same: list[int]
    measure: Measure | None = None
    rows: list[list[Any]] = field(default_factory=list)

    @property
    def standing(self) -> Standing:
        counts, verdict = _tests(self.first.verdict), self.first.verdict or {}
        found = [one for one in verdict.get("findings", ()) if one.get("gate") != "review"]
        looked, agreement = self.measure, len(self.same)
        if looked is None:
            return Standing(self.id, self.first.status, agreement=agreement)
        share = counts[0] / counts[1] if counts and counts[1] else 0.0
        return Standing(
            self.id,
            self.first.status,
            len(found),
            looked.lines,
            share,
            len(looked.imports),
            looked.complexity,
            agreement,
        )


class Maker:
    """Makes boards, and remembers what it found out about texts: they come again and again."""

    def __init__(self) -> None:
        self._of: tuple[str, int, str] = ("", 0, "")
        self._known: dict[str, tuple[Measure, list[list[Any]]]] = {}
        self._album = Album()

    def board(self, subject: Subject, entries: Iterable[Entry]) -> Board:
        """Return the page's content. Takes some milliseconds for each new text."""
        cards = {card.id: card for card in self._cards(subject, entries)}
        ranked = rank([card.standing for card in cards.values()])
        order, why = [one.card for one in ranked], reasons(ranked)
        best = next((one for one in order if cards[one].first.applicable), None)
        made = {
            card.id: {
                **_card(card, order.index(card.id) + 1, why.get(card.id, ""), best == card.id),
                **_seen(subject, card, self._album),
            }
            for card in cards.values()
        }
        return Board(_head(subject, cards, order), made, self._album.paths)

    def _cards(self, subject: Subject, entries: Iterable[Entry]) -> list[_Card]:
        by_text: dict[str, list[Entry]] = {}
        alone: list[_Card] = []
        for entry in entries:
            if entry.status in _NO_TEXT:
                alone.append(_Card(entry.index, entry, [entry.index]))
            else:
                by_text.setdefault(entry.text, []).append(entry)
        for text, those in by_text.items():
            looked, shown = self._look(subject, text)
            first = min(those, key=lambda one: (not one.applicable, _FIRST.index(one.status)))
            same = sorted(one.index for one in those)
            alone.append(_Card(same[0], first, same, looked, shown))
        return alone

    def _look(self, subject: Subject, text: str) -> tuple[Measure, list[list[Any]]]:
        of = (subject.before, subject.first_line, subject.language)
        if of != self._of:
            self._of = of
            self._known.clear()
        if text not in self._known:
            looked = measure(subject.before, text, subject.language)
            shown = [row.to_json() for row in rows(subject.before, text, subject.first_line)]
            self._known[text] = (looked, shown)
        return self._known[text]


def _head(subject: Subject, cards: Mapping[int, _Card], order: Sequence[int]) -> dict[str, Any]:
    shown = next((one.id for one in cards.values() if subject.shown in one.same), None)
    statuses = [str(card.first.status) for card in cards.values()]
    return {
        "proposal": subject.proposal,
        "path": visible(subject.path),
        "name": visible(subject.name),
        "instruction": visible(subject.instruction),
        "model": visible(subject.model),
        "state": subject.state,
        "message": visible(subject.message),
        "running": subject.running,
        "over": subject.over,
        "unverified": subject.unverified,
        "shown": shown,
        "ranked": list(order),
        "groups": _groups(cards, order),
        "counts": {status: statuses.count(status) for status in dict.fromkeys(statuses)},
        "rubric": [{"name": each.name, "words": each.words} for each in RUBRIC],
    }


def _groups(cards: Mapping[int, _Card], order: Sequence[int]) -> list[dict[str, Any]]:
    """Put what can be chosen by how it goes about it, what failed by what it failed."""
    members = [
        Member(card, looked.uses)
        for card in order
        if cards[card].first.status in _CHOICE and (looked := cards[card].measure) is not None
    ]
    found = [{"title": each.title, "cards": list(each.cards)} for each in group(members)]
    others: dict[str, list[int]] = {}
    for card in order:
        if (title := _title(cards[card].first)) is not None:
            others.setdefault(title, []).append(card)
    return found + [{"title": title, "cards": some} for title, some in others.items()]


def _title(entry: Entry) -> str | None:
    if entry.status in _CHOICE:
        return None
    if entry.status in _WORK:
        return "on the way"
    if entry.status is CandidateStatus.UNUSABLE:
        return "no usable answer"
    failed = [each for each in (entry.verdict or {}).get("gates", ()) if each["status"] == "failed"]
    gate = failed[0].get("name") or failed[0]["gate"] if failed else "a gate"
    return f"rejected by {visible(gate)}"


def _card(card: _Card, rank_: int, why: str, best: bool) -> dict[str, Any]:
    entry, looked = card.first, card.measure
    return {
        "id": card.id,
        "candidate": entry.index,
        "same": card.same,
        "digest": Text(entry.text).digest if looked is not None else "",
        "status": str(entry.status),
        "applicable": entry.applicable,
        "best": best,
        "rank": rank_,
        "why": why,
        "words": visible(entry.words),
        "gates": _gates(entry),
        "findings": _findings(entry),
        "measures": None if looked is None else _measures(card, looked),
        "rows": card.rows,
        "text": visible(entry.text.replace("\r\n", "\n")) if looked is not None else "",
        "tokens": int((entry.progress or {}).get("tokens", 0)) if looked is None else 0,
    }


def _seen(subject: Subject, card: _Card, album: Album) -> dict[str, Any]:
    """Return what is to be seen of what a text makes, and the words for what is not.

    ``looks`` is where its live view is: the file itself, or the page as a gate's browser has drawn
    it, where it takes scripts to draw it.
    """
    view = subject.view if card.measure is not None else None
    shots = album.of(card.first.verdict)
    still = None if view is None or view.whole else album.still(card.first.verdict)
    looks = f"still/{still}" if still is not None else ""
    if not looks and view is not None and view.live:
        looks = f"look/{card.first.index}"
    found = {"looks": looks, "shots": shots, "seen": ""}
    if view is not None:
        gates = (card.first.verdict or {}).get("gates", ())
        reasons_ = [str(one.get("reason") or "") for one in gates if one["gate"] == "browser"]
        found["seen"] = said(
            view,
            pictures=bool(shots),
            drawn=still is not None,
            awaited=subject.pictured and card.first.status in _WORK,
            why=visible(next(iter(reasons_), "")),
        )
    return found


def _measures(card: _Card, looked: Measure) -> dict[str, Any]:
    counts = _tests(card.first.verdict)
    return {
        "lines": looked.lines,
        "executed": None if counts is None else list(counts),
        "imports": [visible(name) for name in looked.imports],
        "complexity": looked.complexity,
        "agreement": len(card.same),
    }


def _tests(verdict: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """Return how many of how many changed lines were executed; None where nobody knows."""
    for gate in (verdict or {}).get("gates", ()):
        if (counts := gate.get("tests")) is not None and counts["changed_lines"]:
            return counts["changed_lines_executed"], counts["changed_lines"]
    return None


def _gates(entry: Entry) -> list[dict[str, Any]]:
    gates = (entry.verdict or entry.progress or {}).get("gates", ())
    return [
        {
            "name": visible(str(gate.get("name") or gate["gate"])),
            "status": gate["status"],
            "seconds": gate.get("seconds"),
            "words": visible(str(gate.get("reason") or gate.get("message") or "")),
        }
        for gate in gates
    ]


def _findings(entry: Entry) -> list[dict[str, str]]:
    found = (entry.verdict or {}).get("findings", ())
    return [
        {
            "gate": visible(str(one["gate"])),
            "place": visible(f"{one['path']}:{one['line']}" if one.get("line") else one["path"]),
            "message": visible(one["message"]),
        }
        for one in found[:MOST_FINDINGS]
    ]
