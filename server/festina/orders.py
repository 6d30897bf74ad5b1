"""What a person asks for, before anything comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from festina.documents import Document
from festina.edits import Region
from festina.findings import Finding
from festina.plans import Bounds
from festina.proposals import Proposal
from festina.skill_file import Skill


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asked for, resolved against the document as it was then."""

    document: Document
    region: Region
    instruction: str
    name: str = ""
    resolves: tuple[Finding, ...] = ()
    variations: int = 1
    model: str | None = None
    skill: Skill | None = None
    bounds: Bounds | None = None

    def proposal(self, proposal_id: str) -> Proposal:
        """Return the proposal as it begins."""
        return Proposal(
            id=proposal_id,
            uri=self.document.uri,
            version=self.document.version,
            base=self.document.text,
            region=self.region,
            instruction=self.instruction,
            resolves=self.resolves,
            name=self.name,
            model=self.model,
            skill=self.skill,
            bounds=self.bounds,
            message="waiting for the model",
        )
