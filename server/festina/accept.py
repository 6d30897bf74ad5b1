"""Invariant 2: an edit is applicable only when its verdict is ``passed`` for exactly this text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from festina.edits import LineEdit
from festina.findings import Status
from festina.proposals import CandidateView, Proposal, State
from festina.session import Refusal, Session
from festina.text import Text
from festina.verify.base import Verifier, verdict_key


@dataclass(frozen=True, slots=True)
class Application:
    """A checked permission to apply: these edits, on exactly this version and text."""

    proposal: Proposal
    candidate: CandidateView
    edits: tuple[LineEdit, ...]
    result: Text


class Outdated(Refusal):
    """Something that the verdict rests on has changed, so it must be earned again."""


async def application(
    session: Session,
    verifier: Verifier,
    proposal: Proposal,
    candidate: int | None = None,
    *,
    unverified: bool = False,
) -> Application:
    """Check that a candidate may be applied to its document as it is now.

    State, document version, content and the fingerprint of everything the verdict rests on are all
    compared afresh. ``unverified`` asks for the one exception: the separate action that applies an
    edit which could not be verified.

    Raises:
        Outdated: the workspace has moved on; verify again.
        Refusal: the candidate may not be applied, and why.
    """
    view = proposal.candidate if candidate is None else proposal.find(candidate)
    if view is None:
        raise Refusal("That candidate does not exist.")
    check_state(session, proposal, view, unverified=unverified)
    document = session.documents.get(proposal.uri)
    if document is None or document.text != proposal.base:
        raise Outdated("The document has changed since the edit was verified.")
    assert view.verdict is not None
    workspace = session.workspace_of(document)
    snapshot = session.snapshot_for(proposal, workspace)
    fingerprint = await verifier.fingerprint(snapshot)
    # meanwhile the person may have typed, here or elsewhere, or changed settings or trust; and the
    # whole suite, or a review, may have answered
    now = session.proposals.get(proposal.id)
    document = session.documents.get(proposal.uri)
    if now is None or document is None or now.base != proposal.base:
        raise Refusal("The document has changed since the edit was verified.")
    latest = now.find(view.index)
    if latest is None or latest.text != view.text:
        raise Refusal("That candidate is another one by now. Look at it, and accept it again.")
    check_state(session, now, latest, unverified=unverified)
    assert latest.verdict is not None
    result = now.result(latest)
    same = session.snapshot_for(now, workspace) == snapshot
    if not same or latest.verdict.key != verdict_key(result.content, fingerprint):
        raise Outdated(
            "A file that the verdict rests on has changed; the edit is being verified again."
        )
    now = replace(now, version=document.version)
    return Application(now, latest, now.edits(latest), result)


def not_applicable(proposal: Proposal) -> str:
    """Say why a proposal cannot be accepted, and of one at work, that it may be later."""
    why = (proposal.message or str(proposal.state)).rstrip(".")
    if proposal.state.running:
        return f"The edit is not applicable yet: {why}. Accept it once it has passed."
    return f"The edit is not applicable: {why}"


def check_state(
    session: Session, proposal: Proposal, view: CandidateView, *, unverified: bool
) -> None:
    """Check the state of a proposal and the verdict of one of its candidates.

    Raises:
        Refusal: they do not let it be applied.
    """
    if proposal.state is State.READY and view.applicable:
        return
    if view.verdict is None or view.verdict.status is not Status.UNVERIFIED:
        if proposal.state is State.READY and view.words:  # another candidate is what is ready
            raise Refusal(f"This candidate is not applicable: {view.words.rstrip('.')}.")
        raise Refusal(not_applicable(proposal))
    if not may_apply_unverified(session, proposal):
        raise Refusal("Unverified edits are switched off (apply_unverified = false).")
    if not unverified or proposal.state not in {State.UNVERIFIED, State.READY}:
        raise Refusal(f"The edit is unverified: {view.verdict.summary()}")


def offers_unverified(session: Session, proposal: Proposal) -> bool:
    """Whether the separate action for an unverified edit is there for the visible candidate."""
    view = proposal.candidate
    return (
        proposal.state is State.UNVERIFIED
        and view is not None
        and view.verdict is not None
        and view.verdict.status is Status.UNVERIFIED
        and may_apply_unverified(session, proposal)
    )


def may_apply_unverified(session: Session, proposal: Proposal) -> bool:
    """Whether the settings leave the separate action for unverified edits in place."""
    document = session.documents.get(proposal.uri)
    workspace = session.workspace_of(document) if document else None
    return session.settings_of(workspace).apply_unverified
