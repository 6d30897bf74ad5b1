"""Who may enter: a link works once, and gives the browser that opened it a cookie; pure but time.

A link goes through the editor, the system and the browser's command line, where others on the
machine may read it; so it is worth nothing once it was used, and little after a few minutes.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable

TICKET_SECONDS = 600.0
MOST = 16
"""Links that are not used yet, and browsers that may come in: the oldest make way."""


class Door:
    """Links and cookies of one page. Any thread may use it.

    ``place`` is the first part of every path of the page. A cookie is kept to it, so that it is not
    sent to whatever else listens on this machine: browsers tell hosts apart, but not ports.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.place = secrets.token_urlsafe(16)
        self._clock = clock
        self._tickets: dict[str, float] = {}
        self._guests: list[str] = []
        self._lock = threading.Lock()

    def ticket(self) -> str:
        """Return a new token, good for one entry."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tickets[token] = self._clock()
            for old in list(self._tickets)[:-MOST]:
                del self._tickets[old]
        return token

    def enter(self, token: str) -> str | None:
        """Take a token; return the cookie's value, None where the token is not good (any more)."""
        with self._lock:
            known = _found(token, self._tickets)
            if known is None or self._clock() - self._tickets.pop(known) > TICKET_SECONDS:
                return None
            guest = secrets.token_urlsafe(32)
            self._guests = [*self._guests, guest][-MOST:]
            return guest

    def knows(self, guest: str) -> bool:
        """Whether a cookie's value is one that was given out."""
        with self._lock:
            return _found(guest, self._guests) is not None


def _found(given: str, among: dict[str, float] | list[str]) -> str | None:
    """Look for a secret, in a time that tells nothing about it."""
    sent = given.encode("utf-8", "surrogatepass")
    return next((one for one in among if hmac.compare_digest(one.encode(), sent)), None)
