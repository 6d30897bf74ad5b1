"""What happens after an accept was granted: one edit to the editor, confirmed from the text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina.proposals import State
from festina.session import Refusal

if TYPE_CHECKING:
    from festina.accept import Application
    from festina.lsp.app import App
    from festina.lsp.client import Applied
    from festina.proposals import CandidateView, Proposal
    from festina.text import Text

CONFIRM_SECONDS = 2.0
"""How long after an accepted edit its text must arrive; an editor's own word is not believed."""


class Accepting:
    """Applies accepted edits in the background, one at a time for each document.

    The command that asked has been answered by then: an editor may handle it to its end before it
    looks at our ``workspace/applyEdit``, and may ask the person first. What goes wrong is told in
    one message.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._over: dict[str, asyncio.Event] = {}
        self._begun: dict[str, tuple[str, Text]] = {}

    async def begin(self, proposal_id: str, index: int | None, *, unverified: bool = False) -> None:
        """Have the editor apply an edit. Whoever presses the key twice has accepted it once.

        Raises:
            Refusal: it may not be applied; or another one is being applied to that document: the
                two could not both be right.
        """
        lifecycle = self._app.lifecycle
        try:
            permission = await lifecycle.application(proposal_id, index, unverified=unverified)
        except Refusal:
            if self._app.session.find(proposal_id).state is State.APPLIED:
                return  # an earlier accept did it while this one was checked
            raise
        uri, this = permission.proposal.uri, (proposal_id, permission.result)
        if not lifecycle.runs.jobs.running(_key(uri)):
            self._begun[uri] = this
            lifecycle.runs.jobs.start(_key(uri), self._apply(permission))
        elif self._begun.get(uri) != this:
            raise Refusal("Another edit of this file is being applied; accept again after it.")

    def after(self, proposal_id: str, what: str) -> Callable[[CandidateView], None]:
        """Return what is to happen once that which a person accepted has a verdict."""

        def then(part: CandidateView) -> None:
            if part.applicable:
                jobs = self._app.lifecycle.runs.jobs
                jobs.start(f"accept {proposal_id}", self._accept(proposal_id, part.index))
            elif part.verdict is not None:
                kind = lsp.MessageType.Warning
                words = f"{what} did not pass: {part.verdict.summary()}"
                self._app.client.show_message(f"Festina: {words}", kind)

        return then

    def changed(self, proposal: Proposal) -> None:
        """A proposal changed: whoever waits for its end looks up."""
        if proposal.state.final and (event := self._over.get(proposal.id)):
            event.set()

    def closed(self, uri: str) -> None:
        """A document was closed: nobody waits for the editor's answer any more."""
        self._app.lifecycle.runs.jobs.cancel(_key(uri))
        self._begun.pop(uri, None)

    async def _accept(self, proposal_id: str, index: int) -> None:
        if not self._app.caps.apply_edit:
            return  # it is ready now, and the editor gets it by the code action
        try:
            await self.begin(proposal_id, index)
        except Refusal as refusal:
            self._app.client.show_message(f"Festina: {refusal}", lsp.MessageType.Warning)

    async def _apply(self, permission: Application) -> None:
        proposal = permission.proposal
        label = f"Festina: edit {proposal.name or proposal.id}"
        edit = self._app.workspace_edit(permission)
        await self._app.journaling.accept(permission)
        if not self._still(permission):
            return
        answer = await self._answer(proposal.id, self._app.client.apply_edit(edit, label))
        now = self._app.session.proposals.get(proposal.id)
        document = self._app.session.documents.get(proposal.uri)
        if answer is None or now is None or document is None:
            return
        over = now.state in {State.APPLIED, State.DISMISSED, State.CANCELLED}
        if over or document.text == permission.result:
            return
        why = "The editor said that it applied the edit, but its text differs."
        if not answer.ok:
            why = f"The editor did not apply the edit: {answer.reason or 'no reason given'}"
        self._app.journaling.refused(proposal.id)
        self._app.client.show_message(f"Festina: {why}", lsp.MessageType.Warning)

    def _still(self, permission: Application) -> bool:
        """Whether all is as it was when the edit was accepted; to write it down took a moment."""
        proposal = permission.proposal
        now = self._app.session.proposals.get(proposal.id)
        document = self._app.session.documents.get(proposal.uri)
        if now is None or now.state.final or document is None:
            return False  # whoever put it away knows
        if document.text == proposal.base:
            return True
        self._app.journaling.refused(proposal.id)
        why = "The document has changed since the edit was verified."
        self._app.client.show_message(f"Festina: {why}", lsp.MessageType.Warning)
        return False

    async def _answer(
        self, proposal_id: str, asking: Coroutine[Any, Any, Applied]
    ) -> Applied | None:
        """Wait for the editor's answer and for the text, whichever comes first, then the other.

        The text, or a proposal that was put away, does not wait for ever for an editor that never
        answers; then there is None.
        """
        over = self._over[proposal_id] = asyncio.Event()
        asked, ended = asyncio.create_task(asking), asyncio.create_task(over.wait())
        try:
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done() or asked.result().ok:
                await asyncio.wait({asked, ended}, timeout=CONFIRM_SECONDS)
            return asked.result() if asked.done() else None
        finally:
            del self._over[proposal_id]
            for task in (asked, ended):
                task.cancel()


def _key(uri: str) -> str:
    return f"apply {uri}"
