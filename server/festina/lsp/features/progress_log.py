"""``progress.md`` beside a plan: what was accepted and rejected, a line for each.

Where the file is open, through the editor, which the person saves; else at the end of the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina import noting
from festina.findings import Status
from festina.lsp import convert, render
from festina.memory import Note, Store, Trouble
from festina.progress_file import NAME, addition, fixed, instruction_of, line, why
from festina.proposals import CandidateView, Proposal, State
from festina.session import Refusal, relative_path
from festina.text import Text

if TYPE_CHECKING:
    from festina.documents import Document
    from festina.lsp.app import App
    from festina.skill_file import Skill
    from festina.skill_work import Tried

CONFIRM_SECONDS = 2.0


class ProgressLog:
    """Follows the proposals of a session."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._rejected: set[str] = set()
        self._pending: dict[str, list[Note]] = {}
        """Lines that an open file is to hold, until it is saved."""
        self._sentences: set[str] = set()
        self._in_order = asyncio.Lock()
        self._numbers = itertools.count()
        app.session.followers.append(self.follow)

    def follow(self, proposal: Proposal) -> None:
        """A proposal has changed."""
        before = proposal.id in self._rejected
        if proposal.state is State.REJECTED:
            self._rejected.add(proposal.id)
        elif proposal.state.final or proposal.state is State.READY:
            self._rejected.discard(proposal.id)
        if (outcome := _outcome(proposal, rejected=before)) and (place := self._place(proposal)):
            workspace, path = place
            words = partial(_words, datetime.now(), outcome, path, proposal, proposal.candidate)
            # what was written down with an accept is known by its number
            number = self._app.journaling.number(proposal.id)
            self._write(workspace, lambda store: _begun(store, words, number()), words)

    def accepted(self, proposal: Proposal, view: CandidateView, path: str) -> Callable[[], str]:
        """Return what makes the line that is written down with an accept, before it is applied."""
        return partial(_words, datetime.now(), _accepted(view), path, proposal, view)

    def rejected(self, workspace: Path, tried: Tried, skill: Skill) -> None:
        """Of a place of a skill no edit passed, so that no proposal came of it."""
        place = tried.place
        said = instruction_of(skill.asked(), [place.text])
        where = f"{place.path}, {place.name}" if place.name else place.path
        words = partial(line, datetime.now(), "rejected", where, said, why(tried.verdict))
        self._write(workspace, lambda store: _begun(store, words, None), words)

    def left(self, workspace: Path) -> None:
        """Add what earlier servers were to add, and did not."""
        self._write(workspace, noting.left)

    def saved(self, document: Document) -> None:
        """A file was saved: lines that are in it are where they belong."""
        notes = self._pending.get(document.uri, [])
        if notes and document.path is not None:
            bare = {each.rstrip("\r\n") for each in document.text.lines}
            there = [note for note in notes if note.line in bare]
            self._pending[document.uri] = [note for note in notes if note not in there]
            self._app.remembering.post(document.path.parent, lambda store: store.notes.done(there))

    def closed(self, document: Document) -> None:
        """A file was closed: what was not saved is added to what is on the disk."""
        notes = self._pending.pop(document.uri, [])
        if notes and document.path is not None:
            self._append(document.path.parent, lambda _: notes)

    # -- inside -----------------------------------------------------------------------------

    def _place(self, proposal: Proposal) -> tuple[Path, str] | None:
        document = self._app.session.documents.get(proposal.uri)
        try:
            if document is None:
                return None
            workspace = self._app.session.workspace_of(document)
        except Refusal:
            return None
        return workspace, relative_path(document, workspace)

    def _write(
        self,
        workspace: Path,
        begin: Callable[[Store], Sequence[Note]],
        words: Callable[[], str] | None = None,
    ) -> None:
        """Add lines; ``words`` are the new one, in case that the memory cannot be used."""
        if self._app.open_at(workspace / NAME) is None:
            self._append(workspace, begin, words)
            return
        loop = asyncio.get_running_loop()

        def work(store: Store) -> None:
            if notes := begin(store):
                loop.call_soon_threadsafe(self._edit_soon, workspace, notes)

        self._app.remembering.post(workspace, work)

    def _append(
        self,
        workspace: Path,
        begin: Callable[[Store], Sequence[Note]],
        words: Callable[[], str] | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()

        def add(notes: Sequence[Note]) -> None:
            try:
                noting.append(workspace, notes)
            except noting.Unwritten as unwritten:
                loop.call_soon_threadsafe(self._tell, str(unwritten))

        def without() -> None:
            if words is not None and noting.beside_plan(workspace):
                add([noting.unkept(words())])

        def work(store: Store) -> None:
            try:
                notes = begin(store)
            except Trouble:
                without()
                raise
            if notes:
                add(notes)
                store.notes.done(notes)

        if not self._app.remembering.post(workspace, work):
            key = f"progress {next(self._numbers)}"
            self._app.lifecycle.runs.jobs.start(key, asyncio.to_thread(without))

    def _edit_soon(self, workspace: Path, notes: Sequence[Note]) -> None:
        key = f"progress {notes[0].id} {workspace}"
        self._app.lifecycle.runs.jobs.start(key, self._edit(workspace, notes))

    async def _edit(self, workspace: Path, notes: Sequence[Note]) -> None:
        """Have the editor add lines to the open file, one edit after the other."""
        async with self._in_order:
            document = self._app.open_at(workspace / NAME)
            if document is None:
                self._append(workspace, lambda _: notes)
                return
            self._pending.setdefault(document.uri, []).extend(notes)
            content = added = document.text.content
            for note in notes:
                added += addition(added, datetime.fromtimestamp(note.at), note.line)
            if added == content or not self._app.caps.apply_edit:
                return  # it stands there; or it is added when the file is closed
            edit = self._insertion(document, added[len(content) :])
            await self._app.client.apply_edit(edit, f"Festina: {NAME}")
            with contextlib.suppress(TimeoutError):  # the editor did not; see `closed`
                async with asyncio.timeout(CONFIRM_SECONDS):
                    while not self._stands(document.uri, notes):  # noqa: ASYNC110 - it is brief
                        await asyncio.sleep(0.01)

    def _insertion(self, document: Document, added: str) -> lsp.WorkspaceEdit:
        text, encoding = document.text, self._app.caps.encoding
        end = convert.to_position(text.position(len(text.content), encoding))
        edit = lsp.TextEdit(range=lsp.Range(start=end, end=end), new_text=added)
        edits = convert.DocumentEdits(document.uri, document.version, [edit])
        return convert.workspace_edit([edits], self._app.caps)

    def _stands(self, uri: str, notes: Sequence[Note]) -> bool:
        document = self._app.session.documents.get(uri)
        return document is None or all(note.line in document.text.content for note in notes)

    def _tell(self, sentence: str) -> None:
        if sentence not in self._sentences:
            self._sentences.add(sentence)
            self._app.client.show_message(f"Festina: {sentence}", lsp.MessageType.Warning)


def _outcome(proposal: Proposal, *, rejected: bool) -> str:
    """Say what became of a proposal just now; empty where that is nothing to be noted."""
    view = proposal.candidate
    if proposal.state is State.APPLIED:
        return _accepted(view)
    if rejected:
        return ""
    return {State.REJECTED: "rejected", State.DISMISSED: "put away"}.get(proposal.state, "")


def _accepted(view: CandidateView | None) -> str:
    verdict = view.verdict if view is not None else None
    passed = verdict is not None and verdict.status is Status.PASSED
    return "accepted" if passed else "accepted, though not verified"


def _words(
    when: datetime, outcome: str, path: str, proposal: Proposal, view: CandidateView | None
) -> str:
    """Return the line for a proposal. Takes a moment for a large file."""
    sources = [proposal.base, *(Text(each.text) for each in proposal.candidates)]
    said = instruction_of(proposal.instruction, sources)
    if proposal.resolves:
        said = fixed(proposal.resolves)
    place = f"{path}, {render.subject(proposal)}"
    return line(when, outcome, place, said, why(view.verdict if view is not None else None))


def _begun(store: Store, words: Callable[[], str], accept: int | None) -> Sequence[Note]:
    if not noting.beside_plan(store.workspace):
        return []
    note = noting.begin(store, words(), accept)
    return [] if note is None else [note]
