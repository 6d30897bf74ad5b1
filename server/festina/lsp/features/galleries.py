"""``festina.gallery``: the candidates of a proposal on a page in the person's browser.

What is wished for there is done by the very commands that an editor sends, and by nothing else.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina import accept
from festina.findings import Gate
from festina.gallery import preview, views
from festina.gallery.proposed import Shown
from festina.gallery.serving import Gallery
from festina.globs import applies
from festina.lsp import messages, render
from festina.lsp.features import commands
from festina.lsp.throttle import Throttle
from festina.proposals import Proposal
from festina.session import relative_path
from festina.text import Text

if TYPE_CHECKING:
    from festina.config import VerifySettings
    from festina.gallery.site import Wish
    from festina.lsp.app import App

BOARDS_PER_SECOND = 8
"""How often a page is told of news; nobody reads faster, and each one is drawn."""

_COMMANDS = {
    "accept": messages.ACCEPT,
    "unverified": messages.ACCEPT,
    "show": messages.NEXT,
    "dismiss": messages.DISMISS,
    "variations": messages.VARIATIONS,
}


class Galleries:
    """The pages that are open: one a proposal, until it is over."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._open: dict[str, Gallery] = {}
        self._throttle = Throttle[Proposal](1 / BOARDS_PER_SECOND, self._send)

    def open(self, proposal: Proposal) -> None:
        """Have the page opened, in the background."""
        jobs = self._app.lifecycle.runs.jobs
        jobs.start(f"gallery {proposal.id}", self._show(proposal.id))

    def changed(self, proposal: Proposal) -> None:
        """Take the newest value of a proposal."""
        if proposal.id in self._open:
            send = self._throttle.now if proposal.state.final else self._throttle.offer
            send(proposal.id, proposal)

    async def close(self) -> None:
        """Serve nothing any more."""
        self._throttle.close()
        await asyncio.gather(*(gallery.aclose() for gallery in self._open.values()))

    def _send(self, proposal_id: str, proposal: Proposal) -> None:
        if (gallery := self._open.get(proposal_id)) is not None:
            gallery.show(self._shown(proposal))

    async def _show(self, proposal_id: str) -> None:
        proposal, client = self._app.session.find(proposal_id), self._app.client
        gallery = self._open.get(proposal_id)
        if gallery is None:
            gallery = self._open[proposal_id] = self._made(proposal)
        try:
            link = await gallery.link()
        except (OSError, ImportError) as error:
            words = f"the gallery could not be opened: {error}."
            client.show_message(f"Festina: {words}", lsp.MessageType.Error)
            return
        if not await client.show_document(link, external=True):
            client.show_message(f"Festina: open this in a browser, once: {link}")

    def _made(self, proposal: Proposal) -> Gallery:
        async def grant(wish: Wish) -> dict[str, Any]:
            return await self._grant(proposal.id, wish)

        def ended() -> None:
            self._open.pop(proposal.id, None)

        return Gallery(self._shown(proposal), grant, ended)

    def _shown(self, proposal: Proposal) -> Shown:
        app = self._app
        document = app.session.documents.get(proposal.uri)
        shown = Shown(
            proposal,
            path=app.path_of(proposal.uri),
            name=render.subject(proposal),
            language=document.language if document is not None else "",
        )
        if document is None or proposal.state.final:
            return shown
        workspace = app.session.workspace_of(document)
        allowed = accept.may_apply_unverified(app.session, proposal)
        shown = replace(shown, unverified=allowed)
        file = relative_path(document, workspace)
        pictured = _is_pictured(app.session.settings_of(workspace).verify, file)
        if views.view(file, "", pictured=pictured) is None:
            return shown
        files = preview.Files(workspace, app.session.documents.buffers(workspace))
        return replace(shown, files=files, file=file, pictured=pictured)

    async def _grant(self, proposal_id: str, wish: Wish) -> dict[str, Any]:
        """Do what a person wishes for, if what they saw is what is meant."""
        argument: dict[str, Any] = {"proposal": proposal_id}
        if wish.what == "variations":
            argument["count"] = wish.count
        if wish.what in {"accept", "unverified", "show"}:
            proposal = self._app.session.proposals.get(proposal_id)
            if (
                proposal is not None
                and not proposal.state.final
                and not _is_as_seen(proposal, wish)
            ):
                words = "This candidate has changed since it was drawn here. Look at it again."
                return {"ok": False, "message": words}
            argument["candidate"] = wish.candidate
            argument["unverified"] = wish.what == "unverified"
        return await commands.run(self._app, _COMMANDS[wish.what], argument, tells=False)


def _is_pictured(verify: VerifySettings, file: str) -> bool:
    """Whether pictures are taken of what a file makes."""
    browser = verify.browser
    return browser is not None and Gate.BROWSER in verify.gates and applies(browser.when, file)


def _is_as_seen(proposal: Proposal, wish: Wish) -> bool:
    view = None if wish.candidate is None else proposal.find(wish.candidate)
    return view is not None and Text(view.text).digest == wish.digest
