"""``festina.showPrompt``: exactly what is sent to a model, or would be, as a page to read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from festina import prompt
from festina.context import gather
from festina.lsp import convert
from festina.models.base import ModelError, Request
from festina.pages import Pages
from festina.proposals import Proposal
from festina.task import Task

if TYPE_CHECKING:
    from festina.lsp.app import App

NO_MODEL = "no model, as none was found"


class Prompting:
    """Writes prompts to private files and has the editor open them. Nothing is sent to a model."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._pages = Pages()

    def show(self, proposal: Proposal) -> None:
        """Show what was sent for the visible candidate, or what is to be; return at once.

        Raises:
            Refusal: the document is closed or has no workspace.
        """
        runs = self._app.lifecycle.runs
        task = runs.task(proposal)
        sent = runs.results.asked.find(proposal.id, proposal.visible)
        runs.jobs.start(f"prompt {proposal.id}", self._show(proposal, task, sent))

    async def close(self) -> None:
        """Take every page away."""
        await asyncio.to_thread(self._pages.close)

    async def _show(self, proposal: Proposal, task: Task, sent: Request | None) -> None:
        app = self._app
        choice = await app.models.look(proposal.model)
        to = NO_MODEL if choice is None else choice.shown
        if choice is not None and choice.how == "embedded":
            task = replace(task, small=True)
        origin = choice.origin if choice is not None else ""
        window = await app.models.window(proposal.model, choice) if sent is None else 0
        try:
            path = await asyncio.to_thread(
                self._write, proposal.id, task, (origin, window), to, sent
            )
        except ModelError as error:  # it must not be sent
            app.client.show_message(f"Festina: {error}", lsp.MessageType.Warning)
            return
        except OSError as error:
            words = f"the page could not be written: {error.strerror}."
            app.client.show_message(f"Festina: {words}", lsp.MessageType.Error)
            return
        if not await app.client.show_document(convert.to_uri(path), take_focus=True):
            app.client.show_message(f"Festina: the prompt is in {path}")

    def _write(
        self, name: str, task: Task, where: tuple[str, int], to: str, sent: Request | None
    ) -> Path:
        if sent is None:
            gathered = gather(task.wish(*where))
            sent = task.request(gathered, 0)
        page = prompt.page(sent, to)
        return self._pages.write(f"prompt-{name or 'next'}.md", page)
