"""``textDocument/codeLens``: the proposals of a document, with what can be done about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina.lsp import convert, messages, render
from festina.proposals import Proposal, State

if TYPE_CHECKING:
    from festina.lsp.app import App


def lenses(app: App, uri: str) -> list[lsp.CodeLens]:
    """Return the lenses of a document."""
    return [lens for proposal in app.session.live(uri) for lens in _of(app, proposal)]


def _of(app: App, proposal: Proposal) -> list[lsp.CodeLens]:
    place = convert.lines_range(
        proposal.base, proposal.region.start, proposal.region.start + 1, app.caps.encoding
    )
    view = proposal.candidate
    data = {"proposal": proposal.id, "candidate": proposal.visible}
    one = {"proposal": proposal.id}
    found: list[tuple[str, str, dict[str, object]]] = []
    if proposal.state.running:
        found.append((f"{render.headline(proposal)} (cancel)", messages.CANCEL, {**one}))
    elif proposal.state is State.READY and view is not None and view.applicable:
        assert view.verdict is not None
        title = f"Festina: accept ({render.evidence(view.verdict)})"
        found.append((render.shorten(title, 120), messages.ACCEPT, {**data}))
    else:
        found.append((render.headline(proposal), messages.DISMISS, {**one}))
    if not proposal.state.running:
        if sum(1 for candidate in proposal.candidates if candidate.text) > 1:
            found.append(("next", messages.NEXT, {**one}))
        found.append(("dismiss", messages.DISMISS, {**one}))
    return [
        lsp.CodeLens(
            range=place,
            command=lsp.Command(title=title, command=command, arguments=[argument]),
            data=data,
        )
        for title, command, argument in found
    ]
