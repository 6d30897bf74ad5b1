"""What happens when a file is saved: lint and the tests that the change can affect, at once.

One job a workspace. A save during a run ends it and begins anew, so that what is shown is always
about the newest state; what a proposal has running goes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina.documents import Document
from festina.findings import Finding, Gate
from festina.lsp import convert, messages
from festina.lsp.features.noted import Noted, load
from festina.proposals import CandidateStatus, Proposal, State
from festina.session import Refusal, relative_path
from festina.standing import Question, Standing, scope_of
from festina.verify.examination import Examination
from festina.verify.examine import concerns_tests
from festina.verify.syntax import is_python

if TYPE_CHECKING:
    from festina.lsp.app import App
    from festina.verify.base import ExamineScope, Step


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be looked at: ``name`` was saved, ``asked`` is a file that a person asked for."""

    name: str
    asked: str = ""


class Saving:
    """Examines saved files and shows what is wrong, until it no longer is."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._standings: dict[Path, Standing] = {}
        self._orders: dict[Path, _Order] = {}
        self._noted: dict[Path, Noted] = {}
        self._published: dict[Path, set[str]] = {}
        self._chosen: dict[Path, str] = {}
        self._told: set[Path] = set()
        self._checking: set[str] = set()
        self._free = asyncio.Event()
        self._free.set()
        app.board.sources.append(self._diagnostics)

    # -- what the editor tells --------------------------------------------------------------

    def opened(self, document: Document) -> None:
        """A file was opened: its text is what later changes are compared with."""
        if (known := self._place(document)) is None:
            return
        standing, path = known
        standing.seen(path, document.text.content)
        self._app.lifecycle.runs.jobs.start(
            f"opened {document.uri}", self._opened(standing, path, document)
        )
        if (noted := self._noted.get(standing.workspace)) and path in noted.notes:
            self._published[standing.workspace].add(document.uri)
            self._app.board.changed(document.uri)

    async def _opened(self, standing: Standing, path: str, document: Document) -> None:
        on_disk = await asyncio.to_thread(standing.text, path)
        if self._app.session.documents.get(document.uri) == document:  # else it may be saved by now
            standing.opened(path, document.text.content, on_disk)

    def closed(self, document: Document) -> None:
        """A file was closed. What fails in it still does, and stays on show."""
        if (known := self._place(document)) is not None:
            known[0].forget(known[1])

    def saved(self, document: Document) -> None:
        """A file was saved: look at it, and at what else changed since all was well."""
        if (known := self._place(document)) is None:
            return
        standing, path = known
        if self._scope(standing.workspace) is not None:
            standing.saved([path])
            self._start(standing, _Order(path))

    def changed_elsewhere(self, uris: Sequence[str]) -> None:
        """Files that are not open changed on disk: the next save looks at them, too."""
        for uri in uris:
            path = convert.to_path(uri)
            if path is None or not is_python(path.name) or self._app.open_at(path) is not None:
                continue
            holding = [root for root in self._standings if path.is_relative_to(root)]
            if holding:
                root = max(holding, key=lambda one: len(one.parts))
                self._standings[root].saved([path.relative_to(root).as_posix()])

    def verify(self, document: Document) -> str:
        """A person asks for it: the same for this file now, as its buffer is; return a sentence.

        Raises:
            Refusal: the file has no workspace, or nothing here can check it.
        """
        workspace = self._app.session.workspace_of(document)
        path = relative_path(document, workspace)
        if self._place(document) is None:
            kind = PurePosixPath(path).suffix or PurePosixPath(path).name
            raise Refusal(f"Festina has no gate that could check {kind} files.")
        standing = self._standing(workspace)
        standing.saved([path])
        self._start(standing, _Order(path, asked=path))
        return f"Verifying {path}."

    def with_traceback(self, finding: Finding) -> Finding:
        """Return a finding with what its test said, if it is one that fails since a save."""
        shown = (test for one in self._standings.values() for test in one.shown.tests)
        said = (test.detail for test in shown if finding.code and test.code == finding.code)
        return replace(finding, detail=next(said, finding.detail))

    # -- what else changes ------------------------------------------------------------------

    def proposal_changed(self, proposal: Proposal) -> None:
        """The checks of proposals go first: what runs for a save waits until they have ended."""
        checking = proposal.state is State.VERIFYING or any(
            view.status is CandidateStatus.VERIFYING for view in proposal.candidates
        )
        if not checking or proposal.state.final:
            self._checking.discard(proposal.id)
            if not self._checking:
                self._free.set()
            return
        self._checking.add(proposal.id)
        if self._free.is_set():
            self._free.clear()
            for workspace, order in list(self._orders.items()):
                self._start(self._standings[workspace], order)

    def settings_changed(self) -> None:
        """Where nothing is to be looked at any more, nothing stays on show."""
        for workspace in list(self._standings):
            if workspace not in self._app.session.roots:
                self._drop(workspace)
                del self._standings[workspace]
                continue
            order = self._orders.get(workspace)
            asked = order is not None and order.asked
            was = self._chosen.get(workspace, "off")
            if self._scope(workspace) is None and was != "off" and not asked:
                self._drop(workspace)

    def trust_changed(self) -> None:
        """What tests said is not kept up where they may not run any more."""
        for workspace in list(self._standings):
            if not self._app.session.is_trusted(workspace):
                self._drop(workspace)

    # -- one look ---------------------------------------------------------------------------

    def _start(self, standing: Standing, order: _Order) -> None:
        workspace = standing.workspace
        before = self._orders.get(workspace)
        if before is not None and before.asked and not order.asked:
            order = replace(before, name=order.name)  # who asked still waits for an answer
        self._orders[workspace] = order
        self._app.lifecycle.runs.jobs.start(_key(workspace), self._look(standing, order))

    async def _look(self, standing: Standing, order: _Order) -> None:
        workspace = standing.workspace
        try:
            await self._app.session.settled.wait()  # a save can come before the settings are read
            await self._free.wait()
            if (scope := self._scope(workspace, asked=bool(order.asked))) is None:
                return
            buffers = self._buffers(workspace, order)
            texts = await asyncio.to_thread(standing.read, buffers)
            if not self._app.session.is_trusted(workspace) and not order.asked:
                scope = "lint"
            after = replace(self._app.session.snapshot(workspace), buffers=buffers)
            question = standing.question(after, texts, scope, order.asked or None)
            if question is None:
                standing.unchanged(texts, scope)
                await self._show(standing, texts)
                self._unchanged(workspace, standing.shown)
            else:
                self._tell(workspace, order, await self._examined(order.name, standing, question))
        finally:
            if self._orders.get(workspace) is order:
                del self._orders[workspace]

    async def _examined(self, name: str, standing: Standing, question: Question) -> Examination:
        """Examine, with a progress display that says at its end how it went."""
        app, workspace = self._app, standing.workspace

        def cancel() -> None:
            app.lifecycle.runs.jobs.cancel(_key(workspace))

        def report(step: Step) -> None:
            progress.report(step.message)

        progress = app.client.progress(f"Festina: {name}", on_cancel=cancel)
        self._status(workspace, "running", None)
        found: Examination | None = None
        try:
            found = await app.verifier.examine(
                question.before,
                question.after,
                tuple(question.texts),
                scope=question.scope,
                on_step=report,
            )
            standing.take(question, found)
            if found.scope == "full":
                app.aftermath.superseded(workspace)
            await self._show(standing, question.texts)
            return found
        finally:
            progress.end(found.summary() if found is not None else None)
            self._status(workspace, "cancelled" if found is None else _state(found), found)

    def _status(self, workspace: Path, state: str, found: Examination | None) -> None:
        uri = convert.to_uri(workspace)
        self._app.client.notify_status(messages.status_payload(uri, state, found))

    def _unchanged(self, workspace: Path, shown: Examination) -> None:
        """Say that nothing was run: a status line must not tell of what was taken back."""
        failed = bool(shown.broken or shown.lint)
        self._status(workspace, "failed" if failed else "unchanged", shown)

    async def _show(self, standing: Standing, texts: Mapping[str, str | None]) -> None:
        noted = await asyncio.to_thread(load, standing.workspace, standing.shown, texts)
        self._publish(noted)

    def _publish(self, noted: Noted) -> None:
        """Show what is wrong now, and take away what was shown and is no longer."""
        before = self._published.get(noted.workspace, set())
        now = {self._app.uri_of(noted.workspace / path) for path in noted.notes}
        self._noted[noted.workspace], self._published[noted.workspace] = noted, now
        for uri in sorted(before | now):
            self._app.board.now(uri)

    def _diagnostics(self, uri: str) -> list[lsp.Diagnostic]:
        path = convert.to_path(uri)
        return [
            diagnostic
            for workspace, noted in self._noted.items()
            if path is not None and path.is_relative_to(workspace)
            for diagnostic in noted.diagnostics(self._app, path.relative_to(workspace).as_posix())
        ]

    def _tell(self, workspace: Path, order: _Order, found: Examination) -> None:
        """Say in a message what a person asked for; else only, and once, why no test can tell."""
        app = self._app
        if order.asked:
            bad = bool(found.broken or found.lint or found.reason)
            kind = lsp.MessageType.Warning if bad else lsp.MessageType.Info
            app.client.show_message(f"Festina: {order.asked}: {found.summary()}", kind)
            return
        if not app.caps.work_done_progress:
            app.client.log(f"{order.name}: {found.summary()}")
        if not found.reason or any(one.gate is Gate.SYNTAX for one in found.lint):
            self._told -= {workspace} if found.counts is not None else set()
            return
        if workspace not in self._told:
            self._told.add(workspace)
            say = app.client.log if app.caps.messages_wait else app.client.show_message
            say(f"Festina: no tests run on save: {found.reason}", lsp.MessageType.Info)

    # -- small things -----------------------------------------------------------------------

    def _place(self, document: Document) -> tuple[Standing, str] | None:
        """Return the workspace and the path of a file that can be examined."""
        try:
            workspace = self._app.session.workspace_of(document)
        except Refusal:
            return None
        path = relative_path(document, workspace)
        if not (is_python(path) or concerns_tests(path)):
            return None
        return self._standing(workspace), path

    def _standing(self, workspace: Path) -> Standing:
        if workspace not in self._standings:
            self._standings[workspace] = Standing(workspace)
        return self._standings[workspace]

    def _scope(self, workspace: Path, *, asked: bool = False) -> ExamineScope | None:
        settings = self._app.session.settings_of(workspace)
        self._chosen[workspace] = settings.on_save
        if asked and settings.on_save in ("off", "lint"):  # a person wants to know of the tests
            settings = replace(settings, on_save="impacted")
        return scope_of(settings)

    def _buffers(self, workspace: Path, order: _Order) -> dict[str, str]:
        """Return the buffers that stand above the disk: of saved files none, it is what counts."""
        document = self._app.open_at(workspace / order.asked) if order.asked else None
        return {} if document is None else {order.asked: document.text.content}

    def _drop(self, workspace: Path) -> None:
        self._app.lifecycle.runs.jobs.cancel(_key(workspace))
        self._orders.pop(workspace, None)
        self._standings[workspace].shown = Examination()
        if workspace in self._noted:
            self._publish(Noted(workspace))
        self._status(workspace, "cancelled", None)


def _key(workspace: Path) -> str:
    return f"save {workspace}"


def _state(found: Examination) -> str:
    if found.broken or found.lint:
        return "failed"
    return "unverified" if found.reason else "passed"
