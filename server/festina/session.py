"""The one mutable object: documents, proposals, settings and trust of one editor session."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from festina.config import Settings
from festina.documents import Document, Documents
from festina.models.ledger import Ledger
from festina.plans import required
from festina.proposals import Proposal, State, step, without_texts
from festina.text import Encoding
from festina.trust import TrustStore
from festina.verify.base import Snapshot

KEPT_OVER = 50
"""Proposals that are over and still known: a late click on one is told what became of it."""


class Refusal(Exception):  # noqa: N818 - not an error: a sentence for the person who asked
    """What was asked for cannot be done; ``str()`` says why and what to do instead."""


TRUST_IN_EDITOR = "If you trust it, say so in the editor (VS Code: Manage Workspace Trust)."


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Session:
    """State of one editor session. Only the event loop's thread touches it.

    ``trusted_by_editor`` is what the editor said of its workspace
    (``initializationOptions.trusted`` or ``festina/trust``), None while it said nothing; then
    the user's own list decides. ``ledger`` keeps count of what proposals come to, if there is
    one. ``changed`` shows each next value of a proposal, ``followers`` have work to do by it.
    """

    encoding: Encoding = Encoding.UTF16
    roots: tuple[Path, ...] = ()
    trusted_by_editor: bool | None = None
    trust: TrustStore = field(default_factory=TrustStore)
    ledger: Ledger | None = None
    documents: Documents = field(default_factory=Documents)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    settings: dict[Path | None, Settings] = field(default_factory=dict)
    changed: Callable[[Proposal], None] = lambda _: None
    followers: list[Callable[[Proposal], None]] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=_set)
    """Whether ``settings`` are what the person and the workspaces say; an editor may be slow to."""
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def workspace_of(self, document: Document) -> Path:
        """Return the editor's folder that holds the document (the innermost, where several do).

        Raises:
            Refusal: the document is not a file, or lies outside every open folder.
        """
        path = document.path
        if path is None:
            kind = "A notebook cell" if "notebook" in document.uri else "An unsaved file"
            raise Refusal(
                f"{kind} has no place in a project, so nothing could be checked. "
                "Save the code as a file of the workspace and try again."
            )
        holding = [root for root in self.roots if path.is_relative_to(root)]
        if not holding:
            folders = ", ".join(str(root) for root in self.roots) or "none"
            raise Refusal(
                f"{path} is outside the workspace (open folders: {folders}). "
                "Open the project's folder in the editor and try again."
            )
        return max(holding, key=lambda root: len(root.parts))

    def settings_of(self, workspace: Path | None) -> Settings:
        """Return the settings in force for a workspace."""
        return self.settings.get(workspace) or self.settings.get(None) or Settings()

    def is_trusted(self, workspace: Path) -> bool:
        """Whether code of the workspace may be executed (design, invariant 8)."""
        if self.trusted_by_editor is not None:
            return self.trusted_by_editor
        return self.trust.is_trusted(workspace)

    def trusts(self, proposal: Proposal) -> bool:
        """Whether code of the workspace that a proposal is about may be executed."""
        document = self.documents.get(proposal.uri)
        try:
            return document is not None and self.is_trusted(self.workspace_of(document))
        except Refusal:
            return False

    def snapshot(self, workspace: Path) -> Snapshot:
        """Freeze the workspace as it is now: disk, open buffers, settings, trust."""
        verify = self.settings_of(workspace).verify
        trusted = Snapshot(
            workspace=workspace,
            buffers=self.documents.buffers(workspace),
            settings=verify,
            trusted=True,
            consent=verify.sandbox == "off",
        )
        return self.as_trusted(trusted)

    def snapshot_for(self, proposal: Proposal, workspace: Path) -> Snapshot:
        """Freeze the workspace for an edit: of a plan's step more may have to pass than usual."""
        snapshot = self.snapshot(workspace)
        if proposal.bounds is None:
            return snapshot
        settings = required(proposal.bounds.step, snapshot.settings)
        return replace(snapshot, settings=settings)

    def as_trusted(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot, frozen whenever it was, with no more trust than there is now."""
        if not snapshot.trusted or self.is_trusted(snapshot.workspace):
            return snapshot
        # the editor's word stands above the person's own list, so that list is no help
        remedy = TRUST_IN_EDITOR if self.trusted_by_editor is False else ""
        return replace(snapshot, trusted=False, trust_remedy=remedy)

    def new_id(self) -> str:
        """Return an id that no other proposal of this session has."""
        return f"p{next(self._ids)}"

    def find(self, proposal_id: str) -> Proposal:
        """Return a proposal.

        Raises:
            Refusal: there is none of that id.
        """
        proposal = self.proposals.get(proposal_id)
        if proposal is None:
            raise Refusal("That proposal is gone. Ask for the edit again.")
        return proposal

    def put(self, proposal: Proposal) -> Proposal:
        """Store the next value of a proposal and tell whoever shows it.

        Of one that is over, only what can still be told of it is kept, and not for ever.
        """
        self.proposals[proposal.id] = proposal
        self.changed(proposal)
        for follow in self.followers:
            follow(proposal)
        if proposal.state.final:
            self.proposals[proposal.id] = without_texts(proposal)
            over = [other.id for other in self.proposals.values() if other.state.final]
            for old in over[:-KEPT_OVER]:
                del self.proposals[old]
        return proposal

    def let_go(self, proposal_id: str) -> None:
        """Let go of a proposal whose document is closed, and that goes on when it is opened again.

        Who shows it is told that it is stale; it has come to no end that anybody should count.
        """
        proposal = self.proposals.pop(proposal_id)
        self.changed(step(proposal, State.STALE, "the file was closed"))

    def live(self, uri: str) -> list[Proposal]:
        """Return the proposals of a document that are not over."""
        return [p for p in self.proposals.values() if p.uri == uri and not p.state.final]


def relative_path(document: Document, workspace: Path) -> str:
    """Return the document's path in the workspace, with forward slashes."""
    assert document.path is not None
    return document.path.relative_to(workspace).as_posix()
