"""Everything that is sent to the editor unasked goes through here; nothing else sends.

So it is here that words of models, tools and files lose what an editor's display might obey.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from festina.clean import visible
from festina.lsp import messages

if TYPE_CHECKING:
    from festina.lsp.capabilities import Caps
    from festina.lsp.protocol import FestinaProtocol

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
"""How long to wait for answers that need no person."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What the editor says of an edit. ``ok`` is never proof: confirm from the document's text."""

    ok: bool
    reason: str = ""


class Progress:
    """One progress display in the editor, or none where the editor has no such thing.

    All methods return at once, and may be called at any time in any order: what is reported before
    the editor has agreed to show it is shown then, and nothing is sent after ``end``.
    """

    def __init__(self, client: Client, token: str | None, title: str, *, cancellable: bool) -> None:
        self._client = client
        self._token = token
        self._title = visible(title)
        self._cancellable = cancellable
        self._message: str | None = None
        self._percentage: int | None = None
        self._shown = False

    def report(self, message: str | None = None, percentage: float | None = None) -> None:
        """Show a new message, a new percentage (0 to 100, never falling) or both."""
        if message is not None:
            self._message = visible(message)
        if percentage is not None:
            self._percentage = max(self._percentage or 0, min(100, int(percentage)))
        if self._shown:
            self._send(
                lsp.WorkDoneProgressReport(
                    cancellable=self._cancellable,
                    message=self._message,
                    percentage=self._percentage,
                )
            )

    def end(self, message: str | None = None) -> None:
        """Take the display away. Further calls do nothing."""
        if self._shown:
            self._send(lsp.WorkDoneProgressEnd(message=message and visible(message)))
        if self._token is not None:
            self._client.forget_cancel(self._token)
        self._token, self._shown = None, False

    def agreed(self) -> None:
        """The editor has agreed to show it."""
        if self._token is not None:
            self._send(
                lsp.WorkDoneProgressBegin(
                    title=self._title,
                    cancellable=self._cancellable,
                    message=self._message,
                    percentage=self._percentage,
                )
            )
            self._shown = True

    def _send(self, value: object) -> None:
        if self._token is not None:
            self._client.notify(lsp.PROGRESS, lsp.ProgressParams(token=self._token, value=value))


