"""``textDocument/codeLens``: the proposals of a document, with what can be done about each.

In ``verify.md``: the commands that are not approved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina.lsp import convert, messages, render
from festina.proposals import Proposal, State

if TYPE_CHECKING:
    from festina.lsp.app import App


def lenses(app: App, uri: str) -> list[lsp.CodeLens]:
    """Return the lenses of a document."""
    found = [lens for proposal in app.session.live(uri) for lens in of(app, proposal)]
    return [*found, *app.checked.lenses(uri)]


def of(
    app: App, proposal: Proposal, place: lsp.Range | None = None, file: str = ""
) -> list[lsp.CodeLens]:
    """Return the lenses of a proposal: at its own first line, or at another place.

    ``file`` is named where those of several stand in one place.
    """
    place = place or convert.lines_range(
        proposal.base, proposal.region.start, proposal.region.start + 1, app.caps.encoding
    )
    view = proposal.candidate
    data = {"proposal": proposal.id, "candidate": proposal.visible}
    one = {"proposal": proposal.id}
    found: list[tuple[str, str, dict[str, object]]] = []
    of_it = f" {file}" if file else ""
    # the first word is what a click does; how far it has come is said where it is kept up to date
    if proposal.state.running:
        found.append((f"Festina: cancel{of_it} ({proposal.state})", messages.CANCEL, {**one}))
    elif (
        app.caps.apply_edit
        and proposal.state is State.READY
        and view is not None
        and view.applicable
    ):
        title = f"Festina: accept{of_it} ({render.evidence(view)}{render.alike(proposal, view)})"
        found.append((render.shorten(title, 120), messages.ACCEPT, {**data}))
        found.append((f"dismiss{of_it}", messages.DISMISS, {**one}))
    elif proposal.again:
        why = render.headline(proposal).removeprefix("Festina: ")
        found.append(
            (f"Festina: ask again{of_it and ' for'}{of_it} ({why})", messages.REDIRECT, {**one})
        )
        found.append((f"dismiss{of_it}", messages.DISMISS, {**one}))
    else:
        why = render.headline(proposal).removeprefix("Festina: ")
        found.append((f"Festina: dismiss{of_it} ({why})", messages.DISMISS, {**one}))
    if not proposal.state.running and len(proposal.choices) > 1:
        found.insert(1, (f"next{of_it and ' of'}{of_it}", messages.NEXT, {**one}))
    if len(proposal.candidates) > 1:
        found.append((f"open gallery{of_it and ' of'}{of_it}", messages.GALLERY, {**one}))
    return [
        lsp.CodeLens(
            range=place,
            command=lsp.Command(title=title, command=command, arguments=[argument]),
            data=data,
        )
        for title, command, argument in found
    ]
