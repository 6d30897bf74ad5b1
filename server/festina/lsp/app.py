"""The server: one App holds the session, and wires every LSP method to one function.

Nothing here is global; two servers can live in one process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from festina import __version__, checks
from festina.accept import Application
from festina.accepted import AcceptedEdits
from festina.asking import Asking
from festina.config import Problem, Settings
from festina.documents import Document
from festina.findings import Finding
from festina.lifecycle import Lifecycle
from festina.lsp import convert, protocol, render
from festina.lsp.capabilities import Caps
from festina.lsp.client import Client
from festina.lsp.dispatch import Phase
from festina.lsp.features import sync
from festina.lsp.features.accepting import Accepting
from festina.lsp.features.aftermath import AftermathShown
from festina.lsp.features.answering import Answering
from festina.lsp.features.board import Board
from festina.lsp.features.checked import Checked
from festina.lsp.features.galleries import Galleries
from festina.lsp.features.journaling import Journaling
from festina.lsp.features.naming import Naming
from festina.lsp.features.planning import Planning
from festina.lsp.features.progress_log import ProgressLog
from festina.lsp.features.prompting import Prompting
from festina.lsp.features.publish import Publisher
from festina.lsp.features.saving import Saving
from festina.lsp.features.skill_running import SkillRunning
from festina.lsp.features.skill_saving import SkillSaving
from festina.lsp.features.tracing import Tracing
from festina.lsp.features.trusting import Trusting
from festina.lsp.model_source import ModelSource
from festina.models.ledger import Ledger
from festina.pending import Pending
from festina.proposals import Proposal
from festina.recording import Recording
from festina.remembering import Remembering
from festina.session import Refusal, Session
from festina.trust import TrustStore
from festina.verify.revocable import Revocable
from festina.workspaces import workspace_of

logger = logging.getLogger(__name__)


SWITCH_SECONDS = 0.001
"""How long another thread may keep the loop's from the interpreter: a fifth of Python's default."""

SETTINGS = "settings"
"""The key of the job that reads them: of several at once, only the last one counts."""


class App:
    """One editor session: what every feature needs, in one place."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self.session = Session(trust=TrustStore(), ledger=Ledger())
        self.verifier = Revocable(self.session.as_trusted)
        self.server = protocol.create("festina", __version__)
        self.server.on_shutdown(self.close)
        self.models = ModelSource(
            self.environ, self.session.trust, lambda: self.client, self.session.ledger
        )
        self.accepted = AcceptedEdits(self.session)
        self.pending = Pending(self.session)
        self.lifecycle = Lifecycle(self.session, self.verifier, self.models)
        self.lifecycle.aftermath.refuting = self.accepted.refute
        self.asking = Asking(self.session, self.models, self.lifecycle.runs.jobs)
        self.answering = Answering(self)
        self.prompting = Prompting(self)
        self.naming = Naming(self)
        self.board = Board(self)
        self.publisher = Publisher(self)
        self.accepting = Accepting(self)
        self.galleries = Galleries(self)
        self.remembering = Remembering(self._warn)
        self.journaling = Journaling(self)
        self.progress_log = ProgressLog(self)
        Recording(self.session, self.remembering.post)
        self.checked = Checked(self)
        self.planning = Planning(self)
        self.saving = Saving(self)
        self.skill_saving = SkillSaving(self)
        self.skill_running = SkillRunning(self)
        self.verifier.on_mapping(Tracing(self).on_progress)
        self.aftermath = AftermathShown(self)
        self.session.changed = self._changed
        self._editor_settings: dict[str, Any] = {}
        self._problems: list[Problem] = []
        self._has_folders = False
        from festina.lsp import register

        register.register(self)

    # -- what features ask ------------------------------------------------------------------

    @property
    def caps(self) -> Caps:
        """What the editor can do; there from ``initialize`` on."""
        return self.server.caps

    @property
    def client(self) -> Client:
        """The way to the editor; there from ``initialize`` on."""
        return self.server.client

    def settings_of(self, document: Document) -> Settings:
        """Return the settings that are in force for a document, in a workspace or not."""
        try:
            return self.session.settings_of(self.session.workspace_of(document))
        except Refusal:
            return self.session.settings_of(None)

    def path_of(self, uri: str) -> str:
        """Return a document's path in its workspace, for people; its URI where it has none."""
        path = convert.to_path(uri)
        for root in self.session.roots:
            if path is not None and path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return uri

    def open_at(self, path: Path) -> Document | None:
        """Return the open document of a file."""
        return next((one for one in self.session.documents if one.path == path), None)

    def uri_of(self, path: Path) -> str:
        """Return a file's URI, as the editor writes it where it has the file open."""
        document = self.open_at(path)
        return convert.to_uri(path) if document is None else document.uri

    def location_of(self, uri: str, finding: Finding) -> lsp.Location | None:
        """Return where a finding about an open document points."""
        document = self.session.documents.get(uri)
        if document is None or not finding.path or finding.line is None:
            return None
        try:
            path = self.session.workspace_of(document) / finding.path
        except Refusal:
            return None
        uri = uri if path == document.path else self.uri_of(path)
        position = lsp.Position(line=finding.line - 1, character=0)
        return lsp.Location(uri=uri, range=lsp.Range(start=position, end=position))

    def canceller(self, proposal_id: str) -> Callable[[], None]:
        """Return what the cancel button of a proposal's progress does."""

        def cancel() -> None:
            proposal = self.session.proposals.get(proposal_id)
            if proposal is not None and not proposal.state.final:
                self.lifecycle.cancel(proposal_id)

        return cancel

    def workspace_edit(self, *permissions: Application) -> lsp.WorkspaceEdit:
        """Return the one versioned edit that an accept applies, of one file or of several."""
        documents = [
            convert.DocumentEdits(
                one.proposal.uri,
                one.proposal.version,
                convert.text_edits(one.proposal.base, one.edits, self.caps.encoding),
            )
            for one in permissions
        ]
        verdict = permissions[-1].candidate.verdict
        annotation = convert.Annotation(
            f"Festina: {render.shorten(permissions[-1].proposal.instruction, 60)}",
            render.shorten(verdict.summary(), 200) if verdict else "",
        )
        return convert.workspace_edit(documents, self.caps, annotation)

    def _changed(self, proposal: Proposal) -> None:
        self.publisher.changed(proposal)
        self.accepting.changed(proposal)
        self.galleries.changed(proposal)
        self.journaling.changed(proposal)
        self.saving.proposal_changed(proposal)

    # -- life -------------------------------------------------------------------------------

    def initialize(self, params: lsp.InitializeParams) -> None:
        """Take the client's capabilities, folders and options."""
        self.session.settled.clear()
        self.session.encoding = self.caps.encoding
        self.session.roots = convert.roots(params)
        self._has_folders = bool(self.session.roots)
        options = params.initialization_options
        if isinstance(options, Mapping):
            if isinstance(options.get("trusted"), bool):
                self.session.trusted_by_editor = options["trusted"]
            if isinstance(options.get("settings"), Mapping):
                self._editor_settings = dict(options["settings"])

    async def initialized(self) -> None:
        """Read the settings, and clean up after servers that were killed."""
        from festina.verify import sweep

        trusting = Trusting(self)
        await trusting.begin()
        await self.client.register_configuration("festina")
        self.reload()
        await self.lifecycle.runs.jobs.join(SETTINGS)
        await self.client.register_watched_files(sync.WATCHED)
        self.lifecycle.runs.jobs.start("trust", trusting.follow())
        self.journaling.look()
        await sweep.sweep()

    def reload(self) -> None:
        """Read the settings again, in the background."""
        self.lifecycle.runs.jobs.start(SETTINGS, self.load_settings())

    async def load_settings(self) -> None:
        """Read all layers for each folder; a new problem is shown, in a sentence.

        What lies in no folder, and the choice of a model, go by the first folder's.
        """
        read: dict[Path | None, Settings] = {}
        problems: list[Problem] = []
        for root in self.session.roots or (None,):
            scope = None if root is None else convert.to_uri(root)
            asked = await self.client.configuration("festina", scope)
            read[root], found = await asyncio.to_thread(
                checks.load, root, self.session.trust, self._editor_settings, asked
            )
            problems += [problem for problem in found if problem not in problems]
        for problem in problems:
            if problem not in self._problems:
                self.client.show_message(f"Festina: {problem}", lsp.MessageType.Warning)
        self._problems = problems
        first = next(iter(read.values()))
        self.session.settings = {**read, None: first}
        self.session.settled.set()
        self.pending.moved.set()
        self.saving.settings_changed()
        await self.models.configure(first)
        self.naming.tell()

    def change_folders(self, event: lsp.WorkspaceFoldersChangeEvent) -> None:
        """Folders were added to the editor's window or taken from it."""
        gone = {convert.to_path(folder.uri) for folder in event.removed}
        if gone.intersection(self.session.roots):  # with all that runs and is kept warm for them
            self.verifier.revoke()
        added = [path for folder in event.added if (path := convert.to_path(folder.uri))]
        self._has_folders = self._has_folders or bool(added)
        kept = [root for root in self.session.roots if root not in gone]
        self.session.roots = tuple(dict.fromkeys([*kept, *added]))
        self.lifecycle.folders_changed()
        self.skill_running.runs.folders_changed()
        self.journaling.look()
        self.reload()

    def change_trust(self, *, trusted: bool) -> None:
        """The editor says that the person trusts the workspace, or no longer does."""
        if self.session.trusted_by_editor is trusted:
            return
        self.session.trusted_by_editor = trusted
        self.trust_changed(trusted=trusted)

    def trust_changed(self, *, trusted: bool) -> None:
        """Some workspace is trusted now, or no longer, whoever said so."""
        if not trusted:
            self.verifier.revoke()
        self.saving.trust_changed()
        self.skill_running.runs.folders_changed()
        if stopped := self.lifecycle.trust_changed(trusted=trusted):
            edits = "edit was" if stopped == 1 else "edits were"
            words = f"the workspace is no longer trusted; {stopped} {edits} stopped."
            self.client.show_message(f"Festina: {words}", lsp.MessageType.Warning)

    def adopt(self, document: Document) -> None:
        """Give a file that was opened without a folder the workspace that it lies in."""
        path, roots = document.path, self.session.roots
        if self._has_folders or path is None or any(path.is_relative_to(root) for root in roots):
            return
        self.session.roots = (*roots, workspace_of(path))
        self.journaling.look()
        self.reload()  # it may have settings of its own

    async def close(self) -> None:
        """Stop all work; nothing that we started survives."""
        self.publisher.close()
        self.board.close()
        await self.galleries.close()
        self.skill_saving.close()
        self.journaling.close(orderly=self.server.protocol.phase is Phase.SHUTDOWN)
        self.skill_running.close()
        self.planning.close()
        await self.lifecycle.close()
        await self.answering.close()
        await self.prompting.close()
        await self.models.aclose()
        await self.verifier.aclose()
        await self.remembering.close()

    def _warn(self, sentence: str) -> None:
        self.client.show_message(f"Festina: {sentence}", lsp.MessageType.Warning)


def main() -> int:
    """Serve LSP on standard input and output until the editor leaves; return the exit code."""
    sys.setswitchinterval(SWITCH_SECONDS)
    app = App(os.environ)
    return protocol.run_stdio(app.server)
