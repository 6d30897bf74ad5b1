"""An editor for end-to-end tests: it drives the real server process as a real editor would.

Example::

    async with Editor.start(NEOVIM_11, workspace, home, env={"NAME": "value"}) as editor:
        buffer = await editor.open("pkg/mod.py")
        actions = await editor.code_actions(buffer, lines=(3, 9))
        await editor.choose(actions[0])
        await editor.until(lambda: "def f" in buffer.text)
        editor.undo(buffer)

Nothing waits by sleeping: ``until`` looks again whenever the server has sent something.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from lsprotocol.converters import get_converter

from support.applying import apply_edit, did_change
from support.buffer import Buffer, difference
from support.editor_client import EditorClient
from support.presets import Disabled, Preset
from support.trees import hash_tree

SERVER = (sys.executable, "-m", "festina", "server")
SECONDS = 60.0
"""How long anything may take before a test gives up; never part of what a test says."""
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "COVERAGE_PROCESS_START")

T = TypeVar("T")


class Editor:
    """One editor window with one server. Made by ``Editor.start``."""

    def __init__(self, preset: Preset, workspace: Path, client: EditorClient) -> None:
        self.preset = preset
        self.workspace = workspace
        self.client = client
        self.buffers: dict[str, Buffer] = {}
        self.answer: Callable[[lsp.ShowMessageRequestParams], str | None] = lambda _: None
        """Whom to ask when the server asks: returns the title of an action, or None."""
        self.confirm: Callable[[lsp.ApplyWorkspaceEditParams], Awaitable[bool]] = _at_once
        """Whether the person lets an edit be applied, and when."""
        self.edits: list[lsp.ApplyWorkspaceEditParams] = []
        """What the server wanted applied through ``workspace/applyEdit``."""
        self.server_capabilities: lsp.ServerCapabilities
        self.expected_tree = hash_tree(workspace)
        """The workspace as it must be: as it was, and what this editor saved."""
        client.editor = self

    @staticmethod
    @asynccontextmanager
    async def start(
        preset: Preset,
        workspace: Path,
        home: Path,
        *,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = SERVER,
        options: Mapping[str, Any] | None = None,
        configuration: Mapping[str, Any] | None = None,
        folders: bool = True,
    ) -> AsyncIterator[Editor]:
        """Start a server and an editor; at the end both are shut down and checked.

        Args:
            preset: which editor to be.
            workspace: the folder that is open.
            home: an empty directory for the home and XDG directories of the server.
            env: further environment variables; of this process's, only harmless ones are passed on.
            command: how to start the server.
            options: initialization options; ``{"trusted": true}`` where not given.
            configuration: what ``workspace/configuration`` answers for section ``festina``.
            folders: whether the editor has the workspace open as a folder.

        Raises:
            AssertionError: the workspace was changed, or the server did not end with code 0.
        """
        client = EditorClient(configuration={"": {"festina": dict(configuration or {})}})
        await client.start_io(*command, env=environment(home, env), cwd=str(home))
        editor = Editor(preset, workspace, client)
        try:
            await editor._initialize({"trusted": True} if options is None else options, folders)
            yield editor
            await editor.close()
        finally:
            await editor._kill()

    # -- files ------------------------------------------------------------------------------

    async def open(
        self, name: str | Path, text: str | None = None, language: str = "python"
    ) -> Buffer:
        """Open a file of the workspace (with ``text`` instead of what is on disk, if given)."""
        path = self.workspace / name
        content = path.read_bytes().decode() if text is None else text
        buffer = Buffer(path.as_uri(), path, content, language)
        self.buffers[buffer.uri] = buffer
        item = lsp.TextDocumentItem(buffer.uri, buffer.language, buffer.version, buffer.text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return buffer

    def type(self, buffer: Buffer, old: str, new: str) -> None:
        """Replace the only occurrence of ``old``, as a person who types would."""
        assert buffer.text.count(old) == 1, f"{old!r} occurs {buffer.text.count(old)} times"
        self.set_text(buffer, buffer.text.replace(old, new))

    def set_text(self, buffer: Buffer, text: str) -> None:
        """Give a buffer another text; one undo step."""
        buffer.undo.append(buffer.text)
        self._replace(buffer, text)

    def undo(self, buffer: Buffer) -> None:
        """Take back the last undo step."""
        self._replace(buffer, buffer.undo.pop())

    def save(self, buffer: Buffer) -> None:
        """Write a buffer to disk and tell the server, with its text as this editor does it."""
        buffer.path.write_bytes(buffer.text.encode())
        self.expected_tree = {
            **self.expected_tree,
            **{k: v for k, v in hash_tree(self.workspace).items() if self._is(k, buffer)},
        }
        identifier = lsp.TextDocumentIdentifier(buffer.uri)
        text = buffer.text if self.preset.saves_with_text else None
        self.client.text_document_did_save(lsp.DidSaveTextDocumentParams(identifier, text))

    def close_buffer(self, buffer: Buffer) -> None:
        """Close a document."""
        del self.buffers[buffer.uri]
        identifier = lsp.TextDocumentIdentifier(buffer.uri)
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(identifier))

    # -- code actions, lenses, commands -----------------------------------------------------

    async def code_actions(
        self,
        buffer: Buffer,
        lines: tuple[int, int],
        *,
        trigger: lsp.CodeActionTriggerKind | None = lsp.CodeActionTriggerKind.Invoked,
        only: Sequence[str] | None = None,
        diagnostics: Sequence[lsp.Diagnostic] = (),
    ) -> list[lsp.CodeAction | lsp.Command]:
        """Return the actions that this editor would list for lines ``[start, end)``.

        Where ``start == end`` the selection is empty.
        """
        params = lsp.CodeActionParams(
            text_document=lsp.TextDocumentIdentifier(buffer.uri),
            range=lsp.Range(lsp.Position(lines[0], 0), lsp.Position(lines[1], 0)),
            context=lsp.CodeActionContext(
                diagnostics=list(diagnostics),
                only=None if only is None else [lsp.CodeActionKind(kind) for kind in only],
                trigger_kind=trigger,
            ),
        )
        found = await self.ask(self.client.text_document_code_action_async(params)) or []
        if self.preset.disabled is Disabled.HIDE:
            found = [action for action in found if not getattr(action, "disabled", None)]
        return list(found)

    async def choose(self, action: lsp.CodeAction | lsp.Command) -> Any:
        """Run a listed action as this editor would: resolve, apply its edit, run its command.

        Returns:
            The result of the action's command, if it has one.

        Raises:
            JsonRpcException: the server refused to resolve it.
            AssertionError: the editor would not run it.
        """
        if isinstance(action, lsp.Command):
            return await self.execute(action.command, *(action.arguments or ()))
        if action.disabled is not None:
            assert self.preset.disabled is Disabled.OFFER, f"disabled: {action.disabled.reason}"
        if action.edit is None and self._resolves:
            action = await self.ask(self.client.code_action_resolve_async(action))
            done = action.edit is not None or action.command is not None or action.data is None
            assert done, "Emacs would resolve this again, and what comes of that, without end"
        if action.edit is not None:
            self.apply(action.edit)
        if action.command is not None:
            return await self.choose(action.command)
        return None

    async def code_lenses(self, buffer: Buffer) -> list[lsp.CodeLens]:
        """Return the lenses of a document."""
        params = lsp.CodeLensParams(lsp.TextDocumentIdentifier(buffer.uri))
        return list(await self.ask(self.client.text_document_code_lens_async(params)) or [])

    async def hover(self, buffer: Buffer, line: int) -> str:
        """Return what a hover on a line shows, empty where nothing."""
        where = lsp.TextDocumentIdentifier(buffer.uri)
        params = lsp.HoverParams(where, lsp.Position(line, 2))
        found = await self.ask(self.client.text_document_hover_async(params))
        return "" if found is None else str(found.contents.value)

    async def execute(self, command: str, *arguments: Any) -> Any:
        """Run a command of the server; its result is plain JSON."""
        params = lsp.ExecuteCommandParams(command=command, arguments=list(arguments))
        return await self.ask(self.client.workspace_execute_command_async(params))

    async def request(self, method: str, params: Any) -> Any:
        """Send a request of Festina's own; its result is plain JSON."""
        return await self.ask(self.client.protocol.send_request_async(method, params))

    # -- what the server wants --------------------------------------------------------------

    def apply(self, edit: lsp.WorkspaceEdit) -> bool:
        """Apply an edit as this editor would, one undo step a document; whether it says it did."""
        applied, changes = apply_edit(self.preset, self.buffers, edit)
        for change in changes:
            self.client.text_document_did_change(change)
        return applied

    def cancel_progress(self, token: lsp.ProgressToken) -> None:
        """Press the cancel button of a progress display."""
        params = lsp.WorkDoneProgressCancelParams(token)
        self.client.window_work_done_progress_cancel(params)

    def diagnostics(self, buffer: Buffer) -> list[lsp.Diagnostic]:
        """Return the diagnostics that are shown for a document."""
        return list(self.client.diagnostics.get(buffer.uri, ()))

    @property
    def proposals(self) -> list[dict[str, Any]]:
        """The ``festina/proposal`` notifications so far."""
        return self.client.proposals

    def proposal(self, proposal: str) -> dict[str, Any] | None:
        """Return the last notification about a proposal."""
        found = [payload for payload in self.proposals if payload["proposal"] == proposal]
        return found[-1] if found else None

    @property
    def messages(self) -> list[str]:
        """The texts of ``window/showMessage`` so far."""
        return [message.message for message in self.client.messages]

    # -- waiting ----------------------------------------------------------------------------

    async def until(
        self, condition: Callable[[], T], what: str = "", seconds: float = SECONDS
    ) -> T:
        """Wait until ``condition()`` is true, and return its value.

        Raises:
            AssertionError: it was not within so many seconds, or the server has gone.
        """
        try:
            async with asyncio.timeout(seconds):
                while not (value := condition()):
                    gone = self.client.process.returncode is not None
                    assert not gone, f"the server has gone: {self.client.stderr()}"
                    await self.client.something()
        except TimeoutError:
            raise AssertionError(f"waited in vain for {what or condition}: {self}") from None
        return value

    async def ask(self, request: Any) -> Any:
        """Await a request, but not for ever."""
        async with asyncio.timeout(SECONDS):
            return await request

    def __repr__(self) -> str:
        last = [payload.get("state") for payload in self.proposals[-3:]]
        return f"<{self.preset.name}, messages {self.messages}, last states {last}>"

    # -- the end ----------------------------------------------------------------------------

    async def close(self) -> None:
        """Shut the server down; check its exit code, and that the workspace is as it must be."""
        assert self.client.error is None, self.client.error
        process = self.client.process
        if process.returncode == 0:
            return  # a test did it already
        await self.ask(self.client.shutdown_async(None))
        self.client.exit(None)
        assert await self.ask(process.wait()) == 0, self.client.stderr()
        assert hash_tree(self.workspace) == self.expected_tree, "the workspace was changed"

    async def _kill(self) -> None:
        process = self.client.process
        if process.returncode is None:
            process.kill()
        await process.wait()
        await self.client.stop()

    # -- inside -----------------------------------------------------------------------------

    async def _initialize(self, options: Mapping[str, Any], folders: bool) -> None:
        uri = self.workspace.as_uri()
        sent = {
            **self.preset.load(),
            "processId": os.getpid(),
            "rootUri": uri if folders else None,
            "initializationOptions": dict(options),
            "workspaceFolders": [{"uri": uri, "name": "w"}] if folders else None,
        }
        params = get_converter().structure(sent, lsp.InitializeParams)
        result = await self.ask(self.client.initialize_session(params))
        self.server_capabilities = result.capabilities
        assert result.capabilities.position_encoding == self.preset.encoding

    @property
    def _resolves(self) -> bool:
        provider = self.server_capabilities.code_action_provider
        offered = isinstance(provider, lsp.CodeActionOptions) and provider.resolve_provider
        return bool(offered and self.preset.can("textDocument.codeAction.resolveSupport"))

    def _replace(self, buffer: Buffer, text: str) -> None:
        change = difference(buffer.text, text, self.preset.encoding)
        buffer.text, buffer.version = text, buffer.version + 1
        self.client.text_document_did_change(did_change(buffer, [change]))

    def _is(self, name: str, buffer: Buffer) -> bool:
        return self.workspace / name == buffer.path


async def _at_once(_: lsp.ApplyWorkspaceEditParams) -> bool:
    return True


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a server with a home of its own, and no key of the person's."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    directories = {
        "XDG_CONFIG_HOME": "config",
        "XDG_CACHE_HOME": "cache",
        "XDG_STATE_HOME": "state",
        "XDG_DATA_HOME": "data",
        "XDG_RUNTIME_DIR": "run",
    }
    for name, directory in directories.items():
        (home / directory).mkdir(parents=True, exist_ok=True)
        kept[name] = str(home / directory)
    return {**kept, "HOME": str(home), **(more or {})}
