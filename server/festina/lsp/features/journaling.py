"""Accepted edits are written down before the editor gets them, until it has saved or dropped them.

What becomes of one is told from texts: the document's as the editor says it, the file's on disk. A
server that starts looks at what earlier ones left, and says what is in no file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina import leftovers, noting
from festina.leftovers import Left
from festina.lsp import render
from festina.memory import Accept, Entry, Kept, State, Store
from festina.proposals import State as Proposed
from festina.session import Refusal, relative_path
from festina.text import NotText, Text, decode

if TYPE_CHECKING:
    from festina.accept import Application
    from festina.documents import Document
    from festina.lsp.app import App
    from festina.proposals import CandidateView, Proposal

RESTORE_SECONDS = 1.5
"""Editors open what they had open, with text that was never saved, shortly after they start."""
_IN_TEXT = frozenset({State.SEEN, State.UNDONE})


@dataclass(slots=True)
class _Slot:
    """An entry of this session. Its number is known to the memory's thread, which made it.

    ``given``: the editor has the edit, and may or may not apply it. ``line`` is written down with
    it for ``progress.md``.
    """

    proposal: str
    uri: str
    workspace: Path
    kept: Kept
    state: State
    name: str = ""
    line: Callable[[], str] | None = None
    given: bool = True
    number: int | None = None

    def accept(self) -> Accept:
        """Return what is to be written down of it. Blocks."""
        on_disk = _on_disk(self.workspace / self.kept.path, self.kept.before)
        kept = replace(self.kept, on_disk=on_disk)
        lines = noting.lines(self.workspace, self.line()) if self.line is not None else ()
        return Accept((kept,), self.proposal, self.name, state=self.state, lines=lines)

    def move(self, store: Store, state: State) -> None:
        """Write down how far it has come. Blocks."""
        if self.number is not None:
            store.journal.move(self.number, state)

    def settle(self, store: Store) -> None:
        """Whatever the file says now is what the person wants. Blocks."""
        self.move(store, State(str(self.kept.found(self.workspace).fate)))

    def take_back(self, store: Store) -> None:
        """It was not accepted after all. Blocks."""
        if self.number is not None:
            store.journal.take_back([self.number])


class Journaling:
    """The accepted edits of this session, and what earlier ones have left."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._slots: list[_Slot] = []
        self._left: dict[Path, list[Left]] = {}

    # -- before an accept -------------------------------------------------------------------

    async def offer(self, permission: Application) -> None:
        """An editor is given an edit with a list of others, and may apply it: write that down."""
        await self._begin([permission], State.OFFERED, given=True)

    async def give(self, permissions: Sequence[Application]) -> None:
        """An editor asks for an edit that was chosen: write it down before it gets it.

        Few do so for a mere look at it, and where all is killed then, nobody can tell.
        """
        await self._begin(permissions, State.ACCEPTED, given=True)

    async def accept(self, permissions: Sequence[Application]) -> None:
        """A person has accepted an edit: write that down before it is applied."""
        await self._begin(permissions, State.ACCEPTED, given=False)

    async def _begin(
        self, permissions: Sequence[Application], state: State, *, given: bool
    ) -> None:
        """Write down edits that are applied as one: all of them at once, or none."""
        new: dict[Path, list[_Slot]] = {}
        workspaces = set()
        for permission in permissions:
            proposal, after = permission.proposal, permission.result
            slot = next(
                (s for s in self._slots if s.proposal == proposal.id and s.kept.after == after),
                None,
            )
            if slot is None:
                slot = self._slot(proposal, permission.candidate, after, state)
                if slot is None:
                    continue
                new.setdefault(slot.workspace, []).append(slot)
            workspaces.add(slot.workspace)
            if not given:
                slot.given = False
            if slot.state is State.OFFERED and state is State.ACCEPTED:
                self._move(slot, state)
        for workspace, slots in new.items():
            self._app.remembering.post(workspace, partial(_write_down, slots))
        for workspace in workspaces:  # what was posted is on the disk before this comes back
            await self._app.remembering.ask(workspace, lambda _: None, None)

    def _slot(
        self, proposal: Proposal, view: CandidateView, after: Text, state: State
    ) -> _Slot | None:
        document = self._app.session.documents.get(proposal.uri)
        try:
            if document is None:
                return None
            workspace = self._app.session.workspace_of(document)
        except Refusal:
            return None
        kept = Kept(relative_path(document, workspace), proposal.base, after)
        name = render.subject(proposal)
        line = self._app.progress_log.accepted(proposal, view, kept.path)
        slot = _Slot(proposal.id, proposal.uri, workspace, kept, state, name, line)
        self._slots.append(slot)
        return slot

    # -- what becomes of it -----------------------------------------------------------------

    def changed(self, proposal: Proposal) -> None:
        """A proposal has changed: where it is over, it was applied, or it was not accepted."""
        if not proposal.state.final:
            return
        mine = [slot for slot in self._slots if slot.proposal == proposal.id]
        if proposal.state is Proposed.APPLIED and proposal.candidate is not None:
            after = proposal.result(proposal.candidate)
            taken = next((slot for slot in mine if slot.kept.after == after), None)
            if taken is None:
                taken = self._slot(proposal, proposal.candidate, after, State.SEEN)
                if taken is not None:
                    self._app.remembering.post(taken.workspace, partial(_write_down, [taken]))
            if taken is not None and taken.state is not State.SEEN:
                self._move(taken, State.SEEN)
            mine = [slot for slot in mine if slot is not taken]
        self._drop(mine)

    def number(self, proposal_id: str) -> Callable[[], int | None]:
        """Return what says, on the memory's thread, under which number an accept is written down.

        It is in the editor's text by now; None where it is not written down.
        """
        slots = [x for x in self._slots if x.proposal == proposal_id and x.state in _IN_TEXT]
        return lambda: next((slot.number for slot in slots), None)

    def refused(self, proposal_id: str) -> None:
        """The editor did not apply an edit, and the person was told so."""
        self._drop(
            slot
            for slot in self._slots
            if slot.proposal == proposal_id and slot.state not in _IN_TEXT
        )

    def moved(self, document: Document) -> None:
        """A document changed: an edit that is undone may be done again, and the other way round."""
        for slot in self._of(document.uri):
            if slot.state is State.SEEN and document.text == slot.kept.before:
                self._move(slot, State.UNDONE)
            elif slot.state is State.UNDONE and document.text == slot.kept.after:
                self._move(slot, State.SEEN)

    def opened(self, document: Document) -> None:
        """A file was opened: with what was never saved, where an editor brought that back."""
        for workspace, left in self._left.items():
            kept = [one for one in left if not self._adopt(workspace, one, [document])]
            if len(kept) < len(left):
                self._app.progress_log.left(workspace)
            self._left[workspace] = kept

    def left_alone(self, uri: str) -> None:
        """A document was saved or closed: what is on the disk by now is what the person wants."""
        for slot in self._of(uri):
            self._slots.remove(slot)
            self._app.remembering.post(slot.workspace, slot.settle)

    def close(self, *, orderly: bool) -> None:
        """The session ends. What was given and not taken is gone, if the editor ends well."""
        if orderly:
            self._drop(slot for slot in self._slots if slot.given and slot.state not in _IN_TEXT)

    # -- what earlier sessions left ---------------------------------------------------------

    def look(self) -> None:
        """Look at the folders of the workspace that were not looked at yet, in the background."""
        self._app.lifecycle.runs.jobs.start("memory", self._look())

    async def _look(self) -> None:
        await asyncio.sleep(RESTORE_SECONDS)
        for root in self._app.session.roots:
            if root in self._left:
                continue
            nothing: list[Left] = []
            left = await self._app.remembering.ask(root, leftovers.look, nothing)
            documents = tuple(self._app.session.documents)
            self._left[root] = left = [x for x in left if not self._adopt(root, x, documents)]
            self._app.progress_log.left(root)
            if news := leftovers.untold(left):
                words = f"Festina: {leftovers.news(news)}"
                self._app.client.show_message(words, lsp.MessageType.Warning)
                self._app.remembering.post(root, partial(_tell, news))

    def _adopt(self, workspace: Path, left: Left, documents: Iterable[Document]) -> bool:
        """Take over an entry whose text the editor has brought back; say whether it has."""
        entry: Entry = left[0]
        open_at = {document.path: document for document in documents}
        found = [open_at.get(workspace / kept.path) for kept in entry.files]
        if not found or any(
            document is None or document.text != kept.after
            for document, kept in zip(found, entry.files, strict=True)
        ):
            return False
        for kept in entry.files:
            uri = self._app.uri_of(workspace / kept.path)
            slot = _Slot(entry.proposal, uri, workspace, kept, State.SEEN, number=entry.id)
            self._slots.append(slot)
        self._app.remembering.post(workspace, lambda store: store.journal.adopt(entry.id))
        return True

    # -- inside -----------------------------------------------------------------------------

    def _of(self, uri: str) -> list[_Slot]:
        return [slot for slot in self._slots if slot.uri == uri and slot.state in _IN_TEXT]

    def _move(self, slot: _Slot, state: State) -> None:
        slot.state = state
        self._app.remembering.post(slot.workspace, lambda store: slot.move(store, state))

    def _drop(self, slots: Iterable[_Slot]) -> None:
        for slot in list(slots):
            self._slots.remove(slot)
            self._app.remembering.post(slot.workspace, slot.take_back)


def _write_down(slots: list[_Slot], store: Store) -> None:
    """Write new entries down, all of them at once. Blocks."""
    numbers = store.journal.begin_all([slot.accept() for slot in slots])
    for slot, number in zip(slots, numbers, strict=True):
        slot.number = number


def _tell(left: list[Left], store: Store) -> None:
    store.journal.tell(entry.id for entry, _ in left)


def _on_disk(path: Path, before: Text) -> str:
    """Return the digest of a file's text where that is not ``before``. Blocks."""
    try:
        text = decode(path.read_bytes())
    except (OSError, NotText):
        return ""
    return "" if text == before else text.digest
