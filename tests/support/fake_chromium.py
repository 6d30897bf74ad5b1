"""A browser that is not there: what it sees of a page is a function of the page's texts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from festina.verify import browser_find, browser_warm
from festina.verify.browser_server import Gone

PNG = b"\x89PNG\r\n\x1a\n"

Sees = Callable[[str, str], dict[str, Any]]
"""Says what is seen of a page with this text (the candidate's, or "" without one) in it."""


def said(**what: Any) -> dict[str, Any]:
    """Return what ``inside/browser.py`` says of a page with nothing wrong in it, and ``what``."""
    lists = ("errors", "requests", "outside", "links", "axe", "layout")
    return {
        **{name: [] for name in lists},
        "files": [],
        "bodies": {},
        "shots": {},
        "parts": [],
        "crashed": False,
        "stuck": False,
        "still": "",
        **what,
    }


def error(message: str, **more: Any) -> dict[str, Any]:
    place = {"path": "", "line": 0, "column": 0, "stack": ""}
    return {"kind": "console", "message": message, **place, **more}


def shots(*widths: int, note: str = "") -> dict[str, str]:
    return {str(w): base64.b64encode(PNG + f"{w} {note}".encode()).decode() for w in widths}


class FakeChromium:
    """Answers as `Chromium` does, and counts."""

    def __init__(self, sees: Sees, place: str) -> None:
        self._sees = sees
        self._place = place
        self.alive = True
        self.looks: list[tuple[str, str]] = []
        self.laid: list[dict[str, str]] = []
        self.stills: list[bool] = []
        self.closed = False

    async def look(self, question: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        text = question["texts"].get(self._place, "")
        self.looks.append((question["page"], text))
        self.laid.append(dict(question["texts"]))
        self.stills.append(question["still"])
        try:
            return self._sees(question["page"], text)
        except Gone:
            self.alive = False
            raise

    async def aclose(self) -> None:
        self.closed, self.alive = True, False


def install(monkeypatch: pytest.MonkeyPatch, place: str, sees: Sees) -> list[FakeChromium]:
    """Have browsers be such ones; ``place`` is the edited file. Returns those that were started."""
    started: list[FakeChromium] = []

    async def start(*_: Any, **__: Any) -> FakeChromium:
        started.append(FakeChromium(sees, place))
        return started[-1]

    programs = browser_find.Programs(Path("/nonexistent/chromium"), (), Path("/nonexistent"), ())
    monkeypatch.setattr(browser_find, "find", lambda environ: programs)
    monkeypatch.setattr(browser_warm.Chromium, "start", start)
    return started
