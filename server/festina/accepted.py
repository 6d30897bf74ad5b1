"""Edits that were accepted, kept for as long as a skill may be made of them: in memory, and few.

Of a proposal that is over the session keeps no text. A skill is written from what was before and
after, and replayed on what was before.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from festina import edits
from festina.edits import Region
from festina.findings import Gate, Status, Verdict
from festina.proposals import Proposal, State
from festina.session import Refusal, Session, relative_path
from festina.text import Text

KEPT = 20
KEPT_CHARS = 4_000_000
"""The most that is kept of whole files' texts, all edits together."""
NOT_PASSED = (
    "That edit was not verified when it was accepted, so no replay could be held against it. A "
    "skill is made of edits that passed."
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """An edit that was accepted: ``region`` of ``base``, the text of ``path`` before it.

    ``new`` is what the region's text became, ``gates`` are those that had passed. ``at`` is where
    it is in the document now, None once somebody has edited those lines. ``refuted``: the whole
    suite, which had not run by then, has failed with it.
    """

    id: str
    workspace: Path
    path: str
    language: str
    base: Text
    region: Region
    new: str
    instruction: str
    name: str = ""
    gates: tuple[str, ...] = ()
    skill: str = ""
    uri: str = ""
    at: Region | None = None
    refuted: bool = False

    @property
    def old(self) -> str:
        """The region's text before."""
        return self.base.lines_text(self.region.start, self.region.end)

    @property
    def place(self) -> str:
        """The place for a person: ``pkg/mod.py, clamp``."""
        return f"{self.path}, {self.name or f'line {self.region.start + 1}'}"


def passed_gates(verdict: Verdict) -> tuple[str, ...]:
    """Return the gates that passed, by the names that a person knows them by."""
    passed = (g for g in verdict.gates if g.status is Status.PASSED and g.gate is not Gate.REVIEW)
    return tuple(dict.fromkeys(gate.label for gate in passed))


class AcceptedEdits:
    """The last edits that were accepted in a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._of: dict[str, Accepted] = {}
        session.followers.append(self.follow)

    def follow(self, proposal: Proposal) -> None:
        """A proposal has changed: one that was applied, and had passed, is kept."""
        view = proposal.candidate
        if proposal.state is not State.APPLIED or view is None or view.verdict is None:
            return
        document = self._session.documents.get(proposal.uri)
        if document is None or view.verdict.status is not Status.PASSED:
            return
        workspace = self._session.workspace_of(document)
        start, lines = proposal.region.start, len(Text(view.text).lines)
        self._of[proposal.id] = Accepted(
            id=proposal.id,
            workspace=workspace,
            path=relative_path(document, workspace),
            language=document.language,
            base=proposal.base,
            region=proposal.region,
            new=view.text,
            instruction=proposal.instruction,
            name=proposal.name,
            gates=passed_gates(view.verdict),
            skill=proposal.skill.name if proposal.skill is not None else "",
            uri=proposal.uri,
            at=Region(start, start + lines),
        )
        self._drop_old()

    def find(self, proposal_id: str) -> Accepted:
        """Return an accepted edit.

        Raises:
            Refusal: there is none of that id that a skill can be made of, and why.
        """
        if (accepted := self._of.get(proposal_id)) is not None:
            if accepted.refuted:
                raise Refusal(REFUTED)
            return accepted
        proposal = self._session.proposals.get(proposal_id)
        if proposal is not None and proposal.state is State.APPLIED:
            view = proposal.candidate
            passed = view is not None and view.status == "passed"
            raise Refusal(_TOO_OLD if passed else NOT_PASSED)
        if proposal is not None:
            raise Refusal(f"That edit was not accepted; it is {proposal.state}.")
        raise Refusal(_TOO_OLD)

    def at(self, uri: str, lines: Region) -> list[Accepted]:
        """Return the accepted edits that stand in some lines as they were accepted, and hold."""
        return [
            one
            for one in self._of.values()
            if one.uri == uri
            and not one.refuted
            and one.at
            and one.at.start < lines.end
            and lines.start < one.at.end
        ]

    def alike(self, accepted: Accepted) -> list[Accepted]:
        """Return this edit and those of its workspace that were asked for in the same words."""
        others = [
            one
            for one in self._of.values()
            if one.workspace == accepted.workspace
            and one.instruction == accepted.instruction
            and one.at is not None
            and not one.refuted
            and one.id != accepted.id
        ]
        return [accepted, *others]

    def refute(self, proposal_id: str) -> None:
        """The whole suite has failed with an edit after it was accepted."""
        if (accepted := self._of.get(proposal_id)) is not None:
            self._of[proposal_id] = replace(accepted, refuted=True)

    def moved(self, uri: str, texts: Sequence[Text]) -> None:
        """A document went through ``texts``: what was touched does not stand there any more."""
        for accepted in [one for one in self._of.values() if one.uri == uri]:
            region = accepted.at
            for old, new in itertools.pairwise(texts):
                region = region and edits.rebase(old, new, region)
            self._of[accepted.id] = replace(accepted, at=region)

    def closed(self, uri: str) -> None:
        """A document was closed: where its edits are is not followed any more."""
        for accepted in [one for one in self._of.values() if one.uri == uri]:
            self._of[accepted.id] = replace(accepted, at=None)

    def _drop_old(self) -> None:
        size = 0
        for kept, one in enumerate(reversed(list(self._of.values()))):
            size += len(one.base.content) + len(one.new)
            if kept >= KEPT or (size > KEPT_CHARS and kept):
                del self._of[one.id]


REFUTED = (
    "The whole suite has failed with that edit since it was accepted, so it is no example. A skill "
    "is made of edits that passed."
)
_TOO_OLD = (
    f"That edit is not known any more: the last {KEPT} that were accepted since the editor was "
    "started are."
)
