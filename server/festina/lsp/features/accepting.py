"""What happens after an accept was granted: one edit to the editor, confirmed from the text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
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
MOVED_ON = "The document has changed since the edit was verified."

_This = tuple[tuple[str, "Text"], ...]
"""By what an edit is known that is being applied: of each file, the proposal and the new text."""


class Accepting:
    """Applies accepted edits in the background, one at a time for each document.

    The command that asked has been answered by then: an editor may handle it to its end before it
    looks at our ``workspace/applyEdit``, and may ask the person first. What goes wrong is told in
    one message.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._over: dict[str, asyncio.Event] = {}
        self._begun: dict[str, _This] = {}

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
        self.apply([permission], lambda: True)

    def apply(self, permissions: Sequence[Application], still: Callable[[], bool]) -> None:
        """Have the editor apply the edits of several files as one, or that of one file.

        ``still`` is asked at the last moment whether they may be.

        Raises:
            Refusal: another edit is being applied to one of them.
        """
        this = tuple((one.proposal.id, one.result) for one in permissions)
        jobs = self._app.lifecycle.runs.jobs
        uris = [one.proposal.uri for one in permissions]
        busy = [self._begun[uri] for uri in uris if jobs.running(self._key(uri))]
        if any(one != this for one in busy):
            raise Refusal("Another edit of this file is being applied; accept again after it.")
        if not busy:
            self._begun.update(dict.fromkeys(uris, this))
            jobs.start(self._key(uris[0]), self._apply(permissions, still))

    def after(self, proposal_id: str, what: str) -> Callable[[CandidateView], None]:
        """Return what is to happen once that which a person accepted has a verdict."""

        def then(part: CandidateView) -> None:
            if part.applicable:
                jobs = self._app.lifecycle.runs.jobs
                jobs.start(f"accept {proposal_id}", self._accept(proposal_id, part.index))
            elif part.verdict is not None:
                self._warn(f"{what} did not pass: {part.verdict.summary()}")

        return then

    def waits(self, proposal_id: str) -> bool:
        """Whether an edit was given to the editor, and has not arrived in the text yet."""
        return proposal_id in self._over

    def changed(self, proposal: Proposal) -> None:
        """A proposal changed: whoever waits for its end looks up."""
        if proposal.state.final and (event := self._over.get(proposal.id)):
            event.set()

    def closed(self, uri: str) -> None:
        """A document was closed: nobody waits for the editor's answer any more.

        Where others are changed with it, they are looked at all the same.
        """
        if len(self._begun.get(uri, ())) == 1:
            self._app.lifecycle.runs.jobs.cancel(self._key(uri))
            self._begun.pop(uri)

    def _key(self, uri: str) -> str:
        """Return the key of the job that applies what was last accepted of a document."""
        return " ".join(["apply", *(proposal_id for proposal_id, _ in self._begun.get(uri, ()))])

    async def _accept(self, proposal_id: str, index: int) -> None:
        if not self._app.caps.apply_edit:
            return  # it is ready now, and the editor gets it by the code action
        try:
            await self.begin(proposal_id, index)
        except Refusal as refusal:
            self._warn(str(refusal))

    async def _apply(self, permissions: Sequence[Application], still: Callable[[], bool]) -> None:
        label = f"Festina: edit {' and '.join(_name(one) for one in permissions)}"
        edit = self._app.workspace_edit(*permissions)
        await self._app.journaling.accept(permissions)
        if not self._may(permissions, still):
            return
        ids = [one.proposal.id for one in permissions]
        answer = await self._answer(ids, self._app.client.apply_edit(edit, label))
        left = [one for one in permissions if not self._is_over(one)]
        if answer is None or not left:
            return
        for one in left:
            self._app.journaling.refused(one.proposal.id)
        done = [one for one in permissions if one not in left]
        why = "The editor said that it applied the edit, but its text differs."
        if not answer.ok:
            why = f"The editor did not apply the edit: {answer.reason or 'no reason given'}"
        if done:
            why = (
                f"The editor applied the edit to {self._paths(done)}, and not to "
                f"{self._paths(left)}. Undo it there, or accept the rest by itself."
            )
        self._warn(why)

    def _may(self, permissions: Sequence[Application], still: Callable[[], bool]) -> bool:
        """Whether all is as it was when it was accepted; to write it down took a moment."""
        session, moved, gone = self._app.session, [], False
        for one in permissions:
            now = session.proposals.get(one.proposal.id)
            document = session.documents.get(one.proposal.uri)
            if now is None or now.state.final or document is None:
                gone = True  # whoever put it away knows
            elif document.text != one.proposal.base:
                moved.append(one)
        if not gone and not moved and still():
            return True
        for one in permissions:
            self._app.journaling.refused(one.proposal.id)
        if len(permissions) > 1:
            about = self._paths(moved) if moved else "One of the files, or its edit,"
            self._warn(
                f"{about} has changed since the edits were verified, so none of the step's files "
                "was changed. Accept again once they are verified."
            )
        elif moved:
            self._warn(MOVED_ON)
        return False

    def _is_over(self, permission: Application) -> bool:
        """Whether an edit is in the text, or is not wanted any more."""
        proposal = permission.proposal
        now = self._app.session.proposals.get(proposal.id)
        document = self._app.session.documents.get(proposal.uri)
        if now is None or document is None:
            return True
        over = now.state in {State.APPLIED, State.DISMISSED, State.CANCELLED}
        return over or document.text == permission.result

    async def _answer(
        self, ids: Iterable[str], asking: Coroutine[Any, Any, Applied]
    ) -> Applied | None:
        """Wait for the editor's answer and for the texts, whichever comes first, then the other.

        The texts, or proposals that were put away, do not wait for ever for an editor that never
        answers; then there is None.
        """
        over = {one: asyncio.Event() for one in ids}
        self._over.update(over)
        asked, ended = asyncio.create_task(asking), asyncio.create_task(_all(over.values()))
        try:
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done() or asked.result().ok:
                await asyncio.wait({asked, ended}, timeout=CONFIRM_SECONDS)
            return asked.result() if asked.done() else None
        finally:
            for one in over:
                del self._over[one]
            for task in (asked, ended):
                task.cancel()

    def _paths(self, permissions: Iterable[Application]) -> str:
        return " and ".join(self._app.path_of(one.proposal.uri) for one in permissions)

    def _warn(self, words: str) -> None:
        self._app.client.show_message(f"Festina: {words}", lsp.MessageType.Warning)


async def _all(events: Iterable[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


def _name(permission: Application) -> str:
    return permission.proposal.name or permission.proposal.id
