"""A browser as far as a server can tell: opens a link, keeps a cookie, reads events, sends wishes.

Everything is sent over a real socket, and can be sent wrongly on purpose.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Visitor:
    """One browser, with the link that it was given."""

    link: str
    cookie: str = ""
    board: dict[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return urlsplit(self.link).netloc

    @property
    def at(self) -> str:
        """The page's path, with a slash at its end."""
        return urlsplit(self.link).path

    def send(
        self,
        path: str,
        *,
        method: str = "GET",
        host: str | None = None,
        body: bytes | None = None,
        cookie: str | None = None,
        **headers: str | None,
    ) -> Answer:
        """Send one request; ``path`` goes out as it is. A header of None is left out."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = self._begin(path, method, host, body, cookie, sent)
        try:
            answer = connection.getresponse()
            text = answer.read().decode()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)
        finally:
            connection.close()

    def enter(self) -> Answer:
        """Open the link, and go on as the page says."""
        parts = urlsplit(self.link)
        answer = self.send(f"{parts.path}?{parts.query}", sec_fetch_site="none")
        if answer.status == 200:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
            (onward,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
            return self.send(onward, sec_fetch_site="same-origin")
        return answer

    def wish(self, what: str, card: dict[str, Any] | None = None, **more: Any) -> Answer:
        """Send what a person wants done, as the page does."""
        wish: dict[str, Any] = {"what": what, **more}
        if card is not None:
            wish = {"candidate": card["candidate"], "digest": card["digest"], **wish}
        return self.send(
            f"{self.at}wish",
            method="POST",
            body=json.dumps(wish).encode(),
            origin=f"http://{self.host}",
            content_type="application/json",
            sec_fetch_site="same-origin",
        )

    def watch(self, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read events until the board is so; return it: ``head``, and ``cards`` by id."""
        for board in self.boards():
            if until(board):
                return board
        raise AssertionError(f"the events ended, and it was not so: {self.board}")

    def boards(self) -> Iterator[dict[str, Any]]:
        """The board after each event, from the beginning."""
        cards: dict[int, dict[str, Any]] = {}
        connection = self._begin(f"{self.at}events", "GET", None, None, None, {})
        try:
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer:
                if line.startswith(b"data: "):
                    news = json.loads(line.removeprefix(b"data: "))
                    for card in news["cards"]:
                        cards[card["id"]] = cards.get(card["id"], {}) | card
                    if (head := news.get("head")) is None:
                        continue  # the rest of it comes next
                    self.board = {"head": head, "cards": {i: cards[i] for i in head["ranked"]}}
                    yield self.board
        finally:
            connection.close()

    def _begin(
        self,
        path: str,
        method: str,
        host: str | None,
        body: bytes | None,
        cookie: str | None,
        headers: dict[str, str | None],
    ) -> http.client.HTTPConnection:
        address = urlsplit(f"http://{self.host}")
        assert address.hostname is not None
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=SECONDS)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if host != "":
            connection.putheader("Host", self.host if host is None else host)
        kept = self.cookie if cookie is None else cookie
        if kept:
            connection.putheader("Cookie", kept)
        for name, value in headers.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return connection
