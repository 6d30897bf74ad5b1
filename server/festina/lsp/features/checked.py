"""``verify.md`` in the editor: what of it is not approved yet is shown, and approved by a command.

Nothing here changes the file: only a person does, and no edit of it is ever proposed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina import checks
from festina.lsp import convert, messages, render
from festina.proposals import State
from festina.session import Refusal
from festina.verify_file import NAME, Check, Checks, read, words

if TYPE_CHECKING:
    from festina.documents import Document
    from festina.lsp.app import App

APPROVE, NOT_NOW = "Approve", "Not now"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a document says, and which of its commands are approved."""

    found: Checks
    approved: frozenset[tuple[str, ...]]

    @property
    def new(self) -> list[Check]:
        return [check for check in self.found.checks if check.run not in self.approved]


class Checked:
    """The open ``verify.md`` of each folder."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._seen: dict[str, _Seen] = {}
        app.board.sources.append(self._diagnostics)

    def is_one(self, document: Document) -> bool:
        """Whether a document is a folder's ``verify.md``."""
        return self._workspace(document) is not None

    def look(self, document: Document) -> None:
        """A document was opened or changed: if it is one, what it says is shown."""
        if self.is_one(document):
            key = f"checks {document.uri}"
            self._app.lifecycle.runs.jobs.start(key, self._look(document.uri))

    def look_again(self) -> None:
        """Something was approved, here or elsewhere, or no longer is."""
        for uri in list(self._seen):
            if (document := self._app.session.documents.get(uri)) is not None:
                self.look(document)

    def closed(self, uri: str) -> None:
        """A document was closed."""
        self._seen.pop(uri, None)

    def lenses(self, uri: str) -> list[lsp.CodeLens]:
        """Return a lens above each command that is not approved."""
        document, seen = self._app.session.documents.get(uri), self._seen.get(uri)
        if document is None or seen is None:
            return []
        return [
            lsp.CodeLens(
                range=self._range(document, check.line),
                command=_command("Festina: approve this command", uri, check),
            )
            for check in seen.new
        ]

    def actions(self, document: Document, start: int, end: int) -> list[lsp.CodeAction]:
        """Return the actions for lines ``[start, end)``: approve what is there."""
        found = []
        seen = self._seen.get(document.uri)
        for check in seen.new if seen is not None else ():
            if start < check.line <= end:
                title = render.shorten(f"Festina: approve `{words(check.run)}`", 100)
                command = _command(title, document.uri, check)
                action = lsp.CodeAction(title=title, kind=messages.QUICKFIX, command=command)
                action.data = {"uri": document.uri, "line": check.line - 1, "static": True}
                found.append(action)
        return found

    async def approve(self, uri: str, line: int) -> str:
        """Have the person asked whether the command of a line may be run; return a sentence.

        Raises:
            Refusal: there is none, or nobody can be asked.
        """
        document = self._app.session.documents.get(uri)
        workspace = self._workspace(document) if document is not None else None
        if document is None or workspace is None:
            raise Refusal(f"{NAME} of the workspace is not open.")
        found = read(document.text.content)
        check = next((check for check in found.checks if check.line == line + 1), None)
        if check is None:
            amiss = next((one for one in found.problems if one.line == line + 1), None)
            raise Refusal(str(amiss or f"Line {line + 1} of {NAME} names no command."))
        if not self._app.caps.show_message_request:
            raise Refusal(f"This editor cannot ask you. In a terminal: {checks.APPROVE}")
        self._app.lifecycle.runs.jobs.start(f"approve {uri}", self._ask(workspace, check))
        return "Asking whether the command may be run."

    async def _ask(self, workspace: Path, check: Check) -> None:
        client = self._app.client
        question = (
            f"Run `{words(check.run)}` in the sandbox, without a shell, to check each edit in "
            f"{workspace.name}?"
        )
        if await client.ask(question, [APPROVE, NOT_NOW]) != APPROVE:
            return
        trust = self._app.session.trust
        try:
            await asyncio.to_thread(trust.approve, workspace, check.run)
        except OSError as error:
            why = f"Festina: {trust.file} cannot be written ({error.strerror}); not approved."
            client.show_message(why, lsp.MessageType.Error)
            return
        await self.commands_changed()

    async def commands_changed(self) -> None:
        """A command may be run now, or no longer, whoever said so."""
        before = self._app.session.settings
        await self._app.load_settings()
        self.look_again()
        if self._app.session.settings != before:
            _verify_again(self._app)

    async def _look(self, uri: str) -> None:
        document = self._app.session.documents.get(uri)
        workspace = self._workspace(document) if document is not None else None
        if document is None or workspace is None:
            return
        if len(document.text.content) > checks.MOST_BYTES:
            self._seen.pop(uri, None)
            return
        approved = await asyncio.to_thread(self._app.session.trust.approved, workspace)
        found = await asyncio.to_thread(read, document.text.content)
        if self._app.session.documents.get(uri) == document:
            seen = _Seen(found, frozenset(approved))
            if self._seen.get(uri) != seen:
                self._seen[uri] = seen
                self._app.board.changed(uri)
                self._app.client.refresh_lenses()

    def _workspace(self, document: Document) -> Path | None:
        if document.path is None or document.path.name != NAME:
            return None
        return document.path.parent if document.path.parent in self._app.session.roots else None

    def _range(self, document: Document, line: int) -> lsp.Range:
        return convert.lines_range(document.text, line - 1, line, self._app.caps.encoding)

    def _diagnostics(self, uri: str) -> list[lsp.Diagnostic]:
        document, seen = self._app.session.documents.get(uri), self._seen.get(uri)
        if document is None or seen is None:
            return []
        told = [
            (
                check.line,
                lsp.DiagnosticSeverity.Information,
                f"`{words(check.run)}` is not approved, so it is not run and edits stay "
                f"unverified. Approve it by the lens or action here, or in a terminal: "
                f"{checks.APPROVE}",
            )
            for check in seen.new
        ]
        told += [
            (one.line, lsp.DiagnosticSeverity.Warning, str(one)) for one in seen.found.problems
        ]
        return [
            lsp.Diagnostic(
                range=self._range(document, line),
                message=message,
                severity=severity,
                source=messages.SOURCE,
                data={"state": "checks"},
            )
            for line, severity, message in told
        ]


async def refuse(app: App, document: Document) -> None:
    """Refuse an edit of what says what must pass.

    Raises:
        Refusal: it is that file, by whatever name.
    """
    workspace = app.session.workspace_of(document)
    if document.path is not None and await asyncio.to_thread(
        checks.is_target, workspace, document.path
    ):
        raise Refusal(checks.REFUSED)


async def approve(app: App, argument: dict[str, Any]) -> dict[str, Any]:
    """``festina.approve``: ask whether the command of a line of ``verify.md`` may be run."""
    uri, line = argument.get("uri"), argument.get("line")
    if not isinstance(uri, str) or isinstance(line, bool) or not isinstance(line, int):
        raise Refusal(f"{messages.APPROVE} takes `uri` and `line`, which counts from 0.")
    return {"ok": True, "message": await app.checked.approve(uri, line)}


def _verify_again(app: App) -> None:
    """What could not be verified, perhaps for want of an approval, gets its chance."""
    for proposal in list(app.session.proposals.values()):
        if proposal.state is State.UNVERIFIED and app.session.trusts(proposal):
            app.lifecycle.runs.check_again(proposal, "a command of verify.md was approved")


def _command(title: str, uri: str, check: Check) -> lsp.Command:
    argument = {"uri": uri, "line": check.line - 1}
    return lsp.Command(title=title, command=messages.APPROVE, arguments=[argument])
