"""``plan.md`` as the editor has it, or as it lies on the disk: read, and changed as one edit."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from festina import edits, plans, replacing
from festina.edits import Region
from festina.lsp import convert
from festina.plans import Damaged, Plan
from festina.replacing import NotWritten
from festina.session import Refusal
from festina.text import NotText, Text, decode

if TYPE_CHECKING:
    from festina.documents import Document
    from festina.lsp.app import App

NAME = "plan.md"
CONFIRM_SECONDS = 5.0
"""How long after an edit its text must arrive; an editor's own word is not believed."""
TRIES = 3
"""A person may type while the plan is changed; then it is looked at again."""


class Moves:
    """Wakes whoever waits for what the editor says of its documents."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def moved(self) -> None:
        """A document was opened or changed."""
        for one in self._waiting:
            if not one.done():
                one.set_result(None)

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so, for some seconds at most; whether it is."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    one = asyncio.get_running_loop().create_future()
                    self._waiting.add(one)
                    try:
                        await one
                    finally:
                        self._waiting.discard(one)
        except TimeoutError:
            return False
        return True


class PlanPaper:
    """The plan of one workspace. Changes come one after the other."""

    def __init__(self, app: App, workspace: Path, moves: Moves) -> None:
        self.workspace = workspace
        self.path = workspace / NAME
        self._app = app
        self._moves = moves
        self._lock = asyncio.Lock()

    @property
    def open(self) -> bool:
        """Whether the editor has it."""
        return self._app.open_at(self.path) is not None

    async def text(self) -> Text | None:
        """Return what stands in the file, whatever it is; None where there is none.

        Raises:
            Refusal: it cannot be read.
        """
        document = self._app.open_at(self.path)
        if document is not None:
            return document.text
        there = await asyncio.to_thread(os.path.lexists, self.path)
        return await asyncio.to_thread(_read, self.path) if there else None

    async def read(self) -> Plan:
        """Return the plan as it is now.

        Raises:
            Refusal: it is not there, or damaged.
        """
        document = self._app.open_at(self.path)
        if document is not None:
            return understood(document.text)
        return understood(await asyncio.to_thread(_read, self.path))

    async def change(self, make: Callable[[Plan], Plan]) -> Plan:
        """Change the plan as it is now, and nothing else of the file.

        Raises:
            Refusal: it cannot be changed, and why.
        """
        async with self._lock:
            for _ in range(TRIES):
                if (document := self._app.open_at(self.path)) is None:
                    plan = await self.read()
                    new = make(plan)
                    if new.text != plan.text:
                        await asyncio.to_thread(_write, self.path, plan.text, new.text)
                    return new
                plan = understood(document.text)
                new = make(plan)
                if await self._through_editor(document, new.text):
                    return new
        raise Refusal("The editor did not take the change of plan.md. Change it yourself.")

    async def write(self, old: Text | None, new: Text) -> None:
        """Write a whole new plan; ``old`` is the one that is replaced, if any.

        Raises:
            Refusal: it cannot be written; nothing was lost.
        """
        async with self._lock:
            document = self._app.open_at(self.path)
            if document is None:
                await asyncio.to_thread(_write, self.path, old, new)
            elif document.text != (old or Text("")):
                raise Refusal("plan.md was changed meanwhile, so nothing was written.")
            elif not await self._through_editor(document, new):
                raise Refusal("The editor did not take the plan.")

    async def _through_editor(self, document: Document, new: Text) -> bool:
        """Have the editor change an open plan; whether it reads so then."""
        old = document.text
        lines = edits.rewrite(old, Region(0, len(old.lines)), new.content)
        if not lines:
            return True
        caps, client = self._app.caps, self._app.client
        changed = convert.text_edits(old, lines, caps.encoding)
        edit = convert.workspace_edit(
            [convert.DocumentEdits(document.uri, document.version, changed)], caps, None
        )
        answer = await client.apply_edit(edit, "Festina: plan.md")
        if not caps.apply_edit:
            raise Refusal(f"plan.md stays as it is: {answer.reason}.")
        if not answer.ok:
            return False

        def over() -> bool:
            now = self._app.open_at(self.path)
            return now is None or now.text != old

        await self._moves.until(over, CONFIRM_SECONDS)
        now = self._app.open_at(self.path)
        return now is None or now.text == new


def understood(text: Text) -> Plan:
    """Read a plan.

    Raises:
        Refusal: it is damaged, with the first lines of that.
    """
    try:
        return plans.read(text.content)
    except Damaged as damaged:
        first = damaged.problems[0]
        more = len(damaged.problems) - 1
        also = f" ({more} more of the kind.)" if more else ""
        raise Refusal(f"plan.md, line {first.line}: {first.message}{also}") from None


def _read(path: Path) -> Text:
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise Refusal(
            f"There is no {path}. Have one written: `festina.plan`, or festina plan GOAL."
        ) from None
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.") from None
    except NotText as reason:
        raise Refusal(f"{path} cannot be understood: {reason}.") from None


def _write(path: Path, old: Text | None, new: Text) -> None:
    try:
        if old is None:
            replacing.create(path, new)
        else:
            replacing.write(path, old, new)
    except NotWritten as error:
        raise Refusal(str(error)) from None
