"""One look at one page: what goes wrong in it, and pictures. Used by ``inside/browser.py``."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
import urllib.parse
from typing import Any, Protocol

_MOST = 50
"""Things of each kind that are told of a page."""
_MOST_LINKS = 200
_HEIGHT = 800
_TALLEST = 2400
_WIDEST = 1600
_ROOM = 24
_QUIET_SECONDS = 0.06
_SETTLE_SECONDS = 2.0
_CLOSE_SECONDS = 5.0
_STILL_SECONDS = 5.0
_PLACE = re.compile(r"(https?://[^\s()]+?):(\d+):(\d+)")
_LOADED = ("document", "script", "stylesheet", "fetch", "xhr", "image", "font")
_UNANSWERED = (
    "{} is asked for in a way that needs a server, and this sandbox leaves no room for one"
)
_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Site(Protocol):
    """Where the page comes from; one that does not listen is asked by ``answer``."""

    origin: str
    listens: bool

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return status, type and content. Blocks."""

    async def status(self, path: str) -> int:
        """Return what a request would be answered with."""


async def look(
    browser: Any, site: Site, question: dict[str, Any], scripts: dict[str, str]
) -> dict[str, Any]:
    """Load a page, and say what is to be seen of it.

    ``late`` in the answer says that it did not come to an end in time, ``stuck`` that it could not
    be closed either.
    """
    one = _Look(site, question, scripts)
    context = await browser.new_context(
        viewport={"width": max(question["widths"]), "height": _HEIGHT},
        device_scale_factor=1,
        reduced_motion="reduce",
        color_scheme="light",
        locale="en-US",
        timezone_id="UTC",
        service_workers="block",
        accept_downloads=False,
    )
    try:
        async with asyncio.timeout(question["seconds"]):
            if not site.listens:
                await context.route("**/*", one.answer)
            page = await context.new_page()
            await one.look(page)
        await one.still(page)
    except TimeoutError:
        one.seen["late"] = True
    except Exception as error:  # noqa: BLE001 - Playwright's, of which none is the page's fault
        if not one.seen["crashed"]:
            one.seen["trouble"] = str(error).strip().split("\n")[0][:300]
    finally:
        with contextlib.suppress(Exception):
            closing = asyncio.ensure_future(context.close())
            done, _ = await asyncio.wait([closing], timeout=_CLOSE_SECONDS)
            one.seen["stuck"] = not done
    return one.seen


