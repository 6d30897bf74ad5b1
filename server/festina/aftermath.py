"""Accepted edits that the whole suite had not confirmed: where they are, and what it found."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from festina import edits
from festina.edits import Region
from festina.findings import Verdict
from festina.proposals import CandidateView, Proposal
from festina.text import Text


@dataclass(frozen=True, slots=True)
class Accepted:
    """An edit that is in its document: ``region`` is where, as long as nobody touches it.

    ``verdict`` is the whole suite's, which failed; None while it runs. ``name`` is what the region
    is called, where that is known.
    """

    proposal: str
    uri: str
    name: str
    region: Region
    verdict: Verdict | None = None


class Aftermath:
    """The accepted edits for which the whole suite runs, or has failed.

    ``refuting`` is told of the id of each that is refuted, ``changed`` of what is to be shown of
    it, and again when that is no longer so; ``dropped`` of the id of each that nobody needs to know
    about any more.
    """

    def __init__(self, dropped: Callable[[str], None]) -> None:
        self.refuting: Callable[[str], None] = lambda _: None
        self.changed: Callable[[Accepted], None] = lambda _: None
        self._dropped = dropped
        self._of: dict[str, Accepted] = {}

    def note(self, proposal: Proposal, view: CandidateView, verdict: Verdict | None = None) -> None:
        """An edit was accepted; ``verdict`` where the whole suite has failed already."""
        lines = len(Text(view.text).lines)
        region = Region(proposal.region.start, proposal.region.start + lines)
        accepted = Accepted(proposal.id, proposal.uri, proposal.name, region)
        self._of[proposal.id] = accepted
        if verdict is not None:
            self.refuted(proposal.id, verdict)

    def refuted(self, proposal_id: str, verdict: Verdict) -> None:
        """The whole suite failed with an accepted edit, unless nobody waits for that any more."""
        if accepted := self._of.get(proposal_id):
            self._of[proposal_id] = replace(accepted, verdict=verdict)
            self.refuting(proposal_id)
            self.changed(self._of[proposal_id])

    def forget(self, proposal_id: str) -> bool:
        """Say no more about an accepted edit; return whether a failure was to be seen."""
        accepted = self._of.pop(proposal_id, None)
        if accepted is None:
            return False
        self._dropped(proposal_id)
        if accepted.verdict is not None:
            self.changed(accepted)
        return accepted.verdict is not None

    def forget_unfinished(self) -> None:
        """Forget about the accepted edits for which the whole suite still runs."""
        for proposal_id, accepted in list(self._of.items()):
            if accepted.verdict is None:
                self.forget(proposal_id)

    def moved(self, uri: str, texts: Sequence[Text]) -> None:
        """A document went through ``texts``: what was touched is no longer what was accepted."""
        for accepted in [one for one in self._of.values() if one.uri == uri]:
            region: Region | None = accepted.region
            for old, new in itertools.pairwise(texts):
                region = region and edits.rebase(old, new, region)
            if region is None:
                self.forget(accepted.proposal)
            elif region != accepted.region:
                self._of[accepted.proposal] = replace(accepted, region=region)

    def closed(self, uri: str) -> None:
        """A document was closed: there is no place left to show anything at."""
        for accepted in [one for one in self._of.values() if one.uri == uri]:
            self.forget(accepted.proposal)

    @property
    def failures(self) -> list[Accepted]:
        """The accepted edits that the whole suite refuted."""
        return [one for one in self._of.values() if one.verdict is not None]
