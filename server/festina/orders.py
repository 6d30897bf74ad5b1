"""What a person asks for, before anything comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from festina import checks
from festina.documents import Document
from festina.edits import Region
from festina.findings import Finding
from festina.plans import Bounds
from festina.plans.bounds import forbidden
from festina.proposals import Proposal
from festina.session import Refusal, Session, relative_path
from festina.skill_file import Skill
from festina.verify_file import NAME


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

    def check(self, session: Session) -> None:
        """See whether the document may be edited.

        Raises:
            Refusal: it has no workspace, or the person keeps it from edits.
        """
        workspace = session.workspace_of(self.document)
        if self.document.path == workspace / NAME:
            raise Refusal(checks.REFUSED)
        path = relative_path(self.document, workspace)
        if why := forbidden(session.settings_of(workspace).verify, path):
            raise Refusal(why)

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
