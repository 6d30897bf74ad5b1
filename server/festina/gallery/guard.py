"""Stands before the page: a browser must have come by a link, and ask from the page itself.

Whatever a person has open in a browser can send requests to this machine. So the host must be this
machine's by name or number (a name of somebody else's that leads here is refused), what changes
something must come from the page itself, and nothing is given out without the cookie.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from festina.gallery.door import Door

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "festina"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-dns-prefetch-control": "off",
}

# a port that is not ours: an editor on another machine forwards it under another number
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?")
_PATH = re.compile(rb"/[\w-]+/(?:[a-z]+(?:\.[a-z]+)?(?:/\d{1,5})?)?")
_AGAIN = "Each link works once, for some minutes: open the gallery again from your editor."


class Guard:
    """Lets through what may pass to ``app``, and answers all else itself."""

    def __init__(self, app: App, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["type"] != "http":
            return

        async def sealed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                more = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] = [
                    *message["headers"],
                    *(one for one in more if one[0] not in own),
                ]
            await send(message)

        answer = self._answer(Request(scope)) or self._app
        await answer(scope, receive, sealed)

    def _answer(self, request: Request) -> Response | None:
        """Return the answer to a request that does not get through; None where it does."""
        if (why := _from_elsewhere(request)) is not None:
            return PlainTextResponse(why, 403)
        path: bytes = request.scope["raw_path"]
        entry = f"/{self._door.place}/"
        if not _PATH.fullmatch(path) or not path.startswith(entry.encode()):
            return PlainTextResponse("There is nothing here.", 404)
        if request.method not in {"GET", "POST"}:
            return PlainTextResponse("This is neither asked nor told in that way.", 405)
        if request.method == "GET" and path == entry.encode() and request.url.query:
            return self._enter(request.url.query, entry)
        if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return PlainTextResponse("Only the gallery itself may ask for this.", 403)
        if not self._door.knows(request.cookies.get(COOKIE, "")):
            return PlainTextResponse(f"This browser has not come by a link. {_AGAIN}", 403)
        return None

    def _enter(self, token: str, entry: str) -> Response:
        guest = self._door.enter(token)
        if guest is None:
            return PlainTextResponse(f"This link does not work any more. {_AGAIN}", 403)
        # a page that leads on, not a redirect: the cookie is sent only where our own page asks
        onward = f'<meta http-equiv="refresh" content="0; url={entry}">'
        icon = '<link rel="icon" href="gallery.svg">'
        page = f"<!doctype html>{onward}{icon}<title>Festina</title>"
        answer = Response(page, media_type="text/html")
        answer.set_cookie(COOKIE, guest, path=entry, httponly=True, samesite="strict")
        return answer


def _from_elsewhere(request: Request) -> str | None:
    """Say why a request is not one that the page would send."""
    hosts = request.headers.getlist("host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        return "The gallery is on this machine, and answers to no other name."
    origins = request.headers.getlist("origin")
    if any(origin != f"http://{hosts[0]}" for origin in origins):
        return "Another page may not ask the gallery for anything."
    if request.method == "POST" and not origins:
        return "Whoever wants something done must say which page asks."
    return None