class _Look:
    """What is seen of one page."""

    def __init__(self, site: Site, question: dict[str, Any], scripts: dict[str, str]) -> None:
        self._site = site
        self._question = question
        self._scripts = scripts
        self._waiting = 0
        self._last = 0.0
        self._answers: list[Any] = []
        self._answered: set[str] = set()
        self._has_looked = False
        self.seen: dict[str, Any] = {
            **{name: [] for name in ("errors", "requests", "outside", "links", "axe", "layout")},
            "shots": {},
            "parts": [],
            "bodies": {},
            "crashed": False,
            "still": "",
        }

    async def look(self, page: Any) -> None:
        """Load it, and look at it at each width, the widest first."""
        checks, seen = self._question["checks"], self.seen
        self._listen(page)
        await page.goto(self._site.origin + self._question["page"], wait_until="load", timeout=0)
        await self._settle(page)
        if "links" in checks:
            seen["links"] = await self._links(page)
        if "accessibility" in checks:
            await page.evaluate(self._scripts["axe"])
            seen["axe"] = await page.evaluate(self._scripts["look"], "axe")
        for width in sorted(self._question["widths"], reverse=True):
            await page.set_viewport_size({"width": width, "height": _HEIGHT})
            await page.evaluate(_FRAMES)
            found = await page.evaluate(self._scripts["look"], "layout")
            if "layout" in checks:
                seen["layout"] += [{**one, "width": width} for one in found["found"]]
            height = max(100, min(_TALLEST, found["height"]))
            picture = await page.screenshot(
                full_page=True,
                clip={"x": 0, "y": 0, "width": width, "height": height},
                animations="disabled",
                timeout=0,
            )
            seen["shots"][str(width)] = _text(picture)
            await self._parts(page, width, found["height"])
        await self._hash()

    async def still(self, page: Any) -> None:
        """Keep the page as it stands, where that is wanted; what goes wrong with it is no matter.

        What the page does from now on is our doing, and is not told of.
        """
        self._has_looked = True
        if not self._question["still"] or self.seen["crashed"]:
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_STILL_SECONDS):
                widest = max(self._question["widths"])
                await page.set_viewport_size({"width": widest, "height": _HEIGHT})
                await page.evaluate(_FRAMES)
                self.seen["still"] = str(await page.evaluate(self._scripts["still"]))

    async def _parts(self, page: Any, width: int, height: int) -> None:
        """Take pictures of the elements that are asked for at this width, with some room around."""
        for place in self._question["parts"].get(str(width), ()):
            with contextlib.suppress(Exception):  # it is not there now, or no selector after all
                box = await (await page.query_selector(place)).bounding_box()
                left, top = max(0, box["x"] - _ROOM), max(0, box["y"] - _ROOM)
                right = min(box["x"] + box["width"] + _ROOM, _WIDEST)
                bottom = min(box["y"] + box["height"] + _ROOM, height, top + _HEIGHT)
                clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
                picture = await page.screenshot(full_page=True, clip=clip, animations="disabled")
                self.seen["parts"].append([width, place, _text(picture)])

    def _listen(self, page: Any) -> None:
        page.on("pageerror", self._error)
        page.on("console", self._console)
        page.on("request", self._request)
        page.on("requestfinished", lambda _: self._over())
        page.on("requestfailed", self._failed)
        page.on("response", self._response)
        page.on("crash", self._crash)
        page.on("popup", lambda popup: asyncio.ensure_future(popup.close()))

    async def _settle(self, page: Any) -> None:
        """Wait until scripts have fetched and drawn what they do at the start."""
        clock = asyncio.get_running_loop().time
        begun = self._last = clock()
        while clock() - begun < _SETTLE_SECONDS:
            if self._waiting <= 0 and clock() - self._last >= _QUIET_SECONDS:
                break
            await asyncio.sleep(0.02)
        await page.evaluate("() => document.fonts.ready.then(() => 0)")
        await page.evaluate(_FRAMES)

    async def _links(self, page: Any) -> list[dict[str, Any]]:
        """Return the links that lead nowhere, among those to the same origin."""
        found = await page.evaluate(self._scripts["look"], "links")
        broken, known = [], {}
        for link in found[:_MOST_LINKS]:
            parts = urllib.parse.urlsplit(link["address"])
            if f"{parts.scheme}://{parts.netloc}" != self._site.origin:
                continue
            if link["missing"]:
                broken.append({**link, "status": 0})
                continue
            path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
            if path not in known:
                known[path] = await self._site.status(path)
            if known[path] >= 400:
                broken.append({**link, "status": known[path]})
        return broken[:_MOST]

    async def _hash(self) -> None:
        """Take note of what was served, where files do not tell."""
        if not self._question["bodies"]:
            return
        for answer in self._answers:
            with contextlib.suppress(Exception):  # some have none, or it is gone
                digest = hashlib.sha256(await answer.body()).hexdigest()
                self.seen["bodies"][self._path(answer.url)] = digest

    async def answer(self, route: Any) -> None:
        """Answer a request in the place of a server; of others, there are none here."""
        url = route.request.url
        self._answered.add(url)
        with contextlib.suppress(Exception):  # the page may be gone by now
            if not self._own(url):
                await route.abort("namenotresolved")
                return
            status, kind, data = await asyncio.to_thread(self._site.answer, self._path(url))
            headers = {"Content-Type": kind, "Cache-Control": "no-store"}
            await route.fulfill(status=status, headers=headers, body=data)

    # -- what the page does -----------------------------------------------------------------------

    def _add(self, where: str, /, **what: Any) -> None:
        if len(self.seen[where]) < _MOST and not self._has_looked:
            self.seen[where].append(what)

    def _error(self, error: Any) -> None:
        stack = str(error.stack or "")
        name = str(getattr(error, "name", "") or "Error")
        message = str(error.message)
        words = message if message.startswith(name) else f"{name}: {message}"
        place = _PLACE.search(stack)
        url, line, column = place.groups() if place else ("", 0, 0)
        self._add(
            "errors",
            kind="page",
            message=words.replace(self._site.origin, ""),
            path=self._path(url),
            line=int(line),
            column=int(column),
            stack=stack.replace(self._site.origin, "")[:2000],
        )

    def _console(self, message: Any) -> None:
        if message.type not in ("error", "assert"):
            return
        text, place = message.text, message.location
        if text.startswith("Failed to load resource"):
            return  # the request itself is told of
        self._add(
            "errors",
            kind="console",
            message=text.replace(self._site.origin, "")[:1000],
            path=self._path(place.get("url", "")),
            line=int(place.get("lineNumber", -1)) + 1,
            column=int(place.get("columnNumber", -1)) + 1,
            stack="",
        )

    def _request(self, request: Any) -> None:
        self._waiting += 1
        self._last = asyncio.get_running_loop().time()
        scheme = urllib.parse.urlsplit(request.url).scheme
        if scheme in ("http", "https", "ws", "wss") and not self._own(request.url):
            self._add("outside", url=request.url[:300], type=request.resource_type)

    def _over(self) -> None:
        self._waiting -= 1
        self._last = asyncio.get_running_loop().time()

    def _failed(self, request: Any) -> None:
        self._over()
        why = str(request.failure or "")
        if self._own(request.url) and "ERR_ABORTED" not in why:  # which the page itself does
            unanswered = not self._site.listens and request.url not in self._answered
            if unanswered and not self._has_looked:
                self.seen["trouble"] = _UNANSWERED.format(self._path(request.url))
            self._add("requests", path=self._path(request.url), status=0, why=why)

    def _response(self, response: Any) -> None:
        path = self._path(response.url)
        if not self._own(response.url) or path == "/favicon.ico":
            return
        if response.status >= 400:
            self._add("requests", path=path, status=response.status, why="")
        elif response.request.resource_type in _LOADED and len(self._answers) < _MOST_LINKS:
            self._answers.append(response)

    def _crash(self, _: Any) -> None:
        self.seen["crashed"] = self.seen["crashed"] or not self._has_looked

    def _own(self, url: str) -> bool:
        return url == self._site.origin or url.startswith(self._site.origin + "/")

    def _path(self, url: str) -> str:
        return url.removeprefix(self._site.origin) if self._own(url) else url


def _text(picture: bytes) -> str:
    return base64.b64encode(picture).decode("ascii")
