"""``festina/candidate``: what a picker shows of a candidate before it is put on show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from festina.lsp import messages

if TYPE_CHECKING:
    from festina.lsp.app import App


def candidate(app: App, params: object) -> dict[str, Any] | None:
    """Return a candidate of a proposal; None where there is none. Nothing is started by it."""
    if not isinstance(params, Mapping):
        return None
    proposal = app.session.proposals.get(str(params.get("proposal")))
    index = params.get("candidate")
    if proposal is None or type(index) is not int or (view := proposal.find(index)) is None:
        return None
    return messages.candidate_payload(proposal, view, app.caps.encoding)
