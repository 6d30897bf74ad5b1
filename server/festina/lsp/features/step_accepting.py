"""A step of a plan in several files, accepted as the one change that it was judged as.

All of its edits are in one ``WorkspaceEdit``, or none of them is. Each can be accepted by itself
all the same, like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina.going import Going
from festina.lsp import messages, render
from festina.proposals import CandidateView, Proposal, State
from festina.session import Refusal

if TYPE_CHECKING:
    from festina.accept import Application
    from festina.lsp.app import App

CHANGED = (
    "The edits of this step have changed since you looked at them. Look at them again, then accept."
)
NOTHING = "None of the step's files was changed."


def seen(argument: Mapping[str, Any]) -> dict[str, int] | None:
    """Return which candidate of each proposal a person saw, None where that is not said.

    Raises:
        Refusal: ``edits`` is not what it should be.
    """
    edits = argument.get("edits")
    if edits is None:
        return None
    try:
        return {str(one["proposal"]): int(one["candidate"]) for one in edits}
    except (KeyError, TypeError, ValueError):
        raise Refusal(
            "`edits` must be a list of objects with `proposal` and `candidate`."
        ) from None


def ready(app: App, going: Going) -> list[tuple[Proposal, CandidateView]]:
    """Return the edits of a step, if it has several and all of them can be accepted together."""
    found = []
    for proposal_id in going.ids:
        proposal = app.session.proposals.get(proposal_id)
        view = proposal.candidate if proposal is not None else None
        if proposal is None or view is None or proposal.state is not State.READY:
            return []
        if not view.applicable:
            return []
        found.append((proposal, view))
    together = len(found) > 1 and not going.given_up and app.planning.stepping.aligned(going)
    return found if together else []


def words(count: int) -> str:
    """Say how many files there are: ``both files``."""
    return "both files" if count == 2 else f"all {count} files"


def argument(found: Sequence[tuple[Proposal, CandidateView]]) -> dict[str, Any]:
    """Return the argument of ``festina.acceptStep`` for what a person sees."""
    edits = [{"proposal": one.id, "candidate": view.index} for one, view in found]
    return {"proposal": found[0][0].id, "edits": edits}


async def accept(app: App, going: Going | None, wanted: dict[str, int] | None) -> str:
    """Have the editor apply all edits of a step as one; return what to tell.

    Raises:
        Refusal: they cannot be accepted as one, why, and what to do.
    """
    if not app.caps.apply_edit:
        raise Refusal("This editor cannot take edits from a command; use the code action instead.")
    ids = list(wanted or (going.ids if going is not None else ()))
    try:
        permissions = await _permissions(app, going, wanted)
        assert going is not None
        app.accepting.apply(permissions, partial(_still, app, going, permissions))
    except Refusal:
        if ids and all(_applied(app, one) or app.accepting.waits(one) for one in ids):
            return "It is being applied already."  # the key was pressed twice
        raise
    going.whole = True
    count = len(permissions)
    return f"Applying the step's edit of {words(count) if count > 1 else 'its file'}."


async def resolve(app: App, action: lsp.CodeAction, data: Mapping[str, Any]) -> lsp.CodeAction:
    """Give the action that accepts a step its edit; one that may not be has none, nor ``data``."""
    going = app.planning.stepping.of(str(data["proposal"]))
    try:
        permissions = await _permissions(app, going, seen(data))
        assert going is not None
        await app.journaling.give(permissions)
        if not _still(app, going, permissions):
            for one in permissions:
                app.journaling.refused(one.proposal.id)
            raise Refusal(CHANGED)
    except Refusal as refusal:
        app.client.show_message(f"Festina: {refusal}", lsp.MessageType.Warning)
        action.data = None
        return action
    going.whole = True
    action.edit = app.workspace_edit(*permissions)
    return action


def actions(app: App, proposal: Proposal) -> list[lsp.CodeAction]:
    """Return the action that accepts all files of a proposal's step, if it is of several."""
    going = app.planning.stepping.of(proposal.id)
    found = ready(app, going) if going is not None else []
    if not found or not (app.caps.resolve_edit or app.caps.apply_edit):
        return []
    title = f"Festina: accept {words(len(found))} of the step: {render.evidence(found[-1][1])}"
    action = lsp.CodeAction(
        title=render.shorten(title, render.ACTION_CHARS),
        kind=messages.REWRITE,
        data={**argument(found), "candidate": proposal.visible, "step": True},
    )
    if not app.caps.resolve_edit:
        command = lsp.Command(
            title=action.title, command=messages.ACCEPT_STEP, arguments=[argument(found)]
        )
        action.command = command
    return [action]


async def _permissions(
    app: App, going: Going | None, wanted: dict[str, int] | None
) -> list[Application]:
    """Check each edit of a step, as if it were accepted alone.

    Raises:
        Refusal: one of them may not be applied, so none is.
    """
    if going is None or not going.ids:
        raise Refusal("No edit of such a step waits to be accepted. Run the step first.")
    if going.given_up:
        raise Refusal(
            "An edit of this step was put away, so it is not accepted as a whole. Accept what is "
            "left of it file by file, or run the step again."
        )
    if wanted is not None and wanted != {one: _visible(app, one) for one in going.ids}:
        raise Refusal(CHANGED)
    found = []
    for proposal_id in list(going.ids):
        index = None if wanted is None else wanted[proposal_id]
        try:
            found.append(await app.lifecycle.application(proposal_id, index))
        except Refusal as refusal:
            path = app.path_of(app.session.find(proposal_id).uri)
            raise Refusal(f"{path}: {str(refusal).rstrip('.')}. {NOTHING}") from None
    if not _still(app, going, found):
        raise Refusal(CHANGED)
    return found


def _still(app: App, going: Going, permissions: Sequence[Application]) -> bool:
    """Whether the edits of a step are those that were checked, each with the others as they are."""
    checked = {one.proposal.id: one.candidate.index for one in permissions}
    now = {one: _visible(app, one) for one in going.ids}
    return checked == now and app.planning.stepping.aligned(going)


def _visible(app: App, proposal_id: str) -> int:
    return app.session.find(proposal_id).visible


def _applied(app: App, proposal_id: str) -> bool:
    proposal = app.session.proposals.get(proposal_id)
    return proposal is not None and proposal.state is State.APPLIED