class Client:
    """The connected editor. Only the event loop's thread may use it.

    What the editor cannot do is left out silently, so callers need not ask ``caps`` first; those
    that want an answer get the one that means "no".
    """

    def __init__(self, protocol: FestinaProtocol, caps: Caps) -> None:
        self.caps = caps
        self._protocol = protocol
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    # -- telling ----------------------------------------------------------------------------

    def notify(self, method: str, params: object) -> None:
        """Send a notification; ``params`` is an lsprotocol value or plain JSON data."""
        self._protocol.notify(method, params)

    def publish_diagnostics(
        self, uri: str, diagnostics: Sequence[lsp.Diagnostic], version: int | None = None
    ) -> None:
        """Replace our diagnostics of a document; ``version`` is left out where not understood."""
        self.notify(
            lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS,
            lsp.PublishDiagnosticsParams(
                uri=uri,
                diagnostics=[_harmless(diagnostic) for diagnostic in diagnostics],
                version=version if self.caps.diagnostic_version else None,
            ),
        )

    def show_message(self, message: str, level: lsp.MessageType = lsp.MessageType.Info) -> None:
        """Show one sentence to the person."""
        self.notify(
            lsp.WINDOW_SHOW_MESSAGE, lsp.ShowMessageParams(type=level, message=visible(message))
        )

    def log(self, message: str, level: lsp.MessageType = lsp.MessageType.Log) -> None:
        """Write to the editor's log of this server. Never source text."""
        self.notify(
            lsp.WINDOW_LOG_MESSAGE, lsp.LogMessageParams(type=level, message=visible(message))
        )

    def notify_proposal(self, payload: Mapping[str, Any]) -> None:
        """Send ``festina/proposal`` to clients that take it; the payload is plain JSON data."""
        if self.caps.proposals:
            self.notify(messages.PROPOSAL, dict(payload))

    def notify_status(self, payload: Mapping[str, Any]) -> None:
        """Send ``festina/status`` to clients that take it; the payload is plain JSON data."""
        if self.caps.status:
            self.notify(messages.STATUS, dict(payload))

    def notify_answer(self, payload: Mapping[str, Any]) -> None:
        """Send ``festina/answer``; the payload is plain JSON data."""
        self.notify(messages.ANSWER, dict(payload))

    def refresh_lenses(self) -> None:
        """Have the editor ask for code lenses again."""
        if self.caps.code_lens_refresh:
            self._background(self._request(lsp.WORKSPACE_CODE_LENS_REFRESH, None))

    # -- asking -----------------------------------------------------------------------------

    def progress(
        self,
        title: str,
        *,
        message: str | None = None,
        percentage: float | None = None,
        on_cancel: Callable[[], None] | None = None,
    ) -> Progress:
        """Show progress. ``on_cancel`` is called, at most once, when the person cancels it."""
        supported = self.caps.work_done_progress
        token = f"festina-{next(self._numbers)}" if supported else None
        progress = Progress(self, token, title, cancellable=on_cancel is not None)
        progress.report(message, percentage)
        if token is not None:
            if on_cancel is not None:
                self._protocol.cancel_callbacks[token] = on_cancel
            self._background(self._create(token, progress))
        return progress

    def forget_cancel(self, token: str) -> None:
        """Drop the cancel callback of a progress token."""
        self._protocol.cancel_callbacks.pop(token, None)

    async def ask(
        self,
        message: str,
        actions: Sequence[str],
        level: lsp.MessageType = lsp.MessageType.Info,
    ) -> str | None:
        """Ask the person; the chosen action, or None when dismissed or when nobody can be asked.

        Waits for as long as the person takes. Only in answer to a command that the person gave.
        """
        if not self.caps.show_message_request:
            return None
        items = [lsp.MessageActionItem(title=title) for title in actions]
        params = lsp.ShowMessageRequestParams(type=level, message=visible(message), actions=items)
        answer = await self._request(lsp.WINDOW_SHOW_MESSAGE_REQUEST, params, patient=True)
        title = getattr(answer, "title", None)
        return title if title in actions else None

    async def apply_edit(self, edit: lsp.WorkspaceEdit, label: str) -> Applied:
        """Have the editor apply an edit, as one undo step called ``label``.

        Waits for as long as the person takes to confirm it.
        """
        if not self.caps.apply_edit:
            return Applied(ok=False, reason="this editor does not let a language server edit files")
        params = lsp.ApplyWorkspaceEditParams(edit=edit, label=visible(label))
        try:
            answer = await self._protocol.send_request_async(lsp.WORKSPACE_APPLY_EDIT, params)
        except JsonRpcException as error:
            return Applied(ok=False, reason=error.message)
        applied = bool(getattr(answer, "applied", False))
        return Applied(ok=applied, reason=getattr(answer, "failure_reason", None) or "")

    async def configuration(
        self, section: str, scope_uri: str | None = None
    ) -> Mapping[str, Any] | None:
        """Return a section of the editor's settings; None when there is no such object."""
        if not self.caps.configuration:
            return None
        item = lsp.ConfigurationItem(scope_uri=scope_uri, section=section)
        answer = await self._request(
            lsp.WORKSPACE_CONFIGURATION, lsp.ConfigurationParams(items=[item])
        )
        value = answer[0] if isinstance(answer, (list, tuple)) and answer else None
        return value if isinstance(value, Mapping) else None

    async def register_configuration(self, section: str) -> None:
        """Ask to be told of changed settings, where the editor wants to be asked."""
        if not self.caps.dynamic_configuration:
            return
        options = lsp.DidChangeConfigurationRegistrationOptions(section=section)
        await self._register(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION, options)

    async def register_watched_files(self, patterns: Sequence[str]) -> None:
        """Ask to be told when files change on disk, whoever changes them, where that is offered."""
        if not self.caps.dynamic_watched_files:
            return
        watchers = [lsp.FileSystemWatcher(glob_pattern=pattern) for pattern in patterns]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
        await self._register(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)

    async def show_document(
        self,
        uri: str,
        *,
        selection: lsp.Range | None = None,
        take_focus: bool = True,
        external: bool = False,
    ) -> bool:
        """Have the editor show a document (``external``: outside the editor); whether it did."""
        if not self.caps.show_document:
            return False
        params = lsp.ShowDocumentParams(
            uri=uri, external=external, take_focus=take_focus, selection=selection
        )
        answer = await self._request(lsp.WINDOW_SHOW_DOCUMENT, params)
        return bool(getattr(answer, "success", False))

    async def key(self, origin: str) -> str | None:
        """Ask a Festina plugin for the API key that the editor keeps for ``origin``.

        Waits for as long as the person takes to enter one.
        """
        if not self.caps.plugin:
            return None
        answer = await self._request(messages.KEY, {"origin": origin}, patient=True)
        key = answer.get("key") if isinstance(answer, Mapping) else None
        return key if isinstance(key, str) and key else None

    # -- inside -----------------------------------------------------------------------------

    async def _register(self, method: str, options: object) -> None:
        name = f"festina-{method.rpartition('/')[2]}"
        registration = lsp.Registration(id=name, method=method, register_options=options)
        params = lsp.RegistrationParams(registrations=[registration])
        await self._request(lsp.CLIENT_REGISTER_CAPABILITY, params)

    async def _create(self, token: str, progress: Progress) -> None:
        params = lsp.WorkDoneProgressCreateParams(token=token)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._protocol.send_request_async(
                    lsp.WINDOW_WORK_DONE_PROGRESS_CREATE, params
                )
        except (JsonRpcException, TimeoutError) as error:
            logger.warning("the editor shows no progress: %s", type(error).__name__)
            progress.end()
        else:
            progress.agreed()

    async def _request(self, method: str, params: object, *, patient: bool = False) -> Any:
        """Send a request; None when it is refused or, unless ``patient``, not answered in time."""
        try:
            async with asyncio.timeout(None if patient else ANSWER_SECONDS):
                return await self._protocol.send_request_async(method, params)
        except (JsonRpcException, TimeoutError) as error:
            logger.warning("the editor did not answer %s: %s", method, type(error).__name__)
            return None

    def _background(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _harmless(diagnostic: lsp.Diagnostic) -> lsp.Diagnostic:
    """Return a diagnostic whose words hold no control characters."""
    shown = copy.copy(diagnostic)
    shown.message = visible(diagnostic.message)
    if diagnostic.related_information:
        shown.related_information = [
            lsp.DiagnosticRelatedInformation(one.location, visible(one.message))
            for one in diagnostic.related_information
        ]
    return shown
