"""The page as a web application: its files, its news as they come, and what a person wants done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from festina.gallery import page, pictures, preview, proposed
from festina.gallery.cards import Board, Maker
from festina.gallery.door import Door
from festina.gallery.guard import App, Guard
from festina.gallery.proposed import Shown
from festina.gallery.views import View

HEART_SECONDS = 15.0
MOST_BYTES = 10_000
"""Of a wish: it is a word and two numbers."""
MOST_LINES = 1500
"""Of one event, unless a single card has more."""
_LINES = ("rows", "text")
WISHES = ("accept", "unverified", "show", "dismiss", "variations")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants done. ``digest`` is of the text that they saw."""

    what: str
    candidate: int | None = None
    digest: str = ""
    count: int = 0


Grant = Callable[[Wish], Awaitable[dict[str, Any]]]
"""Does what is wished for, and says ``{ok, message}``."""


class Site:
    """One page. All of it but ``door`` lives on one event loop."""

    def __init__(self, door: Door, shown: Shown, grant: Grant) -> None:
        self._door = door
        self._grant = grant
        self._maker = Maker()
        self._shown = shown
        self._board: Board | None = None
        self._view: asyncio.Task[View | None] | None = None
        self._readers: set[asyncio.Event] = set()
        self._ended = False

    def app(self) -> App:
        """Return the application, with the guard before it."""
        at = f"/{self._door.place}"
        routes = [
            Route(f"{at}/", self._page),
            Route(f"{at}/gallery.css", self._style),
            Route(f"{at}/gallery.js", self._script),
            Route(f"{at}/gallery.svg", self._icon),
            Route(f"{at}/events", self._events),
            Route(f"{at}/export", self._export),
            Route(f"{at}/shot/{{number:int}}", self._picture),
            Route(f"{at}/look/{{candidate:int}}", self._preview),
            Route(f"{at}/still/{{number:int}}", self._still),
            Route(f"{at}/wish", self._wish, methods=["POST"]),
        ]
        return Guard(Starlette(routes=routes), self._door)

    def show(self, shown: Shown) -> None:
        """Take the newest value, and tell the page."""
        self._shown, self._board = shown, None
        self._wake()

    def end(self) -> None:
        """Let go of everybody who waits for news: there will be none."""
        self._ended = True
        self._wake()

    async def board(self) -> Board:
        """Return what there is to see now."""
        if self._view is None:  # once, since other files are read for it
            found = asyncio.to_thread(proposed.view_of, self._shown)
            self._view = asyncio.ensure_future(found)
        view = await asyncio.shield(self._view)  # whoever asks may go away, and others ask
        if self._board is None:
            shown = self._shown
            entries = proposed.entries(shown.proposal)
            self._board = self._maker.board(proposed.subject(shown, view), entries)
        return self._board

    def _wake(self) -> None:
        for reader in self._readers:
            reader.set()

    # -- what is asked for ------------------------------------------------------------------

    async def _page(self, _: Request) -> Response:
        return Response(page.live(), media_type="text/html")

    async def _style(self, _: Request) -> Response:
        return Response(page.style(), media_type="text/css")

    async def _script(self, _: Request) -> Response:
        return Response(page.script(), media_type="text/javascript")

    async def _icon(self, _: Request) -> Response:
        return Response(page.icon(), media_type="image/svg+xml")

    async def _export(self, _: Request) -> Response:
        board = await self.board()
        whole = await asyncio.to_thread(page.export, board)
        name = "attachment; filename=festina-gallery.html"
        return Response(whole, media_type="text/html", headers={"content-disposition": name})

    async def _picture(self, request: Request) -> Response:
        """One of the pictures that the page has been told of, by its number."""
        number, known = request.path_params["number"], (await self.board()).pictures
        found = await asyncio.to_thread(pictures.read, known[number : number + 1])
        if not found:
            return Response("That picture is gone.", 404)
        return Response(found[0], media_type=pictures.KIND)

    async def _preview(self, request: Request) -> Response:
        shown = self._shown
        candidate = request.path_params["candidate"]
        html = await asyncio.to_thread(proposed.look, shown, candidate)
        if html is None:
            html = "No page of the workspace shows this."
        return _harmless(html)

    async def _still(self, request: Request) -> Response:
        """One of the pages that a gate has kept as they stood, by its number."""
        number, known = request.path_params["number"], (await self.board()).pictures
        html = await asyncio.to_thread(pictures.read_page, known[number : number + 1])
        return _harmless("That page is gone." if html is None else html)

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self._news(), media_type="text/event-stream")

    async def _news(self) -> AsyncIterator[str]:
        """Yield everything once, then what is new, until the proposal is over.

        Lines are told once, and many of them in several events, of which the last one has the head:
        a browser takes each one apart while it does nothing else, not even scroll.
        """
        told: dict[int, dict[str, Any]] = {}
        head: dict[str, Any] = {}
        mine = asyncio.Event()
        mine.set()
        self._readers.add(mine)
        try:
            while True:
                try:
                    async with asyncio.timeout(HEART_SECONDS):
                        await mine.wait()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                mine.clear()
                board = await self.board()
                changed = [card for card in board.cards.values() if told.get(card["id"]) != card]
                if changed or board.head != head:
                    *first, last = _parts([_new(card, told) for card in changed])
                    for part in first:
                        yield _event({"cards": part})
                    yield _event({"head": board.head, "cards": last})
                told, head = dict(board.cards), board.head
                if head["over"] or self._ended:
                    return
        finally:
            self._readers.discard(mine)

    async def _wish(self, request: Request) -> Response:
        try:
            wish = _read(await _body(request))
        except (ValueError, ClientDisconnect):
            words = "That is nothing that can be asked of the gallery."
            return JSONResponse({"ok": False, "message": words}, 400)
        return JSONResponse(await self._grant(wish))


def _harmless(html: str) -> Response:
    """A page that a model wrote, which may run nothing, and fetch nothing."""
    policy = {"content-security-policy": preview.POLICY}
    return Response(html, media_type="text/html", headers=policy)


def _new(card: dict[str, Any], told: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    """Return a card without the lines that the page has of it."""
    old = told.get(card["id"])
    if old is None or any(old[name] != card[name] for name in _LINES):
        return card
    return {name: value for name, value in card.items() if name not in _LINES}


def _parts(cards: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Put cards into parts of not too many lines; at least one, which may be empty."""
    parts: list[list[dict[str, Any]]] = [[]]
    room = MOST_LINES
    for card in cards:
        count = len(card.get("rows", ()))
        if count > room and parts[-1]:
            parts.append([])
            room = MOST_LINES
        parts[-1].append(card)
        room -= count
    return parts


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data)}\n\n"


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type") != "application/json":
        raise ValueError
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise ValueError
    return body


def _read(body: bytes) -> Wish:
    """Return what a body asks for.

    Raises:
        ValueError: nothing that there is.
    """
    try:
        data = json.loads(body)
    except RecursionError:
        raise ValueError from None
    if not isinstance(data, dict) or data.get("what") not in WISHES:
        raise ValueError
    candidate, digest, count = (data.get(name) for name in ("candidate", "digest", "count"))
    return Wish(
        data["what"],
        candidate if type(candidate) is int else None,
        digest if isinstance(digest, str) else "",
        count if type(count) is int else 0,
    )
