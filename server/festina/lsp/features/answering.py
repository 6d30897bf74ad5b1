"""Answers to questions: as a hover while they stream, then as the client can show them.

A client that declares ``answers`` shows them itself; one that can show documents is given a page;
any other one gets a message. Whatever is shown has been through :mod:`festina.markdown`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina.asking import Answer, Stage
from festina.lsp import convert, messages, render
from festina.lsp.features import picturing
from festina.lsp.features.progressing import Progresses
from festina.pages import Pages

if TYPE_CHECKING:
    from festina.lsp.app import App

ANSWERS_PER_SECOND = 15
"""How often an answer that streams is sent; nobody reads faster."""
MESSAGE_CHARS = 300


class Answering:
    """Shows every change of an answer, as much as the client can take."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._pages = Pages()
        self._progresses = Progresses(app)
        self._latest: dict[str, Answer] = {}
        self._showing: set[str] = set()
        app.asking.changed = self.changed

    def changed(self, answer: Answer) -> None:
        """Take the newest value of an answer."""
        self._follow_progress(answer)
        self._latest[answer.id] = answer
        if answer.id not in self._showing:
            self._showing.add(answer.id)
            self._app.lifecycle.runs.jobs.start(f"show {answer.id}", self._show(answer.id))

    async def close(self) -> None:
        """Take every page away, and send nothing any more."""
        self._progresses.close()
        await asyncio.to_thread(self._pages.close)

    async def _show(self, answer_id: str) -> None:
        try:
            sent: Answer | None = None
            while (answer := self._latest[answer_id]) is not sent:
                await self._send(answer)
                sent = answer
                if answer.stage.over:
                    del self._latest[answer_id]
                    return
                await asyncio.sleep(1 / ANSWERS_PER_SECOND)
        finally:
            self._showing.discard(answer_id)

    async def _send(self, answer: Answer) -> None:
        caps, client = self._app.caps, self._app.client
        if caps.answers:
            text = await asyncio.to_thread(_safe, answer.text)
            client.notify_answer(self._payload(answer, text))
        elif answer.stage is Stage.FAILED:
            words = f"Festina: no answer: {answer.message}"
            client.show_message(words, lsp.MessageType.Error)
        elif answer.stage is Stage.COMPLETE and not await self._on_a_page(answer):
            text = await asyncio.to_thread(_safe, answer.text)
            client.show_message(render.shorten(f"Festina: {text}", MESSAGE_CHARS))

    async def _on_a_page(self, answer: Answer) -> bool:
        """Have the editor open the answer as a file; whether it did."""
        if not self._app.caps.show_document:
            return False
        page = await asyncio.to_thread(_page, answer)
        try:
            path = await asyncio.to_thread(self._pages.write, f"answer-{answer.id}.md", page)
        except OSError:
            return False  # the message says it
        return await self._app.client.show_document(convert.to_uri(path), take_focus=False)

    def _payload(self, answer: Answer, text: str) -> dict[str, Any]:
        document = self._app.session.documents.get(answer.uri)
        where = None
        if document is not None and answer.region is not None:
            region, encoding = answer.region, self._app.caps.encoding
            where = convert.line_range(document.text, region.start, region.end, encoding)
        return messages.answer_payload(answer, text, where)

    def _follow_progress(self, answer: Answer) -> None:
        if answer.stage.over:
            self._progresses.end(answer.id, answer.message)
            return
        title = f"Festina: answer about {answer.name or 'the selected lines'}"

        def words(now: datetime) -> str:
            return f"{answer.stage}: {answer.told(now)}"

        cancel = self._canceller(answer.id)
        self._progresses.show(answer.id, title, words, answer.held, cancel)

    def _canceller(self, answer_id: str) -> Any:
        def cancel() -> None:
            if not self._app.asking.find(answer_id).stage.over:
                self._app.asking.cancel(answer_id)

        return cancel


async def hover(app: App, params: lsp.HoverParams) -> lsp.Hover | None:
    """``textDocument/hover``: on the first line of a region, the newest answer about it.

    Where there is none, the pictures of the pages that the edit of that region shows in.
    """
    uri, line, markdown = params.text_document.uri, params.position.line, app.caps.hover_markdown
    if (answer := app.asking.at(uri, line)) is not None:
        page = await asyncio.to_thread(_page, answer)
        return picturing.hover(page, markdown=markdown)
    if (proposal := picturing.pictured(app, uri, line)) is not None:
        page = await asyncio.to_thread(picturing.page, proposal, markdown=markdown)
        return picturing.hover(page, markdown=markdown)
    return None


def _page(answer: Answer) -> str:
    """Return an answer with its question, and who gave it or how far it is."""
    parts = [f"**{_safe(answer.words)}**", _safe(answer.text), f"---\n\n{_safe(answer.message)}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _safe(text: str) -> str:
    from festina.markdown import safe

    return safe(text)
