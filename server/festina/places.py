"""Where a plan's steps work, in documents that an editor has open or opens for that."""

from __future__ import annotations

import asyncio
from pathlib import Path

from festina import edits, steps
from festina.context import Wish, withheld
from festina.documents import Document
from festina.going import Desk, Going, Paper, Part
from festina.orders import Order
from festina.plans import Bounds, Step
from festina.session import Refusal, Session


class Places:
    """Finds the places of steps for one session."""

    def __init__(self, session: Session, desk: Desk) -> None:
        self._session = session
        self._desk = desk

    async def order(self, going: Going, part: Part) -> Order:
        """Return what is to be written in one file, as that is now.

        Raises:
            Refusal: it cannot be edited, and why.
        """
        path = going.paper.workspace / part.path
        document = self._open(path) or await self._desk.document(path)
        if document is None:
            raise Refusal(f"Open {part.path} in the editor, then run the step again.")
        workspace = self._session.workspace_of(document)
        snapshot = self._session.snapshot(workspace)
        await asyncio.to_thread(steps.check_own, going.paper.workspace, part.path)
        if why := await asyncio.to_thread(withheld, snapshot, part.path):
            raise Refusal(why)
        region, name = await asyncio.to_thread(steps.region, part.places, document)
        now = self._session.documents.get(document.uri)
        moved = None if now is None else edits.rebase(document.text, now.text, region)
        if now is None or moved is None:
            raise Refusal(f"{part.path} has just been changed. Run the step again.")
        beside = tuple(one.change for one, _ in going.drafts)
        bounds = Bounds(going.step, tuple(going.applied), beside)
        words = steps.asked(going.step, part.path)
        return Order(now, moved, words, name, bounds=bounds)

    def _open(self, path: Path) -> Document | None:
        return next((one for one in self._session.documents if one.path == path), None)

    async def about(self, paper: Paper, step: Step) -> Wish | None:
        """Return what a model is shown that is asked about a step; None: the plan itself.

        Raises:
            Refusal: its file cannot be shown.
        """
        if not step.places:
            return None
        path = step.places[0].path
        snapshot = self._session.snapshot(paper.workspace)
        if why := await asyncio.to_thread(withheld, snapshot, path):
            raise Refusal(why)
        document = self._open(paper.workspace / path)
        if document is None:
            document = await asyncio.to_thread(steps.on_disk, paper.workspace, path)
        places = [place for place in step.places if place.path == path]
        region, _ = await asyncio.to_thread(steps.region, places, document)
        words = f"{steps.EXPLAIN}\n{steps.asked(step, path)}"
        return Wish(snapshot, path, document.text, region, words, document.language)
